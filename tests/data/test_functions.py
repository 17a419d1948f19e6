"""Functions of a source file: the code without its docstring is the same program, dedented."""

from __future__ import annotations

import ast
import sysconfig
import textwrap
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data.functions import python_functions

STDLIB = Path(sysconfig.get_path("stdlib"))


def only(source: str):
    [function] = python_functions(textwrap.dedent(source).lstrip("\n"))
    return function


def definitions(tree: ast.AST):
    """Return all functions that are not nested in another one, found in another way than in the library."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.inside = getattr(node, "inside", False) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sorted((n for n in functions if not n.inside), key=lambda n: (n.lineno, n.col_offset))


def test_code_is_the_same_program_all_over_the_standard_library():
    """The code parses to the function's tree without decorators and docstring, and the signature to its head."""
    files = sorted(STDLIB.glob("*.py")) + sorted((STDLIB / "email").glob("*.py"))
    checked = 0
    for path in files[::4]:
        with tokenize.open(path) as file:
            source = file.read()
        for function, node in zip(python_functions(source), definitions(ast.parse(source)), strict=True):
            node.decorator_list = []
            node.body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            if not node.body:
                assert function.code == ""
                continue
            [got] = ast.parse(function.code).body
            assert ast.dump(got) == ast.dump(node), f"{path}: {function.name}"
            [head] = ast.parse(function.signature + " ...").body
            assert ast.dump(head.args) == ast.dump(node.args)
            assert "\n" not in function.signature
            checked += 1
    assert checked > 300


NAMES = st.sampled_from(["x", "größe", "名前"])
STATEMENTS = st.one_of(
    st.builds("{} = 1  # ünïcode".format, NAMES),
    st.builds('{} = """a\n  b\n\tc"""'.format, NAMES),
    st.builds("{} = 'a\\\n   b'".format, NAMES),
    st.builds('{} = f"""é\n {{1 + 1}}\n"""'.format, NAMES),
    st.builds("{} = (1,\n# left\n  2)".format, NAMES),
    st.just("def inner():\n    '''inner\n  doc'''\n    return 1"),
)
DOCSTRINGS = st.sampled_from(
    [None, '"""Doc."""', '"""Größe\n\n  more"""', "'Doc' 'umented'", '("""Doc.""")', 'r"""\\d"""']
)


def indented(text: str, indent: str) -> str:
    """Indent statements, but not the content of their strings (so only the first line of a statement)."""
    head, *rest = text.split("\n")
    return "\n".join([indent + head, *(indent + line if text.startswith("def ") else line for line in rest)])


@given(st.lists(STATEMENTS, min_size=1, max_size=4), DOCSTRINGS, st.sampled_from(["    ", "\t", " "]), st.booleans())
def test_removing_the_docstring_and_indentation_changes_nothing_else(body, docstring, indent, method):
    """Whatever strings, comments and encodings the body holds, its tree and its comments stay."""
    lines = [f"{indent}def f(self):", *(indented(part, indent * 2) for part in [docstring, *body] if part is not None)]
    source = "\n".join(["class A:" if method else "if True:", *lines]) + "\n"
    [function] = python_functions(source)
    [node] = definitions(ast.parse(source))
    node.body = node.body if docstring is None else node.body[1:]
    [got] = ast.parse(function.code).body
    assert ast.dump(got) == ast.dump(node)
    assert function.code.count("#") == source.count("#")
    assert function.name == ("A.f" if method else "f")
    assert function.docstring == ("" if docstring is None else ast.get_docstring(definitions(ast.parse(source))[0]))


def test_def_line_comes_first_and_decorators_are_left_out():
    """The code starts at the def line, which is also the signature, normalised to one line."""
    function = only(
        """
        class A:
            @property
            async def f(self, a = 1,
                        *rest: int, key: str='x',  # why
                        ) -> "list[int]":
                return a
        """
    )
    assert function.signature == "async def f(self, a=1, *rest: int, key: str='x') -> 'list[int]':"
    assert function.code.startswith("async def f(self, a = 1,\n")
    assert "@" not in function.code
    assert "# why" in function.code


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("def f(): 'doc'; return 1", "def f(): return 1"),
        ("def f():\n    'doc'; return 1", "def f():\n    return 1"),
        ("def f():\n    'doc'  # noqa\n    return 1", "def f():\n    # noqa\n    return 1"),
        ("def f():\n    # first\n    'doc'\n\n\n    return 1", "def f():\n    # first\n    return 1"),
        ("def f():\n    'é'; return 'ö'  # ü", "def f():\n    return 'ö'  # ü"),
        ("def f():\n    f'not a docstring'\n    return 1", "def f():\n    f'not a docstring'\n    return 1"),
        ("if 1:\n  def f():\n    pass\n  # after\n", "def f():\n  pass"),
        ("def f():\n    '''only'''", ""),
    ],
)
def test_docstrings_in_odd_places(source, code):
    """A docstring is removed with the line that it fills, and code on the same line stays."""
    assert only(source).code == code


def test_nested_functions_stay_in_their_parent_and_conditional_ones_are_found():
    """Only functions outside other functions are returned, with qualified names, in the order of the file."""
    source = textwrap.dedent(
        """
        try:
            def f():
                def nested():
                    return 1
                return nested
        except ImportError:
            def f():
                return 2
        match 1:
            case 1:
                class A:
                    class B:
                        def g(self): return 3
        """
    )
    assert [function.name for function in python_functions(source)] == ["f", "f", "A.B.g"]


def test_a_file_that_does_not_parse_raises():
    """The caller handles the SyntaxError of a file that does not parse."""
    with pytest.raises(SyntaxError):
        list(python_functions("def f(:"))
