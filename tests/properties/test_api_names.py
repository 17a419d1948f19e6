"""Qualified API names: small programs in each language, with the names that they use."""

# ruff: noqa: E501 - programs are quoted completely

from __future__ import annotations

from collections import Counter

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.properties import APINames, PropertyTable
from codeshift.properties.api_names import API_LANGUAGES
from codeshift.properties.syntax import scan_batch


def used(language: str, code: str) -> dict[str, int]:
    """Return the names that one row uses."""
    return dict(Counter(scan_batch([code], language)["apis"][0]))


PYTHON = {
    "an alias": ("import numpy as np\nnp.linalg.norm(x)", {"numpy.linalg.norm": 1}),
    "a submodule under its package's name": (
        "import os.path\nos.path.join(a)\nos.sep",
        {"os.path.join": 1, "os.sep": 1},
    ),
    "from, with an alias": ("from os import path as p, sep\np.join(a, sep)", {"os.path.join": 1}),
    "a called name": (
        "from os.path import (join,  # here\n exists as e)\njoin(e(a))",
        {"os.path.join": 1, "os.path.exists": 1},
    ),
    "a class": ("from pathlib import Path\nPath.cwd() / Path(a)", {"pathlib.Path.cwd": 1, "pathlib.Path": 1}),
    "built-ins": ("len(str.join(a, b))", {"builtins.len": 1, "builtins.str.join": 1}),
    "a literal's method": ("'a'.join(x); [].append(1)", {"builtins.str.join": 1, "builtins.list.append": 1}),
    "a bare function's imports are outside": ("def f(a):\n    return np.dot(a, a)", {"np.dot": 1}),
    "a parameter hides": (
        "def f(np, *args, k: int = 1, **kw):\n    np.dot(k.x(), args.y, kw.get(1))",
        {".dot": 1, ".x": 1, ".get": 1},
    ),
    "a default is no parameter": ("def f(a=np.pi, b=g(1, c)):\n    c.d(1)", {"np.pi": 1, "g": 1, "c.d": 1}),
    "an assigned name hides": (
        "x, (y, z.w) = f()\nx.a(); y.b(); z.c()",
        {"f": 1, ".a": 1, ".b": 1, "z.w": 1, "z.c": 1},
    ),
    "loops and with hide": (
        "for i, j in a:\n    i.b()\nwith open(p) as fh:\n    fh.read()\n[k.c() for k in a]",
        {".b": 1, "builtins.open": 1, ".read": 1, ".c": 1},
    ),
    "async for and def": ("async def f():\n    async for i in a:\n        i.b()\n        f()", {".b": 1}),
    "own functions and classes": ("def f(): pass\nclass C: pass\nf(); C(); C.g()", {".g": 1}),
    "the object at hand": ("def f(self):\n    self.g()\n    self.h.i()\n    self.j", {".g": 1, ".i": 1}),
    "what a call gives": ("import re\nre.compile(a).match(b).group()", {"re.compile": 1, ".match": 1, ".group": 1}),
    "each use counts": ("import os\nos.sep, os.sep", {"os.sep": 2}),
    "a member in a decorator": ("import abc\n@abc.abstractmethod\ndef f(): pass", {"abc.abstractmethod": 1}),
    "own modules are no API": ("from . import a\nfrom .b import c\na.d(); c()", {}),
    "the first import stands": (
        "try:\n    import json as j\nexcept ImportError:\n    import simplejson as j\nj.load(f)",
        {"json.load": 1},
    ),
    "star imports bring nothing": ("from os import *\ngetcwd()", {"getcwd": 1}),
    "a starred call": (
        "import re\n[*re.findall(a)], f(*re.split(b)), [*sorted(c)]",
        {"re.findall": 1, "f": 1, "re.split": 1, "builtins.sorted": 1},
    ),
    "a continued line": ("import numpy as np\nnp.linalg\\\n    .norm(x)", {"numpy.linalg.norm": 1}),
    "a comment in a chain": ("import numpy as np\n(np\n .linalg  # np.other\n .norm(x))", {"numpy.linalg.norm": 1}),
    "bytes, numbers and tuples": (
        "b''.join(a); rb'x'.split(); (1, 2).count(1); 1.5.hex(); (3).bit_length(); 1j.conjugate()",
        {
            "builtins.bytes.join": 1,
            "builtins.bytes.split": 1,
            "builtins.tuple.count": 1,
            "builtins.float.hex": 1,
            "builtins.int.bit_length": 1,
            "builtins.complex.conjugate": 1,
        },
    ),
    "strings side by side": (
        "('a' 'b').join(c); b'a' b'b'.join(c)",
        {"builtins.str.join": 1, "builtins.bytes.join": 1},
    ),
    "brackets around a module": ("import re\n(re).sub(a, b, c)", {"re.sub": 1}),
    "lone carriage returns end lines": ("import re # x\rre.sub(a) # y\rre.match(b)", {"re.sub": 1, "re.match": 1}),
    "a case compares with classes and values, and binds": (
        "import a\nmatch x:\n    case a.B(y=1) | a.C: x.d()\n    case [q, *r, {'k': v, **w}]: q.e(r.f(), v.g(), w.h())\n"
        "    case int() as z: z.i()\n    case n if n.j(): n.k()",
        {"a.B": 1, "a.C": 1, "builtins.int": 1, "x.d": 1}
        | dict.fromkeys([".e", ".f", ".g", ".h", ".i", ".j", ".k"], 1),
    ),
    "a match without a call": ("from a import B\nmatch x:\n    case B(): pass", {"a.B": 1}),
    "type parameters hide": (
        "def f[T: np.x, *U](a: T):\n    T.b(); U.c()\nclass C[V]:\n    d = V.e()",
        {"np.x": 1, ".b": 1, ".c": 1, ".e": 1},
    ),
    "truth values": ("True.bit_length()", {"builtins.bool.bit_length": 1}),
    "in f-strings, decorators, defaults and a walrus": (
        "import re\n@re.a(re.b)\ndef f(x=re.c()):\n    if (m := re.d(x)):\n        return f'{re.e(m.g()):>{re.h}}'",
        {"re.a": 1, "re.b": 1, "re.c": 1, "re.d": 1, "re.e": 1, ".g": 1, "re.h": 1},
    ),
    "two stars": ("import re\nf(**re.a()); {**re.b()}", {"f": 1, "re.a": 1, "re.b": 1}),
}

