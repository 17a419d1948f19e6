"""A study that scores its models on rewritten test rows too: file, folder, findings and report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from datasets import Dataset
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from codeshift.errors import ParameterError
from codeshift.properties.lexer import lex
from codeshift.splits.manifest import SplitManifest
from codeshift.study import Study, load_results
from codeshift.study.config_file import SettingsError
from codeshift.study.findings import Findings
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.store import StudyStore
from codeshift.study.report import Report
from codeshift.study.report.transformed_section import in_other_clothes, transformed_table
from codeshift.study.results.study_results import StudyResults
from codeshift.study.study_file import load_study
from codeshift.transforms import DropComments, Reformat
from helpers.study_case import LONG, rows, save_model, small_study
from helpers.study_results import study_results

REFORMAT = Reformat(language="python")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    model = save_model(tmp_path_factory.mktemp("model"))
    code = [text if i % 4 else REFORMAT.rewrite(text) for i, text in enumerate(rows()["code"])]
    given = Dataset.from_dict({"code": code, "doc": rows()["doc"][:]})
    return small_study(
        model, dataset=given, scenarios=(LONG,), source="code", target="doc", methods={"full": None},
        metrics=["negative_log_likelihood"], audit={"n_permutations": 19},
        transforms={"spaced": REFORMAT, "bare": DropComments(language="python")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    study.run(folder, progress=False)
    return folder


def test_the_change_is_the_mean_of_the_rows_differences(study, folder):
    """Each row is compared with the row that it was made of; the interval is that of a paired difference."""
    results = load_results(folder)
    findings = Findings(results=results)
    changes = {
        (change.cell.method, change.cell.ood_kept): change
        for change in findings.transformed
        if change.transform == "spaced"
    }
    assert set(changes) == {("none", None), ("full", 0.0), ("full", 1.0)}
    for (method, kept), change in changes.items():
        per_split, unpaired = [], []
        for record in results.find(method=method, scenario="long", ood_kept=kept):
            members = results.members("test_id", "long", record.key.split_seed)
            sums = [
                results.scores(record.key, name).statistics["negative_log_likelihood"][members].sum(axis=0)
                for name in ("rewritten_spaced", "test")
            ]
            values = [nats / tokens for _, nats, tokens in sums]
            per_split.append(values[0] - values[1])
            unpaired.append(values[1])
        assert change.value == pytest.approx(np.mean(per_split))
        assert change.low < change.value < change.high
        assert change.high - change.low < 2 * abs(np.mean(unpaired)), "a paired interval is narrow"
    inside = study.splits.test(0).select(np.flatnonzero(results.members("test_id", "long", 0)))["code"][:]
    changed = sum(REFORMAT.rewrite(code) != code for code in inside)
    assert 0 < changes["full", 0.0].changed == changed < changes["full", 0.0].rows == len(inside)


def test_the_folder_and_the_table_have_the_rewritten_rows(study, folder):
    """The manifest records the transform, and results list the part beside the others."""
    manifest = SplitManifest.load(StudyStore(folder).manifest("long", 0, 0.0))
    assert {name: part.digest for name, part in manifest.transformed.items()} == {
        "test_transformed_spaced": REFORMAT.digest,
        "test_transformed_bare": DropComments(language="python").digest,
    }
    table = load_results(folder).table(n_resamples=20)
    made = {f"{of}_{name}" for of in ("test_transformed", "rewritten") for name in ("spaced", "bare")}
    assert {"test_id", "test_ood", "test", *made} == set(table["part"].to_pylist())
    run = study.key(method="full", ood_kept=1)
    assert study.run_parts(run)["rewritten_spaced"]["code"][:] == [
        REFORMAT.rewrite(code) for code in study.run_parts(run)["test"]["code"]
    ]


def test_the_folder_has_the_similarity_of_each_test_row_to_training_rows(study, folder):
    """It is the cosine of TF-IDF vectors to the nearest row of each regime's own training rows, by scikit-learn."""
    results = load_results(folder)
    nearest = results.splits["long", 0].nearest
    assert set(nearest) == {0.0, 1.0}
    for kept, scenario in ((0.0, "long"), (1.0, None)):
        parts = study.run_parts(study.key(method="full", scenario=scenario, ood_kept=kept))
        counts = CountVectorizer(analyzer=lex).fit([*parts["train"]["code"], *parts["test"]["code"]])
        test, train = (counts.transform(parts[part]["code"]) for part in ("test", "train"))
        weights = TfidfTransformer(sublinear_tf=True).fit(train)
        test, train = weights.transform(test), weights.transform(train)
        assert nearest[kept] == pytest.approx((test @ train.T).max(axis=1).toarray().ravel(), abs=1e-8)


