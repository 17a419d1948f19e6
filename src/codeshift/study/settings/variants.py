"""Variants of a run: models that are made of trained weights, by WiSE-FT or by scaling an adapter, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codeshift.study.settings.keys import Variant
from codeshift.study.settings.spec import StudySpec

if TYPE_CHECKING:
    from peft import PeftConfig

WISE_FT, ADAPTER = "wise_ft", "adapter"
_LORA = "LORA"  # a PeftType is a text, too; PEFT itself takes seconds to import


def variants_of(spec: StudySpec, config: PeftConfig | None) -> tuple[Variant, ...]:
    """Return the variants of a method's models, by the config of the method."""
    if config is None:
        return tuple(Variant(WISE_FT, alpha) for alpha in spec.wise_ft)
    if is_lora(config):
        return tuple(Variant(ADAPTER, scale) for scale in spec.adapter_scales)
    return ()


def is_lora(config: PeftConfig | None) -> bool:
    """Return whether a method is LoRA."""
    return config is not None and config.peft_type == _LORA
