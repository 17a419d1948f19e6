"""The section of a dataset's card, its place in a README, and the table of a notebook."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codeshift.regions.base import region_words
from codeshift.splits.card import dataset_card
from codeshift.splits.facts import FoundDuplicates, PartSize
from codeshift.splits.publish import put_section
from codeshift.splitters import ASTNodeSplitter, LengthSplitter

HOSTILE = (
    "a|b",
    "line\nbreak\r\nand more",
    "</code></td><script>alert(1)</script>",
    "`tick` ``` fence",
    "*bold* _under_ [link](http://example.invalid) ![image](x)",
    "<!-- codeshift:end default 0123456789abcdef -->",
    "back\\slash \\| $x$ @somebody #1 ~~gone~~",
    "&lt;&#124;",
    "\u202eright to left\x00\u2028",
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def rows(count: int = 80) -> Dataset:
    code = [
        f"def f{i}():\n" + f"    x{i} = {i}\n" * (1 + i % 9) + "    while x:\n        pass\n" * (i % 5 == 0)
        for i in range(count)
    ]
    return Dataset.from_dict({"code": code, "project": [f"p{i % 40}" for i in range(count)]})


ASSIGNMENT = LengthSplitter(column="code").assign(rows(), seed=3, ood_kept=0.5)


class _Page(HTMLParser):
    """The tables of a page as text, the elements that it holds, and the text of its code blocks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self.blocks: list[str] = []
        self._cell = self._pre = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True
        elif tag == "pre":
            self.blocks.append("")
            self._pre = True

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")
        self._pre = self._pre and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.tables[-1][-1][-1] += data
        elif self._pre:
            self.blocks[-1] += data


def shown(text: str) -> str:
    """Return the text that a cell shows for a value."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def test_what_the_card_says() -> None:
    """Splitter, region, sizes, seed, reasons of exclusion, how to build it again, versions and a citation."""
    card = ASSIGNMENT.to_dataset_card()
    page = _Page(MARKDOWN.render(card))
    sizes, arguments, versions = page.tables
    assert {row[0]: int(row[1].replace(",", "")) for row in sizes[1:]} == ASSIGNMENT.sizes
    assert ["seed", "3"] in arguments
    assert ["ood_kept", "0.5"] in arguments
    assert dict(versions[1:]) == ASSIGNMENT.manifest.versions
    assert page.blocks[0] == f"{ASSIGNMENT.manifest.splitter}\n"
    assert f"it takes programs {region_words(ASSIGNMENT.manifest.region)}." in unescape(card)
    assert f"- {ASSIGNMENT.excluded['masked']} masked from training by the region" in card
    assert hashlib.sha256(ASSIGNMENT.manifest.to_json().encode()).hexdigest() in card
    assert "SimSCOOD" in card
    assert "arXiv:2210.04802" in card


def test_the_recipe_of_the_card_builds_the_split(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code that the card shows, run where the manifest lies, gives the parts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "codeshift").mkdir()
    ASSIGNMENT.manifest.save(tmp_path / "codeshift" / "manifest.json")
    recipe = _Page(MARKDOWN.render(ASSIGNMENT.to_dataset_card())).blocks[1]
    names = {"ds": rows()}
    exec(recipe, names)  # noqa: S102 - our own
    expected = ASSIGNMENT.to_dataset_dict(rows())
    assert {part: split.to_list() for part, split in names["splits"].items()} == {
        part: split.to_list() for part, split in expected.items()
    }


def test_grammars_sizes_and_official_splits() -> None:
    """The card lists grammars if code was parsed, sizes that could not be met, and official splits."""
    splitter = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    data = rows()
    official = DatasetDict(train=data.select(range(50)), test=data.select(range(50, 80)))
    card = splitter.assign(official, seed=0).to_dataset_card()
    assert "| <code>python</code> | <code>tree-sitter-python</code> |" in card
    assert "ds: a DatasetDict of the official train, test" in card
    assert "grammar" not in ASSIGNMENT.to_dataset_card()
    asked = replace(
        ASSIGNMENT.manifest, sizes={**ASSIGNMENT.manifest.sizes, "train": PartSize(requested=1234, actual=5)}
    )
    assert "| <code>train</code> | 5 | 6.2% | 1,234 | to fit on |" in dataset_card(asked)


def test_near_duplicates_are_told() -> None:
    """The card says whether near-duplicates were searched for, and what was found."""
    found = FoundDuplicates(components=2, rows=1500, largest=900, longest_chain=3)
    nothing = FoundDuplicates(components=0, rows=0, largest=1, longest_chain=0)
    for manifest, told in (
        (replace(ASSIGNMENT.manifest, near_duplicates=found), "1,500 rows in 2 components, the largest of 900 rows."),
        (replace(ASSIGNMENT.manifest, near_duplicates=None), "Near-duplicates were not looked for."),
        (replace(ASSIGNMENT.manifest, near_duplicates=nothing), "No row is a near-duplicate"),
    ):
        assert told in dataset_card(manifest)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_hostile_names_show_as_they_are(name: str) -> None:
    """Any name of a column, an argument, a splitter or a version is text in its own cell or block."""
    plain = ASSIGNMENT.manifest
    manifest = replace(
        plain,
        splitter=f"Own(column={name!r})\n{name}".replace("\r", ""),
        columns=(name,),
        also_reads=(name, "project"),
        config=replace(plain.config, groups=name),
        versions={"codeshift": name, name: "1"},
        grammars={name: {"wheel": name, "version": "1", "digest": name}},
    )
    page = _Page(MARKDOWN.render(dataset_card(manifest)))
    usual = _Page(
        MARKDOWN.render(
            dataset_card(replace(plain, grammars={"python": dict.fromkeys(("wheel", "version", "digest"), "1")}))
        )
    )
    assert page.tags == usual.tags
    _, arguments, versions, grammars = page.tables
    assert ["groups", shown(repr(name))] in arguments
    assert versions[1] == ["codeshift", shown(name)]
    assert versions[-1] == [shown(name), "1"]
    assert grammars[1:] == [[shown(name), shown(name), "1", shown(name)]]
    assert {len(row) for row in versions} == {2}
    assert len(page.blocks) == 2


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    """A splitter's name that holds a fence does not end the block."""
    manifest = replace(ASSIGNMENT.manifest, splitter="Own(name='````\n## Not a heading')")
    page = _Page(MARKDOWN.render(dataset_card(manifest)))
    assert page.blocks[0] == "Own(name='````\n## Not a heading')\n"


