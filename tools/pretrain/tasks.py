"""The tasks of pretraining, as rows of a source and a target text.

Hidden spans of every fragment: of a quarter of them (by their content) several short ones, of the others one long one,
which gives the decoder more to learn from for the same work. Of documented fragments also the docstring and signature
to the code, and the code to the docstring. No prefix names the task, since each source shows what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset, Features, Value, concatenate_datasets

from tools.pretrain.denoising import corrupt_spans
from tools.pretrain.fragments import Fragment
from tools.pretrain.java_sources import on_one_line

SOURCE_TOKENS, TARGET_TOKENS = 192, 256
_SHORT_SPANS_OF = 4  # one fragment in so many: what a short span hides is a small part of what has to be read for it
_DOCSTRING = 600  # characters: more would be cut off, and leave no room for the signature
_FEATURES = Features({"source": Value("string"), "target": Value("string")})


def pretraining_rows(fragments: Sequence[Fragment], tokenizer: Any, *, seed: int = 0) -> Dataset:
    r"""All rows: hidden spans of each fragment, and both directions between text and code of documented ones.

    Args:
        fragments: what to learn from.
        tokenizer: a fast tokenizer with T5's sentinels.
        seed: of the hidden spans.

    >>> from tools.pretrain.code_tokenizer import train_code_tokenizer
    >>> add = Fragment(source="", language="python", signature="def add(a, b):", docstring="Add.",
    ...                code="def add(a, b):\n    return a + b")
    >>> rows = pretraining_rows([add], train_code_tokenizer([add.code], vocabulary=400))
    >>> len(rows), rows[1]["source"], rows[2]["target"]
    (3, 'Add.\ndef add(a, b):', 'Add.')
    """
    spans: tuple[list[str], list[str]] = ([], [])
    for fragment in fragments:
        text = layout(fragment)
        if "<extra_id_" not in text:
            spans[fragment.digest[1] % _SHORT_SPANS_OF == 0].append(text)
    long_span: dict[str, Any] = {"noise_density": 0.5, "mean_span_length": 128, "max_length": 192}
    return concatenate_datasets(
        [
            corrupt_spans(spans[True], tokenizer, seed=seed, max_length=SOURCE_TOKENS),
            corrupt_spans(spans[False], tokenizer, seed=seed, **long_span),
            docstring_rows(fragments),
            summary_rows(fragments),
        ]
    )


def docstring_rows(fragments: Sequence[Fragment]) -> Dataset:
    """Docstring and signature to code, of the documented fragments."""
    documented = [fragment for fragment in fragments if fragment.docstring]
    return Dataset.from_dict(
        {
            "source": [f"{fragment.docstring[:_DOCSTRING]}\n{fragment.signature}" for fragment in documented],
            "target": [layout(fragment) for fragment in documented],
        },
        features=_FEATURES,
    )


def summary_rows(fragments: Sequence[Fragment]) -> Dataset:
    """Code to docstring, of the documented fragments."""
    documented = [fragment for fragment in fragments if fragment.docstring]
    return Dataset.from_dict(
        {
            "source": [layout(fragment) for fragment in documented],
            "target": [fragment.docstring[:_DOCSTRING] for fragment in documented],
        },
        features=_FEATURES,
    )


def layout(fragment: Fragment) -> str:
    """The code as the model sees it: half of the Java methods, chosen by their content, stand on one line."""
    one_line = fragment.language == "java" and fragment.digest[0] % 2 == 0
    return on_one_line(fragment.code) if one_line else fragment.code
