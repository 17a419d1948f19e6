"""Limits on what one text may cost a parser."""

import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset
from tree_sitter import Parser

from codeshift.metrics import CodeBLEU, SyntacticValidity
from codeshift.properties import NodeTypes, PropertyTable, SyntaxTokenCount, TreeDepth
from codeshift.properties.bounds import (
    ALWAYS_PARSED,
    BYTES_A_REPORT,
    FREE_REPORTS,
    MOST_OPEN,
    BoundedParser,
    open_at_once,
)
from codeshift.properties.complexity import NestingDepth
from codeshift.properties.grammars import languages, parser, ts_language
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.parsing import CodeParser
from helpers.bad_texts import PAIRS, bad_text

GOOD = {
    "java": "int f(List<Map<String, A>> a) { if (a < b) { return c.d((x) -> x + 1); } return 0; }\n",
    "c": "int f(int *a) { for (int i = 0; i < n; i++) { a[i] = b->c[i]; } return 0; }\n",
    "typescript": "const f = (a: A<B>) => {\n  if (a < b) {\n    return c\n  }\n}\n",
    "python": "def f(a: int) -> int:\n    if a < b:\n        return [x for x in c]\n",
    "ruby": "def f(a)\n  a.map { |x| x < 1 ? x : 2 }\nend\n",
}


class Counted:
    """A stand-in for tree-sitter's parser that counts the reports it makes."""

    def __init__(self, language):
        self.parser, self.reports = Parser(ts_language(language)), 0

    def parse(self, source, *, progress_callback=None):
        def counted(offset, error):
            self.reports += 1
            return progress_callback(offset, error)

        return self.parser.parse(source, progress_callback=counted) if progress_callback else self.parser.parse(source)

    def reset(self):
        self.parser.reset()


def counting(language):
    parser = BoundedParser(ts_language(language), language)
    parser._parser = Counted(language)
    return parser


@pytest.mark.parametrize(("language", "unit"), PAIRS)
def test_a_bad_text_is_stopped_after_a_bounded_number_of_reports(language, unit):
    """The number of reports does not grow with the text."""
    source = bad_text(unit).encode()
    parser = counting(language)
    assert parser.parse(source) is None
    # The parse makes no progress, so it has only the free reports, or the few that far too much reading takes.
    assert parser._parser.reports <= FREE_REPORTS + len(source) // BYTES_A_REPORT
    assert (parser._parser.reports == 0) == (open_at_once(source.decode(), language) > MOST_OPEN)


@pytest.mark.parametrize("language", [name for name in languages() if name in GOOD])
def test_real_code_is_not_stopped_however_long_it_is(language):
    """Ordinary code is parsed completely at any length."""
    source = (GOOD[language] * 2000).encode()
    parser = counting(language)
    assert not parser.parse(source).root_node.has_error
    assert 0 < parser._parser.reports * 5 < FREE_REPORTS + len(source) // BYTES_A_REPORT
    assert open_at_once(source.decode(), language) * 5 < MOST_OPEN


def test_counting_of_unclosed_brackets_stops_at_the_limit():
    """Brackets beyond the limit are not counted."""
    from codeshift.properties.bounds import _LINES, most_open

    assert most_open(b"(\n" * 100_000, _LINES, enough=MOST_OPEN) == MOST_OPEN + 1


def test_a_parser_works_after_a_text_that_it_gave_up_on():
    """The next text is parsed as usual."""
    parser = BoundedParser(ts_language("c"), "c")
    assert parser.parse(bad_text("/* ").encode()) is None
    assert str(parser.parse(b"int x;").root_node) == str(Parser(ts_language("c")).parse(b"int x;").root_node)


def test_texts_up_to_a_length_are_parsed_whatever_they_hold():
    """Short texts are always parsed."""
    parser = BoundedParser(ts_language("java"), "java")
    assert parser.parse(b"(" * ALWAYS_PARSED) is not None
    assert parser.parse(b"(" * (ALWAYS_PARSED + 1)) is None


