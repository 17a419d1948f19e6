"""What each transform makes of code, and what it leaves alone."""

from __future__ import annotations

import pytest

from codeshift.data import stdlib_functions
from codeshift.errors import ParameterError
from codeshift.metrics.execution import PythonRunner
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.renaming import FEWEST_TOKENS
from codeshift.properties.parsing import CodeParser
from codeshift.transforms import (
    Chain,
    DeadCode,
    DropComments,
    ForToWhile,
    InvertConditions,
    Reformat,
    RenameIdentifiers,
    UnfoldConstants,
)
from helpers.shared_data import shared_rows

PYTHON = {
    "names of scopes": (
        RenameIdentifiers(language="python"),
        "def f(a, k=x):\n    x = a\n    def g():\n        nonlocal x\n        x = f'{x}{a}'\n"
        "    return [y for y in x], g.x, h(x=x)",
        "def f(a, k=x):\n    local_0 = a\n    def g():\n        nonlocal local_0\n        local_0 = f'{local_0}{a}'\n"
        "    return [local_1 for local_1 in local_0], g.x, h(x=local_0)",
    ),
    "names that are shown": (RenameIdentifiers(language="python"), "def f():\n    x = 1\n    return f'{x=}'", None),
    "names that are looked up": (RenameIdentifiers(language="python"), "def f():\n    x = 1\n    locals()", None),
    "global names": (RenameIdentifiers(language="python"), "def f():\n    global x\n    x = 1", None),
    "imports": (RenameIdentifiers(language="python"), "def f():\n    import os\n    return os.path", None),
    "names of keywords": (RenameIdentifiers(language="python", parameters=True), "def f(x):\n    return f(x=1)", None),
    "patterns": (
        RenameIdentifiers(language="python"),
        "def f(a):\n    match a:\n        case P(x=0, y=x):\n            return x",
        "def f(a):\n    match a:\n        case P(x=0, y=local_0):\n            return local_0",
    ),
    "members of a class": (
        RenameIdentifiers(language="python"),
        "def f():\n    class A:\n        x = 1\n    x = 2\n    return x, A.x", None,
    ),
    "docstrings": (
        DropComments(language="python"), '# a\ndef f():\n    """Do."""\n    x = 1  # b\n\n    # c\n    return "#"',
        'def f():\n    x = 1\n\n    return "#"',
    ),
    "a docstring alone": (DropComments(language="python"), 'def f():\n    """Do."""', "def f():\n    pass"),
    "comments that are read": (DropComments(language="python"), "x = f()  # type: ignore", None),
    "a docstring that is read": (DropComments(language="python"), 'def f():\n    """Do."""\n    g(f.__doc__)', None),
    "layout": (
        Reformat(language="python"), "def f( a, b ):\n\n        return not a or f( 1 .real,\n  b ) # so\n",
        "def f(a,b):\n  return not a or f(1 .real,\n      b) # so\n",
    ),
    "strings and layout": (Reformat(language="python"), 'x = """\n  a  b\n"""', 'x="""\n  a  b\n"""'),
    "a loop on one line": (
        ForToWhile(language="python"), "for a, b in c: f(a)",
        "items_0, end_0 = iter(c), object()\nwhile (item_0 := next(items_0, end_0)) is not end_0:\n"
        "    a, b = item_0\n    f(a)",
    ),
    "loops with else": (ForToWhile(language="python"), "for a in b:\n    pass\nelse:\n    c()", None),
    "loops of a class": (ForToWhile(language="python"), "class A:\n    for a in b:\n        pass", None),
    "a name of its own for next": (ForToWhile(language="python"), "def next(a):\n    for b in a:\n        pass", None),
    "elif": (InvertConditions(language="python"), "if a:\n    b\nelif c:\n    d", None),
    "the last else": (
        InvertConditions(language="python"), "if a:\n    b\nelif c:\n    d\nelse:\n    e",
        "if a:\n    b\nelif not (c):\n    e\nelse:\n    d",
    ),
    "numbers that must stay": (
        UnfoldConstants(language="python"), 'match x:\n    case 1:\n        y: "L[2]" = f"{3}" + 0x10', None,
    ),
    "no function": (DeadCode(language="python"), "x = 1", None),
}  # fmt: skip
OTHERS = {
    "java": (
        "int x; void f() { int a = x; { int b = a; } a.b(b -> b); }",
        "int x; void f() { int local_0 = x; { int b = local_0; } local_0.b(b -> b); }",
    ),
    "a field of java": ("class A { int a; void f() { a = 1; int a = 2; } }", None),
    "members of c_sharp": ("void F(T o) { var a = 1; o = new T { a = a }; }", None),
    "tuples of c_sharp": ("void F(T t) { var a = 1; t = (a, 2); }", None),
    "c_sharp": ("void F(T t) { var a = 1; t.a = a; }", "void F(T t) { var local_0 = 1; t.a = local_0; }"),
    "go": (
        "func f() { x := x; y := T{z: 1}; z := y; g(z) }",
        "func f() { x := x; local_0 := T{z: 1}; z := local_0; g(z) }",
    ),
    "cpp": (
        "int f() { int a = 0, *b; for (auto& v : c) { a += v.a; } return a; }",
        "int f() { int local_0 = 0, *local_1; for (auto& local_2 : c) { local_0 += local_2.a; } return local_0; }",
    ),
    "macros of cpp": ("#define M a\nint f() { int a = 0; return M; }", None),
    "javascript": (
        "function f() { const a = 1; var b = a; return { c: a }; }",
        "function f() { const local_0 = 1; var b = local_0; return { c: local_0 }; }",
    ),
    "shorthand of javascript": ("function f() { const a = 1; return { a }; }", None),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTHON)
