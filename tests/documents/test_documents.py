"""Documents in each format are complete and aligned, and no text of the data becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codeshift.documents import html, latex, markdown, text
from codeshift.documents.document import (
    Code,
    Document,
    Facts,
    Figure,
    Heading,
    Key,
    Note,
    Paragraph,
    Points,
    Section,
    SideBySide,
    Table,
    Value,
    names,
    numbers,
    row,
)
from codeshift.documents.inline import CodeSpan, Link, Mark, exact, prose
from codeshift.errors import ParameterError

HOSTILE = (
    "a|b \\| c\\", "line\nbreak\r\nand more\n\n# head", "</code></td></title><script>alert(1)</script>", "`t` ``` ````",
    "*bold* _under_ [link](http://example.invalid) ![image](x) <http://example.invalid> www.example.invalid",
    "<!-- comment", "$x$ @somebody #1 ~~gone~~ ^up^ {: .class}", "- point", "1. one", "12) twelve", "===", "+ more",
    "> quoted", "# head", "    code", "\tcode", "[a]: b", "---", "***", "&lt;&#124;&copy",
    "\u202eto the left\x00\u2028\x9b",
    "\x1b[2J\x1b]0;title\x07\b\b\b", "[0, 2]", "* starred", "%\\end{tabular}\\input{x}", "\\end{verbatim} -- ``",
    "\ud800", "| --- |", "",
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=40))
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def document(words: str) -> Document:
    """Return a document with the same text in each place that takes text from the data."""
    spans = (words, CodeSpan(words), Link(words, f"./{words}"))
    cells = (Value(words, aside=words), Value((CodeSpan(words),)), Value("1", order=1.0, heat=-0.5))
    columns = (*names(words, words), *numbers(words))
    return Document(
        words,
        (
            Heading(spans), Paragraph(words), Paragraph(spans), Note(words), Points((words, spans)),
            Facts(((words, spans),)), Code(words, language="python", caption=words),
            Table(columns=columns, rows=(cells, cells), caption=words, note=words, name="t"),
            Table(columns=columns, rows=(cells,)), Figure(name="f", label=words, svg="<svg></svg>", caption=words),
            Paragraph((Mark(words, "ood"), words)), Code((words, Mark(words, "differs"))),
            Key((("<svg></svg>", words),)),
            Section(
                title=(Mark(words, "verdict"), words),
                blocks=(SideBySide((Paragraph(words), Section(title=words, blocks=(Note(words),), look="card"))),),
                name="s",
                menu=words,
            ),
            Section(title=words, blocks=(Paragraph(words),), look="folded"),
        ),
    )  # fmt: skip


class _Page(HTMLParser):
    """The tags of a page with the names of their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = [""]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data


def folded(words: str) -> str:
    return prose(words).strip()


@given(TEXTS.filter(bool))
def test_html_has_the_same_tags_whatever_the_texts(words: str) -> None:
    """The page has the same tags as with plain words, shows each text, and can be encoded."""
    page = html.render(document(words))
    shown = _Page(page)
    assert shown.tags == _Page(html.render(document("word"))).tags
    page.encode()
    plain = words.encode("utf-8", errors="backslashreplace").decode()
    assert re.sub("\r\n?", "\n", plain) in [re.sub("\r\n?", "\n", part) for part in shown.texts]


@given(TEXTS.filter(bool))
def test_a_page_with_a_look_has_the_same_tags_whatever_the_texts(words: str) -> None:
    """So do its header, its menu, cards and folded parts; only the style and script of our own are there."""
    look = html.Look(style="p { margin: 0; }", script="let x = 1 < 2;")
    page = html.render(document(words), look)
    assert _Page(page).tags == _Page(html.render(document("word"), look)).tags
    assert page.count("<script>") == page.count("<style>") == 1


