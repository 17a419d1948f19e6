"""APIUsageSplitter, Matches, and elements that are chosen by rarity or by a share of rows."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError, RegionError, UnresolvedAPIWarning
from codeshift.properties import APINames, ElementCounts, NodeTypes, Property, PropertyTable, grammar
from codeshift.properties.serialise import from_dict
from codeshift.regions.elements import Matches, matching
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter, Contains, LengthSplitter
from codeshift.splitters.choosing import Choice
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows


def inside(splitter, rows) -> np.ndarray:
    table = PropertyTable(rows)
    return splitter.fit(table).contains(table)


# --- patterns


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("numpy.linalg", "numpy.linalg.norm", True),
        ("numpy.linalg", "numpy.linalg", True),
        ("numpy.linalg", "numpy.linalgebra.norm", False),
        ("numpy.linalg", "numpy.fft.linalg", False),
        ("linalg", "numpy.linalg.norm", True),
        ("stream", "java.util.stream.Stream", True),
        ("stream", "List.stream", True),
        ("stream", ".stream", True),
        ("stream", "List.streams", False),
        ("Stream", "List.stream", False),
        ("net/http", "net/http.Get", True),
        ("http", "net/http.Get", True),
        (".append", ".append", True),
        ("java.util.stream.*", "java.util.stream.Collectors.toList", True),
        ("java.util.stream.*", "my.java.util.stream.X", False),
        ("*.Stream.*", "java.util.stream.Stream.of", True),
        ("*.Stream.*", "Stream.of", False),
        ("os.path.?oin", "os.path.join", True),
        ("[jk]oin", "join", True),
        ("a+b", "aab", False),
    ],
)
def test_patterns(pattern, name, matches):
    """A plain pattern matches a run of whole parts, a glob the whole name."""
    assert (matching(pattern, [name]) == [name]) is matches


TEXTS = st.lists(st.sampled_from("ab."), min_size=1).map("".join)


@given(TEXTS, TEXTS.filter(lambda text: text.strip(".")))
def test_plain_patterns_are_runs_of_parts(name, pattern):
    """The rule for plain patterns, by its definition."""
    parts, wanted = name.split("."), pattern.strip(".").split(".")
    runs = [parts[i : i + len(wanted)] for i in range(len(parts))]
    assert bool(matching(pattern, [name])) == (wanted in runs)


ROWS = Dataset.from_dict(
    {
        "code": [
            "import numpy as np\nnp.linalg.norm(np.array(x))",
            "os.path.join(a); os.sep",
            "os.path.exists(a)",
            "x = 1",
        ]
    }
)


def test_any_all_and_min_count():
    """``any`` takes rows of one pattern, ``all`` of every one; uses of one pattern are counted together."""
    used = APINames("code", "python")
    table = PropertyTable(ROWS)

    def rows(*patterns, **settings):
        return Matches(used, patterns, **settings).contains(table).tolist()

    assert rows("numpy", "os.path") == [True, True, True, False]
    assert rows("os", "join", match="all") == [False, True, False, False]
    assert rows("os", min_count=2) == [False, True, False, False]
    assert rows("no.such.api") == [False] * 4


def test_region_round_trips_and_applies_to_other_rows():
    """A region of patterns is plain JSON and divides rows that it was not fitted on."""
    region = APIUsageSplitter(column="code", language="python", apis=("os.path",)).fit(PropertyTable(ROWS))
    again = from_dict(region.to_dict())
    assert again == region == eval(repr(region), {"Matches": Matches, "APINames": APINames})  # noqa: S307
    others = PropertyTable(Dataset.from_dict({"code": ["from os import path\npath.isdir(a)", "y = 2"]}))
    assert again.contains(others).tolist() == [True, False]


def test_imports_decide():
    """The same text is inside or outside by what its imports say."""
    rows = Dataset.from_dict({"code": ["import numpy as np\nnp.dot(a)", "import nothing as np\nnp.dot(a)"]})
    assert inside(APIUsageSplitter(column="code", language="python", apis="numpy"), rows).tolist() == [True, False]


# --- automatic choice

COUNTS = st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=1, max_size=30)


@dataclass(frozen=True)
class Words(Property):
    """Counts of the words of each row."""

    def evaluate(self, table):
        return ElementCounts.from_rows([text.split() for text in table.texts(self.column)])


def chosen_of(choice, rows, noun):
    """Choose among rows given as lists of elements."""
    table = PropertyTable(Dataset.from_dict({"code": [" ".join(row) for row in rows]}))
    return choice.of(table, Words("code"), str.isalnum, noun)


def named(rows):
    return [[f"e{i}" for i, count in enumerate(row) for _ in range(count)] for row in rows]


@given(COUNTS, st.integers(1, 4), st.integers(1, 3), st.randoms())
def test_rarest_by_definition(rows, rarest, min_rows, random):
    """The rarest elements are those that the fewest rows hold, of those that enough rows hold, in whatever order rows come."""
    held = {f"e{i}": sum(row[i] > 0 for row in rows) for i in range(6)}
    usable = sorted((n, name) for name, n in held.items() if min_rows <= n < len(rows))
    choice = Choice(rarest=rarest, share=None, min_rows=min_rows, min_count=1)
    if len(usable) < rarest:
        with pytest.raises(RegionError, match=f"rarest must be at most {len(usable)}, the number of things"):
            chosen_of(choice, named(rows), "things")
        return
    expected = tuple(sorted(name for _, name in usable[:rarest]))
    assert chosen_of(choice, named(rows), "things") == expected
    random.shuffle(rows)
    assert chosen_of(choice, named(rows), "things") == expected


@given(COUNTS, st.floats(0.05, 0.9), st.randoms())
def test_share_is_near_or_an_error(rows, share, random):
    """A chosen region holds nearly the requested share in any order of rows; otherwise the error lists the candidates."""
    choice = Choice(rarest=None, share=share, min_rows=1, min_count=1)

    def chosen():
        try:
            return chosen_of(choice, named(rows), "things")
        except RegionError as error:
            return str(error)

    first = chosen()
    if isinstance(first, str):
        assert first.startswith("share must be a share that things can make up to within 25% of itself, got ")
    else:
        got = sum(any(row[int(name[1])] for name in first) for row in rows)
        assert got > 0
        assert abs(got - share * len(rows)) <= 0.25 * share * len(rows) + 1e-9
    random.shuffle(rows)
    assert chosen() == first


def test_unreachable_share():
    """If no elements come near the share, the error names the nearest."""
    rows = [["a"]] * 50 + [["b"]] * 45 + [["c"]] * 5
    with pytest.raises(RegionError) as caught:
        chosen_of(Choice(rarest=None, share=0.2, min_rows=1, min_count=1), rows, "nodes")
    assert str(caught.value) == (
        "share must be a share that nodes can make up to within 25% of itself, got 0.2: the nearest is "
        "5 of 100 rows (5.0%) or 45 of 100 rows (45.0%): ask for that, lower min_rows (1), or name the nodes"
    )


def test_few_and_common_elements_are_taken():
    """The share is made of the most frequent elements that fit."""
    rows = [["a"]] * 30 + [["b"]] * 19 + [["c"]] * 10 + [["d"]] * 41
    choice = Choice(rarest=None, share=0.2, min_rows=1, min_count=1)
    assert chosen_of(choice, rows, "nodes") == ("b",)


def test_min_count_is_part_of_the_choice():
    """Rows are counted by the same ``min_count`` by which the region takes them."""
    rows = Dataset.from_dict({"code": ["f(f(x))"] * 2 + ["f(x)"] * 8 + ["x = 1"] * 10})
    splitter = ASTNodeSplitter(column="code", language="python", share=0.1, min_count=2, min_rows=1)
    assert inside(splitter, rows).tolist() == [True] * 2 + [False] * 18


@pytest.mark.parametrize(
    ("language", "rows"), [("python", python_rows), ("java", java_rows), ("c_sharp", c_sharp_rows)]
)
@pytest.mark.parametrize("kind", [ASTNodeSplitter, APIUsageSplitter])
def test_share_on_real_rows(kind, language, rows):
    """On real rows the default gives about a tenth, and ``share`` about that share."""
    table = PropertyTable(rows())
    for splitter, share in (
        (kind(column="code", language=language), 0.1),
        (kind(column="code", language=language, share=0.2, min_rows=1), 0.2),
    ):
        region = splitter.fit(table)
        assert isinstance(region, Contains)
        assert abs(region.contains(table).mean() - share) <= 0.25 * share


def test_only_rules_and_known_names_are_chosen():
    """No token such as "(", no ERROR, no method of an unknown object is ever chosen."""
    table = PropertyTable(python_rows())
    nodes = ASTNodeSplitter(column="code", language="python", rarest=20, min_rows=1).fit(table).elements
    assert set(nodes) <= {
        kind for kind in grammar("python").node_kinds if kind.replace("_", "").isalpha() and kind != "ERROR"
    }
    apis = APIUsageSplitter(column="code", language="python", rarest=200, min_rows=1).fit(table).elements
    assert all("." in name.strip(".") or name[0].isupper() for name in apis)
    assert not any(name.startswith(".") for name in apis)


# --- laws

SPLITTERS = [
    APIUsageSplitter(column="code", language="python", apis=("builtins.len", "*.join")),
    APIUsageSplitter(column="code", language="python", share=0.2),
    APIUsageSplitter(column="code", language="python", rarest=3),
    ASTNodeSplitter(column="code", language="python", share=0.2),
    ASTNodeSplitter(column="code", language="python", rarest=2),
    APIUsageSplitter(column="code", language="python") & LengthSplitter(column="code", quantiles=(0.2, 1.0)),
    LengthSplitter(column="code") | APIUsageSplitter(column="code", language="python", apis=("builtins.isinstance",)),
]


@pytest.mark.parametrize("splitter", SPLITTERS, ids=repr)
def test_laws_on_python(splitter):
    """Every law of a split holds, alone and composed."""
    check_splitter(splitter, python_rows(), fresh_process=False)


def test_fresh_process():
    """Another process with another hash seed chooses the same elements and makes the same split."""
    check_splitter(APIUsageSplitter(column="code", language="python", share=0.2), python_rows())


@pytest.mark.parametrize(
    ("language", "rows", "apis"),
    [("java", java_rows, ("java.lang.String", "List")), ("c_sharp", c_sharp_rows, ("System.*", "StringBuilder"))],
)
def test_laws_on_java_and_c_sharp(language, rows, apis):
    """Every law holds on real Java and C# rows."""
    check_splitter(APIUsageSplitter(column="code", language=language, apis=apis), rows(), fresh_process=False)
    check_splitter(APIUsageSplitter(column="code", language=language), rows(), fresh_process=False)


