r"""Documents: the content of reports, as blocks, and renderers for each format.

``document`` holds the values; ``html``, ``markdown``, ``latex`` and ``text`` (for a terminal) each render one. In all
of them, text from the data never becomes markup.

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
