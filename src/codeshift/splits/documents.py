"""Documents about a split: a section of the dataset's card, a summary for a terminal, and a table for a notebook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from codeshift.documents import html, markdown, text
from codeshift.documents.document import (
    Block,
    Code,
    Document,
    Facts,
    Heading,
    Paragraph,
    Points,
    Table,
    Value,
    names,
    numbers,
    row,
)
from codeshift.documents.inline import CodeSpan, Link, Span
from codeshift.formatting import counted
from codeshift.regions.base import region_words
from codeshift.splits.config import is_drawn
from codeshift.splits.partition import REASONS
from codeshift.splits.predefined import settled_by
from codeshift.splits.record import SplitRecord

MANIFEST_PATH = "codeshift/manifest.json"
"""Path of the manifest in a dataset's repository."""

_LONGEST_SHOWN = 2000

_WHAT_PARTS_ARE = {
    "train": "to fit on",
    "train_control": "to fit on instead: as many rows as train, drawn as if nothing were masked; overlaps with train",
    "validation": "to select models by, in distribution",
    "validation_ood": "to select models by, out of distribution",
    "test_id": "to test on, in distribution",
    "test_ood": "to test on, out of distribution",
    "excluded": "in no part",
}

_REASONS_IN_WORDS = {
    "masked": "masked from training by the region",
    "bound": "equal to a row that is held out, or of one group with it",
    "near_duplicate": "near-duplicates of a row that is held out, or joined to one through others",
    "trimmed": "beyond train_size",
    "duplicate": "dropped: near-duplicates of a row that is kept",
    "unparsable": "dropped: the parser gives up on them, since they would take it far more than real code does",
}


def dataset_card(manifest: SplitRecord, *, manifest_path: str = MANIFEST_PATH) -> str:
    """Return a section in Markdown that says what a split is and how to rebuild it.

    Args:
        manifest: the manifest of the split.
        manifest_path: the path of the manifest in the repository.
    """
    excluded = _excluded(manifest)
    blocks: list[Block] = [
        Paragraph(f"{_region_rows(manifest)} are out of distribution: those in the region of this splitter."),
        Code(_cut(manifest.splitter), language="python"),
        Paragraph(f"Fitted on the rows, it takes programs {region_words(manifest.region)}."),
        _sizes(manifest),
        *((Paragraph("Why rows are excluded:"), Points(excluded)) if excluded else ()),
        Heading("How rows are assigned"),
        Paragraph(_dealing(manifest)),
        _named(("argument", "value"), {name: repr(value) for name, value in _arguments(manifest).items()}),
        Heading("How to build it again"),
        *_rebuilding(manifest, manifest_path),
        _named(("library", "version"), manifest.versions),
        *_grammars(manifest),
        Heading("Citation"),
        Paragraph(_citation(manifest)),
    ]
    return markdown.render(Document("Out-of-distribution split", tuple(blocks)), level=2)


def summary(manifest: SplitRecord) -> str:
    """Return a few lines of text about a split, wrapped at 100 columns."""
    arguments = _arguments(manifest)
    arguments.pop("near_duplicates", None)  # they have a line of their own
    facts = (
        ("region", f"programs {region_words(manifest.region)}"),
        ("", _region_rows(manifest)),
        ("split with", ", ".join(f"{name}={value!r}" for name, value in arguments.items())),
        *(() if is_drawn(manifest.request, manifest.rows) else (("", "nothing was drawn: any seed gives this split"),)),
        ("dropped" if _drops(manifest) else "bound", _near_duplicates(manifest)),
    )
    rows = tuple(
        row(
            part,
            f"{got:,}",
            "row" if got == 1 else "rows",
            f"{got / _total(manifest):.1%}",
            wanted and f"(asked {wanted})",
        )
        for part, got, wanted in _asked_and_got(manifest)
    )
    sizes = Table(columns=(*names(""), *numbers(""), *names(""), *numbers(""), *names("")), rows=rows)
    document = Document((CodeSpan(manifest.splitter),), (Facts(facts), sizes, Points(_excluded(manifest))))
    return text.render(document, spaced=False).rstrip("\n")


def parts_html(splitter: str, sizes: Mapping[str, int], *, rows: int) -> str:
    """Return the HTML that a notebook shows: each part's rows, and their share of all rows."""
    lines = tuple(row(part, f"{count:,}", f"{count / rows:.1%}") for part, count in sizes.items())
    columns = names("part") + numbers("rows", "share")
    return html.fragment(Document("", (Table(caption=(CodeSpan(splitter),), columns=columns, rows=lines),)))


def _total(manifest: SplitRecord) -> int:
    return sum(len(digests) for parts in manifest.rows.values() for digests in parts.values())


def _region_rows(manifest: SplitRecord) -> str:
    total = _total(manifest)
    return f"{manifest.region_rows:,} of {counted(total, 'row')} ({manifest.region_rows / total:.1%})"


def _asked_and_got(manifest: SplitRecord) -> list[tuple[str, int, str]]:
    """Return each part, its rows, and the rows requested if that number differs, else an empty text."""
    sizes = [(part, size["got"] or 0, size["asked"]) for part, size in manifest.sizes.items()]
    return [(part, got, "" if wanted in (None, got) else f"{wanted:,}") for part, got, wanted in sizes]