JAVA = {
    "an imported type": (
        "import java.util.List; class A { void f(List<String> xs) { xs.add(1); } }",
        {"java.util.List.add": 1},
    ),
    "a type that is not imported": ("void f(List<String> xs) { xs.add(a); }", {"List.add": 1}),
    "java.lang": (
        "String f(String s) { return s.trim() + Math.max(1, 2); }",
        {"java.lang.String.trim": 1, "java.lang.Math.max": 1},
    ),
    "a wildcard": (
        "import java.util.*; class A { Map<K, V> m; void f() { m.get(1); this.m.put(1, 2); Foo.g(); } }",
        {"java.util.Map.get": 1, "java.util.Map.put": 1, "Foo.g": 1},
    ),
    "a class in two wildcards": (
        "import java.util.*; import java.sql.*; class A { void f(Date d) { d.getTime(); } }",
        {"java.util.Date.getTime": 1},
    ),
    "static imports": (
        "import static org.junit.Assert.assertEquals; import static java.lang.Math.*;"
        " class A { void f() { assertEquals(max(1, 2), g()); } int g() { return 1; } }",
        {"org.junit.Assert.assertEquals": 1, "java.lang.Math.max": 1},
    ),
    "full names": ("void f() { java.util.Collections.sort(xs); }", {"java.util.Collections.sort": 1}),
    "constructors": (
        "import java.util.ArrayList; class A { Object f() { var x = new ArrayList<String>(); x.add(1); return new a.b.C(); } }",
        {"java.util.ArrayList": 1, "java.util.ArrayList.add": 1, "a.b.C": 1},
    ),
    "static fields": (
        "void f() { System.out.println(Integer.MAX_VALUE); }",
        {"java.lang.System.out.println": 1, "java.lang.Integer.MAX_VALUE": 1},
    ),
    "method references": ("void f(List<Foo> a) { a.forEach(Foo::bar); }", {"List.forEach": 1, "Foo.bar": 1}),
    "every kind of declaration": (
        "void f() { for (Foo a : b) a.m(); try (Res r = new Res()) { r.n(); } catch (IOException e) { e.o(); }"
        " if (p instanceof Bar q) q.p(); }",
        {"Foo.m": 1, "Res": 1, "Res.n": 1, "IOException.o": 1, "Bar.p": 1},
    ),
    "casts and literals": ('void f(Object o) { ((Foo) o).g(); "a".trim(); }', {"Foo.g": 1, "java.lang.String.trim": 1}),
    "unknown objects": (
        "void f() { items.stream().map(x -> x.g()); super.h(); }",
        {".stream": 1, ".map": 1, ".g": 1, ".h": 1},
    ),
    "two types of one name": ("void f() { { Foo a; a.g(); } { Bar a; a.h(); } }", {".g": 1, ".h": 1}),
    "arrays, type parameters and own classes": (
        "class A<T> { void f(T t, String[] s, A a) { t.g(); s.clone(); a.h(); f(t, s, a); } }",
        {".g": 1, ".clone": 1, ".h": 1},
    ),
    "nested types": (
        "import java.util.Map; class A { void f(Map.Entry<K, V> e) { e.getKey(); } }",
        {"java.util.Map.Entry.getKey": 1},
    ),
    "type arguments in a call": (
        "import java.util.Collections;\nclass A { void f() { Collections.<String>emptyList(); } }",
        {"java.util.Collections.emptyList": 1},
    ),
    "type arguments in a reference": (
        "import java.util.ArrayList;\nclass A { Object o = ArrayList<String>::new; }",
        {"java.util.ArrayList.new": 1},
    ),
    "a comment in a chain": ("void f() { Files // Paths.get\n .walk(p); }", {"Files.walk": 1}),
    "patterns of a switch and of records": (
        "void f(Object o) { switch (o) { case String s -> s.trim(); case Point(int x, Foo y) -> y.z(); }"
        " if (o instanceof Pair(Bar b, var c)) { b.d(); c.e(); } }",
        {"java.lang.String.trim": 1, "Foo.z": 1, "Bar.d": 1, ".e": 1},
    ),
    "an outer object at hand": (
        "class A { class B { Foo x; void f() { A.this.g(); A.this.x.h(); } } }",
        {".g": 1, "Foo.h": 1},
    ),
    "a reference with type arguments of its own": (
        "import a.B; class A { Object o = B::<String>make; }",
        {"a.B.make": 1},
    ),
}

