"""Syntactic validity: Python as CPython reads it, on every Python; fragments that stand alone in other languages."""

from __future__ import annotations

import ast
import textwrap
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.metrics import SyntacticValidity
from codeshift.metrics.testing import check_metric
from codeshift.metrics.validity_parts.python2 import is_python2
from codeshift.metrics.validity_parts.python3 import is_python3
from codeshift.properties import languages
from codeshift.properties.parsing import CodeParser
from helpers.fragments import INVALID, VALID
from helpers.pages import script
from helpers.shared_data import shared_rows

PYTHON = [
    "x = 1",
    "def f():\n    return 1\n",
    "    def f(self):\n        return 1\n",
    "\tdef f(self):\n\t\treturn 1",
    "  @property\n  def f(self):\n    '''Doc.\n\nat the margin\n    '''\n    return 1",
    "    x = (1,\n2)\n    y = 2",
    "# a comment at the margin\n    x = 1\n# another\n    y = 2",
    "\n\n    return x\n",
    "    x = '''\n a\n'''",
    "    x = 1 + \\\n2",
    "    if x:\n        y\n    else:\n        z\n\n",
    "class A:\n    pass",
    "match x:\n    case [1, *_]:\n        pass",
    "type X = int",
    "def f[T](x: T) -> T:\n    return x",
    "class A[T = int]: ...",
    "x = f'{a['b']}'",
    "x = f'{'\\n'.join(a)}'",
    "x = f'{f'{f'{1}'}'}'",
    "with (a as b, c as d): pass",
    "try: x\nexcept* E: y",
    "x = 1  # type: not a type",
    "def f(a, b):\n    # type: (int) -> int\n    return a",
    "x = 1\r\ny = 2\r\n",
    "x = 1\ry = 2",
    "\x0cx = 1",
    "\x0cdef f():\n    return 1\n\x0c\ndef g(): pass",
    "def f():\r    return 1\r\x0cdef g(): pass",
    "class A:\n    x = 1\n  \x0c    y = 2",
    "  x = '''\n\x0c'''\n  y = 1",
    "été = '\U0001f600'",
    "async def f():\n    async with a: await b",
    "return 1",
    "yield x",
    "break",
    "1if x else y",
    "'\\d'",
    "# only a comment",
    "x: int = 1; del x",
]
NO_PYTHON = [
    "",
    " \n\t",
    "def f():",
    "if x:",
    "for i in x:\npass",
    "def f():\n    return 1\n  return 2",
    "def f():\n    return 1\n        return 2",
    "  def f():\n      return 1\n return 2",
    "    return 1\nx = 2",
    "    return 1\n\ndef g():\n    return 2",
    "    x\n  y\n    z",
    "    if x:\n        y\nelse:\n        z",
    "    } class A {",
    "    x = 1\n\tdef f(): pass",
    "if x:\n\ty\n        z",
    "def f(:",
    "x = (",
    "x = )",
    "x = 'a",
    "x = '''a",
    "x + 1 = 2",
    "f() = 1",
    "None = 1",
    "del f()",
    "def f(a=1, b): pass",
    "f(a=1, 2)",
    "class = 1",
    "x = 0777",
    "x = 1__0",
    "x = 5.real",
    "b'é'",
    "'\\x1'",
    "'\\N{no such name}'",
    "f'{a b}'",
    "f'{}'",
    "f'{a'",
    "x = $",
    "x?",
    "%matplotlib inline",
    "!ls",
    "x \\",
    "else: x",
    "elif x: y",
    "except E: x",
    "finally: x",
    "case 1: x",
    "try: x",
    "import a.b as",
    "from a import",
    "print 'x'",
    "exec 'x'",
    "`x`",
    "x <> y",
    "try: x\nexcept E, e: y",
    "try: x\nexcept E, F: y",  # Python 3.14 has this, and t-strings
    "t'{x}'",
    "Here is the code you asked for:",
    "```python\nx = 1\n```",
    "x\0y",
    "x = '\ud800'",
    "(" * 1000,
    "-" * 100_000 + "1",
]


@pytest.mark.parametrize("text", PYTHON)
def test_python(text):
    """The metric accepts what CPython 3.13 accepts after the margin is removed, on any Python."""
    assert SyntacticValidity("python").score([text], [""]).tolist() == [1.0]


@pytest.mark.parametrize("text", NO_PYTHON, ids=lambda text: repr(text[:30]))
def test_no_python(text):
    """The metric refuses what CPython 3.13 refuses."""
    assert SyntacticValidity("python").score([text], [""]).tolist() == [0.0]


