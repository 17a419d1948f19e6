"""Laws of transforms, on drawn programs: what each keeps, and what it depends on."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.properties.parsing import CodeParser
from codeshift.transforms import (
    DeadCode,
    DropComments,
    ForToWhile,
    Reformat,
    RenameIdentifiers,
    UnfoldConstants,
)
from codeshift.transforms.by_name import TRANSFORMS
from codeshift.transforms.leaves import leaves
from helpers.strategies import PROGRAMS

OF_PYTHON = (
    *(transform(language="python") for transform in TRANSFORMS.values()),
    RenameIdentifiers(language="python", names="words", parameters=True, seed=3),
)
SAME_TWICE = [transform(language="python") for transform in (DropComments, Reformat, ForToWhile, RenameIdentifiers)]
JAVA = (
    "int f(int[] rows) { // the sum\n int sum = 0; for (int row : rows) { sum += row; } return sum; }",
    "void g() { this.x = x; int x = 2; { String x2 = name(x); } }",
    "int h(int n) { Runnable r = () -> go(n); int[] a = {1, 2}; label: while (true) break label; return a[n]; }",
    "not java at all (",
)

ANY_TEXT = st.text(alphabet="abif:=()[]{}#'\"\\ \n\tdefrtunx01,.é\r", max_size=60)


@given(st.sampled_from(PROGRAMS), st.sampled_from(OF_PYTHON))
def test_a_program_still_parses_and_each_call_gives_the_same(program, transform):
    """The result depends on the text and the arguments alone."""
    rewritten = transform.rewrite(program)
    ast.parse(rewritten)
    assert type(transform)(**{name: getattr(transform, name) for name in vars(transform)}).rewrite(program) == rewritten


@given(st.sampled_from(PROGRAMS), st.sampled_from(SAME_TWICE))
def test_a_second_time_changes_nothing(program, transform):
    """Numbers, layout and what is dropped are the same the second time."""
    once = transform.rewrite(program)
    assert transform.rewrite(once) == once


@given(ANY_TEXT, st.sampled_from(OF_PYTHON))
def test_any_text_is_taken(text, transform):
    """Text that is no Python stays as it is, and no text is an error."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        assert transform.rewrite(text) == text
    else:
        ast.parse(transform.rewrite(text))


@given(st.sampled_from(PROGRAMS), st.booleans())
def test_renaming_changes_names_alone(program, parameters):
    """All other tokens stay where they are, and different names stay different."""
    renamed = RenameIdentifiers(language="python", parameters=parameters).rewrite(program)
    before, after = _tokens(program), _tokens(renamed)
    assert [kind for kind, _ in before] == [kind for kind, _ in after]
    assert [text for kind, text in before if kind != tokenize.NAME] == [
        text for kind, text in after if kind != tokenize.NAME
    ]
    pairs = {(old, new) for (_, old), (_, new) in zip(before, after, strict=True) if old != new}
    assert len({new for _, new in pairs}) == len(pairs)


@given(st.sampled_from(PROGRAMS))
def test_layout_and_comments_change_no_syntax(program):
    """The tree is the same after both."""
    commented = program.replace(":\n", ":  # why\n", 1)
    chain = (DropComments(language="python"), Reformat(language="python"))
    for transform in chain:
        assert ast.dump(ast.parse(transform.rewrite(commented))) == ast.dump(ast.parse(program))


@given(st.sampled_from(PROGRAMS), st.integers(0, 5))
def test_unfolded_constants_compile_to_the_same_code(program, seed):
    """Python folds the differences back."""
    unfolded = UnfoldConstants(language="python", seed=seed).rewrite(program)
    assert _constants(compile(unfolded, "row", "exec")) == _constants(compile(program, "row", "exec"))


@pytest.mark.parametrize("transform", [DeadCode, UnfoldConstants, partial(RenameIdentifiers, names="words")])
def test_the_seed_and_the_row_decide_what_is_drawn(transform):
    """Another seed draws otherwise, and so does another row."""
    code = "def f(a):\n    total, first = a + 10, a + 20\n    return total * 30 - first"
    drawn = [transform(language="python", seed=seed).rewrite(code) for seed in range(4)]
    assert len(set(drawn)) > 1
    other = transform(language="python").rewrite(f"{code} + a")
    assert other.removesuffix(" + a") != drawn[0]


@pytest.mark.parametrize("code", JAVA)
@pytest.mark.parametrize("transform", [RenameIdentifiers, DropComments, Reformat])
def test_other_languages_keep_their_leaves(code, transform):
    """Renaming changes identifiers, dropping comments drops comments, and layout changes space alone."""
    own, parser = transform(language="java"), CodeParser("java")
    rewritten = own.rewrite(code)
    assert own.rewrite(rewritten) == rewritten
    kinds = [[node.type for node in leaves(parser.parse(text))] for text in (code, rewritten)]
    assert [kind for kind in kinds[0] if "comment" not in kind] == [kind for kind in kinds[1] if "comment" not in kind]


def _tokens(code: str) -> list[tuple[int, str]]:
    return [(token.type, token.string) for token in tokenize.generate_tokens(io.StringIO(code).readline)]


def _constants(code) -> list[object]:
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
    own = [repr(constant) for constant in code.co_consts if not hasattr(constant, "co_consts")]
    return [code.co_code, sorted(own), *map(_constants, inner)]