C_SHARP = {
    "a namespace's type": (
        "using System.Collections.Generic; class A { void F(List<int> xs) { xs.Add(xs.Count); } }",
        {"System.Collections.Generic.List.Add": 1, "System.Collections.Generic.List.Count": 1},
    ),
    "without its using": (
        "void F(List<int> xs) { xs.Add(1); Console.WriteLine(2); }",
        {"List.Add": 1, "Console.WriteLine": 1},
    ),
    "keyword types": (
        'string F(string s) { return s.Trim() + int.Parse("1") + "a".ToUpper(); }',
        {"System.String.Trim": 1, "System.Int32.Parse": 1, "System.String.ToUpper": 1},
    ),
    "an alias": (
        "using J = Newtonsoft.Json.JsonConvert; class A { void F() { J.SerializeObject(1); } }",
        {"Newtonsoft.Json.JsonConvert.SerializeObject": 1},
    ),
    "using static": (
        "using static System.Math; class A { void F() { Max(1, 2); G(); } void G() {} }",
        {"System.Math.Max": 1},
    ),
    "constructors and var": (
        "using System.Text; class A { void F() { var b = new StringBuilder(); b.Append(1); } }",
        {"System.Text.StringBuilder": 1, "System.Text.StringBuilder.Append": 1},
    ),
    "properties of typed members": (
        "class A { Foo P { get; set; } void F() { P.G(); this.P.H(); } }",
        {"Foo.G": 1, "Foo.H": 1},
    ),
    "null-conditional calls": ("void F(Foo f) { f?.G(); a.b()?.H(); }", {"Foo.G": 1, ".H": 1, ".b": 1}),
    "unknown objects": (
        "void F() { xs.Where(x => x.Y).ToList<int>(); base.Q(); }",
        {".Where": 1, ".ToList": 1, ".Q": 1},
    ),
    "patterns and out": (
        "void F() { if (o is Foo g) g.H(); d.TryGet(k, out Bar v); v.I(); }",
        {"Foo.H": 1, ".TryGet": 1, "Bar.I": 1},
    ),
    "own types": ("class A { void F(A a) { a.G(); F(a); } }", {".G": 1}),
    "generic methods": (
        "using System;\nclass A { void F() { var x = Array.Empty<int>(); } }",
        {"System.Array.Empty": 1},
    ),
    "generic types in generic types": (
        "using System.Collections.Generic;\nclass A { void F() { Dictionary<string, List<(int a, T? b)>>.Of<int[]>(); } }",
        {"System.Collections.Generic.Dictionary.Of": 1},
    ),
    "a generic method of a class used statically": (
        "using static System.Array;\nclass A { void F() { Empty<int>(); } }",
        {"System.Array.Empty": 1},
    ),
    "patterns with properties": (
        "void F() { if (o is Foo { X: Bar b } f && o is not Baz z) { f.G(); b.H(); z.I(); } }",
        {"Foo.G": 1, "Bar.H": 1, "Baz.I": 1},
    ),
    "generic calls in a chain": ("void F() { Foo.B<C>().D<E>(); Foo<int>.Z(); }", {"Foo.B": 1, ".D": 1, "Foo.Z": 1}),
}

