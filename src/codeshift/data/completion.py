"""Rows of code completion, in which a piece of each program is left out and the text around it is given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from datasets import Dataset

from codeshift.errors import DataError, LeftOutWarning, ParameterError, warn
from codeshift.formatting import counted
from codeshift.hashing import hash_key, keyed_digest
from codeshift.properties.parsing import CodeParser, ParsedCode
from codeshift.properties.places import bodies, body_types, identifier_types, identifiers
from codeshift.properties.texts import column_texts
from codeshift.wording import Verbatim, closest

if TYPE_CHECKING:
    from tree_sitter import Node

Unit: TypeAlias = Literal["name", "line", "block"]
UNITS: tuple[str, ...] = get_args(Unit)

_Place: TypeAlias = tuple[int, int]  # where a piece begins and ends in its text, in characters
_Finder: TypeAlias = Callable[[str], list[_Place]]
_LACKING = {"name": "no name twice", "line": "no two lines", "block": "no body of a statement"}
_LINE = re.compile(r"[^\r\n]+")


def completion_rows(
    rows: Dataset, unit: Unit, *, column: str = "code", language: str | None = None, seed: int = 0
) -> Dataset:
    r"""Cut a piece out of each program, so that ``prefix`` + the piece + ``suffix`` is exactly the program.

    - A *name* is an identifier of the syntax tree that occurs at least twice in its program, so that the rest of the
      program shows it. All occurrences of all such names are equally likely.
    - A *line* is a non-blank line without its line break, in a program that has at least two such lines.
    - A *block* is the body of a statement, such as a branch, a loop or a ``try``; not that of a function.

    The piece is drawn by a hash of the program and the seed, so it depends on neither the order of the rows nor the
    process, and equal programs lose the same piece.

    Args:
        rows: Dataset of programs.
        unit: Kind of piece: ``"name"``, ``"line"`` or ``"block"``.
        column: Column of the code.
        language: Language of the code, a name in ``codeshift.properties.languages()``; not needed for lines.
        seed: Seed of the draw.

    Returns:
        The rows that hold such a piece, in their order, with their own columns and three more: ``prefix``, ``suffix``
        and the piece, in a column with the name of the unit.

    Raises:
        ParameterError: if the unit or the language is unknown, or the language has a grammar but no table of such
            pieces.
        DataError: if there is no such column, a value in it is not text, no row holds such a piece, or the rows already
            have a column of one of the three names.

    Warns:
        LeftOutWarning: if some rows hold no such piece and are left out; it gives their number.

    The template of the source puts the model's sentinel between prefix and suffix, and the model must write the piece:
    ``source="{prefix}<extra_id_0>{suffix}", target="name"``.

    >>> rows = Dataset.from_dict({"code": ["def scaled(values, by):\n    return [value * by for value in values]"]})
    >>> row = completion_rows(rows, "name", language="python", seed=1)[0]
    >>> row["prefix"], row["name"], row["suffix"]
    ('def scaled(values, by):\n    return [value * ', 'by', ' for value in values]')
    """
    find = _finder(unit, language)
    texts = _checked_texts(rows, column, unit)
    places = [_drawn(text, find(text), unit, seed) for text in texts]
    kept = [i for i, place in enumerate(places) if place is not None]
    if not kept:
        none = Verbatim(f"{counted(len(texts), 'row')} with {_LACKING[unit]}")
        raise DataError("rows", f"programs with a {unit} that can be left out", none, "choose another unit")
    if len(kept) < len(texts):
        words = f"{len(texts) - len(kept):,} of {len(texts):,} rows hold {_LACKING[unit]}: they are left out"
        warn(LeftOutWarning(words))
    # Nothing is cut out of rows without a place: they get the columns, and are then dropped, which copies no row.
    cut = [_around(text, place or (0, 0)) for text, place in zip(texts, places, strict=True)]
    for name, values in zip(("prefix", unit, "suffix"), zip(*cut, strict=True), strict=True):
        rows = rows.add_column(name, list(values))
    return rows if len(kept) == len(texts) else rows.select(kept)


def _finder(unit: Unit, language: str | None) -> _Finder:
    if unit not in UNITS:
        raise ParameterError("unit", f"one of {', '.join(UNITS)}", unit, closest(unit, UNITS))
    if unit == "line":
        return _line_places
    if language is None:
        raise ParameterError("language", "that of the code", language, 'such as language="python"')
    types = identifier_types(language) if unit == "name" else body_types(language)
    parser, pieces = CodeParser(language), _name_nodes if unit == "name" else _block_nodes

    def find(text: str) -> list[_Place]:
        parsed = parser.parse(text)
        return [_place_of(node, parsed) for node in pieces(parsed, types)]

    return find


def _line_places(text: str) -> list[_Place]:
    places = [match.span() for match in _LINE.finditer(text) if match[0].strip()]
    return places if len(places) > 1 else []


def _name_nodes(parsed: ParsedCode, types: frozenset[str]) -> list[Node]:
    nodes = list(identifiers(parsed.roots, types))
    times = Counter(node.text for node in nodes)
    return [node for node in nodes if times[node.text] > 1]


def _block_nodes(parsed: ParsedCode, types: frozenset[str]) -> list[Node]:
    return list(bodies(parsed.roots, types))


def _place_of(node: Node, parsed: ParsedCode) -> _Place:
    """Return the place of a node in the row's text; its offsets count bytes, including those of a wrapper before it."""
    if parsed.source.isascii():
        return node.start_byte - parsed.start, node.end_byte - parsed.start
    before = parsed.source[parsed.start : node.start_byte].decode()
    return len(before), len(before) + len(parsed.source[node.start_byte : node.end_byte].decode())


def _drawn(text: str, places: Sequence[_Place], unit: str, seed: int) -> _Place | None:
    """Return one of the places, chosen by a hash of the text and the seed."""
    if not places:
        return None
    hashed = keyed_digest(text, hash_key(f"{seed}:completion {unit}"))
    return places[int.from_bytes(hashed, "big") % len(places)]


def _around(text: str, place: _Place) -> tuple[str, str, str]:
    start, end = place
    return text[:start], text[start:end], text[end:]


def _checked_texts(rows: Dataset, column: str, unit: str) -> list[str]:
    texts = list(column_texts(rows, column))
    for name in ("prefix", "suffix", unit):
        if name in rows.column_names:
            remedy = f"give yours another name: rows.rename_column({name!r}, ...)"
            raise DataError(
                "rows", f"without a column {name!r}, which is made here", Verbatim("one that has it"), remedy
            )
    return texts
