"""Similar programs lie on one side of a region, however they are written; what is unknown is reported."""

from __future__ import annotations

import pytest
from datasets import Dataset

from codeshift.errors import SmallPartWarning, UnresolvedAPIWarning
from codeshift.properties import PropertyTable
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter, GroupSplitter, Splitter


def inside(splitter: Splitter, code: list[str]) -> list[bool]:
    """Return which programs lie in the region fitted on them."""
    table = PropertyTable(Dataset.from_dict({"code": code}))
    return splitter.fit(table).contains(table).tolist()


GENERIC = {
    "go": ('package p\nimport "a/h"\nfunc f{}() {{ h.Map[int,string](x) }}', "package p\nfunc g{}() {{ k() }}", "*Map"),
    "c_sharp": (
        "using System;\nclass A {{ void F{}() {{ var x = Array.Empty<int>(); }} }}",
        "class B {{ void G{}() {{ H(); }} }}",
        "*Empty",
    ),
}


@pytest.mark.parametrize("language", GENERIC)
def test_a_generic_call_has_its_name(language: str) -> None:
    """Type arguments stand between the name and the call."""
    using, other, api = GENERIC[language]
    code = [text.format(i) for text in (using, other) for i in range(3)]
    assert inside(APIUsageSplitter(language=language, apis=(api,)), code) == [True] * 3 + [False] * 3


def test_a_starred_call_has_its_name() -> None:
    """The star belongs to the list and not to the name; a call of a name without an import is another name."""
    code = ["import re\ny = [*re.findall(a)]", "import re\ny = np.linalg\\\n.norm(x)", "z = 1"]
    assert inside(APIUsageSplitter(language="python", apis=("re.findall",)), code) == [True, False, False]


def test_line_ends_move_no_row() -> None:
    """No kind of line end moves a row, not even within a comment."""
    text = "# c\nwhile x:\n    pass\n"
    code = [text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), "y = 1"]
    assert inside(ASTNodeSplitter(language="python", nodes=("while_statement",)), code) == [True] * 3 + [False]


def test_what_bare_methods_hide_is_told_by_assign() -> None:
    """Sixty methods use streams without an import; the warning states their number and the cause."""
    use = "public List<T> f{0}(List<T> a) {{ return a.stream().map(x -> x + {0}).collect(Collectors.toList()); }}"
    code = [use.format(i) for i in range(60)] + [f"public int g{i}(int a) {{ return a + {i}; }}" for i in range(200)]
    code += [f"public void h{i}() {{ java.util.stream.Stream.of({i}, 3); }}" for i in range(2)]
    splitter = APIUsageSplitter(language="java", apis=("java.util.stream",))
    told = (
        "'java.util.stream' matches 2 rows; 60 more hold names that may be the same .* not the import that would tell"
    )
    with pytest.warns(UnresolvedAPIWarning, match=told):
        splitter.assign(Dataset.from_dict({"code": code}), near_duplicates=None, min_test_rows=0)


def test_a_group_of_a_few_rows_is_told_by_assign() -> None:
    """The warning comes with the split, before anything is trained on it."""
    kinds = ["rare" if i < 12 else "usual" for i in range(400)]
    code = [f"x{i} = {i} * {i}" + " + y" * (i % 7) for i in range(400)]
    splitter = GroupSplitter(by="kind", values=("rare",))
    with pytest.warns(SmallPartWarning, match="test_ood has 6 distinct rows"):
        splitter.assign(Dataset.from_dict({"code": code, "kind": kinds}), near_duplicates=None)
