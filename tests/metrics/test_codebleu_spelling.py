"""Spelling: that of a name changes no part of broken code's tree; that of keywords and languages is known."""

from __future__ import annotations

import io
import json
import random
import re
import sys
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.metrics import CodeBLEU, ElementRecall, SyntacticValidity, metric_by_name
from codeshift.metrics.codebleu.compat.cleaning import without_comments
from codeshift.metrics.codebleu.dataflow import LANGUAGES
from codeshift.metrics.codebleu.dataflow.rules import words
from codeshift.metrics.codebleu.parts.analysis import DefaultAnalyser
from codeshift.metrics.codebleu.parts.keywords import KEYWORDS
from codeshift.metrics.codebleu.parts.spelling import spelt_alike
from codeshift.properties import languages
from codeshift.properties.api_names import check_api_language
from codeshift.properties.grammars import parser, ts_language
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter
from helpers.shared_data import shared_rows

PEER_ROWS = json.loads(Path(__file__).with_name("codebleu_peer_rows.json").read_text(encoding="utf-8"))
TYPESCRIPT = [
    "function pick<T>(items: T[], test: (item: T) => boolean): T | undefined {\n  for (const item of items) {\n"
    "    if (test(item)) { return item; }\n  }\n  return undefined;\n}",
    "class Stack { private total = 120; push(value: number) { this.total += value * 35; return `${this.total}`; } }",
]
PROGRAMS = {
    language: TYPESCRIPT
    if language == "typescript"
    else list(
        dict.fromkeys(r[side] for r in PEER_ROWS if r["language"] == language for side in ("reference", "prediction"))
    )
    for language in LANGUAGES
}


def cut(code, rng):
    """The code with its end, a token or a few cut out, or one token too many."""
    tokens = re.findall(r"\s+|\w+|\W", code)
    at = rng.randrange(1, len(tokens))
    if rng.random() < 0.4:
        return "".join(tokens[:at])
    if rng.random() < 0.6:
        return "".join(tokens[:at] + tokens[at + rng.randrange(1, 5) :])
    return "".join([*tokens[:at], rng.choice(["(", ")", "{", "}", ";", "=", "@", "#", "\\", "?"]), *tokens[at:]])


def names(code, language):
    """The names of a program that parses: leaves that its grammar calls identifiers."""
    table = ts_language(language)
    known = {table.node_kind_for_id(i) for i in range(table.node_kind_count)} | KEYWORDS[language]
    known |= words("make new int string self cls object byte bool char float double long void var print std size_t _")
    found, todo = set(), [parser(language).parse(code.encode()).root_node]
    while todo:
        node = todo.pop()
        if not node.child_count and ("identifier" in node.type or node.type in ("constant", "name")):
            found.add(node.text.decode())
        todo += node.children
    return sorted(name for name in found if re.fullmatch(r"\w\w+", name) and name not in known)


def renamed(code, names, rng):
    """The code with each name, everywhere, made another of any length that begins with the same kind of letter."""
    new = {name: ("Z" if name[0].isupper() else "z") + "q" * rng.randrange(12) + str(i) for i, name in enumerate(names)}
    return re.sub(r"(?<![\\\w])\w+(?![\w\"'])", lambda found: new.get(found[0], found[0]), code)


def check_respelt(language, programs, rng, each):
    metric, broken = CodeBLEU(language), 0
    for code in programs:
        known = names(code, language)
        for _ in range(each):
            damaged = cut(code, rng)
            broken += parser(language).parse(damaged.encode()).root_node.has_error
            other = renamed(damaged, known, rng)
            other = re.sub(r"(?<![\w.\\])[1-9]\d*(?![\w.])", lambda found: str(int(found[0]) * 1000 + 1), other)
            ours = metric.statistics([damaged, damaged], [code, other])[:, -5:-3]
            theirs = metric.statistics([other], [code])[:, -5:-3]
            assert ours[0].tolist() == theirs[0].tolist(), (damaged, other)
            assert ours[1][0] == ours[1][1], (damaged, other)
    return broken


