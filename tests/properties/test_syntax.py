"""The one pass over syntax trees agrees with the definitions, written as plain recursion, in all eleven languages."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.properties import NodeTypes, PropertyTable, SyntaxTokenCount, TreeDepth, languages
from codeshift.properties.control_flow import CONTROL_FLOW, IFS
from codeshift.properties.elements import ElementCounts
from codeshift.properties.parsing import CodeParser
from codeshift.properties.syntax import SyntaxScan, scan, scan_batch
from helpers.shared_data import shared_rows
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows

PROGRAMS = {
    "python": "import os\ndef f(x):\n    # why\n    while x: x -= 1\n    return f'{x}' or os.sep",
    "java": "List<String> f(int x) { while (x > 0) { x--; } return g(\"a\", 'b'); }",
    "c_sharp": 'string F(int x) { while (x > 0) { x--; } return $"{x}" ?? "a"; }',
    "javascript": "const f = async (x) => { while (x) { x--; } return `a${x}`; }; class A { m() {} }",
    "typescript": "function f<T>(x: number): T { while (x) { x--; } return x as T; }",
    "go": "func f(x int) (int, error) { for x > 0 { x-- }; return x, nil }",
    "c": "int f(int x) { while (x > 0) { x--; } return (int) sizeof(x); }",
    "cpp": "template <class T> T f(T x) { while (x > 0) { --x; } return x; }",
    "rust": "fn f(mut x: i32) -> i32 { while x > 0 { x -= 1; } x }",
    "ruby": 'def f(x)\n  while x > 0\n    x -= 1\n  end\n  "a#{x}"\nend',
    "php": 'function f($x) { while ($x > 0) { $x--; } return "a$x"; }',
}
SNIPPETS = st.sampled_from(
    ["(", ")", "{", "}", "if ", "else ", "while ", "x", " = ", "1", ";", "\n", '"a"', "'", "class A", "@", "é", "*"]
)


Found = tuple[dict[str, int], dict[str, int], int, int, int]


def naive(text: str, language: str) -> Found:
    """Node types, pairs of them, leaves, depth and nesting by their definitions."""
    kinds: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    tokens = deepest = 0
    flow = CONTROL_FLOW[language]

    def visit(node, above: str, field: str | None, nested: int, paired: bool) -> int:
        nonlocal tokens, deepest
        kinds[node.type] += 1
        tokens += not node.children
        rule = node.type if node.is_named else ""
        if paired and above and rule:
            pairs[f"{above}>{rule}"] += 1
        again = rule in IFS and (above == "else_clause" or (above in IFS and field == "alternative"))
        nested += rule in flow.nesting and not again
        deepest = max(deepest, nested)
        inner = [
            visit(child, rule, node.field_name_for_child(i), nested, paired and node.is_named)
            for i, child in enumerate(node.children)
        ]
        return 1 + max(inner, default=0)

    depth = max((visit(root, "", None, 0, True) for root in CodeParser(language).parse(text).roots), default=0)
    return kinds, pairs, tokens, depth, deepest


def counted(counts: ElementCounts, row: int) -> dict[str, int]:
    """The elements of one row, with their counts."""
    numbers = counts.counts[[row]].toarray()[0].tolist()
    return {name: number for name, number in zip(counts.vocabulary, numbers, strict=True) if number}


def found(scanned: SyntaxScan, row: int, nesting: int) -> Found:
    """What a scan says of one row."""
    kinds, pairs = counted(scanned.node_types, row), counted(scanned.node_pairs, row)
    return kinds, pairs, int(scanned.tokens[row]), int(scanned.depth[row]), nesting


def check(texts: list[str], language: str) -> None:
    scanned = scan(texts, language)
    nesting = scanned.nesting.tolist()
    for row, text in enumerate(texts):
        assert found(scanned, row, nesting[row]) == naive(text, language)


def test_every_language_has_a_program():
    """Each language that codeshift includes is checked below."""
    assert set(PROGRAMS) <= set(languages())
    assert len(PROGRAMS) == 11


@pytest.mark.parametrize("language", PROGRAMS)
def test_agrees_with_recursion(language):
    """Counts, leaves and depth agree with the definition, for whole programs, pieces, and text that does not parse."""
    program = PROGRAMS[language]
    cut = [program[:end] for end in range(0, len(program), 5)]
    check([program, "", " \n", "\0", "}{", program * 3, *cut], language)


@pytest.mark.parametrize("language", PROGRAMS)
def test_programs_parse(language):
    """The programs above have no errors: agreement on ERROR nodes alone would show little."""
    assert scan_batch([PROGRAMS[language]], language)["has_error"] == [False]


@given(
    texts=st.lists(st.lists(SNIPPETS, max_size=12).map("".join), max_size=4), language=st.sampled_from(sorted(PROGRAMS))
)
def test_agrees_on_any_text(texts, language):
    """They also agree on text that is hardly code."""
    check(texts, language)


@pytest.mark.parametrize(
    ("rows", "language"), [(python_rows, "python"), (java_rows, "java"), (c_sharp_rows, "c_sharp")]
)
def test_agrees_on_real_rows(rows, language):
    """They also agree on real rows, over several chunks."""
    check(rows()["code"][:], language)


def test_tokens_and_rules_of_one_name():
    """A token and a rule may share a name, such as "class" in JavaScript: both count as the node type of that name."""
    scanned = scan(["x = class { }"], "javascript")
    assert scanned.node_types.of(("class",)).tolist() == [[2]]


def test_error_is_seen():
    """Text that fits no rule holds the node type ERROR; has_error tells of missing tokens too."""
    scanned = scan(["x = }{", "x = 1", "f(x"], "python")
    assert (scanned.node_types.of(("ERROR",)).ravel() > 0).tolist()[:2] == [True, False]
    assert scanned.has_error.tolist() == [True, False, True]


def test_deep_tree():
    """A tree may be deeper than Python's recursion limit."""
    depth = scan_batch(["-" * 6000 + "x"], "python")["depth"][0]
    assert depth > 5000


