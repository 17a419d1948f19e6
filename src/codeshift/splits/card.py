"""Documents about a split: a section of the dataset's card, and a table for a notebook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from codeshift.documents import html, markdown
from codeshift.documents.document import (
    Block,
    Code,
    Document,
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
from codeshift.regions.base import region_words
from codeshift.splits.manifest import SplitManifest
from codeshift.splits.words import excluded_words, sizes_in_words

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


def dataset_card(manifest: SplitManifest, *, manifest_path: str = MANIFEST_PATH, digest: str | None = None) -> str:
    """Return a section in Markdown that says what a split is and how to rebuild it.

    Args:
        manifest: Manifest of the split.
        manifest_path: Path of the manifest in the repository.
        digest: SHA-256 digest of the manifest's file; None for one that holds all rows.
    """
    excluded = excluded_words(manifest.excluded)
    blocks: list[Block] = [
        Paragraph(f"{manifest.region_rows_in_words()} are out of distribution: those in the region of this splitter."),
        Code(_shortened_code(manifest.splitter), language="python"),
        Paragraph(f"Fitted on the rows, it takes programs {region_words(manifest.region)}."),
        _sizes(manifest),
        *((Paragraph("Why rows are excluded:"), Points(excluded)) if excluded else ()),
        Heading("How rows are assigned"),
        Paragraph(_assigning(manifest)),
        _table_of(("argument", "value"), {name: repr(value) for name, value in manifest.effective_arguments().items()}),
        Heading("How to build it again"),
        *_rebuilding(manifest, manifest_path, digest),
        _table_of(("library", "version"), manifest.versions),
        *_grammar_tables(manifest),
        Heading("Citation"),
        Paragraph(_citation(manifest)),
    ]
    return markdown.render(Document("Out-of-distribution split", tuple(blocks)), level=2)


def parts_html(splitter: str, sizes: Mapping[str, int], *, rows: int) -> str:
    """Return the HTML that a notebook shows: each part's rows, and their share of all rows."""
    lines = tuple(row(part, f"{count:,}", f"{count / rows:.1%}") for part, count in sizes.items())
    columns = names("part") + numbers("rows", "share")
    return html.fragment(Document("", (Table(caption=(CodeSpan(splitter),), columns=columns, rows=lines),)))


def _sizes(manifest: SplitManifest) -> Table:
    rows = tuple(
        (
            _code_value(part),
            *row(f"{count:,}", f"{count / manifest.n_rows:.1%}", requested, _WHAT_PARTS_ARE.get(part, "")),
        )
        for part, count, requested in sizes_in_words(manifest.sizes)
    )
    columns = names("part") + numbers("rows", "share", "asked, where it differs") + names("what it is for")
    return Table(columns=columns, rows=rows)


def _assigning(manifest: SplitManifest) -> tuple[Span, ...]:
    similar = manifest.near_duplicates
    if similar is None:
        of_duplicates = "Near-duplicates were not looked for."
    elif similar.components == 0:
        of_duplicates = "No row is a near-duplicate of another."
    else:
        counts = f"{similar.rows:,} rows in {similar.components:,} components, the largest of {similar.largest:,}"
        dropped = f"Of near-duplicates ({counts} rows) one of each component is kept."
        of_duplicates = dropped if manifest.drops else f"So do near-duplicates: {counts} rows."
    also = ("Its part depends on ", *_code_spans(manifest.also_reads), " too. ") if manifest.also_reads else ()
    return (
        "A row is assigned by the hash of its content in ",
        *_code_spans(manifest.columns),
        ", keyed with the seed, so neither the order of rows nor the machine changes the split. Rows of equal content "
        "stay on one side of train and test. ",
        *also,
        of_duplicates,
        "" if manifest.is_drawn else " Nothing was drawn: any seed gives this split.",
    )


def _code_spans(columns: tuple[str, ...]) -> Sequence[Span]:
    return [piece for column in columns for piece in (", ", CodeSpan(column))][1:]


def _rebuilding(manifest: SplitManifest, path: str, digest: str | None) -> tuple[Block, Block]:
    data = "the rows, in any order"
    if manifest.is_official:
        data = f"a DatasetDict of the official {', '.join(manifest.digests)}, rows in any order"
    load = f"splits = SplitManifest.load({path!r}).apply(ds)  # ds: {data}"
    if digest is None:
        digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    words = ("The manifest holds digests of rows and no code. Its SHA-256 is ", CodeSpan(digest), ". It was made with")
    recipe = f"from codeshift.splitters import SplitManifest\n\n{load}"
    return Code(_shortened_code(recipe), language="python"), Paragraph(words)


def _grammar_tables(manifest: SplitManifest) -> list[Table]:
    rows = tuple(
        tuple(map(_code_value, (language, facts["wheel"], facts["version"], facts["digest"])))
        for language, facts in manifest.grammars.items()
    )
    return [Table(columns=names("grammar", "wheel", "version", "digest of its node kinds"), rows=rows)] if rows else []


def _citation(manifest: SplitManifest) -> tuple[Span, ...]:
    return (
        "The split was made with ",
        CodeSpan(f"codeshift-ood {manifest.versions['codeshift']}"),
        ", after SimSCOOD: Hajipour, Yu, Staicu and Fritz, Findings of NAACL 2024, ",
        Link("arXiv:2210.04802", "https://arxiv.org/abs/2210.04802"),
        ".",
    )


def _table_of(heads: tuple[str, str], values: dict[str, str]) -> Table:
    return Table(
        columns=names(*heads), rows=tuple((_code_value(name), _code_value(value)) for name, value in values.items())
    )


def _code_value(value: str) -> Value:
    return Value((CodeSpan(value),))


def _shortened_code(code: str) -> str:
    return code if len(code) <= _LONGEST_SHOWN else f"{code[:_LONGEST_SHOWN]} ...  # the manifest has it whole"
