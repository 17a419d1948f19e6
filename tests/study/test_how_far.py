"""How far is far: scores over similarity, and the gap at equal similarity, beside plain NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codeshift.parts import TEST_PARTS
from codeshift.study.findings import Findings
from codeshift.study.findings.how_far import FEWEST, SIMILARITY_BINS
from codeshift.study.report import Report
from codeshift.study.report.how_far_section import how_far_is_far
from codeshift.study.results.study_results import StudyResults
from helpers.study_results import METRICS, study_results

ROWS = 600
LONG = "length_p97_p100"
CLAIM = "How near training rows are"


def _similarity(seed: int = 0) -> np.ndarray:
    """Return similarities, lower for the rows in the region, every other one."""
    inside = np.arange(ROWS) % 2 == 0
    return np.clip(np.random.default_rng(seed).normal(0.6 - 0.15 * inside, 0.15), 0, 1)


def _results(*, right_by_similarity: bool) -> StudyResults:
    """Return results in which a row is right the likelier the nearer it is, or just by its part."""
    results = study_results(scenarios=(LONG,), methods=("full",), ood_kept=(0.0, 1.0), rows=ROWS, general=0)
    nearest = {0.0: _similarity(), 1.0: _similarity(1)}
    splits = {key: replace(facts, nearest=nearest) for key, facts in results.splits.items()}

    def load(key, part):
        scores = results.load(key, part)
        inside = results.members("test_ood", LONG, 0)
        right = np.zeros(ROWS)
        for of in (inside, ~inside):  # from far to near, as many are right as the chances say
            rows = np.flatnonzero(of)[np.argsort(nearest[0.0][of])]
            chances = nearest[0.0][rows] if right_by_similarity else 0.8 - 0.4 * inside[rows]
            right[rows] = np.diff(np.floor(np.cumsum(chances)), prepend=0)
        exact = np.column_stack([np.ones(ROWS), right])
        exact[-1] = np.nan
        return replace(scores, statistics={**scores.statistics, "exact_match": exact})

    return replace(results, splits=splits, load=load, metrics={"exact_match": METRICS["exact_match"]})


def _by_numpy(results: StudyResults, method: str, kept: float | None) -> tuple[list, float, float]:
    """Return the curve, the gap at equal similarity and the share of test_ood that it is about."""
    values = results.splits[LONG, 0].nearest[0.0 if kept is None else kept]
    [record] = results.find(method=method, scenario=LONG, ood_kept=kept)
    right = results.scores(record.key).statistics["exact_match"][:, 1]
    inside, outside = (results.members(part, LONG, 0) for part in reversed(TEST_PARTS))
    edges = np.quantile(values[inside | outside], np.linspace(0, 1, SIMILARITY_BINS + 1))
    bins = np.clip(np.digitize(values, edges[1:-1]), 0, SIMILARITY_BINS - 1)
    curve, differences, weights = [], [], []
    for number in range(SIMILARITY_BINS):
        of = (bins == number) & (inside | outside)
        curve.append((values[of].mean(), np.nanmean(right[of])))
        sides = [(bins == number) & side for side in (outside, inside)]
        if min(side.sum() for side in sides) >= FEWEST:
            differences.append(np.nanmean(right[sides[0]]) - np.nanmean(right[sides[1]]))
            weights.append(sides[1].sum())
    return curve, np.average(differences, weights=weights), sum(weights) / inside.sum()


@pytest.mark.parametrize(("method", "kept"), [("none", None), ("full", 0.0), ("full", 1.0)])
def test_figures_are_those_of_numpy(method, kept):
    """Curves are means of bins; the gap at equal similarity is a mean of their gaps, weighted by test_ood."""
    results = _results(right_by_similarity=True)
    findings = Findings(results=results, metric="exact_match")
    curve, equal, compared = _by_numpy(results, method, kept)
    [gap] = [gap for gap in findings.equal_gaps if (gap.cell.method, gap.cell.ood_kept) == (method, kept)]
    assert gap.value == pytest.approx(equal)
    assert gap.compared == pytest.approx(compared)
    assert gap.explained.value == pytest.approx(gap.gap.value - equal)
    assert gap.share.value == pytest.approx(1 - equal / gap.gap.value)
    if kept != 1.0:
        [drawn] = [line for line in findings.similarity_curves if line.cell.method == method]
        points = [(point.similarity, point.estimate.value) for point in drawn.points]
        np.testing.assert_allclose(points, curve)


def test_a_gap_of_few_rows_is_not_told():
    """With fewer distinct rows than a claim needs, the report says so, as of rows seen and unseen."""
    results = _results(right_by_similarity=True)
    of_all = Findings(results=results, metric="exact_match").equal_gaps
    [untrained] = [gap for gap in of_all if gap.cell.method == "none"]
    assert not untrained.too_few
    copies = {key: replace(facts, nearest=_few(facts)) for key, facts in results.splits.items()}
    report = Report(replace(results, splits=copies), n_resamples=20)
    gaps = report.findings.equal_gaps
    assert [(gap.distinct, gap.too_few) for gap in gaps] == [(2 * FEWEST, True)] * 3
    assert all(np.isnan([gap.value, gap.explained.value, gap.share.value]).all() for gap in gaps)
    assert all(gap.gap.value == gap.gap.value for gap in gaps)
    assert "10 distinct rows at equal similarity, too few for a gap." in gaps[0].sentence
    table = next(table for table in report.tables if table.name == "how_far")
    assert all([cell.text for cell in row][4:6] == ["too few"] * 2 and row[7].text == "10" for row in table.rows)


def _few(facts) -> dict[float, np.ndarray]:
    """Return similarities of which two bins alone have rows of both parts, ``FEWEST`` rows of ``test_ood`` each."""
    inside = np.flatnonzero(facts.members["test_ood"])
    outside = np.flatnonzero(facts.members["test_id"])
    values = np.full(ROWS, np.nan)
    evened = outside[4 * FEWEST :]  # half of the rows with a similarity lie below 0.5
    values[evened] = np.linspace(0.5, 0.9, len(evened))
    values[inside] = np.linspace(0.1, 0.4, len(inside))
    values[inside[:FEWEST]], values[inside[FEWEST : 2 * FEWEST]] = 0.55, 0.85
    return {0.0: values, 1.0: values}


def test_similarity_explains_a_gap_that_it_makes():
    """If nearness alone decides, nothing is left at equal similarity; if the part does, all of it is."""
    by_similarity, by_part = (
        next(
            gap
            for gap in Findings(results=_results(right_by_similarity=right), metric="exact_match").equal_gaps
            if (gap.cell.method, gap.cell.ood_kept) == ("full", 0.0)
        )
        for right in (True, False)
    )
    assert by_similarity.gap.low > 0
    assert by_similarity.low < 0.02 < by_similarity.high
    assert by_similarity.share.value > 0.7
    assert by_part.value == pytest.approx(0.4, abs=0.05)
    assert by_part.low > 0.2 > by_part.share.value


@pytest.mark.parametrize(("right_by_similarity", "answer"), [(True, "holds"), (False, "does not hold")])
def test_the_claim_says_what_share_is_explained(right_by_similarity, answer):
    """Of the mean gap over methods, with an interval; a gap that may be 0 has no share."""
    results = _results(right_by_similarity=right_by_similarity)
    [claim] = [one for one in Findings(results=results, metric="exact_match").claims if CLAIM in one.claim]
    [record] = results.find(method="full", scenario=LONG, ood_kept=0.0)
    right = results.scores(record.key).statistics["exact_match"][:, 1]
    gap = np.subtract(*(np.nanmean(right[results.members(part, LONG, 0)]) for part in TEST_PARTS))
    assert claim.value == pytest.approx(1 - _by_numpy(results, "full", 0.0)[1] / gap)
    assert claim.low < claim.value < claim.high
    assert claim.verdict == answer
    assert "is left at equal similarity: full fine-tuning" in claim.evidence
    [small] = [
        one for one in Findings(results=results, metric="exact_match", min_rows=900).claims if CLAIM in one.claim
    ]
    assert (small.verdict, small.value == small.value) == ("not shown", False)


def test_a_gap_that_may_be_zero_has_no_explained_share():
    """The claim says so in place of a number."""
    results = _results(right_by_similarity=True)
    same = np.column_stack([np.ones(ROWS), np.arange(ROWS) // 2 % 2])
    load = lambda key, part: replace(results.load(key, part), statistics={"exact_match": same})  # noqa: E731
    [claim] = [one for one in Findings(results=replace(results, load=load)).claims if CLAIM in one.claim]
    assert claim.verdict == "not shown"
    assert "The gap itself is not shown" in claim.evidence


def test_the_report_draws_the_curves_and_has_the_table():
    """A panel for each scenario, and a line for each cell."""
    report = Report(_results(right_by_similarity=True), n_resamples=20)
    section = how_far_is_far(report.contents)
    assert section.title == "How far is far"
    assert len(report.plots["how_far"].panels) == 1
    table = next(table for table in report.tables if table.name == "how_far")
    assert len(table.rows) == 3
    assert "At equal similarity" in report.to_markdown()


def test_without_similarities_there_is_no_section():
    """A study without audits says nothing of it."""
    report = Report(study_results(scenarios=(LONG,), methods=("full",)), n_resamples=20)
    assert report.findings.equal_gaps == report.findings.similarity_curves == ()
    assert not how_far_is_far(report.contents).blocks
    assert not any(CLAIM in claim.claim for claim in report.findings.claims)
