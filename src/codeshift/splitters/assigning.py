"""From a splitter, data and a request to an assignment: fit, ask which rows lie inside, deal."""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ParameterError, RegionError, SizeWarning, SmallPartWarning, Told
from codeshift.properties.columns import check_name
from codeshift.splitters.dealing import (
    MASKED,
    PARTS,
    TEST_ID,
    Dealt,
    add_control,
    deal,
    tell_near_duplicates,
    trim_train,
)
from codeshift.splitters.official import check_official_request, deal_official
from codeshift.splitters.request import DealRequest
from codeshift.splitters.small_parts import in_words, small_parts
from codeshift.splitters.sources import Sources, UnitsOfRows, also_read
from codeshift.splitters.words import region_words

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties import PropertyTable
    from codeshift.splitters.assignment import SplitAssignment
    from codeshift.splitters.base import Splitter
    from codeshift.splitters.regions import Region


def assign(splitter: Splitter, data: Dataset | DatasetDict | PropertyTable, request: DealRequest) -> SplitAssignment:
    """Do what ``Splitter.assign`` says."""
    from codeshift.splitters.assignment import SplitAssignment

    sources = Sources.of(data)
    has_validation = "validation" in sources.names
    if sources.is_official:
        check_official_request(request, has_validation)
    request.check_seed(official=sources.is_official, has_validation=has_validation)
    _check_columns(splitter, sources)
    units = sources.units(splitter.columns, request)
    digests = sources.digests(splitter.columns, also_read(splitter, request))
    region = splitter.fit(sources.fitting)
    inside = _inside(region, sources, splitter, units.kept)
    dealt = deal_rows(sources, inside, units, digests, request)
    _check_sizes(dealt, request)
    _check_test_parts(dealt, sources.identities(splitter.columns, units.similar), request)
    return SplitAssignment.create(splitter, region, request, sources, digests, inside, dealt, units.similar)


def _check_columns(splitter: Splitter, sources: Sources) -> None:
    for column in splitter.columns:
        check_name("column", column)
    for column in splitter.also_reads:
        sources.values(column, _naming(splitter, column) or "also_reads")


def _naming(splitter: Splitter, column: str) -> str | None:
    """The argument of a splitter, or of one that it is composed of, that names a column."""
    values = {field.name: getattr(splitter, field.name) for field in fields(splitter)}
    for name, value in values.items():
        if isinstance(value, str | tuple) and column in ((value,) if isinstance(value, str) else value):
            return name
    parts = [value for value in values.values() if hasattr(value, "also_reads")]
    return next(filter(None, (_naming(part, column) for part in parts)), None)


def _inside(region: Region, sources: Sources, splitter: Splitter, kept: np.ndarray | None) -> np.ndarray:
    masks = [region.contains(table) for table in sources.tables]
    told = "" if kept is None else " that are kept of near-duplicates"
    for name, whole_mask in zip(sources.names, masks, strict=True):
        mask = whole_mask if kept is None else whole_mask[kept[slice(*sources.spans[name])]]
        whole = ("" if name == "data" else f" of the official {name} split") + told
        if name == "validation":
            continue  # with all of it inside or outside there is still something to test
        if not mask.any():
            raise RegionError(
                "the region",
                "some of the rows",
                Told(f"0 of {len(mask)} rows{whole}"),
                f"widen {splitter!r} (fitted, it takes programs {region_words(region.to_dict())})",
            )
        if mask.all():
            raise RegionError(
                "the region",
                "not all of the rows",
                Told(f"all {len(mask)} rows{whole}"),
                f"narrow {splitter!r} (fitted, it takes programs {region_words(region.to_dict())})",
            )
    return np.concatenate(masks)


def deal_rows(
    sources: Sources, inside: np.ndarray, units: UnitsOfRows, digests: np.ndarray, request: DealRequest
) -> Dealt:
    """Deal all rows, those that are dropped as duplicates apart.

    Args:
        sources: the rows.
        inside: which of them lie in the region.
        units: of the rows that are dealt.
        digests: of all rows.
        request: seed and sizes.
    """
    kept = slice(None) if units.kept is None else units.kept
    if sources.is_official:
        dealt = deal_official(sources.source_of_rows()[kept], inside[kept], units.dealt, request)
    else:
        dealt = deal(inside[kept], units.dealt, request)
    tell_near_duplicates(dealt, units.strict)
    if request.train_size is not None or request.train_control:
        row_order = sources.row_order(digests)[kept]
        if request.train_size is not None:
            trim_train(dealt, units.dealt, request, row_order)
        if request.train_control:
            add_control(dealt, units.dealt, request, row_order)
    return dealt if units.kept is None else dealt.spread(units.kept)


def _check_sizes(dealt: Dealt, request: DealRequest) -> None:
    got = {part: int((dealt.parts == i).sum()) for i, part in enumerate(PARTS)}
    got["kept"] = int((dealt.pool & (dealt.reasons != MASKED)).sum())
    missed = {name: got[name] - rows for name, rows in dealt.asked.items() if got[name] != rows}
    if not missed:
        return
    told = "; ".join(f"{name}: asked {dealt.asked[name]} rows, got {got[name]}" for name in missed)
    reason = "equal rows, near-duplicates and groups are kept together"
    if request.tolerance is not None and max(map(abs, missed.values())) > request.tolerance * len(dealt.parts):
        remedy = f"{told} ({reason}): allow more, or ask for sizes that the groups can make up"
        raise ParameterError("tolerance", "large enough for what could be had", request.tolerance, remedy)
    warnings.warn(f"{told} ({reason})", SizeWarning, stacklevel=4)


def _check_test_parts(dealt: Dealt, identities: np.ndarray, request: DealRequest) -> None:
    unasked = (TEST_ID,) if dealt.asked.get("test_id") == 0 else ()
    told = small_parts(dealt.parts, identities, request.min_test_rows, unasked=unasked)
    if told:
        warnings.warn(in_words(told, request.min_test_rows), SmallPartWarning, stacklevel=4)