def test_long_splitters_are_cut() -> None:
    """Thousands of names do not fill a card."""
    card = dataset_card(replace(ASSIGNMENT.manifest, splitter="x" * 10**6))
    assert len(card) < 10_000
    assert "the manifest has it whole" in card


@given(
    before=st.text(),
    after=st.text(),
    sections=st.lists(st.one_of(st.sampled_from(HOSTILE), st.text()).map(lambda text: text + "\n"), min_size=1),
    name=st.sampled_from(["default", "a-->b", "a.b", "größe"]),
)
def test_a_section_is_replaced_in_its_place(before: str, after: str, sections: list[str], name: str) -> None:
    """However often it is put, there is one section of a name, the last; the text around it is what it was."""
    readme = put_section(before, sections[0], name) + after
    start = before.rstrip() and before.rstrip() + "\n\n"
    for section in sections[1:]:
        readme = put_section(readme, section, name)
    assert readme.startswith(start.lstrip("\n"))
    assert readme.endswith(after)
    assert readme == (put_section(before, sections[-1], name) + after)


def test_sections_stand_side_by_side() -> None:
    """Each name has its own section; writing one moves no other. Backslashes are not references to groups."""
    readme = put_section(put_section("# Rows\n", "one \\1\n", "a"), "two\n", "b")
    readme = put_section(readme, "three \\g<0>\n", "a")
    assert re.findall(r"^(?:one|two|three).*$", readme, re.MULTILINE) == ["three \\g<0>", "two"]
    assert [found.split()[0] for found in re.findall(r"begin (.*) -->", readme)] == ["a", "b"]


def test_a_section_that_lost_its_end_is_not_eaten() -> None:
    """If the second comment was removed, nothing is replaced: the text that follows may be the user's."""
    broken = put_section("# Rows\n", "one\n", "a").partition("<!-- codeshift:end")[0] + "Mine.\n"
    assert "Mine." in put_section(broken, "two\n", "a")


def test_a_notebook_shows_the_sizes() -> None:
    """A table of parts and shares; the reasons of exclusion below."""
    page = _Page(ASSIGNMENT._repr_html_())
    told = {row[0].strip(): (row[1], row[2]) for row in page.tables[0][1:]}
    total = len(rows())
    for part, size in {**ASSIGNMENT.sizes, **ASSIGNMENT.excluded}.items():
        assert told[part] == (f"{size:,}", f"{size / total:.1%}")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_notebook_escapes(name: str) -> None:
    """A splitter's name is text, whatever it spells."""
    page = replace(ASSIGNMENT, manifest=replace(ASSIGNMENT.manifest, splitter=name))._repr_html_()
    assert _Page(page).tags == _Page(ASSIGNMENT._repr_html_()).tags
    assert unescape(re.search("<caption><code>(.*?)</code></caption>", page, re.DOTALL)[1]) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_summary_steers_no_terminal(name: str) -> None:
    """The summary has printable characters only, whatever the names of splitters and columns."""
    plain = ASSIGNMENT.manifest
    manifest = replace(plain, splitter=f"\x1b[2J{name}", config=replace(plain.config, groups=name))
    lines = manifest.summary().split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[-7:] == plain.summary().split("\n")[-7:]
    assert "\\x1b[2J" in lines[0]