# --- arguments


def test_defaults_and_repr():
    """Only column and language are required; the repr shows nothing else and builds the splitter again."""
    assert (
        repr(APIUsageSplitter(column="c", language="go"))
        == "APIUsageSplitter(column='c', language='go', share=0.1, min_rows=2, min_count=1)"
    )
    assert (
        repr(ASTNodeSplitter(column="c", language="go", rarest=3))
        == "ASTNodeSplitter(column='c', language='go', rarest=3, min_rows=10, min_count=1)"
    )
    assert APIUsageSplitter(column="c", language="go", apis="fmt") == APIUsageSplitter(
        column="c", language="go", apis=["fmt"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"language": "rust"},
            "language must be one whose API names are resolved, got 'rust': choose one of c_sharp, go, java, javascript, python, typescript",
        ),
        ({"language": "pyton"}, "language must be a known language, got 'pyton': did you mean python?"),
        ({"apis": ()}, 'apis must be at least one name or glob, got (): such as ("java.util.stream",)'),
        ({"apis": ("os", " ")}, "apis must be at least one name or glob, got ' ': such as (\"java.util.stream\",)"),
        ({"apis": (3,)}, 'apis must be at least one name or glob, got 3: such as ("java.util.stream",)'),
        ({"apis": ("os",), "share": 0.1}, "share must be left out if apis is given, got 0.1: choose one of the two"),
        ({"rarest": 3, "share": 0.1}, "share must be left out if rarest is given, got 0.1: choose one of the two"),
        ({"rarest": 0}, "rarest must be a whole number from 1 up, got 0: such as 1"),
        ({"share": 1.5}, "share must be a share of rows above 0 and below 1, got 1.5: 0.2 takes a fifth"),
        ({"min_rows": 0}, "min_rows must be a whole number from 1 up, got 0: such as 1"),
        ({"match": "al"}, "match must be one of any, all, got 'al': did you mean all?"),
        (
            {"match": "all"},
            "match must be \"any\" where apis is left out, got 'all': name the apis to hold out rows with all of them",
        ),
        ({"min_count": 0}, "min_count must be a whole number from 1 up, got 0: 1 takes every occurrence"),
    ],
)
def test_bad_arguments(arguments, message):
    """A value that cannot work is an error that names the parameter, the constraint, the value and the remedy."""
    with pytest.raises(ParameterError) as caught:
        APIUsageSplitter(**{"column": "code", "language": "python", **arguments})
    assert str(caught.value) == message


