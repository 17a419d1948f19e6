"""Warnings point to the line of the user's code, through whichever function of the library they come."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.audit import audit
from codeshift.data import load_rows
from codeshift.errors import CodeshiftWarning, LeftOutWarning, SizeWarning, SmallPartWarning, UnresolvedAPIWarning
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter, LengthSplitter
from helpers.bad_texts import bad_text

ROWS = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)] * 2})
LONG = LengthSplitter(column="code", quantiles=(0.8, 1.0))
SIZES = {"seed": 0, "test_ood_size": 3}
JAVA = Dataset.from_dict(
    {
        "code": [f"int f{i}() {{ {'while (a) b();' if i % 5 == 0 else 'c();'} }}" for i in range(60)]
        + [bad_text("x => ")]
    }
)
LOOPS = ASTNodeSplitter(column="code", language="java", nodes=("while_statement",))
CALLS = Dataset.from_dict(
    {"code": [f"import json\njson.loads({i})" for i in range(8)] + [f"loads(x{i})" for i in range(30)]}
)
JSON = APIUsageSplitter(column="code", language="python", apis=("json.loads",))


def read_rows(folder: Path) -> None:
    path = folder / "rows.jsonl"
    path.write_text('{"code": "x = 1"}\n{"code": ""}\n')
    load_rows(path, require=["code"])


@pytest.mark.parametrize(
    ("category", "call"),
    [
        (SizeWarning, lambda _: LONG.split(ROWS, **SIZES)),
        (SizeWarning, lambda _: LONG.assign(ROWS, **SIZES)),
        (SizeWarning, lambda _: (LONG & ~LOOPS).assign(ROWS, **SIZES)),
        (SmallPartWarning, lambda _: LONG.split(ROWS, seed=0)),
        (LeftOutWarning, lambda _: LOOPS.split(JAVA, seed=0, near_duplicates=None)),
        (UnresolvedAPIWarning, lambda _: JSON.split(CALLS, seed=0, near_duplicates=None)),
        (LeftOutWarning, lambda _: audit({"train": JAVA, "test": JAVA}, language="java", n_permutations=19)),
        (LeftOutWarning, read_rows),
    ],
)
def test_a_warning_points_to_the_users_line(
    category: type[CodeshiftWarning], call: Callable[[Path], object], tmp_path: Path
) -> None:
    """The file of the warning is this one, not one of the library."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CodeshiftWarning)
        call(tmp_path)
    assert {Path(entry.filename) for entry in caught if entry.category is category} == {Path(__file__)}
