"""Every number of the report of a study of classifiers, by scikit-learn and plain NumPy."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from scipy.stats import entropy, norm
from sklearn.metrics import accuracy_score, average_precision_score, confusion_matrix, f1_score, roc_auc_score

from codeshift.metrics import ExpectedCalibrationError
from codeshift.study import Report, StudyResults
from codeshift.study.findings import Findings
from codeshift.study.report.class_tables import calibration_table
from helpers import classified_study as case
from helpers.classified_study import CLASSES, KEPT, METHODS, SCENARIOS, classified_results
from helpers.study_results import study_results

NAMES = {"full": "full fine-tuning", "lora": "LoRA"}
PARTS = ("test_ood", "test_id")
SCORES = {
    "maximum softmax probability": lambda logits: 1 - softmax(logits, axis=1).max(axis=1),
    "entropy": lambda logits: entropy(softmax(logits, axis=1), axis=1),
    "energy": lambda logits: -logsumexp(logits, axis=1),
}


@cache
def report() -> Report:
    return Report(classified_results(), n_resamples=40)


def lines(name: str) -> list[dict[str, str]]:
    """The lines of a table of the report, as Markdown has them too: dictionaries of texts by head."""
    (table,) = [one for one in report().tables if one.name == name]
    markdown = report().to_markdown().replace("\\", "")
    for row in table.rows:
        assert " | ".join(value.whole for value in row) in markdown
    heads = [column.title for column in table.columns]
    return [dict(zip(heads, [value.text for value in row], strict=True)) for row in table.rows]


def mean_over_seeds(scenario: str, method: str, kept: float, of_run) -> float:
    """Mean of a function of a run's logits, true classes and masks of both parts."""
    return float(
        np.mean(
            [
                of_run(case.logits(key), case.classes(key.split_seed), case.members(scenario, key.split_seed))
                for key in case.keys(scenario, method, kept)
            ]
        )
    )


def test_failures_by_class():
    """Numbers of rows by true class, those that are right, and the class that they are most often taken for."""
    shown = lines("classes")
    assert len(shown) == len(SCENARIOS) * len(METHODS) * len(PARTS) * len(CLASSES)
    for line in shown:
        counts = np.zeros((3, 3), dtype=int)
        method = {name: method for method, name in NAMES.items()}[line["method"]]
        for key in case.keys(line["scenario"], method, 0.0):
            inside = case.members(line["scenario"], key.split_seed)[line["part"]]
            told = case.logits(key).argmax(axis=1)[inside]
            counts += confusion_matrix(case.classes(key.split_seed)[inside], told, labels=range(3))
        row = counts[CLASSES.index(line["class"])]
        right = row[CLASSES.index(line["class"])]
        assert line["rows"] == f"{row.sum():,}"
        assert line["right"] == f"{100 * right / row.sum():.0f}%"
        assert line["wrong"] == f"{100 * (row.sum() - right) / row.sum():.0f}%"
        others = {label: n for label, n in zip(CLASSES, row, strict=True) if label != line["class"]}
        assert others[line["most often predicted"]] == max(others.values())
        assert line["share"] == f"{100 * max(others.values()) / row.sum():.0f}%"


def test_calibration():
    """Mean confidence, accuracy and calibration error of each cell; the bins of the plot, of all seeds together."""
    shown = lines("calibration")
    assert len(shown) == len(SCENARIOS) * len(METHODS) * len(KEPT) * len(PARTS)
    for line, found in zip(shown, report().findings.calibrations, strict=True):
        cell, part = found.cell, found.part
        assert (line["scenario"], line["method"], line["part"]) == (cell.scenario, NAMES[cell.method], part)

        def of_run(figure, cell=cell, part=part):
            def of_part(logits, classes, members):
                shares, true = softmax(logits, axis=1)[members[part]], classes[members[part]]
                return figure(shares.max(axis=1), shares.argmax(axis=1) == true)

            return mean_over_seeds(cell.scenario, cell.method, cell.ood_kept, of_part)

        assert line["mean confidence"] == f"{100 * of_run(lambda sure, right: sure.mean()):.1f}%"
        assert line["accuracy"] == f"{100 * of_run(lambda sure, right: right.mean()):.1f}%"
        assert line["calibration error ↓"] == f"{100 * of_run(_calibration_error):.1f}%"
        sure, right = (np.concatenate(side) for side in zip(*_pooled(cell, part), strict=True))
        bins = np.ceil(sure * 10).astype(int) - 1
        for i in range(10):
            assert found.bins.rows[i] == (bins == i).sum()
            if (bins == i).any():
                assert found.bins.confidence[i] == pytest.approx(sure[bins == i].mean())
                assert found.bins.accuracy[i] == pytest.approx(right[bins == i].mean())
                runs = len(case.keys(cell.scenario, cell.method, cell.ood_kept))
                ends = _wilson(right[bins == i].mean(), (bins == i).sum() / runs)
                assert (found.bins.low[i], found.bins.high[i]) == pytest.approx(ends)