JAVASCRIPT = {
    "a default import": ("import fs from 'fs'; fs.readFileSync(a)", {"fs.readFileSync": 1}),
    "named imports": (
        "import {readFile as rf, writeFile} from 'node:fs/promises'; rf(a); writeFile(b)",
        {"fs/promises.readFile": 1, "fs/promises.writeFile": 1},
    ),
    "a namespace import": ("import * as p from 'path'; p.join(a, p.sep)", {"path.join": 1, "path.sep": 1}),
    "require": ("const fs = require('fs'); fs.stat(a)", {"fs.stat": 1}),
    "destructured require": ("const {join, sep: s} = require('path'); join(s.x)", {"path.join": 1, "path.sep.x": 1}),
    "a member of require": (
        "const p = require('fs').promises; p.open(a); require('os').cpus()",
        {"fs.promises.open": 1, "os.cpus": 1},
    ),
    "dynamic import": ("async () => { const m = await import('m'); m.f() }", {"m.f": 1}),
    "globals": ("JSON.parse(fetch(a)); new Date(); Math.PI", {"JSON.parse": 1, "fetch": 1, "Date": 1, "Math.PI": 1}),
    "literals": (
        "[].map(f); 'a'.split(b); `c`.trim()",
        {"Array.prototype.map": 1, "String.prototype.split": 1, "String.prototype.trim": 1},
    ),
    "bound names": (
        "function f(a, {b, c: d}, e = g) { a.h(); b.i(); d.j(); e.k(); f(); const l = 1; l.m(); [1].x(y => y.n()) }",
        {".h": 1, ".i": 1, ".j": 1, ".k": 1, ".m": 1, "Array.prototype.x": 1, ".n": 1},
    ),
    "own files are no API": ("import u from './u'; u.f()", {}),
    "optional chains": ("import a from 'a'; a?.b(); c.d()?.e()", {"a.b": 1, "c.d": 1, ".e": 1}),
    "what is required, taken apart": (
        "const {a: {b, 'c': d}, e = 1, ...f} = require('m'); b(d.x(), e(), f.g()); const [h] = require('n'); h.i()",
        {"m.a.b": 1, "m.a.c.x": 1, "m.e": 1, "m.g": 1, ".i": 1},
    ),
    "a promise of a module is no module": (
        "import('m').then(f); const p = import('n'); p.then(g)",
        {".then": 2},
    ),
}

TYPESCRIPT = {
    "typed parameters": ("import {A} from 'a'; function f(x: A, y?: string) { x.g(); y!.h(); }", {".g": 1, ".h": 1}),
    "import require": ("import q = require('q'); q.z(1)", {"q.z": 1}),
    "new with type arguments": ("import {A} from 'a'; new A<string>()", {"a.A": 1}),
    "type arguments": (
        'import * as fs from "fs"; fs.read<string>(a); new Map<string, number>();',
        {"fs.read": 1, "Map": 1},
    ),
}