def _sizes(manifest: SplitRecord) -> Table:
    rows = tuple(
        (_code(part), *row(f"{got:,}", f"{got / _total(manifest):.1%}", wanted, _WHAT_PARTS_ARE.get(part, "")))
        for part, got, wanted in _asked_and_got(manifest)
    )
    columns = names("part") + numbers("rows", "share", "asked, where it differs") + names("what it is for")
    return Table(columns=columns, rows=rows)


def _excluded(manifest: SplitRecord) -> tuple[str, ...]:
    """Return how many rows are excluded, and why, in words."""
    counts = {
        reason: sum(len(parts.get(f"excluded:{reason}", ())) for parts in manifest.rows.values())
        for reason in REASONS[1:]
    }
    return tuple(f"{count:,} {_REASONS_IN_WORDS[reason]}" for reason, count in counts.items() if count)


def _arguments(manifest: SplitRecord) -> dict[str, Any]:
    """Return the arguments of the call that had an effect: those given and not overridden by official splits."""
    said = {name: value for name, value in manifest.request.items() if value is not None and value is not False}
    if set(manifest.rows) != {"data"}:
        for name in settled_by(has_validation="validation" in manifest.rows):
            said.pop(name, None)
    if not said.get("validation_ood_size"):
        said.pop("validation_ood_size", None)
    return said


def _near_duplicates(manifest: SplitRecord) -> str:
    similar, search = manifest.near_duplicates, manifest.request["near_duplicates"]
    if similar is None:
        return "near-duplicates were not looked for"
    how = f"Jaccard {search['threshold']} of token {search['ngram']}-grams"
    if not similar["components"]:
        return f"no row is a near-duplicate of another ({how})"
    links = similar.get("assumed_links", 0)
    assumed = f"; {counted(links, 'link is', 'links are')} assumed, since not all could be compared" if links else ""
    then = ", of which one each is dealt" if _drops(manifest) else ""
    return (
        f"{similar['rows']:,} near-duplicates ({how}) in {counted(similar['components'], 'component')} "
        f"(the largest has {counted(similar['largest'], 'row')}, "
        f"the longest chain {counted(similar['longest_chain'], 'link')}){then}{assumed}"
    )


def _drops(manifest: SplitRecord) -> bool:
    return bool((manifest.request["near_duplicates"] or {}).get("drop"))


def _dealing(manifest: SplitRecord) -> tuple[Span, ...]:
    similar = manifest.near_duplicates
    if similar is None:
        of_duplicates = "Near-duplicates were not looked for."
    elif similar["components"] == 0:
        of_duplicates = "No row is a near-duplicate of another."
    else:
        counts = (
            f"{similar['rows']:,} rows in {similar['components']:,} components, the largest of {similar['largest']:,}"
        )
        dropped = f"Of near-duplicates ({counts} rows) one of each component is kept."
        of_duplicates = dropped if _drops(manifest) else f"So do near-duplicates: {counts} rows."
    also = ("Its part depends on ", *_listed(manifest.also_reads), " too. ") if manifest.also_reads else ()
    return (
        "A row is assigned by the hash of its content in ",
        *_listed(manifest.columns),
        ", keyed with the seed, so neither the order of rows nor the machine changes the split. Rows of equal content "
        "stay on one side of train and test. ",
        *also,
        of_duplicates,
        "" if is_drawn(manifest.request, manifest.rows) else " Nothing was drawn: any seed gives this split.",
    )


def _listed(columns: tuple[str, ...]) -> Sequence[Span]:
    return [piece for column in columns for piece in (", ", CodeSpan(column))][1:]


def _rebuilding(manifest: SplitRecord, path: str) -> tuple[Block, Block]:
    if set(manifest.rows) == {"data"}:
        data = "the rows, in any order"
    else:
        data = f"a DatasetDict of the official {', '.join(manifest.rows)}, rows in any order"
    load = f"splits = SplitManifest.load({path!r}).apply(ds)  # ds: {data}"
    digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    words = ("The manifest holds digests of rows and no code. Its SHA-256 is ", CodeSpan(digest), ". It was made with")
    recipe = f"from codeshift.splitters import SplitManifest\n\n{load}"
    return Code(_cut(recipe), language="python"), Paragraph(words)


def _grammars(manifest: SplitRecord) -> list[Table]:
    rows = tuple(
        tuple(map(_code, (language, facts["wheel"], facts["version"], facts["digest"])))
        for language, facts in manifest.grammars.items()
    )
    return [Table(columns=names("grammar", "wheel", "version", "digest of its node kinds"), rows=rows)] if rows else []


def _citation(manifest: SplitRecord) -> tuple[Span, ...]:
    return (
        "The split was made with ",
        CodeSpan(f"codeshift-ood {manifest.versions['codeshift']}"),
        ", after SimSCOOD: Hajipour, Yu, Staicu and Fritz, Findings of NAACL 2024, ",
        Link("arXiv:2210.04802", "https://arxiv.org/abs/2210.04802"),
        ".",
    )


def _named(heads: tuple[str, str], values: dict[str, str]) -> Table:
    return Table(columns=names(*heads), rows=tuple((_code(name), _code(value)) for name, value in values.items()))


def _code(value: str) -> Value:
    return Value((CodeSpan(value),))


def _cut(code: str) -> str:
    return code if len(code) <= _LONGEST_SHOWN else f"{code[:_LONGEST_SHOWN]} ...  # the manifest has it whole"
