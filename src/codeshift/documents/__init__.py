r"""What a report is, apart from how it looks: a document of blocks, and its renderers.

``document`` holds the values; ``html``, ``markdown``, ``latex`` and ``text`` (for a terminal) each render one. Text
from the data never becomes markup in any of them.

>>> from codeshift.documents import latex, markdown, text
>>> from codeshift.documents.document import Column, Document, Paragraph, Table, Value
>>> sizes = Table(columns=(Column("part", numeric=False), Column("rows")), rows=((Value("test_ood"), Value("8")),))
>>> report = Document("A split", (Paragraph("Its *parts*."), sizes))
>>> print(text.render(report), end="")
A split
<BLANKLINE>
  Its *parts*.
<BLANKLINE>
  part      rows
  test_ood     8
>>> print(markdown.render(report), end="")
# A split
<BLANKLINE>
Its \*parts\*.
<BLANKLINE>
| part | rows |
| --- | ---: |
| test\_ood | 8 |
>>> print(latex.render(Document("", (sizes,))).splitlines()[6])
test\_ood & 8 \\
"""
