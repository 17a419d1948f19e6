"""What a document is, from top to bottom: a title and blocks, as values, which each format shows in its own way."""

from __future__ import annotations

from codeshift.documents import html, latex, markdown, text
from codeshift.documents.document import Document, Paragraph, Table, names, numbers, row

SIZES = Table(columns=(*names("part"), *numbers("rows")), rows=(row("train", "60"), row("test_ood", "8")))
REPORT = Document("A split", (Paragraph("Its *parts* & <b>sizes</b>."), SIZES))


def test_the_story_of_documents() -> None:
    """Words stay words in every format: no text becomes markup."""
    # On a terminal: words to the left, numbers to the right.
    assert text.render(REPORT).splitlines() == [
        "A split",
        "",
        "  Its *parts* & <b>sizes</b>.",
        "",
        "  part      rows",
        "  train       60",
        "  test_ood     8",
    ]

    # In Markdown: what would be markup is escaped.
    lines = markdown.render(REPORT).splitlines()
    assert lines[0] == "# A split"
    assert lines[2].startswith(r"Its \*parts\* ")
    assert "<b>" not in lines[2]
    assert lines[4:] == ["| part | rows |", "| --- | ---: |", "| train | 60 |", r"| test\_ood | 8 |"]

    # In a page and in a paper likewise.
    page = html.render(REPORT)
    assert "Its *parts* &amp; &lt;b&gt;sizes&lt;/b&gt;." in page
    assert "<b>" not in page
    assert r"test\_ood & 8 \\" in latex.render(REPORT).splitlines()
    assert r"Its *parts* \& " in latex.render(REPORT)

    # A document is a value: equal to another of the same blocks.
    assert Document("A split", (REPORT.blocks[0], SIZES)) == REPORT
