"""Choices and defaults of arguments that help shows without loading the libraries that take them."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

ExportFormat: TypeAlias = Literal["messages", "prompt-completion", "requests"]
"""A format that ``export_parts`` writes."""
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
"""Names of the formats of ``export_parts``."""

Endpoint: TypeAlias = Literal["chat", "completions"]
"""An endpoint of an OpenAI-like server that requests are for."""
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)
"""Names of the endpoints."""

CopyKind: TypeAlias = Literal["exact", "near", "renamed"]
"""A kind of copies of a row; each includes those before it."""
COPY_KINDS: tuple[CopyKind, ...] = get_args(CopyKind)
"""Names of the kinds of copies."""

NGRAMS = "ngrams"
"""Kind of a row that shares an n-gram with a decontamination list, which need not be a copy."""

EMBEDDED = "embedded"
"""Name of the model that comes with codeshift, and of the corpus that it was pretrained on."""

MARKS = (*COPY_KINDS, NGRAMS)
"""Kinds of marks of rows."""

BATCH_SIZE = 32
"""Rows in a batch of an evaluation."""
N_PERMUTATIONS = 200
"""Permutations for each p-value of an audit."""
SAMPLED_ROWS = 2_000
"""Rows of each part in the two-sample tests of an audit."""
