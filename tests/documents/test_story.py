"""What a document is: a title and blocks, as values, which each format renders in its own way."""

from __future__ import annotations

from codeshift.documents import html, latex, markdown, text
from codeshift.documents.document import Document, Paragraph, Table, names, numbers, row

SIZES = Table(columns=(*names("part"), *numbers("rows")), rows=(row("train", "60"), row("test_ood", "8")))
REPORT = Document("A split", (Paragraph("Its *parts* & <b>sizes</b>."), SIZES))


def test_the_story_of_documents() -> None:
    """Text stays text in every format and never becomes markup."""
    # On a terminal, words are left-aligned and numbers right-aligned.
    assert text.render(REPORT).splitlines() == [
        "A split",
        "",
        "  Its *parts* & <b>sizes</b>.",
        "",
        "  part      rows",
        "  train       60",
        "  test_ood     8",
    ]

    # In Markdown, characters that would be markup are escaped.
    lines = markdown.render(REPORT).splitlines()
    assert lines[0] == "# A split"
    assert lines[2].startswith(r"Its \*parts\* ")
    assert "<b>" not in lines[2]
    assert lines[4:] == ["| part | rows |", "| --- | ---: |", "| train | 60 |", r"| test\_ood | 8 |"]

    # The same holds for HTML and LaTeX.
    page = html.render(REPORT)
    assert "Its *parts* &amp; &lt;b&gt;sizes&lt;/b&gt;." in page
    assert "<b>" not in page
    assert r"test\_ood & 8 \\" in latex.render(REPORT).splitlines()
    assert r"Its *parts* \& " in latex.render(REPORT)

    # A document is a value: it equals another with the same blocks.
    assert Document("A split", (REPORT.blocks[0], SIZES)) == REPORT