def test_the_plan_counts_the_rewritten_rows(study):
    """Each model is scored on as many rows again by each transform."""
    assert {run.scored_rows for run in study.plan().runs} == {3 * len(study.splits.test(0))}


def test_the_report_has_a_section(folder):
    """The page says what a rewrite costs, and how many rows it leaves as they are."""
    report = Report(load_results(folder), n_resamples=20)
    section = in_other_clothes(report.contents)
    assert section.title == "The same programs in other clothes"
    [table, _] = section.blocks
    assert [column.title for column in table.columns][-1] == "left as they are"
    methods = ["without fine-tuning", "full fine-tuning", "full fine-tuning"]
    assert [row[0].text for row in table.rows] == ["spaced"] * 3 + ["bare"] * 3
    assert [row[2].text for row in table.rows] == methods * 2
    assert "left as they are" in report.to_markdown()
    assert "p: two-sided, of the t interval of the paired difference over seeds and rows" in report.to_markdown()


def test_a_tiny_p_value_of_an_interval_has_a_bound(folder):
    """The report prints no number so small that it says more of the normal tails than of the data."""
    findings = Findings(results=load_results(folder), n_resamples=20)
    change = replace(findings.transformed[0], p_value=2e-16, p_holm=0.012)
    vars(findings)["transformed"] = (change,)
    [row] = transformed_table(findings).rows
    assert [row[5].text, row[6].text] == ["< 0.0005", "0.012"]


def _scored(results: StudyResults, right: dict[tuple[str, str], np.ndarray]) -> StudyResults:
    """Return results by exact match in which rows are right as given by method and set; every other row is changed."""
    exact = results.metrics["exact_match"]

    def load(key, part):
        hits = right[key.method, part]
        texts = [f"x = {i}" for i in range(len(hits))]
        sources = [f"{part if i % 2 else ''} {text}" for i, text in enumerate(texts)]
        statistics = exact.statistics([text if hit else "" for text, hit in zip(texts, hits, strict=True)], texts)
        return RunScores(texts, texts, {"exact_match": statistics}, sources=sources)

    settings = replace(results.settings, transforms=("renamed",))
    return replace(results, load=load, settings=settings, metrics={"exact_match": exact})


def test_claims_say_what_a_transform_costs_and_which_method_keeps_more():
    """By the mean over methods, and by the share of each method's own score that is lost."""
    rng, count = np.random.default_rng(0), 600
    shares = {"full": 0.5, "lora": 0.9, "none": 1.0}
    right = {(method, "test"): rng.random(count) < 0.8 for method in shares}
    right |= {(m, "rewritten_renamed"): right[m, "test"] & (rng.random(count) < kept) for m, kept in shares.items()}
    given = study_results(scenarios=("length_p97_p100",), ood_kept=(0.0,), rows=count, general=0)
    results = _scored(given, right)
    members = results.members("test_id", "length_p97_p100", 0)
    before, after = (
        {m: right[m, part][members].mean() for m in ("full", "lora")} for part in ("test", "rewritten_renamed")
    )
    costs, keeps = (claim for claim in Findings(results=results).claims if "renamed" in claim.claim)
    assert costs.value == pytest.approx(np.mean([before[m] - after[m] for m in before]))
    assert keeps.claim == "LoRA keeps more than full fine-tuning under the transform renamed"
    assert keeps.value == pytest.approx(after["lora"] / before["lora"] - after["full"] / before["full"])
    assert [costs.verdict, keeps.verdict] == ["holds", "holds"]
    assert f"Of {members.sum()} rows {(members & (np.arange(count) % 2 == 1)).sum()} are rewritten" in costs.evidence
    swapped = {("lora" if m == "full" else "full" if m == "lora" else m, part): of for (m, part), of in right.items()}
    assert Findings(results=_scored(given, swapped)).claims[-1].verdict == "does not hold"
    few = [claim for claim in Findings(results=results, min_rows=1000).claims if "renamed" in claim.claim]
    assert [(claim.verdict, claim.evidence) for claim in few] == [
        (
            "not shown",
            "No scenario has 1000 distinct rows of test_id. Left out, with fewer than 1000 distinct rows of test_id: "
            f"length_p97_p100 ({members.sum()}).",
        )
    ] * 2


