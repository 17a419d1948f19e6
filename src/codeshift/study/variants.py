"""Variants of a run: models that are made of trained weights, by WiSE-FT or by scaling an adapter, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeshift.formatting import shortest
from codeshift.study.spec import StudySpec

if TYPE_CHECKING:
    from peft import PeftConfig

WISE_FT, ADAPTER = "wise_ft", "adapter"
_LORA = "LORA"  # a PeftType is a text, too; PEFT itself takes seconds to import


def variants_of(spec: StudySpec, config: PeftConfig | None) -> tuple[str, ...]:
    """Return the names of the variants of a method's models, by the config of the method."""
    if config is None:
        return tuple(variant_name(WISE_FT, alpha) for alpha in spec.wise_ft)
    if is_lora(config):
        return tuple(variant_name(ADAPTER, scale) for scale in spec.adapter_scales)
    return ()


def is_lora(config: PeftConfig | None) -> bool:
    """Return whether a method is LoRA."""
    return config is not None and config.peft_type == _LORA


def variant_name(kind: str, value: float) -> str:
    """Return the name of a variant, which ``variant_of`` reads.

    >>> variant_name(WISE_FT, 0.5)
    'wise_ft=0.5'
    """
    return f"{kind}={shortest(value)}"


def variant_of(name: str) -> tuple[str, float]:
    """Return the kind of a variant and its weight or scale, by its name.

    >>> variant_of(variant_name(WISE_FT, 1 / 3)) == (WISE_FT, 1 / 3)
    True
    """
    kind, _, value = name.partition("=")
    return kind, float(value)
