"""ComplexitySplitter: decisions, nesting, depth and identifiers, in eleven languages."""

# ruff: noqa: E501 - error messages and programs are quoted whole

from __future__ import annotations

import ast
import math

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable, grammar, languages
from codeshift.properties.complexity import CyclomaticComplexity, IdentifierCount, NestingDepth
from codeshift.properties.control_flow import CONTROL_FLOW
from codeshift.splitters import ComplexitySplitter, LengthSplitter, parse_splitter
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows

# Program, decisions, nesting, identifiers; each counted by hand.
PROGRAMS = {
    "python": [
        ("if a and b:\n    f()\nelif c:\n    g()\nelse:\n    h()", 3, 1, 6),
        ("for x in y:\n    while x:\n        try:\n            f()\n        except E:\n            pass", 3, 3, 5),
        ("z = [a if b else c for a in d if e]", 3, 0, 7),
        ("match x:\n    case 1:\n        pass\n    case 2:\n        f()", 2, 1, 2),
        ("else_ = 1", 0, 0, 1),
    ],
    "java": [
        ("void f() { if (a && b) { g(); } else if (c) { h(); } else { i(); } }", 3, 1, 7),
        ("void f() { for (int i : x) { do { g(); } while (a || b); } }", 3, 2, 6),
        ("int f(List<?> x) { switch (x) { case 1: return 1; case 2: return 2; default: return a ? b : c; } }", 3, 1, 7),
        ("void f() { try { g(); } catch (E e) { if (a) { } } }", 2, 2, 5),
    ],
    "c_sharp": [
        ("void F() { if (a && b) { g(); } else if (c) { h(); } }", 3, 1, 6),
        ("void F() { foreach (var i in x) { while (a) { b ??= c ?? d; } } }", 4, 2, 7),
        ("int F() { switch (x) { case 1: return 1; default: return a ? b : c; } }", 2, 1, 5),
        ("int F() { return x switch { 1 => a, 2 => b, _ => c }; }", 2, 1, 5),
        ("void F() { try { g(); } catch (E) when (a) { } }", 2, 1, 4),
    ],
    "javascript": [
        ("function f() { if (a && b) { g(); } else if (c) { h(); } else { i(); } }", 3, 1, 7),
        ("for (const x of y) { for (;;) { do { f(); } while (a ?? b); } }", 4, 3, 5),
        ("switch (x) { case 1: f(); break; default: a ? b : c; }", 2, 1, 5),
        ("try { x?.y(); } catch (e) { z ||= 1; }", 2, 1, 4),
    ],
    "typescript": [
        ("function f(x?: T): void { if (a && b) { g(); } else if (c) { h(); } }", 3, 1, 8),
        ("for (const x of y) { while (a) { f(); } }", 2, 2, 4),
        ("const f = (x: number) => x ? 1 : 2;", 1, 0, 3),
    ],
    "go": [
        ("func f() { if a && b { g() } else if c { h() } else { i() } }", 3, 1, 7),
        ("func f() { for _, x := range y { switch x { case 1: g(); default: h() } } }", 2, 2, 7),
        ("func f() { select { case x := <-c: g(x); default: } }", 1, 1, 5),
    ],
    "c": [
        ("int f(void) { if (a && b) { g(); } else if (c) { h(); } return 0; }", 3, 1, 6),
        ("int f(void) { for (;;) { do { g(); } while (a || b); } }", 3, 2, 4),
        ("int f(void) { switch (x) { case 1: return a ? b : c; default: return 0; } }", 2, 1, 5),
    ],
    "cpp": [
        ("int f() { if (a && b) { g(); } else if (c) { h(); } return 0; }", 3, 1, 6),
        ("void f() { for (auto& x : y) { try { g(x); } catch (E& e) { } } }", 2, 2, 7),
    ],
    "rust": [
        ("fn f() { if a && b { g(); } else if c { h(); } else { i(); } }", 3, 1, 7),
        ("fn f() { for x in y { loop { match x { 1 => g(), 2 => h(), _ => i()? } } } }", 5, 3, 7),
        ("fn f() { let g = || x; while let Some(z) = y { } }", 1, 1, 6),
    ],
    "ruby": [
        ("if a && b\n  f()\nelsif c\n  g()\nelse\n  h()\nend", 3, 1, 6),
        ("def f\n  x = 1 if y\n  z unless w\nend", 2, 1, 5),
        ("while a\n  case x\n  when 1 then f()\n  when 2 then g()\n  else h()\n  end\nend", 3, 2, 5),
        ("begin\n  f()\nrescue E\n  g()\nend", 1, 1, 3),
        ("x = a ? b : c", 1, 0, 4),
        ("for x in y do\n  until z\n  end\nend", 2, 2, 3),
    ],
    "php": [
        ("function f() { if ($a && $b) { g(); } elseif ($c) { h(); } else { i(); } }", 3, 1, 7),
        ("foreach ($x as $y) { switch ($y) { case 1: f(); break; default: g(); } }", 2, 2, 5),
        ("$x = match($y) { 1 => a(), 2 => b(), default => $z ?? 1 };", 3, 1, 5),
    ],
}  # fmt: skip
CASES = [(language, *case) for language, cases in PROGRAMS.items() for case in cases]


def test_every_language_has_cases_and_tables() -> None:
    """No language that can be parsed is left out, and the tables name node types that its grammar has."""
    assert set(PROGRAMS) == set(CONTROL_FLOW) == set(languages())
    for language, flow in CONTROL_FLOW.items():
        named = {*flow.decisions, *flow.nesting, *flow.names}
        assert named <= set(grammar(language).node_kinds), (language, named - set(grammar(language).node_kinds))


