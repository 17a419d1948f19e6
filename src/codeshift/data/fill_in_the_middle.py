"""Templates in which models were taught to fill in the middle, for the rows of ``completion_rows``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FIM_TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "starcoder2": "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
        "qwen-coder": "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        "codellama": "▁<PRE>{prefix}▁<SUF>{suffix}▁<MID>",
        "t5": "{prefix}<extra_id_0>{suffix}",
    }
)
"""Templates of a source by the family of the model; the target is the column of the piece.

Each puts the special tokens of its tokenizer around ``prefix`` and ``suffix``; such tokens within a program stay text.
Sources: the papers of StarCoder 2 (arXiv 2402.19173), Qwen2.5-Coder (arXiv 2409.12186), Code Llama (arXiv 2308.12950)
and T5 (arXiv 1910.10683), whose sentinel CodeT5 and CodeT5+ share. Code Llama without fine-tuning ends what it fills in
with ``▁<EOT>``; a model that is fine-tuned here ends it with the tokenizer's end token.
"""
