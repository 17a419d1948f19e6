"""A split in Markdown: a section for the dataset's card, and its place in a README."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from codeshift.splitters.describe import arguments_told, excluded_in_words
from codeshift.splitters.words import region_words

if TYPE_CHECKING:
    from codeshift.splitters.manifest import SplitManifest

MANIFEST_PATH = "codeshift/manifest.json"
"""Where a manifest lies in a dataset's repository."""

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


def dataset_card(manifest: SplitManifest, *, manifest_path: str = MANIFEST_PATH) -> str:
    """A section in Markdown that says what a split is and how to build it again.

    Args:
        manifest: the split's.
        manifest_path: where readers find it.
    """
    total = sum(len(digests) for parts in manifest.rows.values() for digests in parts.values())
    blocks = [
        "## Out-of-distribution split",
        f"{manifest.region_rows:,} of {total:,} rows ({manifest.region_rows / total:.1%}) are out of distribution: "
        "those in the region of this splitter.",
        _fence(manifest.splitter, "python"),
        f"Fitted on the rows, it takes programs {_text(region_words(manifest.region))}.",
        _sizes(manifest, total),
        *_excluded_rows(manifest),
        "### How rows are dealt",
        _dealing(manifest),
        _table(("argument", "value"), ((_code(name), _code(repr(v))) for name, v in arguments_told(manifest).items())),
        "### How to build it again",
        _rebuilding(manifest, manifest_path),
        _table(("library", "version"), ((_code(name), _code(v)) for name, v in manifest.versions.items())),
        *_grammars(manifest),
        "### Citation",
        _citation(manifest),
    ]
    return "\n\n".join(blocks) + "\n"


def put_section(readme: str, section: str, name: str) -> str:
    r"""The README with the section between two comments: in place of the one of that name, or else at its end.

    The comments carry a digest of the section, which no text inside of it can know, so that a hostile name that
    spells such a comment ends nothing.

    >>> once = put_section("# Rows\n", "As first told.\n", "default")
    >>> print(put_section(once, "As told now.\n", "default"))
    # Rows
    <BLANKLINE>
    <!-- codeshift:begin default 90f0a2daa45bc0c7 -->
    <BLANKLINE>
    As told now.
    <BLANKLINE>
    <!-- codeshift:end default 90f0a2daa45bc0c7 -->
    <BLANKLINE>
    """
    label = quote(name, safe="")
    digest = hashlib.sha256(section.encode()).hexdigest()[:16]
    marked = f"<!-- codeshift:begin {label} {digest} -->\n\n{section}\n<!-- codeshift:end {label} {digest} -->\n"
    old = re.compile(
        rf"<!-- codeshift:begin {re.escape(label)} (\w+) -->.*?<!-- codeshift:end {re.escape(label)} \1 -->\r?\n?",
        re.DOTALL,
    )
    if old.search(readme):
        return old.sub(lambda _: marked, readme, count=1)
    return f"{readme.rstrip()}\n\n{marked}".lstrip("\n")


def _sizes(manifest: SplitManifest, total: int) -> str:
    rows = []
    for part, size in manifest.sizes.items():
        got, asked = size["got"] or 0, size["asked"]
        told = "" if asked is None or asked == got else f"{asked:,}"
        rows.append((_code(part), f"{got:,}", f"{got / total:.1%}", told, _text(_WHAT_PARTS_ARE.get(part, ""))))
    return _table(("part", "rows", "share", "asked, where it differs", "what it is for"), rows, numbers=(1, 2, 3))


def _excluded_rows(manifest: SplitManifest) -> list[str]:
    told = [f"- {count:,} {_text(words)}" for count, words in excluded_in_words(manifest)]
    return ["Why rows are excluded:", "\n".join(told)] if told else []


def _dealing(manifest: SplitManifest) -> str:
    columns = ", ".join(map(_code, manifest.columns))
    sentences = [
        f"A row is dealt by the hash of its content in {columns}, keyed with the seed, so neither the order of rows "
        "nor the machine changes the split. Rows of equal content stay on one side of train and test.",
    ]
    if manifest.also_reads:
        sentences.append(f"Its part depends on {', '.join(map(_code, manifest.also_reads))} too.")
    found = manifest.near_duplicates
    if found is None:
        sentences.append("Near-duplicates were not looked for.")
    elif found["components"] == 0:
        sentences.append("No row is a near-duplicate of another.")
    else:
        counted = f"{found['rows']:,} rows in {found['components']:,} components, the largest of {found['largest']:,}"
        if manifest.request["near_duplicates"].get("drop"):
            sentences.append(f"Of near-duplicates ({counted} rows) one of each component is dealt.")
        else:
            sentences.append(f"So do near-duplicates: {counted} rows.")
    return " ".join(sentences)


def _rebuilding(manifest: SplitManifest, path: str) -> str:
    if set(manifest.rows) == {"data"}:
        data = "the rows, in any order"
    else:
        data = f"a DatasetDict of the official {', '.join(manifest.rows)}, rows in any order"
    load = f"splits = SplitManifest.load({path!r}).apply(ds)  # ds: {data}"
    digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    return (
        _fence(f"from codeshift.splitters import SplitManifest\n\n{load}", "python")
        + f"\n\nThe manifest holds digests of rows and no code. Its SHA-256 is {_code(digest)}. It was made with"
    )


def _grammars(manifest: SplitManifest) -> list[str]:
    rows = [
        tuple(map(_code, (language, facts["wheel"], facts["version"], facts["digest"])))
        for language, facts in manifest.grammars.items()
    ]
    return [_table(("grammar", "wheel", "version", "digest of its node kinds"), rows)] if rows else []


def _citation(manifest: SplitManifest) -> str:
    version = _code(f"codeshift-ood {manifest.versions['codeshift']}")
    return (
        f"The split was made with {version}, after SimSCOOD: Hajipour, Yu, Staicu and Fritz, Findings of NAACL 2024, "
        "[arXiv:2210.04802](https://arxiv.org/abs/2210.04802)."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, numbers: tuple[int, ...] = ()) -> str:
    rule = ["---:" if i in numbers else "---" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _fence(text: str, language: str) -> str:
    text = text.encode("utf-8", errors="backslashreplace").decode()
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[:_LONGEST_SHOWN]} ...  # the manifest has it whole"
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _code(value: Any) -> str:
    return f"<code>{_text(str(value))}</code>"


# What Markdown, its tables, HTML or a hub's extensions (links, mentions, mathematics) could read as structure. An
# underscore inside of a word is none.
_STRUCTURE = re.compile(r"[&<>|\\`*\[\]~$#@!^]|:(?=/)|(?<![^\W_])_|_(?![^\W_])")


def _text(value: str) -> str:
    r"""Text that shows as it is wherever Markdown is read; what cannot be shown is escaped as Python does.

    >>> _text("a|b _c_ d_e\n")
    'a&#124;b &#95;c&#95; d_e&#92;n'
    """
    visible = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in value)
    return _STRUCTURE.sub(lambda found: f"&#{ord(found[0])};", visible)