def accepts(text: str) -> bool:
    """Whether the running Python's parser takes the text, its common margin off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(textwrap.dedent(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True


@pytest.fixture(scope="module")
def benchmark():
    """The script whose figures the guide quotes."""
    return script("benchmarks/python_validity.py")


def test_damaged_functions_are_judged_as_cpython_judges_them(benchmark):
    """At least 99% of 2,000, and of each kind of damage at least 97%; no kind is all valid or all invalid."""
    rows = benchmark.damaged(2000, seed=1)
    ours = SyntacticValidity("python").score([text for _, text in rows], [""] * len(rows)).astype(bool)
    theirs = np.array([accepts(text) for _, text in rows])
    assert (ours == theirs).mean() >= 0.99
    kinds = np.array([kind for kind, _ in rows])
    for kind in benchmark.KINDS:
        there = kinds == kind
        assert (ours == theirs)[there].mean() >= 0.97, kind
        assert 0 < theirs[there].mean() < 1, kind


def test_undamaged_functions_are_valid():
    """HumanEval's solutions, which are indented bodies, and MBPP's programs."""
    for name, field in (("human_eval", "canonical_solution"), ("mbpp", "code")):
        rows = shared_rows(f"{name}/problems.jsonl")[field][:]
        assert SyntacticValidity("python").score(rows, rows).all()


@given(st.lists(st.sampled_from(["x", "1", "+", "(", ")", "\n", "\n    ", "\n  ", "if x:", "def f():", "'", ";", "="])))
def test_a_margin_changes_nothing(pieces):
    """Four more blanks before every line: valid stays valid, invalid stays invalid."""
    text = "y\n" + " ".join(pieces)
    assert is_python3(textwrap.indent(text, "    ", lambda line: True)) == is_python3(text)


@pytest.mark.parametrize("text", ["1" + "+1" * 200_000, "f" + ".g(x)" * 100_000, "f" + "()" * 200_000])
def test_long_chains_do_not_exhaust_the_stack(text):
    """This holds in a thread too, whose stack may be small; the stack size of later threads is unchanged."""
    before = threading.stack_size()
    found = []
    thread = threading.Thread(target=lambda: found.append(SyntacticValidity("python").score([text], [""])[0]))
    thread.start()
    thread.join()
    assert found == [1.0]
    assert threading.stack_size() == before


PYTHON_2 = [
    "print 'x'",
    "print 'x',",
    "print >>f, 'x' % y\nprint y",
    "def f(x):\n    if x: print x; return 1\n    print 'a', \\\n        'b'\n    return 2",
    "    print x",
    "exec code in scope",
    "try:\n    f()\nexcept (A, B), e:\n    raise E, 'x', t",
    "x = `y`",
    "if x <> y: pass",
    "x = 0777 + 10L + 0xFFL",
    "x = ur'a'",
    "lambda (a, b): a + b",
    "def f(a, (b, c), d=(1, 2)): return b",
    "async = 1; await = 2",
    "if x:\n\ty\n        z",
    "x = {'a': 1}\nprint x['a'], (1, 2)[0]",
]
NEITHER = [
    "print 'x",
    "print 'x')",
    "print f'x'",
    "def f(x: int):\n    print x",
    "def f() -> int:\n    print 1",
    "async def f():\n    print 1",
    "print (x := 1), 2 3",
    "if x:",
    "def f():\n    print 1\n  print 2",
    "x + 1 = 2",
    "Here is the code:",
    "print x y",
    "import",
]


@pytest.mark.parametrize("text", PYTHON_2)
def test_python_2(text):
    """Programs of Python 2 are refused, and distinguished from other invalid ones."""
    assert not is_python3(text)
    assert is_python2(text)


@pytest.mark.parametrize("text", NEITHER)
def test_neither_python(text):
    """Broken in both, or of both at once."""
    assert not is_python3(text)
    assert not is_python2(text)


def test_python_2_rows_are_counted():
    """The share of rows that are Python 2 is a part of the corpus score; score and value leave them at 0."""
    rows = [*PYTHON_2, *NEITHER, *PYTHON, "print('x')"]
    found = SyntacticValidity("python").corpus(rows, rows)
    assert found.n == len(rows)
    assert found.parts == {"python_2": len(PYTHON_2) / len(rows)}
    assert found.value == pytest.approx((len(PYTHON) + 1) / len(rows))
    assert SyntacticValidity("java").corpus(["int x;"], [""]).parts == {}
    check_metric(SyntacticValidity("python"), rows[::3], rows[::3], identity=False, fresh_process=False)


@pytest.mark.parametrize("language", sorted(VALID))
def test_fragments_that_stand_alone(language):
    """Files, members and bodies."""
    rows = VALID[language]
    scores = SyntacticValidity(language).score(rows, rows)
    assert [row for row, score in zip(rows, scores, strict=True) if score != 1] == []


@pytest.mark.parametrize("language", sorted(INVALID))
def test_fragments_that_do_not(language):
    """Halves of statements, what leaves its shell, reserved words as names, prose, and nothing at all."""
    rows = [*INVALID[language], "", " \n"]
    scores = SyntacticValidity(language).score(rows, rows)
    assert [row for row, score in zip(rows, scores, strict=True) if score != 0] == []


def test_every_language_is_put_to_the_fragments():
    """Python has its own."""
    assert set(VALID) == set(INVALID) == set(languages()) - {"python"}


@pytest.mark.parametrize(
    ("language", "folder", "column", "least"),
    [
        ("java", "code_refinement_small/test.jsonl", "fixed", 0.975),
        ("java", "code_to_code_trans/test.jsonl", "java", 0.999),
        ("c_sharp", "code_to_code_trans/test.jsonl", "cs", 0.998),
        ("cpp", "algorithms/functions.jsonl", "code", 0.995),
        ("go", "algorithms/functions.jsonl", "code", 1.0),
        ("java", "algorithms/functions.jsonl", "code", 0.999),
        ("python", "algorithms/functions.jsonl", "code", 0.995),
    ],
)
def test_real_rows_are_valid(language, folder, column, least):
    """Code that people wrote is valid, except rows that datasets themselves have broken."""
    rows = [row[column] for row in shared_rows(folder) if row.get("language", language) == language]
    assert SyntacticValidity(language).score(rows, rows).mean() >= least


def test_a_fragment_that_leaves_its_shell_has_an_error():
    """The syntax tree that other metrics and properties read is none of two classes."""
    for language, text in (
        ("java", "} class B {"),
        ("rust", "} fn g() {"),
        ("go", "} func g() {"),
        ("c", "} int g() {"),
    ):
        assert CodeParser(language).parse(text).has_error


def test_comments_alone_are_not_python2() -> None:
    """Marks of Python 2 in a comment, with nothing beside it."""
    assert not is_python2("# print `x`, 0777, 10L")