GO = {
    "packages": (
        'package p\nimport ("fmt"; m "math/rand")\nfunc f() { fmt.Println(m.Intn(2)) }',
        {"fmt.Println": 1, "math/rand.Intn": 1},
    ),
    "versions": (
        'package p\nimport "example.com/a/yaml.v3"\nimport "example.com/rand/v2"\nfunc f() { yaml.A(); rand.B() }',
        {"example.com/a/yaml.v3.A": 1, "example.com/rand/v2.B": 1},
    ),
    "typed variables": (
        'package p\nimport "net/http"\nfunc f(w http.ResponseWriter, r *http.Request) { w.Write(r.Body); c := &http.Client{}; c.Do(r) }',
        {"net/http.ResponseWriter.Write": 1, "net/http.Request.Body": 1, "net/http.Client": 1, "net/http.Client.Do": 1},
    ),
    "built-ins": ("func f(a []int) int { return len(append(a, 1)) }", {"builtin.len": 1, "builtin.append": 1}),
    "a bare function's imports are outside": ("func f() { fmt.Println(1) }", {"fmt.Println": 1}),
    "bound names": (
        "func (r *T) f(a int) { x, err := g(); x.h(); err.Error(); for i, v := range a { v.j(i) }; r.k.l() }",
        {".h": 1, ".Error": 1, ".j": 1, ".l": 1},
    ),
    "dot imports": ('package p\nimport . "math"\nfunc f() { Sqrt(2) }', {"math.Sqrt": 1}),
    "generic calls": (
        'package p\nimport "a/h"\nfunc f() { h.Map[int](x); h.Map[int, string](y); h.Of[[]int](z) }',
        {"a/h.Map": 2, "a/h.Of": 1},
    ),
    "generic calls of a package imported with a dot": (
        'package p\nimport . "a/h"\nfunc f() { Map[int](x) }',
        {"a/h.Map": 1},
    ),
    "generic types": (
        'package p\nimport "a/h"\nfunc f(m *h.Tree[string]) { m.Walk(); q := h.Pair[int, string]{1, "a"}; q.First() }',
        {"a/h.Tree.Walk": 1, "a/h.Pair": 1, "a/h.Pair.First": 1},
    ),
    "an element is no package's generic": ("func f(fs []func(int)) { fs[0](1) }", {}),
    "type arguments of packages, chained": (
        'package p\nimport ("a/h"; "b/g")\nfunc f() { h.Map[g.T, *g.U](x).Y(); h.Of[map[string]g.T](z) }',
        {"a/h.Map": 1, ".Y": 1, "a/h.Of": 1},
    ),
}

_ALL = {
    "python": PYTHON,
    "java": JAVA,
    "c_sharp": C_SHARP,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "go": GO,
}
CASES = [
    pytest.param(language, *case, id=f"{language}: {name}")
    for language, cases in _ALL.items()
    for name, case in cases.items()
]


def test_every_language_has_cases():
    """Every language whose names are resolved has test programs."""
    assert set(_ALL) == set(API_LANGUAGES)


@pytest.mark.parametrize(("language", "code", "expected"), CASES)
def test_names(language, code, expected):
    """The names of a program follow from its imports and declarations."""
    assert used(language, code) == expected


_FRAGMENTS = st.sampled_from(
    ["import ", "from ", "a", ".", "b", "(", ")", " as ", "::", "?.", "new ", "=", "{", "}", "<", ">", ",", ";", "\n", ":",
     "def ", "class ", "for ", "in ", "var ", "using ", "static ", "*", "'x'", "func ", "async ", "[", "]", "é", "require", "\t"]
)  # fmt: skip


@given(code=st.one_of(st.text(max_size=60), st.lists(_FRAGMENTS, max_size=25).map("".join)))
@pytest.mark.parametrize("language", API_LANGUAGES)
def test_any_text(language, code):
    """Any text can be read; no name is empty, and reading again gives the same names."""
    names = used(language, code)
    assert all(name.strip(".") for name in names)
    assert used(language, code) == names


def test_names_do_not_leak_between_rows():
    """An import affects only its own row."""
    rows = ["import numpy as np\nnp.a()", "np.a()", "import numpy as np", "np.a()"]
    assert scan_batch(rows, "python")["apis"] == [["numpy.a"], ["np.a"], [], ["np.a"]]


def test_property():
    """The property counts the names of each row."""
    table = PropertyTable(Dataset.from_dict({"code": ["import os\nos.sep, os.sep", "x = 1"]}))
    assert table.values(APINames("code", "python")).of(("os.sep",)).tolist() == [[2], [0]]


def test_a_language_without_names():
    """A language whose names are not resolved raises an error, instead of giving rows without APIs."""
    with pytest.raises(
        ParameterError, match="language must be one whose API names are resolved, got 'rust': choose one of"
    ):
        APINames("code", "rust")