def test_a_study_that_measures_the_calibration_error_has_one():
    """The bins are those of its metric, so that two tables of a report do not have two figures of one name."""
    results = classified_results()
    metric = ExpectedCalibrationError(4)
    findings = Findings(results=dataclasses.replace(results, metrics=dict(results.metrics) | {metric.name: metric}))
    assert all(len(calibration.bins.rows) == 4 for calibration in findings.calibrations)
    assert "over 4 bins of confidence" in calibration_table(findings).note
    assert "over 10 bins of confidence" in calibration_table(report().findings).note


def test_markdown_has_no_heading_of_nothing():
    """A report without notes says nothing of how it was made."""
    assert not report().notes
    assert "How it was made" not in report().to_markdown()
    assert "How it was made" in Report(classified_results(), n_resamples=40, notes=["With care."]).to_markdown()


def _wilson(share, n):
    """The two shares p whose distance from this one is 1.96 standard errors of theirs: roots of a quadratic."""
    square = norm.ppf(0.975) ** 2
    return tuple(np.sort(np.roots([1 + square / n, -(2 * share + square / n), share**2]).real))


def test_rows_of_other_labels_are_told_beside_the_confusion():
    """The figure has no place for rows whose label is none of the classes: a sentence and a note count them."""
    counts = np.array([[3, 1], [0, 2]])
    some = report().findings.confusions[0]
    found = dataclasses.replace(some, labels=("bug", "fine"), counts=counts, outside=2)
    assert found.sentence.endswith(
        ": 5 of 8 rows right; bug: 1 of 4 wrong, 1 taken for fine; "
        "2 of 8 rows have a label that is none of the classes: counted as wrong."
    )


def _calibration_error(sure, right):
    bins = np.ceil(sure * 10)
    return sum(abs(sure[bins == i].sum() - right[bins == i].sum()) for i in range(11)) / len(sure)


def _pooled(cell, part):
    for key in case.keys(cell.scenario, cell.method, cell.ood_kept):
        inside = case.members(cell.scenario, key.split_seed)[part]
        shares = softmax(case.logits(key), axis=1)[inside]
        yield shares.max(axis=1), shares.argmax(axis=1) == case.classes(key.split_seed)[inside]


def test_detection_of_the_shift():
    """AUROC, AUPR and the rate at 95% of each score by scenario, method and regime, beside what is lost."""
    shown = lines("detection")
    assert len(shown) == len(SCENARIOS) * len(METHODS) * len(KEPT) * len(SCORES)
    for line, found in zip(shown, report().findings.detections, strict=True):
        cell, score = found.cell, SCORES[line["score"]]

        def of_run(figure, score=score, cell=cell):
            def of_parts(logits, classes, members):
                used = members["test_ood"] | members["test_id"]
                return figure(members["test_ood"][used], score(logits)[used])

            return mean_over_seeds(cell.scenario, cell.method, cell.ood_kept, of_parts)

        assert line["AUROC (of 100)"] == f"{100 * of_run(roc_auc_score):.1f}"
        assert line["AUPR (of 100)"] == f"{100 * of_run(average_precision_score):.1f}"
        assert line["FPR at 95% TPR ↓"] == f"{100 * of_run(_passing):.1f}%"
        lost = mean_over_seeds(cell.scenario, cell.method, cell.ood_kept, _lost)
        assert float(line["loss of macro-F1 (points)"]) == pytest.approx(100 * lost, abs=0.051)


def _passing(outside, strange):
    """Share of rows of the region that are not above the threshold at which at most 5% of the others are."""
    others = np.sort(strange[~outside])[::-1]
    allowed = int(np.floor(0.05 * len(others) + 1e-9))
    return np.mean(strange[outside] <= others[allowed])


