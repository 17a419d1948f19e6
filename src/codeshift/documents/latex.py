r"""Documents as LaTeX for papers: ``\usepackage{booktabs}``, ``{graphicx}`` and, for long tables, ``{longtable}``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codeshift.documents.document import (
    Block,
    Code,
    Column,
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
    filled,
)
from codeshift.documents.inline import CodeSpan, Link, Mark, Span, Text, exact, lines_of, plain_text, prose, spans

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "–": "--", "−": "$-$", "∞": r"$\infty$", "↓": r"$\downarrow$", '"': "''",
    "`": r"\textasciigrave{}", "--": "-{}-",
}  # fmt: skip
_SPECIAL = re.compile("|".join(map(re.escape, sorted(_ESCAPES, key=len, reverse=True))))
_PAGE = 40  # lines; a longer table goes over several pages
_HEAD, _NAME, _SHARE = 14, 20, 0.15  # characters of a line of a head and of a whole name; the width of a broken one
_SMALL = r"\footnotesize\setlength{\tabcolsep}{4pt}"
_FITTING = r"\resizebox{\ifdim\width>\linewidth \linewidth\else\width\fi}{!}{"
_SECTIONS = ("section", "subsection", "subsubsection", "paragraph")


def render(document: Document) -> str:
    """Return the part of a paper between preamble and end, with a newline at the end.

    A table that has a caption is a float of its own.
    """
    title = [_section(document.title, 0)] if document.title else []
    return "\n\n".join([*title, *(_block(block, 0) for block in document.filled)]) + "\n"


def escaped(text: str) -> str:
    r"""Escape text so that LaTeX prints it unchanged, on one line.

    >>> print(escaped("for_statement: 50% {a} \\x --"))
    for\_statement: 50\% \{a\} \textbackslash{}x -{}-
    """
    return _printed(prose(text))


def _printed(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def _block(block: Block, depth: int) -> str:
    match block:
        case Heading(text, level):
            return _section(text, depth + level)
        case Paragraph(text):
            return _inline(text)
        case Note(text):
            return rf"{{\footnotesize {_inline(text)}\par}}"
        case Points(points):
            return _environment("itemize", [rf"\item {{}}{_inline(point)}" for point in points])
        case Facts(facts):
            return _environment(
                "description", [rf"\item[{{{escaped(name)}}}] {_inline(value)}" for name, value in facts]
            )
        case Code(code, _, caption):
            return _code(plain_text(code), caption)
        case Figure():
            return _figure(block)
        case Table():
            return _table(block)
        case Key(entries):
            return _inline(", ".join(plain_text(name) for _, name in entries))
        case Section(title=title, blocks=blocks):
            return "\n\n".join([_section(title, depth + 1), *(_block(inner, depth + 1) for inner in filled(blocks))])
        case SideBySide(blocks):
            return "\n\n".join(_block(inner, depth) for inner in filled(blocks))


def _section(text: Text, level: int) -> str:
    return rf"\{_SECTIONS[min(level, len(_SECTIONS) - 1)]}*{{{_inline(text)}}}"


def _environment(name: str, lines: list[str]) -> str:
    return "\n".join([rf"\begin{{{name}}}", *lines, rf"\end{{{name}}}"])


def _code(code: str, caption: str) -> str:
    """Return code as lines that no text can end, as it could end a verbatim environment."""
    shown = [re.sub(r"\s", r"\\ ", _printed(line.expandtabs(4))) or r"\mbox{}" for line in lines_of(code)]
    above = f"{escaped(caption)}\n\n" if caption else ""
    return above + _environment(
        "flushleft", [r"\ttfamily\footnotesize", "\\\\\n".join(f"{{}}{line}" for line in shown)]
    )


def _figure(figure: Figure) -> str:
    """Return a float with the file of that name, in whichever format LaTeX finds it."""
    picture = rf"\includegraphics[width=\linewidth]{{{figure.name}}}"
    label = rf"\caption{{{escaped(figure.caption or figure.label)}}}\label{{fig:{figure.name}}}"
    return _environment("figure", [r"\centering", picture, label])


def _table(table: Table) -> str:
    r"""Return a table with booktabs' rules, shrunk if it is wider than the text.

    >>> table = Table(name="t", caption="the title", columns=(Column("a_b", numeric=False), Column("c")),
    ...              rows=((Value("x"), Value("1.5", aside="[0, 2]")),))
    >>> print(_table(table))
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
    head = [_line(map(_head, table.columns)), r"\midrule"] if table.headed else []
    if table.caption and len(table.rows) > _PAGE:
        return _long(table, head)
    sides = "".join("r" if column.numeric else "l" for column in table.columns)
    body = [_line(map(_cell, row)) for row in table.rows]
    inner = [rf"{_FITTING}\begin{{tabular}}{{{sides}}}", r"\toprule", *head, *body, r"\bottomrule", r"\end{tabular}}"]
    if not table.caption:
        note = [r"\par", escaped(table.note)] if table.note else []
        return _environment("center", [_SMALL, *inner, *note])
    label = [rf"\label{{tab:{table.name}}}"] if table.name else []
    return _environment(
        "table", [r"\centering", rf"\caption{{{_caption(table)}}}", *label, r"\medskip", _SMALL, *inner]
    )


