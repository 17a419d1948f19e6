"""Detection of Python 2: text that is valid Python 3 once its Python 2 syntax is rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from codeshift.metrics.validity_parts.python3 import is_python3

_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    | (?P<string>(?i:ur|br|u|r|b|f|rf|fr)?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
                 |\"(?:\\.|[^\\\"\n])*\"|'(?:\\.|[^\\'\n])*'))
    | (?P<number>(?<![\w.])(?:0[xX][0-9a-fA-F_]+|[0-9][0-9a-zA-KM-Z_]*)[lL]?(?![\w.]))
    | (?P<name>\w+)
    | (?P<newline>\n)
    | (?P<space>[^\S\n]+|\\\n)
    | (?P<op>\*\*|//|<>|<<|>>|:=|->|[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_NEW_NAMES = ("async", "await", "nonlocal")  # names in Python 2
_MARKS = re.compile(
    r"""\b(?:print|exec|raise|except|async|await|nonlocal|lambda)\b|`|<>|\t|\(\(|,[ ]?\(
    |\b0[0-7]|[0-9a-fA-F][lL]\b|[uU][rR]["']""",
    re.VERBOSE,
)
"""Pattern of syntax that is Python 2 and not Python 3."""
_Token = tuple[str, str]


def is_python2(text: str) -> bool:
    r"""Return whether a text that ``is_python3`` refuses is Python 2.

    It covers ``print``, ``exec`` and ``raise`` as statements, ``except E, e``, backticks, ``<>``, ``0777``, ``10L``,
    ``ur""``, parameters in brackets, names that are keywords in Python 3, and tabs beside spaces. Text that also
    contains syntax of Python 3 alone (f-strings, annotations, ``async def``) is neither.

    >>> is_python2("print 'x', y"), is_python2("try:\n    f()\nexcept E, e:\n    raise E, 'x'"), is_python2("x = (")
    (True, True, False)
    """
    if _MARKS.search(text) is None:
        return False
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tokens = [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text)]
    shown = [token for token in tokens if token[0] not in ("space", "comment")]
    if not shown or _is_new(shown):
        return False
    rewritten = "".join(_rewritten_texts([_as_python_3(token) for token in tokens]))
    return is_python3(_INDENT.sub(lambda match: match[0].expandtabs(8), rewritten))


def _is_new(shown: list[_Token]) -> bool:
    """Return whether tokens, without spaces and comments, contain syntax that Python 2 does not have."""
    for (kind, text), (_, after) in pairwise([*shown, ("", "")]):
        if (kind == "string" and "f" in text.split(text[-1], 1)[0].lower()) or text in (":=", "->"):
            return True
        if (kind == "number" and "_" in text) or (text, after) in (("async", "def"), ("yield", "from")):
            return True
        if text == "async" and after in ("for", "with"):
            return True
    return _annotates(shown)


def _annotates(shown: list[_Token]) -> bool:
    """Return whether a parameter of a ``def`` has an annotation."""
    depth, within = 0, False
    for i, (_, text) in enumerate(shown):
        if text == "def" and i + 2 < len(shown) and shown[i + 2][1] == "(":
            within, depth = True, 0
        elif within and text in ("(", "[", "{"):
            depth += 1
        elif within and text in (")", "]", "}"):
            depth -= 1
            within = depth > 0
        elif within and depth == 1 and text == ":" and "lambda" not in [word for _, word in shown[max(0, i - 8) : i]]:
            return True
    return False


def _as_python_3(token: _Token) -> _Token:
    """Return a token as Python 3 writes it."""
    kind, text = token
    if kind == "number":
        text = text.rstrip("lL")
        old_octal = re.fullmatch(r"0[0-7]+", text) and text.strip("0")
        return kind, f"0o{text[1:]}" if old_octal else text
    if kind == "string" and text[:2].lower() == "ur":
        return kind, text[1:]
    if text == "<>":
        return kind, "!="
    return (kind, f"{text}_") if text in _NEW_NAMES else token


def _rewritten_texts(tokens: list[_Token]) -> Iterator[str]:
    """Yield the tokens with old statements and backticks as calls, and nested parameters without brackets."""
    depth, begins, ticks, closing = 0, True, 0, ""
    dropped = _brackets_of_parameters(tokens)
    commas = _commas_of_except(tokens)
    for i, (kind, text) in enumerate(tokens):
        ends = kind in ("newline", "comment") or text == ";"
        if ends and depth == 0 and closing:
            yield closing
            closing = ""
        if kind == "op":
            depth += (text in "([{") - (text in ")]}")
        if text == "`":
            ticks += 1
            yield "repr(" if ticks % 2 else ")"
        elif begins and depth == 0 and kind == "name" and text in ("print", "exec", "raise") and _old(tokens, i):
            closing = ")"
            yield f"{text} (" if text == "raise" else f"{text}("
        elif i in commas:
            yield " as "
        elif not (i in dropped or (closing and text == ">>" and _follows_print(tokens, i))):
            yield text
        begins = (begins and kind == "space") or kind == "newline" or text in (";", ":")
    if closing:
        yield closing


def _old(tokens: list[_Token], i: int) -> bool:
    """Return whether a ``print``, ``exec`` or ``raise`` is followed by something other than a call's bracket."""
    after = next(((kind, text) for kind, text in tokens[i + 1 :] if kind != "space"), ("newline", ""))
    if after[0] in ("newline", "comment") or after[1] in (";", "=", ".", ",", ")", ":"):
        return False
    if tokens[i][1] == "raise":
        line: list[str] = []
        for kind, text in tokens[i:]:
            if kind in ("newline", "comment"):
                break
            line.append(text)
        return "," in line and "from" not in line
    return True


def _follows_print(tokens: list[_Token], i: int) -> bool:
    """Return whether the token before, apart from spaces, is ``print``."""
    before = next((text for kind, text in reversed(tokens[:i]) if kind != "space"), "")
    return before == "print"


def _commas_of_except(tokens: list[_Token]) -> set[int]:
    """Return the positions of the commas of ``except E, e:``."""
    commas: set[int] = set()
    within, depth, last = False, 0, -1
    for i, (kind, text) in enumerate(tokens):
        if text == "except" and kind == "name":
            within, depth, last = True, 0, -1
        elif within and kind == "op":
            depth += (text in "([{") - (text in ")]}")
            if text == "," and depth == 0:
                last = i
            if text == ":" and depth == 0:
                within = False
                commas |= {last} - {-1}
    return commas


def _brackets_of_parameters(tokens: list[_Token]) -> set[int]:
    """Return the positions of the brackets in ``lambda (a, b): a`` and ``def f(a, (b, c)): ...``."""
    brackets: set[int] = set()
    opened: list[tuple[int, bool]] = []
    parameters, before, name_before = False, "", ""
    for i, (kind, text) in enumerate(tokens):
        if kind in ("space", "newline", "comment"):
            continue
        if text == "lambda":
            parameters = True
        elif parameters and text == ":" and not opened:
            parameters = False
        if text in ("(", "[", "{"):
            nested = bool(opened) and opened[-1][1] and before in ("(", ",")
            plain = parameters and not opened and before in ("lambda", ",")
            if text == "(" and (nested or plain):
                brackets.add(i)
            opened.append((i, text == "(" and (nested or plain or name_before == "def")))
        elif text in (")", "]", "}") and opened:
            place, _ = opened.pop()
            if place in brackets:
                brackets.add(i)
        name_before, before = before, text
    return brackets