def test_python(name):
    """Each rewrite changes what it says, and leaves what it cannot vouch for."""
    transform, code, expected = PYTHON[name]
    assert transform.rewrite(code) == (code if expected is None else expected)


@pytest.mark.parametrize("name", OTHERS)
def test_local_names_of_other_languages(name):
    """A name is replaced where each place of it can only mean the local variable."""
    code, expected = OTHERS[name]
    assert RenameIdentifiers(language=name.split()[-1]).rewrite(code) == (code if expected is None else expected)


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("java", "int f(){// why\n if(a){b();}else{c();}\nint[] d={1};}", None),
        (
            "javascript",
            "function f() {\n\n      return  `a\n  b` // c\n    }",
            "function f() {\n  return `a\n  b` // c\n}",
        ),
        ("javascript", "f(<a>  b</a>)\n\n", "f(<a>  b</a>)\n\n"),
        ("c", "#define A  1\nint  f() { return A; }", "#define A  1\nint  f() { return A; }"),
        ("go", "func f() {\n\tx := 1 // c\n\treturn x\n}", "func f() {\n  x := 1 // c\n  return x\n}"),
    ],
)
def test_layout_of_other_languages(language, code, expected):
    """Lines are made where they end nothing, and stay where they may."""
    java = "int f(){// why\n  if(a){\n    b();\n  }\n  else{\n    c();\n  }\n  int[] d={\n    1};\n}"
    assert Reformat(language=language).rewrite(code) == (java if expected is None else expected)


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("go", "//go:build linux\n// about f\nfunc f() { /* a */ g() /* b */ }", "//go:build linux\nfunc f() { g() }"),
        ("javascript", "return /* a\n */ x", "return\nx"),
        ("ruby", "# a\nx = '#' # b\n", "x = '#'\n"),
        ("c", "int/* a */x;", "int x;"),
    ],
)
def test_comments_of_other_languages(language, code, expected):
    """What is read stays, and what ends a statement goes on ending it."""
    assert DropComments(language=language).rewrite(code) == expected