def test_a_page_with_a_look_has_a_header_a_menu_and_sections() -> None:
    """What stands above the first section is the header; a section without blocks is left out, its link with it."""
    made = Document(
        "A report",
        (
            Note("Of two runs."),
            Section(title="What was found", menu="Findings", name="findings", blocks=(Paragraph("Nothing."),)),
            Section(title="Failures", name="failures", blocks=(Points(()), SideBySide(()))),
            Section(
                title="Examples",
                name="examples",
                blocks=(
                    Section(title="one", look="unfolded", blocks=(Code(("a", Mark("b", "differs"))),)),
                    Section(title="holds", look="card", kind="holds", blocks=(Paragraph("So it is."),)),
                ),
            ),
        ),
    )
    page = html.render(made, html.Look(style="p {}", script="1;"))
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert '<header>\n<h1>A report</h1>\n<p class="note">Of two runs.</p>\n<nav aria-label="sections">' in page
    assert '<a href="#findings">Findings</a><a href="#examples">Examples</a></nav>\n</header>\n<main>' in page
    assert '<section id="findings">\n<h2>What was found</h2>\n<p>Nothing.</p>\n</section>' in page
    assert "Failures" not in page
    assert "<details open>\n<summary>one</summary>" in page
    assert '<pre><code>a<mark class="differs">b</mark></code></pre>' in page
    assert '<article class="holds">\n<h3>holds</h3>\n<p>So it is.</p>\n</article>' in page
    digest = base64.b64encode(hashlib.sha256(b"1;").digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page
    assert "script-src" not in html.render(made)
    assert text.render(made).splitlines()[2:8] == [
        "  Of two runs.",
        "",
        "  What was found",
        "  --------------",
        "",
        "  Nothing.",
    ]
    assert [line for line in markdown.render(made).splitlines() if line.startswith("#")] == [
        "# A report", "## What was found", "## Examples", "### one", "### holds",
    ]  # fmt: skip
    assert r"\subsection*{What was found}" in latex.render(made)
    assert r"\subsubsection*{one}" in latex.render(made)


@pytest.mark.parametrize("name", ["a b", '"x', "#top"])
def test_a_section_has_a_name_that_links_can_have(name: str) -> None:
    """Anything else could leave the attribute that it stands in; a key has marks of our own alone."""
    with pytest.raises(ParameterError, match="name must be letters, digits"):
        Section(title="", blocks=(), name=name)
    with pytest.raises(ParameterError, match="svg must be an <svg> element"):
        Key((("<img>", "a"),))


def structure(page: str) -> list[str]:
    """Return the structure that a Markdown parser reads, without the texts."""
    kinds = []
    for token in MARKDOWN.parse(page):
        kinds.append(f"{token.type} {token.tag} {token.attrGet('style')}")
        kinds += [
            f"{child.type} {child.tag}" for child in token.children or [] if child.type not in ("text", "text_special")
        ]
    return kinds


@given(TEXTS.filter(lambda words: bool(folded(words))))
def test_markdown_has_the_same_structure_whatever_the_texts(words: str) -> None:
    """A parser finds the same blocks and spans as with plain words."""
    page = markdown.render(document(words))
    page.encode()
    assert structure(page) == structure(markdown.render(document("word")))


@given(TEXTS, TEXTS)
def test_cells_of_markdown_show_their_texts(words: str, code: str) -> None:
    """Each cell shows its own text, and code to the last character."""
    table = Table(columns=names("a", "b", "c"), rows=(row(words, (CodeSpan(code),), "end"),))
    shown = _Page(MARKDOWN.render(markdown.render(Document("", (table,)))))
    cells = [part for (tag, _), part in zip(shown.tags, shown.texts[1:], strict=True) if tag in ("td", "code")]
    assert cells == [folded(words), "", exact(code), "end"]


@given(TEXTS)
def test_code_of_markdown_is_unchanged(code: str) -> None:
    """A fence holds all lines of the code, and nothing closes it early."""
    tokens = MARKDOWN.parse(markdown.render(Document("", (Code(code), Paragraph("after")))))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    plain = code.encode("utf-8", errors="backslashreplace").decode().replace("\0", "\ufffd")
    assert tokens[0].content == re.sub("\r\n?", "\n", plain) + "\n"


def test_addresses_do_not_become_links() -> None:
    """Addresses in a text stay text, also where a site would turn them into links."""
    site = MarkdownIt("gfm-like", {"linkify": False})
    page = markdown.render(Document("", (Paragraph("see https://example.invalid or www.example.invalid"),)))
    assert re.search(r"https\\://", page)
    assert r"www\.example" in page
    assert "https://example.invalid or www.example.invalid" in site.render(page)


_PRINTED = sorted(latex._ESCAPES.values(), key=len, reverse=True)


def bare(line: str) -> str:
    """Return what is left of LaTeX without the escapes that we make."""
    for escape in _PRINTED:
        line = line.replace(escape, "")
    return line


@given(TEXTS)
@example("a & b % c")
def test_no_text_is_interpreted_by_latex(words: str) -> None:
    """An escaped text contains nothing that LaTeX would interpret."""
    escaped_words = latex.escaped(words)
    assert not re.search(r"[\\{}$&#_%~^\n`]", bare(escaped_words))
    assert escaped_words.isprintable()


@given(TEXTS.filter(lambda words: bool(folded(words))))
def test_latex_has_the_same_commands_whatever_the_texts(words: str) -> None:
    """Braces match, the environments are those of plain words, and no table line begins with an argument."""
    page, usual = latex.render(document(words)), latex.render(document("word"))
    for source in (page, usual):
        unescaped = re.sub(r"\\[{}\\]", "", source)
        assert unescaped.count("{") == unescaped.count("}")
    assert re.findall(r"\\(?:begin|end)\{\w+\}", page) == re.findall(r"\\(?:begin|end)\{\w+\}", usual)
    assert not re.search(r"(?:\\\\|rule)\s*[\[*]", page)
    assert page.replace("\n", "").isprintable()


@given(TEXTS)
def test_no_text_is_interpreted_by_a_terminal(words: str) -> None:
    """Only visible characters are printed: no escapes, bells or changes of direction."""
    shown = text.render(document(words))
    assert all(each.isprintable() or each in "\n\t" or unicodedata.category(each) == "Zs" for each in shown)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_columns_of_a_terminal_are_aligned(cells: list[tuple[str, str]]) -> None:
    """Each line of a table holds its cells in order, and columns begin or end at the same place."""
    table = Table(columns=names("first") + numbers("second"), rows=tuple(row(*pair) for pair in cells))
    lines = text.table(table).split("\n")
    assert len(lines) == len(cells) + 1
    filled = [line for line, (_, last) in zip(lines[1:], cells, strict=True) if folded(last)]
    widths = {text._width(line) for line in [lines[0], *filled]}
    assert len(widths) == 1
    for line, (first, last) in zip(lines[1:], cells, strict=True):
        assert line.startswith(folded(first))
        assert line.endswith(folded(last))


def test_wide_letters_take_two_columns_of_a_terminal() -> None:
    """An ideograph is as wide as two letters, and a combining accent has no width."""
    table = Table(columns=names("word") + numbers("rows"), rows=(row("漢字", "1"), row("e\u0301tude", "2")))
    assert text.table(table).split("\n") == ["word   rows", "漢字      1", "e\u0301tude     2"]


def test_a_table_in_each_format() -> None:
    """Numbers are right-aligned, notes are below, the caption is above; a table without titles has no head."""
    table = Table(
        columns=names("part") + numbers("rows"),
        rows=(row("train", "1,200"), (Value("test"), Value("7", order=7.0, aside="[1, 9]", kind="ood"))),
        caption="the sizes",
        note="Of rows.",
        name="sizes",
    )
    assert text.render(Document("", (table,))).splitlines() == [
        "the sizes", "part       rows", "train     1,200", "test   7 [1, 9]", "Of rows.",
    ]  # fmt: skip
    page = html.render(Document("", (table,)))
    assert '<caption>the sizes</caption>\n<thead><tr><th scope="col">part</th><th scope="col" class="number">' in page
    assert '<td class="number ood" data-v="7.0">7 <span class="aside">[1, 9]</span></td>' in page
    assert '<p class="note">Of rows.</p>' in page
    markdown_text = markdown.render(Document("", (table,)))
    assert markdown_text == (
        "the sizes\n\n| part | rows |\n| --- | ---: |\n| train | 1,200 |\n| test | 7 \\[1, 9\\] |\n\nOf rows.\n"
    )
    paper = latex.render(Document("", (table,)))
    assert r"\begin{tabular}{lr}" in paper
    assert r"\caption{The sizes. Of rows.}" in paper
    headless = Table(columns=names("") + numbers(""), rows=(row("train", "8"),))
    assert "thead" not in html.table(headless)
    assert text.table(headless) == "train  8"
    assert r"\midrule" not in latex.render(Document("", (headless,)))


def test_a_long_latex_table_spans_pages() -> None:
    """A name that heads several lines is written once."""
    lines = tuple(row(f"scenario_{i // 30}", str(i)) for i in range(60))
    paper = latex.render(Document("", (Table(columns=names("a", "b"), rows=lines, caption="long"),)))
    assert r"\begin{longtable}" in paper
    assert paper.count(r"scenario\_\allowbreak{}0 & 0 \\") == 1
    assert paper.count("scenario") == 2


def test_rows_have_a_value_for_each_column() -> None:
    """A row without one raises an error when the table is made, not when it is rendered."""
    with pytest.raises(ParameterError, match="rows must be 2 values each, got 1: one a column"):
        Table(columns=names("a", "b"), rows=(row("x"),))


def test_a_figure_in_each_format() -> None:
    """A page contains the picture; other formats refer to a file, with a description in words."""
    figure = Document("", (Figure(name="curves", label="Scores by share.", svg="<svg><path/></svg>", width=12.0),))
    assert '<figure style="max-width: 12.0rem"><svg><path/></svg></figure>' in html.fragment(figure)
    assert markdown.render(figure) == "![Scores by share.](./curves.svg)\n"
    paper = latex.render(figure)
    assert r"\includegraphics[width=\linewidth]{curves}" in paper
    assert r"\caption{Scores by share.}\label{fig:curves}" in paper
    assert text.render(figure) == "[figure curves] Scores by share.\n"


@pytest.mark.parametrize("name", ["", "../x", "a b", "x}\\input{y", "x.svg)"])
def test_the_name_of_a_figure_is_a_file_name(name: str) -> None:
    """Any other name could point to another folder."""
    with pytest.raises(ParameterError, match="name must be letters, digits"):
        Figure(name=name, label="", svg="<svg></svg>")
    with pytest.raises(ParameterError, match="svg must be an <svg> element, got '<script></script>'"):
        Figure(name="x", label="", svg="<script></script>")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//example.invalid", "", " ./x"])
def test_links_lead_to_pages(address: str) -> None:
    """An address that could run a script raises an error."""
    with pytest.raises(ParameterError, match="address must be one that begins with"):
        Link("x", address)


def test_facts_in_each_format() -> None:
    """Names are next to their values; long texts on a terminal are wrapped with an indent."""
    facts = Document("A split", (Facts((("region", "long " * 30), ("", "8 rows"), ("seed", "0"))),))
    shown = text.render(facts, spaced=False).splitlines()
    assert shown[0] == "A split"
    assert shown[1].startswith("  region long long")
    assert shown[2].startswith("         long")
    assert shown[-2:] == ["         8 rows", "  seed   0"]
    assert max(map(len, shown)) <= 100
    page = MARKDOWN.render(markdown.render(facts))
    assert page.count("<li>") == 2
    assert "8 rows</li>" in page


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("words", [words for words in HOSTILE if words.isascii() or words.isprintable()])
def test_latex_compiles(words: str, tmp_path) -> None:
    """LaTeX compiles the document without an error."""
    whole = (
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx,longtable}\n\\begin{document}\n"
        f"{latex.render(document(words or 'x'))}\\end{{document}}\n"
    )
    (tmp_path / "page.tex").write_text(whole, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "page.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout[-2000:]