def test_without_api_names():
    """Without API names everything else is the same."""
    with_names, without = (
        scan_batch(["import os\nos.getcwd()"], "python", api_names=wanted) for wanted in (True, False)
    )
    assert with_names["apis"] == [["os.getcwd"]]
    assert without == {**with_names, "apis": [[]]}


def test_language_without_api_names():
    """In a language whose API names are not resolved, no row has any."""
    assert scan_batch(["fn f() { g(); }"], "rust")["apis"] == [[]]


def test_one_parse_serves_every_property(monkeypatch):
    """All properties of syntax, including API names, use one parse of each row."""
    from codeshift.properties import APINames

    parsed: list[str] = []
    parse = CodeParser.parse
    monkeypatch.setattr(CodeParser, "parse", lambda self, text: parsed.append(text) or parse(self, text))
    table = PropertyTable(Dataset.from_dict({"code": ["x = 1", "f(x)"]}))
    for property_of in (NodeTypes, APINames, SyntaxTokenCount, TreeDepth):
        table.values(property_of("code", "python"))
    assert parsed == ["x = 1", "f(x)"]


def test_garbage_collection_is_left_as_it_was():
    """The collector is off only during the pass."""
    assert gc.isenabled()
    scan_batch(["x = 1"], "python")
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("path", "column", "language"),
    [
        ("text_to_code/validation.jsonl", "code", "java"),
        ("code_to_code_trans/test.jsonl", "java", "java"),
        ("code_to_code_trans/test.jsonl", "cs", "c_sharp"),
        ("code_refinement_small/test.jsonl", "fixed", "java"),
        ("code_refinement_medium/validation.jsonl", "fixed", "java"),
    ],
)
def test_bare_methods_of_real_data_are_methods(path, column, language):
    """The rows of CONCODE, CodeTrans and Bugs2Fix have no class around them, and nearly all parse as methods."""
    rows = shared_rows(path)[column][:200]
    scanned = scan(rows, language, api_names=False)
    members = {"method_declaration", "constructor_declaration", "operator_declaration"}
    assert sum(not members.isdisjoint(types) for types in scanned.node_types.sets()) >= 0.99 * len(rows)
    assert scanned.has_error.sum() <= 0.1 * len(rows)


def test_a_bare_c_sharp_method_is_no_local_function():
    """With ``override`` and without; functions among statements are local functions."""
    rows = [
        "public int F() { return 1; }",
        "// one\npublic override int F() { return 1; }",
        "int x = 1; int F() { return x; }",
    ]
    types = scan(rows, "c_sharp", api_names=False).node_types.sets()
    assert ["method_declaration" in found for found in types] == [True, True, False]
    assert ["local_function_statement" in found for found in types] == [False, False, True]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_change_nothing(ending):
    """A carriage return, with or without a line feed, ends a line and so a comment."""
    code = "# a comment\nwhile x:\n    f(x)  # another\n    g(x)\n"
    expected, scanned = (scan_batch([text], "python") for text in (code, code.replace("\n", ending)))
    assert scanned == expected
    java = "void f() { // x\n A.b(); }"
    assert scan_batch([java.replace("\n", ending)], "java") == scan_batch([java], "java")
