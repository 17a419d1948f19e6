"""Checks of the axes of a study: scenarios, methods, shares, seeds and variants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codeshift.checks import check_integer, check_number, is_number
from codeshift.errors import ParameterError
from codeshift.splitters import Scenario
from codeshift.study.settings.keys import NONE
from codeshift.study.settings.variants import is_lora

if TYPE_CHECKING:
    from peft import PeftConfig

_SHARES = "such as (0.25, 0.5, 0.75)"
_ENDS = "0 is the model without fine-tuning and 1 the fine-tuned one, which are evaluated anyway"


def check_scenarios(scenarios: object) -> tuple[Scenario, ...]:
    """Check that scenarios have distinct names, and return them.

    Raises:
        ParameterError: if there is none, one is no ``Scenario``, or two have the same name.

    >>> check_scenarios([])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: scenarios must be at least one Scenario, got []: such as
    simscood_scenarios("code", language="java")
    """
    remedy = 'such as simscood_scenarios("code", language="java")'
    listed = as_sequence("scenarios", scenarios, remedy)
    if not listed:
        raise ParameterError("scenarios", "at least one Scenario", scenarios, remedy)
    for scenario in listed:
        if not isinstance(scenario, Scenario):
            remedy = 'write Scenario("a name", splitter)'
            if isinstance(scenario, str):
                remedy = f'take scenarios_by_name("{scenario}", column=...) of codeshift.splitters'
            raise ParameterError("scenarios", "Scenario objects", scenario, remedy)
    refuse_repeated("scenarios", [scenario.name for scenario in listed])
    return listed


def check_methods(methods: object) -> dict[str, PeftConfig | None]:
    """Check the methods, each None or a PEFT config by its name, and return them.

    Raises:
        ParameterError: if there is none, or a name or a config cannot be one.
    """
    remedy = 'such as {"full": None, "lora": LoraConfig(r=8)}'
    if not isinstance(methods, Mapping) or not methods:
        raise ParameterError("methods", "configs by name, at least one", methods, remedy)
    for name, config in methods.items():
        if not isinstance(name, str) or not name or name == NONE:
            taken = f"; {NONE!r} is the model without fine-tuning, which is always evaluated"
            raise ParameterError("methods", "configs by names of text", name, remedy + taken)
        if config is not None:
            _refuse_no_peft(name, config)
    return dict(methods)


def _refuse_no_peft(name: str, config: object) -> None:
    from peft import PeftConfig

    if not isinstance(config, PeftConfig):
        remedy = "give None for full fine-tuning, or a config such as peft.LoraConfig(r=8)"
        raise ParameterError("methods", "None or a config of PEFT", config, remedy, key=name)


def check_kept(shares: object) -> tuple[float, ...]:
    """Check that shares are distinct and from 0 to 1, and return them in ascending order.

    Raises:
        ParameterError: if there is none, or one is repeated or no share.

    >>> check_kept((1, 0.5))
    (0.5, 1.0)
    """
    remedy = "0 masks the region, 1 is the 100% baseline"
    listed = as_sequence("ood_kept", shares, remedy)
    if not listed:
        raise ParameterError("ood_kept", "at least one share", shares, remedy)
    kept = [float(check_number("ood_kept", share, smallest=0, largest=1, remedy=remedy)) for share in listed]
    refuse_repeated("ood_kept", kept)
    return tuple(sorted(kept))


def check_seeds(name: str, seeds: object) -> tuple[int, ...]:
    """Check that seeds are distinct non-negative integers, and return them.

    Raises:
        ParameterError: if there is none, or one is repeated or no such integer.
    """
    listed = as_sequence(name, seeds, "such as (0, 1, 2)")
    if not listed:
        raise ParameterError(name, "at least one seed", seeds, "such as (0,)")
    checked = tuple(check_integer(name, seed, smallest=0, remedy="such as (0, 1, 2)") for seed in listed)
    refuse_repeated(name, checked)
    return checked


def check_wise_ft(weights: object, methods: Mapping[str, PeftConfig | None]) -> tuple[float, ...]:
    """Check that weights of WiSE-FT are distinct, between 0 and 1 and used by a method; return them ascending.

    Raises:
        ParameterError: if one is repeated or out of range, or no method is full fine-tuning.

    >>> check_wise_ft((0.75, 0.5), {"full": None})
    (0.5, 0.75)
    """
    listed = as_sequence("wise_ft", weights, _SHARES)
    for weight in listed:
        if not is_number(weight) or not 0 < weight < 1:
            raise ParameterError("wise_ft", "between 0 and 1, both excluded", weight, _ENDS)
    if listed and all(config is not None for config in methods.values()):
        raise _unused("wise_ft", "full fine-tuning", weights, methods)
    return _ascending("wise_ft", listed)


def check_adapter_scales(scales: object, methods: Mapping[str, PeftConfig | None]) -> tuple[float, ...]:
    """Check that scales of adapters are distinct, above 0, not 1 and used by a method; return them ascending.

    Raises:
        ParameterError: if one is repeated or out of range, or no method is LoRA.
    """
    listed = as_sequence("adapter_scales", scales, _SHARES)
    for scale in listed:
        if not is_number(scale) or scale <= 0 or scale == 1:
            raise ParameterError("adapter_scales", "numbers above 0 other than 1", scale, _ENDS)
    if listed and not any(map(is_lora, methods.values())):
        raise _unused("adapter_scales", "LoRA", scales, methods)
    return _ascending("adapter_scales", listed)


def _unused(name: str, needed: str, values: object, methods: Collection[str]) -> ParameterError:
    remedy = f"add such a method to {sorted(methods)}"
    return ParameterError(name, f"left out where no method is {needed}", values, remedy)


def _ascending(name: str, numbers: Sequence[float]) -> tuple[float, ...]:
    refuse_repeated(name, [float(number) for number in numbers])
    return tuple(sorted(float(number) for number in numbers))


def as_sequence(name: str, values: object, remedy: str) -> tuple[Any, ...]:
    """Return the values as a tuple.

    Raises:
        ParameterError: if they are no sequence.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise ParameterError(name, "a sequence", values, remedy)
    return tuple(values)


def refuse_repeated(name: str, values: Sequence[Any]) -> None:
    """Check that no value is repeated.

    Raises:
        ParameterError: if one is.
    """
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise ParameterError(name, "without repetition", twice[0], "name each once")
