"""The data flow of small programs in every language, with the edges that are expected written out.

``b@4 <- b@1``: the fifth variable or constant of the program, ``b``, has the value of the second; ``b@1 <= a@2``: it is
computed from the third, ``a``.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.metrics.codebleu.compat.tables import COMPAT_TABLES
from codeshift.metrics.codebleu.dataflow import LANGUAGES, data_flow
from codeshift.metrics.codebleu.dataflow.tables import flow_table
from codeshift.properties.grammars import ts_language

PROGRAMS = [
    ("java", "int f(int a) { int b = a + 1; return b; }", "b@1 <= a@2; b@1 <= 1@3; a@2 <- a@0; b@4 <- b@1"),
    (
        "java",
        "void f() { int x = 0; if (c) { x = 1; } else { x = 2; } g(x); }",
        "x@0 <= 0@1; x@3 <= 1@4; x@5 <= 2@6; x@7 <- x@3; x@7 <- x@5",
    ),
    ("java", "void f() { int x = 0; if (c) x = 1; g(x); }", "x@0 <= 0@1; x@3 <= 1@4; x@5 <- x@0; x@5 <- x@3"),
    (
        "java",
        "void f(int n) { for (int i = 0; i < n; i++) { s += i; } }",
        "i@1 <= 0@2; i@3 <- i@1; i@3 <- i@5; n@4 <- n@0; i@5 <= i@1; i@5 <= i@5; s@6 <= i@7; s@6 <= s@6; "
        "i@7 <- i@1; i@7 <- i@5",
    ),
    ("java", "void f(List<T> xs) { for (T x : xs) { y = x; } }", "x@1 <= xs@2; xs@2 <- xs@0; y@3 <= x@4; x@4 <- x@1"),
    (
        "java",
        "A(int x) { this.x = x; y = this.x; }",
        "this.x@1 <= x@2; x@2 <- x@0; y@3 <= this.x@4; this.x@4 <- this.x@1",
    ),
    (
        "java",
        "void f() { a[i] = b; a.c = d; Runnable r = () -> { q = a; }; }",
        "a@0 <= b@2; a@3 <= d@4; a@3 <- a@0; q@6 <= a@7; a@7 <- a@3",
    ),
    (
        "java",
        "void f() { switch (x) { case 1: y = 1; break; default: y = 2; } g(y); }",
        "y@2 <= 1@3; y@4 <= 2@5; y@6 <- y@2; y@6 <- y@4",
    ),
    (
        "java",
        "void f() { try { x = 1; } catch (E e) { x = e; } g(x); }",
        "x@0 <= 1@1; x@3 <= e@4; e@4 <- e@2; x@5 <- x@0; x@5 <- x@3",
    ),
    ("java", "void f() { do { y++; } while (y < 3); }", "y@0 <= y@0; y@1 <- y@0"),
    (
        "python",
        "def f(a, b=1):\n    a, b = b, a\n    return a + b",
        "b@1 <= 1@2; a@3 <= b@5; b@4 <= a@6; b@5 <- b@1; a@6 <- a@0; a@7 <- a@3; b@8 <- b@4",
    ),
    (
        "python",
        "for v in xs:\n    s += v\nelse:\n    t = s",
        "v@0 <= xs@1; s@2 <= v@3; s@2 <= s@2; v@3 <- v@0; t@4 <= s@5; s@5 <- s@2",
    ),
    ("python", "r = [x * k for x in xs if x]", "x@1 <- x@3; x@3 <= xs@4; x@5 <- x@3"),
    (
        "python",
        "self.x = y\nz = self.x\nself.f(z)",
        "self.x@0 <= y@1; z@2 <= self.x@3; self.x@3 <- self.x@0; z@5 <- z@2",
    ),
    (
        "python",
        "with open(p) as f:\n    d = f.read()\nif (n := d): print(n)",
        "f@2 <= p@1; d@3 <= f@4; f@4 <- f@2; n@5 <= d@6; d@6 <- d@3; n@8 <- n@5",
    ),
    ("python", 'def f():\n    """text {x}"""\n    g = lambda q: q + h\n    return g(1)', "q@2 <- q@1; g@4 <- g@0"),
    (
        "python",
        "match x:\n    case [a, b]:\n        y = a\n    case _:\n        y = b\nprint(y)",
        "y@3 <= a@4; a@4 <- a@1; y@5 <= b@6; y@8 <- y@3; y@8 <- y@5",
    ),
    ("python", "s = f'{a} {b}'\nt = 'a'", "s@0 <= a@1; s@0 <= b@2; t@3 <= 'a'@4"),
    ("javascript", "const {e, g: [h]} = a; f(e, h);", "e@0 <= a@2; h@1 <= a@2; e@4 <- e@0; h@5 <- h@1"),
    (
        "javascript",
        "function f(a, b = 1) { for (const k of a) { x = `a${k}`; } x += b; return x }",
        "b@1 <= 1@2; k@3 <= a@4; a@4 <- a@0; x@5 <= k@6; k@6 <- k@3; x@7 <= b@8; x@7 <= x@5; b@8 <- b@1; x@9 <- x@7",
    ),
    ("javascript", "const m = (p, q) => p + q; m(x)", "p@3 <- p@1; q@4 <- q@2; m@5 <- m@0"),
    (
        "typescript",
        "function f(a: T, b?: number): X { let c: T = a as T; return c! }",
        "c@2 <= a@3; a@3 <- a@0; c@4 <- c@2",
    ),
    (
        "go",
        "func f(a, b int) int { x, y := a, b; for i := 0; i < x; i++ { r += y }; return r }",
        "x@2 <= a@4; y@3 <= b@5; a@4 <- a@0; b@5 <- b@1; i@6 <= 0@7; i@8 <- i@6; i@8 <- i@10; x@9 <- x@2; "
        "i@10 <= i@6; i@10 <= i@10; r@11 <= y@12; r@11 <= r@11; y@12 <- y@3; r@13 <- r@11",
    ),
    (
        "go",
        "func f() { for k, v := range m { r = v }; p.q = r; *w = r }",
        "k@0 <= m@2; v@1 <= m@2; r@3 <= v@4; v@4 <- v@1; p@5 <= r@6; r@6 <- r@3; w@7 <= r@8; r@8 <- r@3",
    ),
    (
        "go",
        "func f() { switch x := y.(type) { case int: z = x; default: z = 1 }; g(z) }",
        "x@0 <= y@1; z@2 <= x@3; x@3 <- x@0; z@4 <= 1@5; z@7 <- z@2; z@7 <- z@4",
    ),
    (
        "c",
        "int f(int a) { int x = a, *y; y = &x; *y = 3; return *y; }",
        "x@1 <= a@2; a@2 <- a@0; y@4 <= x@5; x@5 <- x@1; y@6 <= 3@7; y@6 <- y@4; y@8 <- y@6",
    ),
    (
        "c",
        "int f(int a, char *b) { for (int i = 0; i < a; i++) b[i] = a; return b[0]; }",
        "i@2 <= 0@3; i@4 <- i@2; i@4 <- i@6; a@5 <- a@0; i@6 <= i@2; i@6 <= i@6; b@7 <= a@9; b@7 <- b@1; "
        "b@7 <- b@7; i@8 <- i@2; i@8 <- i@6; a@9 <- a@0; b@10 <- b@1; b@10 <- b@7",
    ),
    (
        "c",
        "int f(int a) { switch (a) { case 1: b = 1; break; default: b = 2; } return b; }",
        "a@1 <- a@0; b@3 <= 1@4; b@5 <= 2@6; b@7 <- b@3; b@7 <- b@5",
    ),
    (
        "cpp",
        "int f(const V& v) { int s{0}; for (auto& x : v) s += x; return s; }",
        "s@1 <= 0@2; x@3 <= v@4; v@4 <- v@0; s@5 <= x@6; s@5 <= s@1; s@5 <= s@5; x@6 <- x@3; s@7 <- s@1; s@7 <- s@5",
    ),
    (
        "cpp",
        "auto g = [&](int q) { return q + s; }; this->t = g(1); std::cout << this->t;",
        "q@2 <- q@1; this->t@4 <= g@5; this->t@4 <= 1@6; g@5 <- g@0; this->t@7 <- this->t@4",
    ),
    (
        "c_sharp",
        "int F(int a, int b = 1) { var x = a; x += b; x++; return -x; }",
        "b@1 <= 1@2; x@3 <= a@4; a@4 <- a@0; x@5 <= b@6; x@5 <= x@3; b@6 <- b@1; x@7 <= x@5; x@8 <- x@7",
    ),
    (
        "c_sharp",
        "void F() { foreach (var t in xs) { x = t; } Func<int,int> f = v => v + x; this.y = f(x); }",
        "t@0 <= xs@1; x@2 <= t@3; t@3 <- t@0; v@6 <- v@5; x@7 <- x@2; this.y@8 <= f@9; this.y@8 <= x@10; "
        "f@9 <- f@4; x@10 <- x@2",
    ),
    (
        "ruby",
        "def f(a, b = 1)\n  x = a\n  c.each { |k| x = k }\n  @y = x if b\n  x\nend",
        "b@1 <= 1@2; x@3 <= a@4; a@4 <- a@0; x@7 <= k@8; k@8 <- k@6; @y@9 <= x@10; x@10 <- x@3; x@10 <- x@7; "
        "b@11 <- b@1; x@12 <- x@3; x@12 <- x@7",
    ),
    ("ruby", "x = 1 while y\nself.z, w = x, 2", "x@0 <= 1@1; self.z@3 <= x@5; w@4 <= 2@6; x@5 <- x@0"),
    (
        "php",
        "function f($a, $b = 1) { foreach ($a as $k => $v) { $x .= $v; } $this->p = $x; return $this->p; }",
        "$b@1 <= 1@2; $a@3 <- $a@0; $k@4 <= $a@3; $v@5 <= $a@3; $x@6 <= $v@7; $x@6 <= $x@6; $v@7 <- $v@5; "
        "$this->p@8 <= $x@9; $x@9 <- $x@6; $this->p@10 <- $this->p@8",
    ),
    (
        "php",
        '$d[$k] = "s $x"; if ($d) { $y = 1; } else { $y = 2; } echo $y;',
        "$d@0 <= $x@2; $d@3 <- $d@0; $y@4 <= 1@5; $y@6 <= 2@7; $y@8 <- $y@4; $y@8 <- $y@6",
    ),
    (
        "rust",
        "fn f(mut a: i32) { let (x, y) = (a, 1); if let Some(z) = g(x) { a += z; } h(a, y); }",
        "x@1 <= a@3; y@2 <= 1@4; a@3 <- a@0; z@5 <= x@7; x@7 <- x@1; a@8 <= z@9; a@8 <= a@0; z@9 <- z@5; "
        "a@11 <- a@0; a@11 <- a@8; y@12 <- y@2",
    ),
    (
        "rust",
        "fn f() { for i in 0..n { s = i; } match s { 1 => x, w => w } }",
        "i@0 <= 0@1; i@0 <= n@2; s@3 <= i@4; i@4 <- i@0; s@5 <- s@3; w@9 <- w@8",
    ),
    # Code that does not parse has the edges of what could be made of it.
    ("java", "void f( { int b = a ; g(b", "b@1 <= a@2; b@4 <- b@1"),
    ("java", "", ""),
    ("java", "no code at all ...", ""),
    # Names outside ASCII, and what follows them on a line, are whole.
    ("python", "é = 'ü'; 名 = é", "é@0 <= 'ü'@1; 名@2 <= é@3; é@3 <- é@0"),
]


@pytest.mark.parametrize(("language", "code", "edges"), PROGRAMS)
def test_edges_of_small_programs(language, code, edges):
    """Each rule of a table gives the edges that its construct has."""
    assert "; ".join(map(str, data_flow(code, language))) == edges


def test_every_language_has_programs():
    """No table goes untested."""
    assert {language for language, _, _ in PROGRAMS} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_name_what_the_grammar_has(language):
    """Every kind and field that a table names stands in the grammar: a misspelt one would be passed over."""
    grammar, table = ts_language(language), flow_table(language)
    kinds = {grammar.node_kind_for_id(i) for i in range(grammar.node_kind_count)}
    fields = {grammar.field_name_for_id(i) for i in range(1, grammar.field_count + 1)}
    assert {*table.variables, *table.literals, *table.rules} <= kinds
    for place in (*table.names, *table.calls):
        kind, field = place.split(".")
        assert kind in kinds, place
        assert field in fields, place
    for kind, given_rule in table.rules.items():
        unknown = [r for r in given_rule.roles if r not in kinds | fields and not r.isdigit()]
        assert not unknown, (kind, unknown)


def test_compatible_tables_exist_for_the_languages_of_the_public_code():
    """TypeScript alone is in neither implementation."""
    assert set(COMPAT_TABLES) == set(LANGUAGES) - {"typescript"}


def test_a_misspelt_language_is_named():
    """A language without a table is an error that names close ones."""
    with pytest.raises(
        ParameterError, match="language must be one with a table of data flow, got 'pyhton': did you mean"
    ):
        data_flow("x = 1", "pyhton")


@given(st.text(), st.sampled_from(LANGUAGES))
def test_any_text_has_a_data_flow(text, language):
    """Text that is no code neither fails nor gives an edge to what is not there."""
    for edge in data_flow(text, language):
        assert edge.target_place >= 0
        assert edge.source_place >= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_renaming_variables_renames_the_edges(language):
    """A variable that is renamed throughout keeps its edges."""
    code = next(code for known, code, edges in PROGRAMS if known == language and edges)
    before = data_flow(code, language)
    name = re.escape(before[0].target)
    after = data_flow(re.sub(rf"(?<!\w){name}(?!\w)", f"{before[0].target}_renamed", code), language)
    assert after[0].target.endswith("_renamed")
    assert [(e.target_place, e.source_place, e.computed) for e in before] == [
        (e.target_place, e.source_place, e.computed) for e in after
    ]