def _lost(logits, classes, members):
    told = logits.argmax(axis=1)
    inside, outside = (
        f1_score(classes[members[part]], told[members[part]], average="macro") for part in ("test_id", "test_ood")
    )
    return inside - outside


def claim_of(results: StudyResults):
    (claim,) = [one for one in Findings(results=results).claims if one.claim.startswith("The model's confidence")]
    return claim


def test_the_claim_is_about_the_top_probability_of_all_models():
    claim = claim_of(classified_results())
    told = [
        mean_over_seeds(scenario, method, 0.0, lambda logits, classes, members: roc_auc_score(
            members["test_ood"][members["test_ood"] | members["test_id"]],
            SCORES["maximum softmax probability"](logits)[members["test_ood"] | members["test_id"]],
        ))
        for scenario in SCENARIOS for method in METHODS
    ]  # fmt: skip
    assert claim.value == pytest.approx(np.mean(told), abs=1e-12)
    assert claim.verdict == "holds"
    assert claim.low > 0.5


@pytest.mark.parametrize(("strength", "verdict"), [(2.5, "not shown"), (9.0, "does not hold")])
def test_a_model_that_is_as_sure_there_or_surer_does_not_know(strength, verdict, monkeypatch):
    real = case.logits

    def logits(key):
        inside = case.members(key.scenario, key.split_seed)["test_ood"] if key.scenario else np.zeros(case.ROWS, bool)
        extra = np.where(inside, strength - 0.4, 0.0)[:, None] * np.eye(3)[case.classes(key.split_seed)]
        return real(key) + extra

    monkeypatch.setattr(case, "logits", logits)
    assert claim_of(classified_results()).verdict == verdict


def test_scores_are_those_of_scikit_learn():
    for line in lines("scores"):
        method = {name: method for method, name in NAMES.items()}[line["method"]]
        kept = float(line["kept"].rstrip("%")) / 100
        for head, figure in (
            ("macro-F1 (of 100)", lambda true, told: f1_score(true, told, average="macro")),
            ("accuracy", accuracy_score),
        ):
            value = mean_over_seeds(
                line["scenario"], method, kept,
                lambda logits, classes, members, line=line, figure=figure: figure(
                    classes[members[line["part"]]], logits.argmax(axis=1)[members[line["part"]]]
                ),
            )  # fmt: skip
            assert float(line[head].rstrip("%")) == pytest.approx(100 * value, abs=0.051)


def test_page_has_the_figures_in_the_colours_of_both_themes():
    page = report().to_html()
    for title in (
        "Which classes are wrong",
        "How sure models are, and how right",
        "Whether confidence tells the shift",
    ):
        assert f"{title}</h2>" in page
    for name in ("confusion-0", "reliability-0"):
        drawing = page[page.index(f'id="{name}-') :].partition("</svg>")[0]
        assert "var(--ood)" in drawing or "var(--id)" in drawing
        assert "#0103" not in drawing
    assert "How outputs fail" not in page
    assert "What the models predict</h2>" in page
    assert "the dashed line is the model without fine-tuning" not in page  # there is none
    calibration = page[page.index('id="calibration"') : page.index('id="detection"')]
    assert "test_id</" in calibration
    assert "train</" not in calibration
    assert set(report().plots) >= {"confusion", "reliability"}
    assert {table.name for table in report().tables} >= {"classes", "calibration", "detection"}
    assert "Failures by class" in report().to_latex()


def test_nothing_of_text_is_said_of_classes():
    findings = report().findings
    assert findings.failures == findings.unseen == ()
    assert [sentence for sentence in findings.failing() if "most often" in sentence or "taken for" in sentence]


def test_of_text_it_is_said_that_it_was_not_measured():
    page = Report(study_results(), n_resamples=20).to_html()
    assert "Not measured: no run has the probabilities of the tokens that its model wrote" in page
    assert "Which classes are wrong" not in page


def test_runs_of_other_split_seeds_have_other_rows():
    """Rows of two split seeds with the same labels are not taken for the same rows: their noise does not cancel."""
    results = classified_results()
    same = np.random.default_rng(5).integers(0, 3, case.ROWS)

    def load(key, part):
        scores = results.load(key, part)
        return dataclasses.replace(scores, references=[CLASSES[i] for i in same])

    findings = Findings(results=dataclasses.replace(results, load=load))
    names = {findings.cells.resampler._sets.of(record.key, "test").name for record in results.records}
    assert len(names) == 2


