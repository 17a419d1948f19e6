"""How often ``SyntacticValidity("python")`` agrees with CPython's own parser on damaged functions.

    python benchmarks/python_validity.py --rows 2000 --python python3.13

Functions of the standard library are damaged in thirteen ways, and judged by the metric and, after
``textwrap.dedent``, by ``ast.parse`` of the Python named (the running one by default).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable

from codeshift.data import stdlib_functions
from codeshift.metrics import SyntacticValidity

ORACLE = """
import ast, json, sys, textwrap, warnings
warnings.simplefilter("ignore")
def accepts(text):
    try:
        ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
print(json.dumps([accepts(text) for text in json.load(sys.stdin)]))
"""
_TOKEN = re.compile(r'\s+|\w+|"""|\'\'\'|.', re.DOTALL)
_KEYWORDS = (
    "class", "def", "if", "else", "return", "lambda", "None", "in", "is", "not", "yield", "await", "async", "match",
    "case", "type", "print", "pass", "del", "import", "with", "for", "True", "break", "continue", "nonlocal",
    "global", "try", "except", "finally", "raise",
)  # fmt: skip
_LITERALS = ("0777", "1__0", "0x", "1_", "1e", "0b2", "1a", "5.", "0o8", "1j2", "'", '"', 'f"{x"', 'f"{a b}"', "b'é'")
_STATEMENTS = (
    "x + 1 = 2", "f() = 1", "None = 1", "del f()", "for 1 in x: pass", "x = yield = 1", "f(a=1, 2)", "f(**a, *b)",
    "def g(a=1, b): pass", "lambda x=1, y: 1", "from a import", "import a as b.c", "x: int: str", "a if b", "not = 1",
    "assert", "raise a, b", "print 'x'", "exec 'x'", "x <> y", "`x`", "try: x",
    "except E, e: y", "else: x", "elif x: y",
    "case 1: x", "x = 1 \\", "*a, b = c", "with (a as b, c as d): pass", "match x:\n    case [1, *_]: pass", "return 1",
)  # fmt: skip
Damage = Callable[[random.Random, str], str]


def _indent(draw: random.Random, code: str) -> str:
    lines = code.split("\n")
    i = draw.choice([i for i, line in enumerate(lines) if line.strip()])
    by = draw.choice([-8, -4, -2, -1, 1, 2, 4, 8])
    lines[i] = " " * by + lines[i] if by > 0 else re.sub(rf"^[ \t]{{0,{-by}}}", "", lines[i])
    return "\n".join(lines)


def _cut(draw: random.Random, code: str) -> str:
    return code[: draw.randrange(1, len(code))]


def _cut_at_line(draw: random.Random, code: str) -> str:
    lines = code.split("\n")
    return "\n".join(lines[: draw.randrange(1, len(lines) + 1)])


def _tokens(change: Callable[[random.Random, list[str], list[int]], None]) -> Damage:
    def damage(draw: random.Random, code: str) -> str:
        tokens = _TOKEN.findall(code)
        change(draw, tokens, [i for i, token in enumerate(tokens) if token.strip()])
        return "".join(tokens)

    return damage


def _drop(draw: random.Random, tokens: list[str], solid: list[int]) -> None:
    tokens[draw.choice(solid)] = ""


def _double(draw: random.Random, tokens: list[str], solid: list[int]) -> None:
    i = draw.choice(solid)
    tokens[i] = f"{tokens[i]} {tokens[i]}"


def _swap(draw: random.Random, tokens: list[str], solid: list[int]) -> None:
    at = draw.randrange(len(solid) - 1)
    i, j = solid[at], solid[at + 1]
    tokens[i], tokens[j] = tokens[j], tokens[i]


def _replaced(pattern: str, words: tuple[str, ...] | list[str]) -> Damage:
    def damage(draw: random.Random, code: str) -> str:
        matches = list(re.finditer(pattern, code))
        if not matches:
            return code + draw.choice(words)
        match = draw.choice(matches)
        return code[: match.start()] + draw.choice(words) + code[match.end() :]

    return damage


def _statement(draw: random.Random, code: str) -> str:
    margin = re.match(r"[ \t]*", code)[0]
    return f"{code}\n{margin}{draw.choice(_STATEMENTS)}"


def _line(draw: random.Random, code: str) -> str:
    lines = code.split("\n")
    i, j, way = draw.randrange(len(lines)), draw.randrange(len(lines)), draw.randrange(3)
    if way == 0:
        del lines[i]
    elif way == 1:
        lines.insert(i, lines[j])
    else:
        lines[i], lines[j] = lines[j], lines[i]
    return "\n".join(lines)


KINDS: dict[str, Damage] = {
    "a line wrongly indented": _indent,
    "cut": _cut,
    "cut at a line's end": _cut_at_line,
    "a token dropped": _tokens(_drop),
    "a token doubled": _tokens(_double),
    "two tokens swapped": _tokens(_swap),
    "a bracket changed": _replaced(r"[()\[\]{}]", ("", "(", ")", "[", "]", "{", "}")),
    "a quote changed": _replaced(r"[\"']", ("", '"', "'", '"""')),
    "a literal changed": _replaced(r"\b\d+\b", _LITERALS),
    "a word made a keyword": _replaced(r"\b[a-zA-Z_]\w*\b", _KEYWORDS),
    "an operator changed": _replaced(r"[:,=.]", (":", ",", "=", ".", "==", ":=", ";", "@", "$", "?", "!", "->", "**")),
    "a statement added": _statement,
    "a line dropped, doubled or moved": _line,
}


def damaged(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """``count`` functions, each with the kind of its damage."""
    draw, codes = random.Random(seed), list(stdlib_functions()["code"])
    kinds = list(KINDS.items())
    return [(name, damage(draw, draw.choice(codes))) for name, damage in (kinds[i % len(kinds)] for i in range(count))]


def cpython(texts: list[str], python: str = sys.executable) -> list[bool]:
    """Which texts the parser of a Python accepts."""
    ran = subprocess.run([python, "-c", ORACLE], input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def main() -> None:
    """Print a line a kind of damage."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--python", default=sys.executable)
    options = arguments.parse_args()
    rows = damaged(options.rows, options.seed)
    texts = [text for _, text in rows]
    started = time.process_time()
    ours = SyntacticValidity("python").score(texts, texts).astype(bool).tolist()
    seconds = time.process_time() - started
    theirs = cpython(texts, options.python)
    table: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for (kind, _), left, right in zip(rows, ours, theirs, strict=True):
        table[kind].append((left, right))
        table["all"].append((left, right))
    print(f"{'damage':34}{'rows':>6}{'accepted':>10}{'by CPython':>12}{'agreement':>11}")
    for kind, pairs in [*((kind, table[kind]) for kind in KINDS if table[kind]), ("all", table["all"])]:
        same = sum(left == right for left, right in pairs) / len(pairs)
        accepted = [sum(side) for side in zip(*pairs, strict=True)]
        print(f"{kind:34}{len(pairs):6}{accepted[0]:10}{accepted[1]:12}{100 * same:10.2f}%")
    print(f"{len(texts) / seconds:,.0f} rows a CPU second")


if __name__ == "__main__":
    main()
