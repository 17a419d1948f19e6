"""Distributions in the parts of a split: shares by element, cluster, project and function, numbers, and plots."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from datasets import Dataset

from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    GroupSplitter,
    LengthSplitter,
    PredicateSplitter,
    RandomSplitter,
    Scenario,
)
from codeshift.study import Study
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.report.study_report import Report
from helpers.study_results import study_results

CALLS = ("os.getcwd()", "sys.exit(1)", "len(x)", "print(x)")
PYTHON = {"column": "code", "language": "python"}
LONG = LengthSplitter(column="code", quantiles=(0.8, 1.0))
LOOPS = ASTNodeSplitter(nodes=("while_statement",), **PYTHON)


def calls_print(row) -> bool:
    """A function of a user's own."""
    return "print" in row["code"]


SPLITTERS = {
    "long": LONG,
    "loops": LOOPS,
    "elements": ASTNodeSplitter(nodes=("while_statement", "lambda", "yield"), **PYTHON),
    "apis": APIUsageSplitter(apis=("os", "sys"), **PYTHON),
    "cluster": ClusterSplitter(column="code", n_clusters=8),
    "project": GroupSplitter(column="code", by="project"),
    "function": PredicateSplitter(column="code", predicate=calls_print),
    "composed": (LONG | LOOPS) - ASTNodeSplitter(nodes=("lambda",), **PYTHON),
    "chance": RandomSplitter(column="code", share=0.3),
}


def _code(i: int) -> str:
    lines = [f"v{i} = {i}" + " + 1" * (i % 7), *(["while v: break"] if i % 3 == 0 else []), CALLS[i % 4]]
    return "\n".join([*lines, *(["f = lambda: 0"] if i % 5 == 0 else [])])


@pytest.fixture(scope="module")
def dealt():
    """By scenario its facts, and the rows of its parts as the dealing has them."""
    rows = Dataset.from_dict({"code": [_code(i) for i in range(240)], "project": [f"p{i % 24}" for i in range(240)]})
    scenarios = [Scenario(name, splitter) for name, splitter in SPLITTERS.items()]
    study = Study(dataset=rows, scenarios=scenarios, source="code", target="code", column="code", near_duplicates=None)
    found = {name: study.splits.scenario(name, 0) for name in SPLITTERS}
    codes = np.array(study.splits.data.table.texts("code"), dtype=object)
    return {
        name: (one.facts("m.json"), {p: codes[at] for p, at in one.positions().items()}) for name, one in found.items()
    }


def share(codes, part: str, *words: str) -> float:
    """The share of a part's rows that hold one of some words."""
    return float(np.mean([any(word in code for word in words) for code in codes[part]]))


def test_elements_are_shares_of_rows(dealt) -> None:
    """Masked elements come first: none in train and test_id, all in test_ood; then what moved most, no keyword."""
    facts, codes = dealt["loops"]
    [made] = facts.distributions
    assert (made.name, made.categories[0], made.inside) == (
        "node type",
        "while_statement",
        (True, *[False] * (len(made.categories) - 1)),
    )
    assert [made.values[part][0] for part in ("train", "test_id", "test_ood")] == [0, 0, 1]
    assert "break_statement" in made.categories
    assert not {"while", "break", ":"} & set(made.categories)
    at = made.categories.index("break_statement")
    assert made.values["test_ood"][at] == share(codes, "test_ood", "break")
    moved = np.abs(made.values["test_ood"] - made.values["train"])[1:]
    assert list(moved) == sorted(moved, reverse=True)


def test_of_several_elements_each_and_all_are_told(dealt) -> None:
    """Their union comes first, then each, by its rows of test_ood; a pattern's matches are not others."""
    facts, codes = dealt["elements"]
    [made] = facts.distributions
    assert made.categories[:4] == ("any of the 3", "while_statement", "lambda", "yield")
    expected = [
        share(codes, "test_ood", *words) for words in (("while", "lambda"), ("while",), ("lambda",), ("yield",))
    ]
    assert made.values["test_ood"][:4].tolist() == expected
    facts, codes = dealt["apis"]
    [made] = facts.distributions
    assert (made.name, made.categories[0]) == ("API", "any of the 2")
    assert set(made.categories[1:3]) == {"os", "sys"}
    assert made.values["test_ood"][made.categories.index("os")] == share(codes, "test_ood", "os.")
    assert not {"os.getcwd", "sys.exit"} & set(made.categories)
    assert "builtins.print" in made.categories