def test_renamed_copies_are_found():
    """The search for renamed copies finds what the transform renames, but for names that fields and comments keep."""
    code = [text for text in stdlib_functions().select(range(400))["code"] if len(lex(text)) >= FEWEST_TOKENS]
    rename = RenameIdentifiers(language="python", parameters=True, names="words")
    renamed = [rename.rewrite(text) for text in code]
    changed = [(new, old) for new, old in zip(renamed, code, strict=True) if new != old]
    assert len(changed) > 50
    assert NearDuplicates().of_renamed().nearest(*map(list, zip(*changed, strict=True))).share > 0.95


def test_a_loop_stops_where_it_did():
    """The values, the order, break, continue and an error in the body are those of the loop."""
    code = (
        "def f(rows, out):\n    for i, row in enumerate(rows):\n        if row < 0:\n            continue\n"
        "        if row > 8:\n            break\n        out.append((i, row))\n    return out, i"
    )
    spaces = [{}, {}]
    for text, space in zip((code, ForToWhile(language="python").rewrite(code)), spaces, strict=True):
        exec(text, space)  # noqa: S102 - the code above
    assert spaces[0]["f"]([1, -1, 2, 9, 3], []) == spaces[1]["f"]([1, -1, 2, 9, 3], [])
    assert ForToWhile(language="python").rewrite(code) != code


@pytest.mark.parametrize("benchmark", ["HumanEval", "MBPP"])
def test_programs_still_pass(benchmark):
    """Twenty canonical solutions of each benchmark pass their tests under all rewrites; the script runs them all."""
    from benchmarks.transforms import of_python, pass_together, problems

    runner, transforms = PythonRunner(timeout=300, cpu_seconds=300, allow_network=True), of_python()
    rows = problems()[benchmark]
    runs, changed = [], 0
    for code, test in rows[:: len(rows) // 20][:20]:
        rewritten = [transform.rewrite(code) for transform in transforms.values()]
        changed += sum(program != code for program in rewritten)
        runs += [(program, test) for program in rewritten]
    assert pass_together(runs, runner)
    assert changed > 60


@pytest.mark.parametrize(
    ("path", "column", "language"),
    [
        ("text_to_code/validation.jsonl", "code", "java"),
        ("code_to_code_trans/test.jsonl", "cs", "c_sharp"),
        ("algorithms/functions.jsonl", "code", "go"),
        ("algorithms/functions.jsonl", "code", "cpp"),
    ],
)
def test_real_rows_parse_as_before(path, column, language):
    """Rewritten rows have no new errors; the script counts them on all rows."""
    rows = [row[column] for row in shared_rows(path).to_list() if row.get("language", language) == language][:40]
    parser = CodeParser(language)
    parsed = [text for text in rows if not parser.parse(text).has_error]
    assert len(parsed) > 20
    for transform in (RenameIdentifiers(language=language, parameters=True), Reformat(language=language)):
        rewritten = [transform.rewrite(text) for text in parsed]
        assert not any(parser.parse(text).has_error for text in rewritten)
        assert sum(old != new for old, new in zip(parsed, rewritten, strict=True)) > 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ForToWhile(language="java"), "language must be one of python for this rewrite, got 'java'"),
        (lambda: RenameIdentifiers(language="rust"), "take DropComments or Reformat, which know all languages"),
        (lambda: DropComments(language="jva"), "did you mean java?"),
        (lambda: RenameIdentifiers(language="go", names="word"), "did you mean words?"),
        (lambda: RenameIdentifiers(language="go", parameters="no"), "parameters must be True or False, got 'no'"),
        (lambda: DeadCode(language="python", statements=0), "statements must be a whole number from 1 to 100"),
        (lambda: DeadCode(language="python", seed=-1), "seed must be a whole number from 0 up"),
        (lambda: Chain(steps=()), "steps must be transforms, got ()"),
    ],
)
def test_what_cannot_work_is_refused(make, message):
    """Errors name the argument and what to do."""
    with pytest.raises(ParameterError) as error:
        make()
    assert message in str(error.value)
