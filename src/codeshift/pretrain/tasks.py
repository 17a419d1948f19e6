"""The tasks of pretraining, as rows of a source and a target text.

Four, of each fragment as many as it has something for: short hidden spans, one long hidden span, the docstring and
signature to the code, the code to the docstring. No prefix names the task, since each source shows what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset, Features, Value, concatenate_datasets

from codeshift.finetune.denoising import corrupt_spans
from codeshift.pretrain.fragments import Fragment
from codeshift.pretrain.java_sources import on_one_line

SOURCE_TOKENS, TARGET_TOKENS = 192, 256
_DOCSTRING = 600  # characters: more would be cut off, and leave no room for the signature
_FEATURES = Features({"source": Value("string"), "target": Value("string")})


def pretraining_rows(fragments: Sequence[Fragment], tokenizer: Any, *, seed: int = 0) -> Dataset:
    r"""All rows of the four tasks, each fragment once in each.

    Args:
        fragments: what to learn from.
        tokenizer: a fast tokenizer with T5's sentinels.
        seed: of the hidden spans.

    >>> from codeshift.finetune.code_tokenizer import train_code_tokenizer
    >>> add = Fragment(source="", language="python", signature="def add(a, b):", docstring="Add.",
    ...                code="def add(a, b):\n    return a + b")
    >>> rows = pretraining_rows([add], train_code_tokenizer([add.code], vocabulary=400))
    >>> len(rows), rows[2]["source"], rows[3]["target"]
    (4, 'Add.\ndef add(a, b):', 'Add.')
    """
    texts = [text for text in map(layout, fragments) if "<extra_id_" not in text]
    long_span: dict[str, Any] = {"noise_density": 0.5, "mean_span_length": 128, "max_length": 192}
    return concatenate_datasets(
        [
            corrupt_spans(texts, tokenizer, seed=seed, max_length=SOURCE_TOKENS),
            corrupt_spans(texts, tokenizer, seed=seed + 1, **long_span),
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
