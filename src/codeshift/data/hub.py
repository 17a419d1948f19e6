"""Datasets of the Hugging Face Hub."""

from __future__ import annotations

import re

from datasets import DatasetDict, load_dataset
from datasets.exceptions import DatasetsError

from codeshift.data.folders import PartReaders, loaded_parts
from codeshift.errors import DataError
from codeshift.reaching_hub import hub_or_cache

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def is_hub_name(source: str) -> bool:
    """Tell whether a text can be the name of a dataset of the hub: ``owner/name``.

    >>> is_hub_name("google/code_x_glue_tc_text_to_code"), is_hub_name("rows.jsonl"), is_hub_name("./a/b")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(source))


def hub_parts(name: str, config: str | None, revision: str | None) -> PartReaders:
    """Return the functions that read the splits of a dataset; code that comes with the dataset is not run.

    Raises:
        DataError: if the dataset cannot be loaded; the message gives the reason, a hub that does not answer within
            seconds among them.

    Warns:
        CodeshiftWarning: if the hub does not answer and the dataset comes from the cache.
    """
    with hub_or_cache(name) as unreachable:
        try:
            splits = load_dataset(name, config, revision=revision)
        except (OSError, ValueError, RuntimeError, DatasetsError) as error:
            reason = unreachable or " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
            remedy = f"{reason}. A local file or folder can be used instead"
            raise DataError("source", "a dataset of the hub that can be loaded", name, remedy) from error
    if not isinstance(splits, DatasetDict):
        raise DataError("source", "a dataset of rows", name, f"it loads as {type(splits).__name__}")
    return loaded_parts(splits)