def test_node_types_share_the_checks():
    """ASTNodeSplitter refuses the same, under its own names."""
    with pytest.raises(ParameterError, match="rarest must be left out if nodes is given, got 2: choose one of the two"):
        ASTNodeSplitter(column="code", language="python", nodes=("call",), rarest=2)


def test_bad_match_of_a_region():
    """A region made by hand is checked as well."""
    with pytest.raises(ParameterError, match="match must be one of any, all, got 'none'"):
        Matches(NodeTypes("code", "python"), ("call",), match="none")


@pytest.mark.parametrize(
    ("language", "api", "held", "unresolved", "other"),
    [
        ("java", "java.util.stream", "java.util.stream.Stream.of(1);", "List<T> a = x; a.stream();", "a.add(1);"),
        ("java", "java.util.List", "java.util.List.of(1);", "List.of(2);", "Set.of(3);"),
        ("java", "java.util.List.add", "java.util.List.add(1);", "List<T> a = x; a.add(1);", "Set<T> a = x; a.add(1);"),
        ("c_sharp", "System.Array", "System.Array.Empty<int>();", "Array.Empty<int>();", "List.Of();"),
        ("go", "net/http", "http.Get(1)", "http.Get(1)", "url.Parse(1)"),
        (
            "python",
            "numpy.linalg",
            "import numpy as np\nnp.linalg.norm(x)",
            "np.linalg.norm(x)",
            "scipy.linalg.norm(x)",
        ),
        ("python", "os.path.join", "import os\nos.path.join(a)", "path.join(a)", "sep.joined(a)"),
        ("python", "numpy.random", "import numpy\nnumpy.random.x()", "random.x()", "import os, random\nrandom.x()"),
        ("python", "collections.abc", "import collections.abc as c\nc.A()", "abc.A()", "from abc import A\nA()"),
        ("javascript", "lodash.map", "import l from 'lodash'; l.map(x)", "_.map(x)", "import _ from 'm'; _.map(x)"),
        ("javascript", "react.useState", "import r from 'react'; r.useState(x)", "React.useState(1)", "Vue.use(1)"),
    ],
)
def test_rows_that_may_use_an_api_are_told(language, api, held, unresolved, other):
    """A bare method does not show its imports: a warning counts, by name, the rows that may use the API."""
    inside, around = {
        "java": ("void f%d() { %s }",) * 2,
        "c_sharp": ("void F%d() { %s }",) * 2,
        "go": ('package p\nimport "net/http"\nfunc f%d() { %s }', "func f%d() { %s }"),
        "python": ("x = %d\n%s",) * 2,
        "javascript": ("x = %d; %s",) * 2,
    }[language]
    code = [inside % (0, held), *(around % (i, unresolved) for i in (1, 2, 3)), around % (4, other)]
    splitter = APIUsageSplitter(column="code", language=language, apis=(api,))
    with pytest.warns(UnresolvedAPIWarning, match="matches 1 rows; 3 more hold names that may be the same"):
        region = splitter.fit(PropertyTable(Dataset.from_dict({"code": code})))
    assert region.contains(PropertyTable(Dataset.from_dict({"code": code}))).tolist() == [True] + [False] * 4