def test_the_tree_is_that_of_the_plain_parser():
    """Parsing with limits gives the same tree as parsing without."""
    for language, text in GOOD.items():
        source = (text * 200).encode()
        assert str(BoundedParser(ts_language(language), language).parse(source).root_node) == str(
            Parser(ts_language(language)).parse(source).root_node
        )


@pytest.mark.parametrize(
    ("text", "language", "most"),
    [
        ("f(a, g[1], {b});", "c", 2),
        ("{ ( } " * 500, "c", 2),  # a bracket in a comment ends with the block around it
        (") ] } " * 500, "c", 0),
        ("List<A> x; " * 500, "java", 1),
        ("a < b; " * 500, "java", 1),
        ("a < b, " * 500, "java", 1),
        ("a < b\n" * 500, "java", 500),
        ("a < b\n" * 500, "python", 1),
        ("a < b\n" * 500, "typescript", 1),
        ("a <\n" * 500, "typescript", 500),
        ("a\n< " * 500, "typescript", 500),
        ("if (a < b) {}\n" * 500, "java", 2),
        ("x => " * 500, "c_sharp", 500),
        ("(x => " * 500, "c_sharp", 1000),
    ],
)
def test_nesting_depth(text, language, most):
    """The largest number of brackets open at once."""
    assert open_at_once(text, language) == most


def test_an_error_of_the_parser_itself_is_raised():
    """An error that is not a limit is not hidden."""
    parser = BoundedParser(ts_language("c"), "c")

    class Broken:
        def parse(self, *_, **__):
            raise ValueError("Parsing failed")

        def reset(self):
            pass

    parser._parser = Broken()
    with pytest.raises(ValueError, match="Parsing failed"):
        parser.parse(b"int x; " * 500)


def test_a_stopped_row_has_no_nodes():
    """A row on which the parser gave up has no nodes."""
    parsed = CodeParser("c").parse(bad_text("/* "))
    assert parsed.stopped
    assert parsed.has_error
    assert parsed.roots == ()
    assert not CodeParser("c").parse("int x").stopped


def test_properties_of_a_stopped_row():
    """Properties of such a row are NaN or empty."""
    table = PropertyTable(Dataset.from_dict({"code": ["int f() { if (a) { b(); } }", bad_text("x => ")]}))
    for prop in (SyntaxTokenCount, TreeDepth, NestingDepth):
        assert np.isnan(table.values(prop("code", "java"))).tolist() == [False, True]
    for prop in (NodeTypes, NodePairs):
        assert (table.values(prop("code", "java")).counts.sum(axis=1) > 0).ravel().tolist() == [[True, False]]
    assert table.stopped("code", "java").tolist() == [False, True]


def test_metrics_take_a_stopped_row_for_no_program():
    good, bad = "int f ( ) { return 1 ; }", bad_text("x => ")
    assert SyntacticValidity("java").score([good, bad], [""] * 2).tolist() == [1, 0]
    for compat in (None, "codexglue"):
        metric = CodeBLEU("java", compat=compat)
        assert metric.corpus([bad], [good]).parts["syntax"] == 0
        assert metric.score([bad, good], [good, bad]).max() < 0.3


IN_A_PROCESS = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.path.insert(0, "tests")
from helpers.bad_texts import PAIRS, bad_text
from codeshift.properties.parsing import CodeParser
print([CodeParser(language).parse(bad_text(unit, 200_000)).stopped for language, unit in PAIRS])
"""


def test_another_process_with_little_memory_stops_the_same_rows():
    """The limits follow from the text alone, not from the memory."""
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == str([True] * len(PAIRS))


def test_the_text_of_a_node_is_that_of_the_source() -> None:
    """A tree that was parsed in pieces gives the text of each node, also of nodes longer than a piece."""
    source = "\n".join(f"def größe_{i}(name_{i}):\n    return 'ü' * {i}" for i in range(400)).encode()
    tree = parser("python").parse(source)
    assert tree is not None
    nodes = [tree.root_node]
    seen = 0
    while nodes:
        node = nodes.pop()
        nodes += node.children
        seen += 1
        assert node.text == source[node.start_byte : node.end_byte]
    assert seen > 5000
