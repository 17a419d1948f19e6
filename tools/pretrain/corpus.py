"""The corpus: fragments of all sources, one of each near-duplicate component, none alike to what is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.errors import DataError
from codeshift.properties.near_duplicates import NearDuplicates
from tools.pretrain.fragments import Fragment, Source

_LONGEST, _SHORTEST = 6000, 30  # characters of code


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What a model is pretrained on, and how it came about.

    Attributes:
        fragments: in the order of their digests.
        counts: one dict a source: name, version, licence, fragments read, too short or too long, near-duplicates of
            what is held out, near-duplicates of others, beyond the cap, fragments kept, and documented ones of these.
        held_out: the fragments that no kept one is a near-duplicate of.
    """

    fragments: tuple[Fragment, ...]
    counts: tuple[dict[str, Any], ...]
    held_out: tuple[Fragment, ...]


def make_corpus(sources: Sequence[Source], held_out: Sequence[Fragment]) -> Corpus:
    r"""One fragment of each near-duplicate component that no held-out fragment belongs to.

    Of a component the fragment with the smallest digest is kept, and of a source with more than its ``most`` those
    with the smallest digests, so nothing depends on the order of files or sources.

    Args:
        sources: what to learn from.
        held_out: what the model is tested on. Whole components are held out: what is alike to a fragment that is alike
            to one of these is left out too.

    Raises:
        DataError: nothing is left.

    >>> body = "return [item.name for item in items if item.visible and not item.deleted]"
    >>> kept, test = (
    ...     Fragment(source="a", language="python", signature="", docstring="", code=f"def {name}(items):\n    {body}")
    ...     for name in ("names", "seen")
    ... )
    >>> source = Source(name="a", version="1", licence="MIT", fragments=(kept,))
    >>> len(make_corpus([source], held_out=[]).fragments)
    1
    >>> make_corpus([source], held_out=[test])
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: sources must be code that is not held out, got 'no fragment is left of 1': ...
    """
    fragments = [fragment for source in sources for fragment in source.fragments]
    owners = np.repeat(np.arange(len(sources)), [len(source.fragments) for source in sources])
    fits = np.array([_SHORTEST <= len(fragment.code) <= _LONGEST for fragment in fragments], dtype=bool)
    labels = NearDuplicates().components([fragment.code for fragment in (*fragments, *held_out)]).labels
    tested = np.isin(labels[: len(fragments)], labels[len(fragments) :])
    seen: set[int] = set()
    taken: Counter[int] = Counter()
    counts = [_counts(source) for source in sources]
    kept: list[Fragment] = []
    for row in sorted(range(len(fragments)), key=lambda row: (fragments[row].digest, fragments[row].source)):
        owner, label = int(owners[row]), int(labels[row])
        why = "kept"
        if not fits[row]:
            why = "too short or long"
        elif tested[row]:
            why = "alike to held out"
        elif label in seen:
            why = "alike to others"
        elif taken[owner] == sources[owner].most:
            why = "beyond the cap"
        else:
            seen.add(label)
            taken[owner] += 1
            kept.append(fragments[row])
            counts[owner]["documented"] += bool(fragments[row].docstring)
        counts[owner][why] += 1
    if not kept:
        got = f"no fragment is left of {len(fragments)}"
        raise DataError("sources", "code that is not held out", got, "give other sources, or hold out less")
    return Corpus(fragments=tuple(kept), counts=tuple(counts), held_out=tuple(held_out))


def _counts(source: Source) -> dict[str, Any]:
    zeros = ("too short or long", "alike to held out", "alike to others", "beyond the cap", "kept", "documented")
    about = {"name": source.name, "version": source.version, "licence": source.licence, "read": len(source.fragments)}
    return about | dict.fromkeys(zeros, 0)