def test_several_apis_are_counted_in_one_pass(monkeypatch):
    """One summary counts all APIs, so that rows in files are read once for them; each is told in the order given."""
    summaries, summarise = [], PropertyTable.summarise
    monkeypatch.setattr(PropertyTable, "summarise", lambda self, s: summaries.append(s) or summarise(self, s))
    code = ["import numpy\nnumpy.random.x()", "random.x()", "import collections.abc as c\nc.A()", "abc.A()"]
    splitter = APIUsageSplitter(column="code", language="python", apis=("numpy.random", "collections.abc"))
    with pytest.warns(UnresolvedAPIWarning) as warned:
        splitter.fit(PropertyTable(Dataset.from_dict({"code": code})))
    assert [str(each.message).split(";")[0] for each in warned] == [
        "apis: 'numpy.random' matches 1 rows",
        "apis: 'collections.abc' matches 1 rows",
    ]
    assert len(summaries) == 1


def test_nothing_is_told_where_imports_tell():
    """Rows that import another module of the same name are no candidates."""
    code = ["import os\nos.path.join(a)", "import posixpath\nposixpath.join(b)", "from shutil import copy\ncopy(a)"]
    APIUsageSplitter(column="code", language="python", apis=("os.path.join",)).fit(
        PropertyTable(Dataset.from_dict({"code": code}))
    )
