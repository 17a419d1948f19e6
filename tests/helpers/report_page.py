"""A small study with hostile texts everywhere, and its report, for the tests of the report."""

from __future__ import annotations

import dataclasses
from functools import cache

from codeshift.study.folder.run_scores import RunScores
from codeshift.study.report.study_report import Report
from codeshift.study.settings.keys import RunKey
from helpers.study_results import study_results

NASTY = (
    '<script>window.hacked = 1</script><img src="x" onerror="window.hacked=2"> & {{ 7 * 7 }} </pre> $\\frac{1$ größe'
)
SCENARIOS = ("syntax_for_statement", "length_p97_p100", NASTY)
FAILED = RunKey(method="lora", scenario="length_p97_p100", ood_kept=0.0, train_seed=0)
PENDING = RunKey(method="full", scenario=NASTY, ood_kept=0.5, train_seed=0)


@cache
def nasty_results():
    """Return references, outputs, sources, names, meanings and errors that try to become markup."""
    texts = [f"for i in range({i}):\n    print(i)  # {NASTY}" for i in range(40)]
    results = study_results(
        scenarios=SCENARIOS,
        references=texts,
        wrong=NASTY,
        variants=("wise_ft=0.5",),
        failed=[FAILED],
        pending=[PENDING],
    )

    def load(key, part, before=results.load):
        scores = before(key, part)
        finished = [None if text is None else True for text in scores.predictions]
        return RunScores(scores.references, scores.predictions, scores.statistics, [NASTY] * len(scores), finished)

    splits = {
        at: dataclasses.replace(facts, meaning=NASTY, splitter=NASTY, manifest=f"splits/{NASTY}.json")
        for at, facts in results.splits.items()
    }
    records = tuple(dataclasses.replace(r, error=f"{r.error} {NASTY}") if r.error else r for r in results.records)
    plain = {**results.settings.plain, "model": {"name": NASTY}, "config": {"note": NASTY}}
    settings = dataclasses.replace(results.settings, title="", model=NASTY, plain=plain)
    return dataclasses.replace(results, load=load, splits=splits, records=records, settings=settings)


@cache
def nasty_report():
    """Return the report of the study above."""
    return Report(nasty_results(), metric="exact_match", n_resamples=60, notes=(NASTY,), command=NASTY, subtitle=NASTY)


@cache
def nasty_html():
    """Return its page, made once for all tests of a process."""
    return nasty_report().to_html()