def test_claims_say_which_share_is_kept_and_which_scenarios_are_left_out():
    """A study of the whole training set says so, and a small scenario is named beside the numbers of the others."""
    hits = {
        (m, part): np.arange(600) % 3 > 0 for m in ("full", "lora", "none") for part in ("test", "rewritten_renamed")
    }
    given = study_results(ood_kept=(1.0,), rows=600, general=0)
    results = _scored(given, hits)
    sizes = {name: int(results.members("test_id", name, 0).sum()) for name in results.scenarios}
    least = min(sizes, key=sizes.__getitem__)
    findings = Findings(results=results, min_rows=sizes[least] + 1)
    told = [claim.evidence for claim in findings.claims if "renamed" in claim.claim]
    assert len(told) == 2
    assert all(", all of the region kept: " in each for each in told)
    assert all(f"distinct rows of test_id: {least} ({sizes[least]})." in each for each in told)


def test_another_transform_is_another_study(study, folder):
    """Scores of other rows are not taken for these."""
    with pytest.raises(ParameterError, match="transforms"):
        small_study(
            study.model, dataset=study.dataset, scenarios=(LONG,), source="code", target="doc", methods={"full": None},
            metrics=["negative_log_likelihood"], transforms=[DropComments(language="python")],
        ).run(folder, progress=False)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("transforms: Reformat", {"Reformat": "Reformat(column='code', language='python', indent=2)"}),
        (
            "transforms: [{type: Reformat, indent: 3}, DropComments]",
            {"Reformat": "Reformat(column='code', language='python', indent=3)", "DropComments": "DropComments("},
        ),
        (
            "transforms: {a: {type: Reformat, language: 'column:doc'}}",
            {"a": "Reformat(column='code', language='column"},
        ),
        ("transforms: {type: Reformat}", {"Reformat": "Reformat("}),
        (
            "transforms: {type: Reformat, indent: 3}",
            {"Reformat": "Reformat(column='code', language='python', indent=3"},
        ),
        ("transforms: [[DropComments, Reformat]]", {"DropComments_Reformat": "Chain(steps=(DropComments("}),
    ],
)
def test_a_file_names_the_transforms(tmp_path, line, expected):
    """By their names, by their settings, or as chains; a list has the names of classes."""
    transforms = _loaded(tmp_path, line).spec.transforms
    assert list(transforms) == list(expected)
    assert all(repr(transforms[name]).startswith(start) for name, start in expected.items())


def test_a_study_of_several_languages_rewrites_each_row_in_its_own():
    """The column that names them is among those that the study depends on."""
    data = rows().add_column("lang", [("python", "java")[i % 2] for i in range(len(rows()))])
    specs = [
        small_study("m", dataset=data, scenarios=(LONG,), source="code", target="doc", transforms=transform).spec
        for transform in (REFORMAT, Reformat(language="column:lang"))
    ]
    assert set(specs[1].data_columns) - set(specs[0].data_columns) == {"lang"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("transforms: Reformatt", "did you mean Reformat?"),
        ("transforms: {type: Reformatt}", "did you mean Reformat?"),
        ("transforms: {type: Reformat, bare: DropComments}", "must be Reformat with settings that it has, got 'bare'"),
        ("transforms: [Reformat, {type: Reformat, indents: 3}]", "did you mean indent?"),
        ("transforms: {a: {type: Reformat, column: repo}}", "transforms['a'] must be of a column of the task, got"),
        ("transforms: [Reformat, Reformat]", "transforms must be of names of letters, digits and _, each another"),
        ("transforms: {'a b': Reformat}", "transforms must be of names of letters, digits and _, each another"),
        ("transforms: 3", "transforms must be a list, or transforms by name, got 3"),
    ],
)
def test_a_file_with_another_transform_is_refused(tmp_path, line, message):
    """The message names the line and the closest name."""
    with pytest.raises(SettingsError) as error:
        _loaded(tmp_path, line)
    assert message in str(error.value)


def _loaded(folder, line):
    rows().to_json(folder / "rows.jsonl")
    path = folder / "study.yaml"
    path.write_text(
        "data: rows.jsonl\nsource: code\ntarget: doc\nlanguage: python\nscenarios: [length_p90_p100]\n"
        f"model: a/model\n{line}\n"
    )
    return load_study(path)