@pytest.mark.parametrize("name", ["cluster", "project"])
def test_groups_are_shares_that_add_up(name, dealt) -> None:
    """Each part's shares sum to 1; test_ood lies inside, train outside; the largest stand alone, the rest in one."""
    facts, codes = dealt[name]
    [made] = facts.distributions
    inside = np.array(made.inside)
    for part, shares in made.values.items():
        assert shares.sum() == pytest.approx(1)
        assert shares[inside].sum() == pytest.approx(float(part == "test_ood"))
        assert made.rows[part] == len(codes[part])
    assert len(made.categories) <= 10
    if name == "project":
        assert made.categories[-1].endswith(" others")
        singles = sum(made.values.values())[~inside][:-1]
        assert list(singles) == sorted(singles, reverse=True)


def test_a_function_is_a_share_and_chance_is_nothing(dealt) -> None:
    """The rows where it holds; a split by chance looks at nothing."""
    [made] = dealt["function"][0].distributions
    assert made.categories == ("rows where calls_print holds",)
    assert [made.values[part].tolist() for part in ("train", "test_id", "test_ood")] == [[0], [0], [1]]
    assert dealt["chance"][0].distributions == ()


def test_a_composition_has_all_that_it_is_made_of(dealt) -> None:
    """The number as one distribution; elements of one kind in another, not masked those that are taken out."""
    facts, codes = dealt["composed"]
    number, elements = facts.distributions
    assert (number.name, number.categories) == ("length in tokens", ())
    assert len(number.values["test_ood"]) == len(codes["test_ood"])
    assert elements.categories[:2] == ("while_statement", "lambda")
    assert elements.inside[:3] == (True, False, False)
    assert elements.values["test_ood"][:2].tolist() == [share(codes, "test_ood", "while"), 0]


def test_they_come_back_from_disk(dealt, tmp_path) -> None:
    """With the elements that were masked."""
    for name, (facts, _) in dealt.items():
        facts.save(tmp_path / name)
        back = SplitFacts.load(tmp_path / name)
        assert [one.summary for one in back.distributions] == [one.summary for one in facts.distributions]
        assert [one.inside for one in back.distributions] == [one.inside for one in facts.distributions]
        assert (back.masked, back.dimension) == (facts.masked, facts.dimension)


@pytest.fixture(scope="module")
def report(dealt) -> Report:
    splits = {(name, 0): facts for name, (facts, _) in dealt.items()}
    rows = len(next(iter(splits.values())).members["test_ood"])
    results = study_results(scenarios=tuple(SPLITTERS), methods=("full",), ood_kept=(0.0, 1.0), general=0, rows=rows)
    return Report(dataclasses.replace(results, splits=splits), metric="exact_match", n_resamples=10)


def test_every_scenario_has_its_plots(report) -> None:
    """One panel each, two for the composition, none for chance; marks stand at the shares, masked names are bold."""
    panels = report.plots["distributions"].panels
    titles = [panel.title for panel in panels]
    assert titles == [*list(SPLITTERS)[:7], "composed: length in tokens", "composed: node type"]
    for i, panel in enumerate(panels):
        ax = report.plot("distributions", panel=i)
        made = [one for facts in report.findings.results.splits.values() for one in facts.distributions][i]
        if not made.categories:
            continue
        lines = {line.get_label().split()[0]: line for line in ax.get_lines()}
        for part in ("train", "test_id", "test_ood"):
            assert list(lines[part].get_xdata()) == pytest.approx(list(100 * made.values[part]))
        bold = [tick.get_fontweight() == "bold" for tick in ax.get_yticklabels()]
        assert bold == list(made.inside)
        assert made.summary in panel.label


def test_the_page_and_the_table_hold_them(report) -> None:
    """The page shows each plot beside its split; Markdown and LaTeX have the same shares as a table."""
    page = report.to_html()
    assert page.count('role="img" aria-label="Distribution of ') == 9
    article = page.split("<h3>composed</h3>")[1].split("</article>")[0]
    assert article.count("<svg") == 2
    assert "<svg" not in page.split("<h3>chance</h3>")[1].split("</article>")[0]
    text = report.to_markdown()
    assert "| loops | node type | while\\_statement\\* | 0.0% | 0.0% | 100.0% |" in text
    assert "| long | length in tokens | median |" in text
    assert r"while\_\allowbreak{}statement* & 0.0\% & 0.0\% & 100.0\% \\" in report.to_latex(["distributions"])
