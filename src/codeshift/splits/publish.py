"""Publication of a split on the Hugging Face Hub: its parts, its manifest, and a section of the dataset's card."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from codeshift.errors import ParameterError
from codeshift.splits.card import MANIFEST_PATH, dataset_card
from codeshift.splits.manifest import SplitManifest

if TYPE_CHECKING:
    from datasets import DatasetDict
    from huggingface_hub import CommitInfo

_README = "README.md"
_OWN_FOLDER = MANIFEST_PATH.partition("/")[0]


def push(
    manifest: SplitManifest,
    splits: DatasetDict,
    repo_id: str,
    *,
    config_name: str,
    token: str | bool | None,
    **arguments: Any,
) -> CommitInfo:
    """Push the parts, then the manifest and the card, as described in ``SplitAssignment.push_to_hub``.

    Args:
        manifest: Manifest of the split.
        splits: Parts.
        repo_id: Repository, ``"owner/name"``.
        config_name: Name of the configuration for the parts.
        token: Access token of the hub.
        **arguments: Other arguments of ``datasets.DatasetDict.push_to_hub``.

    Raises:
        ParameterError: if the repository is a bucket.
    """
    from datasets import DatasetDict
    from huggingface_hub import CommitOperationAdd, HfApi

    path = manifest_path(config_name)
    if repo_id.startswith("buckets/"):
        raise ParameterError(
            "repo_id", "a dataset repository", repo_id, "a bucket has no card to describe the split in"
        )
    # Made first: if it fails, nothing is pushed.
    section = dataset_card(manifest, manifest_path=path)
    # A repository with an empty split cannot be loaded: datasets says that it "corresponds to no data".
    filled = DatasetDict({part: rows for part, rows in splits.items() if len(rows)})
    pushed = filled.push_to_hub(repo_id, config_name=config_name, token=token, **arguments)
    # A pull request has its own branch. A repository given without its owner has one now.
    revision = pushed.pr_revision or arguments.get("revision") or "main"
    repo_id = pushed.repo_url.repo_id
    api = HfApi(endpoint=pushed.repo_url.endpoint, token=token, library_name="codeshift-ood")
    readme = Path(api.hf_hub_download(repo_id, _README, repo_type="dataset", revision=pushed.oid))
    described: CommitInfo = api.create_commit(
        repo_id,
        repo_type="dataset",
        revision=revision,
        # The hub refuses if somebody else committed in between, whose change to the card would be lost.
        parent_commit=pushed.oid,
        commit_message="Describe the split",
        operations=[
            CommitOperationAdd(path, manifest.to_json().encode()),
            CommitOperationAdd(_README, put_section(readme.read_bytes().decode(), section, config_name).encode()),
        ],
    )
    return described


def manifest_path(config_name: str) -> str:
    """Return the path of a configuration's manifest in the repository.

    Raises:
        ParameterError: if the name cannot be the name of a folder of its own.

    >>> manifest_path("default"), manifest_path("loops")
    ('codeshift/manifest.json', 'codeshift/loops/manifest.json')
    """
    if not isinstance(config_name, str) or not re.fullmatch(r"\w[\w.-]*", config_name):
        constraint = "letters, digits, '_', '.' and '-', the first a letter, digit or '_'"
        raise ParameterError("config_name", constraint, config_name, "it names a folder of the repository")
    if config_name == _OWN_FOLDER:
        remedy = "the folder of that name holds the manifests"
        raise ParameterError("config_name", f"another name than {_OWN_FOLDER!r}", config_name, remedy)
    return MANIFEST_PATH if config_name == "default" else f"{_OWN_FOLDER}/{config_name}/manifest.json"


def put_section(readme: str, section: str, name: str) -> str:
    r"""Return the README with the section between two comments, replacing the section of that name or at the end.

    The comments contain a digest of the section, which no text inside it can predict, so a hostile name that contains
    such a comment cannot end the section.

    >>> once = put_section("# Rows\n", "As first told.\n", "default")
    >>> print(put_section(once, "As told now.\n", "default"))
    # Rows
    <BLANKLINE>
    <!-- codeshift:begin default 90f0a2daa45bc0c7 -->
    <BLANKLINE>
    As told now.
    <BLANKLINE>
    <!-- codeshift:end default 90f0a2daa45bc0c7 -->
    <BLANKLINE>
    """
    label = quote(name, safe="")
    digest = hashlib.sha256(section.encode()).hexdigest()[:16]
    marked = f"<!-- codeshift:begin {label} {digest} -->\n\n{section}\n<!-- codeshift:end {label} {digest} -->\n"
    old = re.compile(
        rf"<!-- codeshift:begin {re.escape(label)} (\w+) -->.*?<!-- codeshift:end {re.escape(label)} \1 -->\r?\n?",
        re.DOTALL,
    )
    if old.search(readme):
        return old.sub(lambda _: marked, readme, count=1)
    return f"{readme.rstrip()}\n\n{marked}".lstrip("\n")
