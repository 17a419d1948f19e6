r"""Tables as LaTeX for papers: ``\usepackage{booktabs}``, ``{graphicx}`` and, for long ones, ``{longtable}``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codeshift.study.report.tables import Column, Table, Value

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "–": "--", "−": "$-$", "∞": r"$\infty$", "↓": r"$\downarrow$", '"': "''",
}  # fmt: skip
_SPECIAL = re.compile("|".join(map(re.escape, _ESCAPES)))
_PAGE = 40  # lines; a longer table goes over several pages
_HEAD, _NAME, _SHARE = 14, 20, 0.15  # characters of a line of a head and of a whole name; the width of a broken one
_SMALL = r"\footnotesize\setlength{\tabcolsep}{4pt}"
_FITTING = r"\resizebox{\ifdim\width>\linewidth \linewidth\else\width\fi}{!}{"


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
    r"""One table with booktabs' rules, no wider than the text: smaller where it would be.

    >>> from codeshift.study.report.tables import Column
    >>> made = Table(name="t", title="the title", columns=(Column("a_b", numeric=False), Column("c")),
    ...              rows=((Value("x"), Value("1.5", aside="[0, 2]")),))
    >>> print(table_environment(made))
    \begin{table}
    \centering
    \caption{The title}
    \label{tab:t}
    \medskip
    \footnotesize\setlength{\tabcolsep}{4pt}
    \resizebox{\ifdim\width>\linewidth \linewidth\else\width\fi}{!}{\begin{tabular}{lr}
    \toprule
    a\_b & c \\
    \midrule
    x & 1.5 {\scriptsize [0, 2]} \\
    \bottomrule
    \end{tabular}}
    \end{table}
    """
    head = " & ".join(map(_head, table.columns)) + r" \\"
    body = [" & ".join(map(_cell, row)) + r" \\" for row in table.rows]
    caption = escaped(table.title[:1].upper() + table.title[1:]) + (f". {escaped(table.note)}" if table.note else "")
    if len(body) > _PAGE:
        return _long(table, caption, head)
    top = [r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{tab:{table.name}}}", r"\medskip"]
    alignment = "".join("r" if column.numeric else "l" for column in table.columns)
    inner = [rf"{_FITTING}\begin{{tabular}}{{{alignment}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
    return "\n".join([*top, _SMALL, *inner, r"\end{tabular}}", r"\end{table}"])


def _long(table: Table, caption: str, head: str) -> str:
    """A table over several pages, which nothing can shrink: small, names broken, and a name once for its lines."""
    share = rf"p{{{_SHARE}\linewidth}}"
    names = [not c.numeric and max(len(row[i].text) for row in table.rows) > _NAME for i, c in enumerate(table.columns)]
    sides = ["r" if column.numeric else "l" for column in table.columns]
    kinds = [share if broken else side for broken, side in zip(names, sides, strict=True)]
    lines, above = [], ""
    for first, *others in table.rows:
        shown = "" if first.text == above else _breaking(first.text)
        above = first.text
        cells = (
            _breaking(v.text) if broken else _cell(v, r"\tiny") for v, broken in zip(others, names[1:], strict=True)
        )
        lines.append(" & ".join([shown, *cells]) + r" \\")
    top = [r"{\scriptsize\setlength{\tabcolsep}{2pt}\setlength{\LTcapwidth}{\linewidth}",
           rf"\begin{{longtable}}{{{''.join(kinds)}}}",
           rf"\caption{{{caption}}}\label{{tab:{table.name}}} \\"]  # fmt: skip
    end = [r"\bottomrule", r"\end{longtable}}"]
    return "\n".join([*top, r"\toprule", head, r"\midrule", r"\endhead", *lines, *end])


def _head(column: Column) -> str:
    """The words of a head under each other."""
    lines: list[str] = []
    for word in column.title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _HEAD:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    side = "r" if column.numeric else "l"
    stacked = r" \\ ".join(map(escaped, lines))
    return rf"\shortstack[{side}]{{{stacked}}}" if len(lines) > 1 else stacked


def _breaking(text: str) -> str:
    """A name that may be broken after each of its words."""
    return re.sub(r"(\\_|[./])", r"\1\\allowbreak{}", escaped(text))


def _cell(value: Value, size: str = r"\scriptsize") -> str:
    aside = rf" {{{size} {escaped(value.aside)}}}" if value.aside else ""
    return escaped(value.text) + aside