def _caption(table: Table) -> str:
    caption = plain_text(table.caption)
    return escaped(caption[:1].upper() + caption[1:]) + (f". {escaped(table.note)}" if table.note else "")


def _long(table: Table, head: list[str]) -> str:
    """Return a table over several pages, which cannot be shrunk: small, with names broken and not repeated."""
    share = rf"p{{{_SHARE}\linewidth}}"
    broken = [
        not column.numeric and max(len(plain_text(row[i].text)) for row in table.rows) > _NAME
        for i, column in enumerate(table.columns)
    ]
    sides = ["r" if column.numeric else "l" for column in table.columns]
    kinds = [share if breaks else side for breaks, side in zip(broken, sides, strict=True)]
    label = rf"\label{{tab:{table.name}}}" if table.name else ""
    top = [r"{\scriptsize\setlength{\tabcolsep}{2pt}\setlength{\LTcapwidth}{\linewidth}",
           rf"\begin{{longtable}}{{{''.join(kinds)}}}", rf"\caption{{{_caption(table)}}}{label} \\"]  # fmt: skip
    lines = _long_lines(table, broken)
    return "\n".join([*top, r"\toprule", *head, r"\endhead", *lines, r"\bottomrule", r"\end{longtable}}"])


def _long_lines(table: Table, broken: list[bool]) -> Iterator[str]:
    above = ""
    for first, *others in table.rows:
        shown = "" if plain_text(first.text) == above else _breaking(first)
        above = plain_text(first.text)
        cells = (_breaking(v) if breaks else _cell(v, r"\tiny") for v, breaks in zip(others, broken[1:], strict=True))
        yield _line([shown, *cells])


def _line(cells: Iterator[str] | list[str]) -> str:
    return _no_argument(" & ".join(cells)) + r" \\"


def _no_argument(line: str) -> str:
    """Protect a bracket or a star at the start of a line, which the rule or line break above would take as argument."""
    return "{}" + line if line.startswith(("[", "*")) else line


def _head(column: Column) -> str:
    """Return the words of a head, one below the other."""
    lines: list[str] = []
    for word in column.title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _HEAD:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    side = "r" if column.numeric else "l"
    stacked = r" \\ ".join(_no_argument(escaped(line)) for line in lines)
    return rf"\shortstack[{side}]{{{stacked}}}" if len(lines) > 1 else stacked


def _breaking(value: Value) -> str:
    """Return a name that may be broken after each of its words."""
    return re.sub(r"(\\_|[./])", r"\1\\allowbreak{}", _inline(value.text))


def _cell(value: Value, size: str = r"\scriptsize") -> str:
    aside = rf" {{{size} {escaped(value.aside)}}}" if value.aside else ""
    return _inline(value.text) + aside


def _inline(text: Text) -> str:
    return "".join(map(_span, spans(text))).strip()


def _span(span: Span) -> str:
    match span:
        case CodeSpan(code):
            return rf"\texttt{{{_printed(exact(code))}}}"
        case Link(words, address):
            return (
                escaped(words)
                if address.startswith("#")
                else rf"{escaped(words)} (\texttt{{{_printed(exact(address))}}})"
            )
        case Mark(words, _):
            return escaped(words)
        case str():
            return escaped(span)
