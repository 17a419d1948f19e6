r"""Tables as LaTeX for papers: ``\usepackage{booktabs}``, ``\usepackage{longtable}``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codeshift.study.report.tables import Table, Value

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "–": "--", "−": "$-$", "↓": r"$\downarrow$", '"': "''",
}  # fmt: skip
_SPECIAL = re.compile("|".join(map(re.escape, _ESCAPES)))
_PAGE = 40  # lines; a longer table goes over several pages


def escaped(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> print(escaped("for_statement: 50% {a} \\x"))
    for\_statement: 50\% \{a\} \textbackslash{}x
    """
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], " ".join(text.split()))


def to_latex(tables: Iterable[Table]) -> str:
    """The tables one after the other, each a float of its own."""
    return "\n\n".join(table_environment(table) for table in tables) + "\n"


def table_environment(table: Table) -> str:
    r"""One table with booktabs' rules.

    >>> from codeshift.study.report.tables import Column
    >>> made = Table(name="t", title="T", columns=(Column("a_b", numeric=False), Column("c")),
    ...              rows=((Value("x"), Value("1.5", aside="[0, 2]")),))
    >>> print(table_environment(made))
    \begin{table}
    \centering
    \caption{T}
    \label{tab:t}
    \begin{tabular}{lr}
    \toprule
    a\_b & c \\
    \midrule
    x & 1.5 {\scriptsize [0, 2]} \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    alignment = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(escaped(column.title) for column in table.columns) + r" \\"
    body = [" & ".join(map(_cell, row)) + r" \\" for row in table.rows]
    caption = escaped(table.title) + (f". {escaped(table.note)}" if table.note else "")
    if len(body) > _PAGE:
        top = [rf"\begin{{longtable}}{{{alignment}}}", rf"\caption{{{caption}}}\label{{tab:{table.name}}} \\"]
        return "\n".join([*top, r"\toprule", head, r"\midrule", r"\endhead", *body, r"\bottomrule", r"\end{longtable}"])
    top = [r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{tab:{table.name}}}"]
    inner = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
    return "\n".join([*top, *inner, r"\end{tabular}", r"\end{table}"])


def _cell(value: Value) -> str:
    aside = rf" {{\scriptsize {escaped(value.aside)}}}" if value.aside else ""
    return escaped(value.text) + aside