@pytest.mark.parametrize("language", LANGUAGES)
def test_spelling_changes_no_syntax_match(language):
    """Cut and damaged programs in each language, with every name and number spelt otherwise, longer or shorter."""
    rng = random.Random(0)
    programs = [code for code in PROGRAMS[language] if len(code) < 1500][:12]
    assert check_respelt(language, programs, rng, max(1, 60 // len(programs))) >= 20


@pytest.mark.parametrize(("language", "column"), [("c_sharp", "cs"), ("java", "java")])
def test_spelling_changes_no_syntax_match_of_real_methods(language, column):
    """Methods of CodeXGLUE's translation data, cut and damaged."""
    programs = shared_rows("code_to_code_trans/validation.jsonl")[column][:150]
    assert check_respelt(language, programs, random.Random(1), 2) >= 200


@pytest.mark.parametrize(
    ("language", "ours", "reference"),
    [
        ("c_sharp", "public Filter(string qame)", "public Filter(string name)"),
        ("cpp", "int a = @ 3;", "int a = ` 3;"),
        ("java", 'f("a" "b c d', 'f("x y z" "b c d'),
        ("python", "x = f(1, 'one'", "x = f(1000000, 'more than one'"),
        ("javascript", 'let a = { b: "c"', 'let first = { second: "the third"'),
        ("go", "func f() { x := g(1", "func long_name() { y := h(123456"),
        ("ruby", "def f(a\n  a + 1", "def a_longer_name(b\n  b + 1000"),
    ],
)
def test_what_is_unexpected_has_no_spelling(language, ours, reference):
    """A leaf that fits nowhere is an error whatever its first character is."""
    assert CodeBLEU(language).corpus([ours], [reference]).parts["syntax"] == 1


def test_what_is_broken_elsewhere_is_told():
    """Another structure, or a missing token, still counts."""
    parts = CodeBLEU("java").corpus(["int f() { return g(1 }"], ["int f() { return g(1); }"]).parts
    assert 0 < parts["syntax"] < 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_respelt_programs_have_the_tree_and_flow_that_they_had(language):
    """In code that parses, the words that are left alone are those that matter: nothing changes."""
    analyser = DefaultAnalyser(language)
    checked = 0
    for code in PROGRAMS[language]:
        if not parser(language).parse(code.encode()).root_node.has_error:
            checked += 1
            assert analyser.analyse(spelt_alike(code, language)) == analyser.analyse(code), spelt_alike(code, language)
    assert checked


# Words of each grammar that are special in one place only and may name a variable elsewhere, or that a compiler adds.
_CONTEXTUAL = {
    "c": "NULL alignas alignof asm constexpr defined noreturn nullptr offsetof thread_local",  # of C23, or macros
    "cpp": "NULL _Alignas _Alignof _Atomic _Generic _Noreturn defined final noreturn offsetof override restrict",
    "c_sharp": """Cdecl Fastcall Stdcall Thiscall add alias and annotations ascending assembly async await by checksum
    descending disable enable equals field file from get global group hidden init into join let managed method module
    not notnull on or orderby param partial property record remove required restore scoped select set type typevar
    unmanaged var warning warnings when where with yield""",
    "java": "exports module open opens permits provides record requires sealed to transitive uses when with yield",
    "javascript": "as async from get meta of set target using",
    "php": "bool encoding enum float int object parent self strict_types string ticks",
    "python": "_ __future__ case exec match print type",
    "ruby": "i r ri",  # suffixes of numbers
    "rust": """_ block default expr expr_2021 ident item lifetime literal macro_rules! meta pat pat_param path raw stmt
    tt ty union vis""",
    "typescript": """abstract accessor any as assert asserts async boolean declare from get global infer is keyof meta
    module namespace never number object of override readonly require satisfies set string symbol target type unknown
    using""",
}


@pytest.mark.parametrize("language", sorted(KEYWORDS))
def test_every_word_of_a_grammar_is_reserved_or_known_to_be_contextual(language):
    """What the grammar spells out and the table lacks is listed, so that no reserved word is forgotten."""
    table = ts_language(language)
    tokens = {
        table.node_kind_for_id(i)
        for i in range(table.node_kind_count)
        if table.node_kind_is_visible(i) and not table.node_kind_is_named(i)
    }
    spelt = {token for token in tokens if token and re.fullmatch(r"[A-Za-z_]\w*[?!]?", token)}
    extensions = {word for word in spelt if word.startswith("__") or word in ("_Nonnull", "_alignof", "_unaligned")}
    lacking = spelt - KEYWORDS[language] - (extensions if language in ("c", "cpp", "c_sharp") else set())
    assert lacking == set(_CONTEXTUAL.get(language, "").split())


def test_keywords_of_rust_and_php():
    """``type`` weighs five times what a name does; so do the constants of PHP."""
    for language, word in (("rust", "type"), ("php", "true"), ("php", "null")):
        right = CodeBLEU(language).corpus([f"{word} a ;"], [f"{word} b ;"]).parts["weighted_ngram"]
        assert right == pytest.approx((1 + 0.2) / (1 + 0.2 + 0.2))


USUAL = {
    "c#": "c_sharp", "C#": "c_sharp", "cs": "c_sharp", "csharp": "c_sharp", "C Sharp": "c_sharp", "js": "javascript",
    "JavaScript": "javascript", ".js": "javascript", "ts": "typescript", "golang": "go", "py": "python",
    "python3": "python", "Python": "python", "Java": "java",
}  # fmt: skip
UNRESOLVED = {"c++": "cpp", "C++": "cpp", "cxx": "cpp", "rs": "rust", "rb": "ruby", "PHP": "php"}
TAKERS = {
    "CodeBLEU": CodeBLEU,
    "SyntacticValidity": SyntacticValidity,
    "ElementRecall": lambda name: ElementRecall(language=name),
    "metric_by_name": lambda name: metric_by_name("codebleu", language=name),
    "ASTNodeSplitter": lambda name: ASTNodeSplitter(column="code", language=name, nodes=("x",)),
    "APIUsageSplitter": lambda name: APIUsageSplitter(column="code", language=name, apis=("x",)),
    "check_api_language": check_api_language,
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("name", [*USUAL, *UNRESOLVED])
def test_what_a_language_is_called_elsewhere_points_to_its_name(taker, name):
    """Every function that takes a language names the one to use."""
    if taker == "check_api_language" and name in UNRESOLVED:
        pytest.skip("the names of its APIs are not resolved")
    with pytest.raises(ParameterError, match=rf"^language must be .*: did you mean {(USUAL | UNRESOLVED)[name]}\?"):
        TAKERS[taker](name)


def test_languages_are_named_once():
    """No usual name is a language's own, so each points somewhere else."""
    assert not {*USUAL, *UNRESOLVED} & set(languages())


def by_tokenize(code):
    """Return the result of the public code of CodeBLEU for Python code."""
    out, before, last_row, last_column = "", tokenize.INDENT, -1, 0
    try:
        for kind, text, (row, column), end, _ in tokenize.generate_tokens(io.StringIO(code).readline):
            if row > last_row:
                last_column = 0
            out += " " * (column - last_column)
            if kind == tokenize.STRING:
                out += text if before not in (tokenize.INDENT, tokenize.NEWLINE) and column > 0 else ""
            elif kind != tokenize.COMMENT:
                out += text
            before, (last_row, last_column) = kind, end
    except (tokenize.TokenError, SyntaxError):
        return code
    return "\n".join(line for line in out.split("\n") if line.strip())


PIECES = st.sampled_from(
    [
        *"'\"#(){}x $!?é1=\\\t\f\n\xa0",
        "'''",
        '"""',
        "\\\n",
        "\n    ",
        "\n  ",
        "f'",
        'rb"',
        "u'",
        "\r\n",
        "!=",
        "if x:",
        "0x",
    ]
)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tokenize reads otherwise since Python 3.12")
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(PROGRAMS["python"])))
def test_python_is_read_as_until_python_3_11(code):
    """Comments and docstrings are taken out as with 3.11's tokenize, in any text."""
    code += "\n"
    assert without_comments(code, "python") == by_tokenize(code)


@pytest.mark.parametrize(
    ("code", "cleaned"),
    [
        ("x = f'{a['b']}' # one\n", "x = f'{a['b']}' "),
        ("x = f'# {a!r:>{w}} #' # one\n", "x = f'# {a!r:>{w}} #' "),
        ('def f():\n    f"""doc {x}"""\n    return 1\n', "def f():\n    return 1"),
        ("x = $ ? 1 # one\n", "x = $ ? 1 "),
        ("x = 'open # no comment? yes\n", "x = 'open "),
        ("x = 0777 # one\n", "x = 0777 "),
        ("x = (1 # one\n", "x = (1 # one\n"),
        ("if x:\n        a\n    b # one\n", "if x:\n        a\n    b # one\n"),
        ('x = """ # no\n', 'x = """ # no\n'),
    ],
)
def test_python_is_read_the_same_on_every_python(code, cleaned):
    """What tokenize reads otherwise since 3.12: f-strings, characters of no token, what it refuses."""
    assert without_comments(code, "python") == cleaned