def test_the_gap_that_the_mix_of_classes_makes():
    """Macro-F1 of test_id with each class weighted to its share of test_ood, from weighted counts; the rest is left."""
    shown = lines("prior_shift")
    assert len(shown) == len(SCENARIOS) * len(METHODS) * len(KEPT)
    for line, gap in zip(shown, report().findings.prior_gaps, strict=True):
        cell = gap.cell
        assert (line["scenario"], line["method"]) == (cell.scenario, NAMES[cell.method])
        mix = mean_over_seeds(cell.scenario, cell.method, cell.ood_kept, _by_mix)
        lost = mean_over_seeds(cell.scenario, cell.method, cell.ood_kept, _lost)
        assert gap.value == pytest.approx(mix, abs=1e-12)
        assert gap.gap.value == pytest.approx(lost, abs=1e-12)
        assert gap.left.value == pytest.approx(lost - mix, abs=1e-12)
        assert gap.low < gap.value < gap.high
        assert gap.left.low < gap.left.value < gap.left.high
        assert float(line["by the mix of classes"]) == pytest.approx(100 * mix, abs=0.051)
        assert float(line["left"]) == pytest.approx(100 * (lost - mix), abs=0.051)
        assert line["test_ood compared"] == "100%"
        sizes = [mask.sum() for seed in case.SEEDS for mask in case.members(cell.scenario, seed).values()]
        assert line["rows"] == f"{min(sizes):,}"
    assert 'id="prior-shift"' in report().to_html()


def _by_mix(logits, classes, members):
    """Macro-F1 of test_id minus that of its rows by the classes of test_ood, each from a table of weighted counts."""
    inside, outside = members["test_id"], members["test_ood"]
    prior = np.bincount(classes[outside], minlength=3) / np.bincount(classes[inside], minlength=3)
    values = []
    for weights in (np.ones(inside.sum()), prior[classes[inside]]):
        counts = np.zeros((3, 3))
        np.add.at(counts, (classes[inside], logits.argmax(axis=1)[inside]), weights)
        values.append(np.mean(2 * np.diag(counts) / (counts.sum(axis=0) + counts.sum(axis=1))))
    return values[0] - values[1]


def test_a_mix_that_explains_all_leaves_nothing():
    """A model that is right by class alone: its gap is that of the classes' shares, whichever rows they are."""
    results = classified_results()

    def load(key, part):
        scores = results.load(key, part)
        told = np.where(scores.classes == 0, 0, 2)  # the second class is always taken for the third
        logits = 4.0 * np.eye(3)[told]
        shares = softmax(logits, axis=1)
        rows = {name: metric.statistics(shares, scores.classes) for name, metric in case.METRICS.items()}
        return dataclasses.replace(scores, logits=logits, statistics=rows, predictions=[CLASSES[i] for i in told])

    for gap in Findings(results=dataclasses.replace(results, load=load), metric="accuracy").prior_gaps:
        assert gap.left.value == pytest.approx(0, abs=1e-12)
        assert gap.value == pytest.approx(gap.gap.value, abs=1e-12)


def test_classes_that_test_id_lacks_tell_nothing_of_the_mix():
    """Their share of test_ood is told; where no class is shared, nothing is measured."""
    results, whole = classified_results(), report().findings.prior_gaps[0]

    def of(labels):
        def load(key, part):
            scores = results.load(key, part)
            members = case.members("odd", key.split_seed)
            references = [labels(members, i, text) for i, text in enumerate(scores.references)]
            return dataclasses.replace(scores, references=references)

        return Findings(results=dataclasses.replace(results, load=load), metric="accuracy").prior_gaps[0]

    some = of(
        lambda members, i, text: "sorting" if members["test_ood"][i] and i < 120 else ("maths", "graphs")[i // 2 % 2]
    )
    assert 0.3 < some.compared < 0.7
    none = of(lambda members, i, text: "sorting" if members["test_ood"][i] else "maths")
    assert none.compared == 0
    assert np.isnan(none.value)
    assert str(none) == f"{whole.cell.title}: the effect of the mix of classes is not measured."