@pytest.mark.parametrize(("language", "code", "decisions", "nesting", "names"), CASES, ids=[c[1][:40] for c in CASES])
def test_measures_are_those_counted_by_hand(language: str, code: str, decisions: int, nesting: int, names: int) -> None:
    """Decisions, nesting and identifiers of small programs of each language."""
    table = PropertyTable(Dataset.from_dict({"code": [code]}))
    assert not table.syntax("code", language).has_error.any(), "the case itself must parse"
    assert table.values(CyclomaticComplexity("code", language)).tolist() == [decisions + 1]
    assert table.values(NestingDepth("code", language)).tolist() == [nesting]
    assert table.values(IdentifierCount("code", language)).tolist() == [names]


class _Decisions(ast.NodeVisitor):
    """The decisions of Python code by Python's own parser."""

    def __init__(self) -> None:
        self.count = 0

    def generic_visit(self, node: ast.AST) -> None:
        simple = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.match_case)
        self.count += isinstance(node, simple)
        if isinstance(node, ast.BoolOp):
            self.count += len(node.values) - 1
        if isinstance(node, ast.comprehension):
            self.count += 1 + len(node.ifs)
        if isinstance(node, ast.match_case):
            self.count += node.guard is not None
        super().generic_visit(node)


def test_decisions_of_real_python_are_those_of_pythons_own_parser() -> None:
    """On functions of the standard library, cyclomatic complexity is what ``ast`` gives."""
    table = PropertyTable(python_rows())
    expected = []
    for text in table.texts("code"):
        visitor = _Decisions()
        visitor.visit(ast.parse(text))
        expected.append(visitor.count + 1)
    assert table.values(CyclomaticComplexity("code", "python")).tolist() == expected


@given(position=st.integers(0, 200))
def test_a_wrapped_program_nests_one_deeper(position: int) -> None:
    """Putting a program into a loop adds a level and a decision."""
    body = "".join(f"    {line}\n" for line in python_rows()[position]["code"].split("\n"))
    table = PropertyTable(Dataset.from_dict({"code": ["def f():\n" + body, "while x:\n" + body]}))
    for prop in (NestingDepth("code", "python"), CyclomaticComplexity("code", "python")):
        inner, outer = table.values(prop)
        assert outer == inner + 1


def test_a_very_deep_program_is_measured() -> None:
    """Depth is no recursion: nearly two hundred nested blocks are counted. Where more are open, the parser gives up."""
    code, deeper = ("void f() {" + "if (a) {" * deep + "}" * deep + "}" for deep in (190, 1000))
    depths = PropertyTable(Dataset.from_dict({"code": [code, deeper]})).values(NestingDepth("code", "java"))
    assert depths[0] == 190
    assert math.isnan(depths[1])


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(ComplexitySplitter(column="code", language="python"), python_rows())


def test_ties_are_split() -> None:
    """Where half of all programs have one complexity, a band has its share of them."""
    rows = [f"f({i})" for i in range(60)] + [f"if a{i}: f()" for i in range(40)]
    table = PropertyTable(Dataset.from_dict({"code": rows}))
    top = {"language": "python", "quantiles": (0.8, 1.0)}
    held_out = {ties: ComplexitySplitter(**top, ties=ties).fit(table).contains(table) for ties in ("together", "split")}
    assert (held_out["together"].sum(), held_out["split"].sum()) == (40, 20)
    assert not held_out["split"][:60].any()
    split = ComplexitySplitter(**top, ties="split")
    assert parse_splitter(repr(split)) == split
    assert "ties" not in repr(ComplexitySplitter(**top))


@pytest.mark.parametrize("measure", ["cyclomatic", "nesting", "depth", "identifiers"])
@pytest.mark.parametrize(("rows", "language"), [(java_rows, "java"), (c_sharp_rows, "c_sharp")])
def test_it_keeps_the_laws_composed(rows, language: str, measure: str) -> None:
    """Every law holds for compositions with each measure, on real Java and C#."""
    complex_ = ComplexitySplitter(column="code", language=language, measure=measure, bounds=(2, None))
    middle = LengthSplitter(column="code", quantiles=(0.5, 0.8))
    check_splitter(complex_ & middle, rows(), fresh_process=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measure": "cyclometric"}, "measure must be one of cyclomatic, nesting, depth, identifiers, got 'cyclometric': did you mean cyclomatic?"),
        ({"quantiles": (0, 0.5), "bounds": (1, 2)}, "quantiles must be left out if bounds is given, got (0, 0.5): choose one of the two"),
        ({"bounds": (2, 1)}, "bounds must be two numbers in order (None for an open end), got (2, 1): (100, None) takes 100 and above"),
        ({"language": "pyton"}, "language must be a known language, got 'pyton': did you mean python?"),
    ],
)  # fmt: skip
def test_errors(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        ComplexitySplitter(**{"column": "code", "language": "python", **arguments})
    assert str(error.value) == message


def test_a_grammar_without_control_flow_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that a plugin brings has no tables of decisions; its trees have a depth all the same."""
    monkeypatch.delitem(CONTROL_FLOW, "rust")
    with pytest.raises(ParameterError, match=r'language must be one of .*measure="depth" takes any language'):
        ComplexitySplitter(language="rust")
    assert ComplexitySplitter(language="rust", measure="depth").measured.language == "rust"
