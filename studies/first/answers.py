"""The figures of Study 1's page, computed from the compact form of its results: ``python -m studies.first.answers``.

It takes about a minute and writes ``studies/first/results/answers.json``, which ``page.py`` puts into words.
All figures but the counts have 95% intervals over split seeds and rows, those of ``codeshift.study.Findings``. What is
compared is compared on the same seeds: a seed counts in a scenario once all its trainings there are done.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from codeshift.files import finite
from codeshift.metrics import Estimate
from codeshift.study import Findings, RunRecord
from codeshift.study.findings.along_training import mean_regret, regret_of
from codeshift.study.findings.claim import verdict
from codeshift.study.findings.detection import CONFIDENCE_OF_TEXT, detection
from codeshift.study.findings.finding import flipped
from codeshift.study.findings.large_enough import too_small
from codeshift.study.findings.quantity import Quantity, combined, mean_of, nothing
from codeshift.study.findings.strength import FEWEST_SCENARIOS, spearman
from codeshift.study.settings.keys import NONE, RunKey
from studies.first.compact import EXACT, LOSS, READ, RESULTS, CompactResults, unpack

ANSWERS = RESULTS / "answers.json"
CORPORA = ("stdlib", "algorithms")
METHODS = ("full", "lora")
WISE = "wise_ft=0.5"
CONTROL = "control"
FEWEST_NAMES = 5
"""Smallest number of rows with a masked name in each seed for a scenario to count."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Figures of one corpus by one metric.

    Attributes:
        results: Results of the corpus's main study.
        metric: Name of the metric.
    """

    results: CompactResults
    metric: str

    @cached_property
    def findings(self) -> Findings:
        """Findings of the study, for their intervals."""
        return Findings(results=self.results, metric=self.metric)

    @cached_property
    def sign(self) -> float:
        """Number that turns a difference of scores into one that is above 0 where it is better."""
        return 1.0 if self.results.metrics[self.metric].higher_is_better else -1.0

    @cached_property
    def scenarios(self) -> list[str]:
        """Scenarios with a seed whose trainings are all done, and with enough distinct rows; the control is none."""
        small = too_small(self.findings.cells, self.metric)
        return [name for name in self.results.scenarios if self.seeds(name) and name not in small and name != CONTROL]

    @cache  # noqa: B019 - the object lives as long as its numbers are used
    def seeds(self, scenario: str) -> frozenset[int]:
        """Return the split seeds for which all that is compared in a scenario is done."""
        cells = [(method, kept, None) for method in METHODS for kept in (0.0, 1.0)]
        cells += [("full", 0.0, WISE), (NONE, None, None)]
        return frozenset.intersection(*(
            frozenset(record.key.split_seed for record in self._records(scenario, *cell) if record.status == "done")
            for cell in cells
        ))  # fmt: skip

    def _records(
        self, scenario: str, method: str, kept: float | None, variant: str | None = None
    ) -> tuple[RunRecord, ...]:
        return self.results.find(method=method, scenario=scenario, ood_kept=kept, variant=variant)

    def records(self, scenario: str, method: str, kept: float | None, variant: str | None = None) -> list[RunRecord]:
        """Return the runs of a cell of the seeds that count."""
        seeds = self.seeds(scenario)
        return [r for r in self._records(scenario, method, kept, variant) if r.key.split_seed in seeds]

    def score(self, scenario: str, method: str, kept: float | None, part: str, variant: str | None = None) -> Quantity:
        """Return the score of a cell on a part."""
        records = self.records(scenario, method, kept, variant)
        return self.findings.cells.resampler.quantity(records, self.metric, part, scenario)

    def better(self, quantity: Quantity) -> Quantity:
        """Return a difference with its sign set so that above 0 is better."""
        return quantity if self.sign > 0 else -quantity

    def mean(self, of: Callable[[str], Quantity], scenarios: Sequence[str] | None = None) -> Quantity:
        """Return the mean of a number over scenarios; by default over all that are measured but the control."""
        return mean_of([of(name) for name in (self.scenarios if scenarios is None else scenarios)])

    def of_methods(self, of: Callable[[str], Quantity]) -> Quantity:
        """Return the mean of a number over the methods that train."""
        return mean_of([of(method) for method in METHODS])

    def gap(self, scenario: str, method: str, kept: float | None = 0.0, variant: str | None = None) -> Quantity:
        """Return what a cell is worse by on ``test_ood`` than on ``test_id``."""
        inside, outside = (self.score(scenario, method, kept, part, variant) for part in ("test_id", "test_ood"))
        return self.better(inside - outside)

    def cost(self, scenario: str, method: str, part: str = "test_ood") -> Quantity:
        """Return what masking the region costs on the same rows."""
        return self.better(self.score(scenario, method, 1.0, part) - self.score(scenario, method, 0.0, part))

    def mean_cost(self, scenario: str) -> Quantity:
        """Return what masking costs in a scenario, the mean over methods."""
        return self.of_methods(lambda method: self.cost(scenario, method))

    def mean_gap(self, scenario: str, kept: float = 0.0) -> Quantity:
        """Return the gap of a scenario, the mean over methods."""
        return self.of_methods(lambda method: self.gap(scenario, method, kept))

    def figures(self) -> dict[str, Quantity]:
        """Return the figures by name."""
        dimensions = {
            dimension: [name for name in names if name in self.scenarios]
            for dimension, names in self.results.dimensions.items()
        }
        cost_of = {name: self.mean(self.mean_cost, of) for name, of in dimensions.items() if of}
        gap_of = {name: self.mean(self.mean_gap, of) for name, of in dimensions.items() if of}
        figures = {
            "gap": self.mean(self.mean_gap),
            "gap kept": self.mean(lambda name: self.mean_gap(name, 1.0)),
            "cost": self.mean(self.mean_cost),
            "cost in distribution": self.mean(
                lambda name: self.of_methods(lambda method: self.cost(name, method, "test_id"))
            ),
            **{f"cost of {name}": cost for name, cost in cost_of.items()},
            **{f"gap of {name}": gap for name, gap in gap_of.items()},
        }
        if self.seeds(CONTROL):
            figures["control"] = self.mean_cost(CONTROL)
            figures["beyond control"] = figures["cost"] - figures["control"]
            figures["control gap"] = self.mean_gap(CONTROL)
        for kind, of in (("cost", cost_of), ("gap", gap_of)):
            others = [of[name] for name in ("syntax", "semantics") if name in of]
            if others and "complexity" in of:
                figures[f"{kind} of syntax and semantics beyond length"] = mean_of(others) - of["complexity"]
        kept = self.mean(lambda name: self.of_methods(lambda method: self.score(name, method, 1.0, "test_ood")))
        figures["share lost"] = figures["cost"] / kept
        beyond_half = combined([(1.0, figures["cost"]), (-0.5, figures["gap"])])
        figures["cost beyond half the gap"] = replace(beyond_half, n=figures["cost"].n)
        of_each = self._of_each_method()
        return figures | of_each | self._between_methods(of_each)

    def repeated(self) -> dict[str, Any]:
        """Return the first figures over the scenarios with the most seeds, if several, whose intervals carry them."""
        seeds = max((len(self.seeds(name)) for name in self.scenarios), default=0)
        if seeds < 2:
            return {}
        names = [name for name in self.scenarios if len(self.seeds(name)) == seeds]
        lora, full = (
            self.mean(lambda name, m=method: self.score(name, m, 0.0, "test_ood"), names)  # type: ignore[misc]
            for method in ("lora", "full")
        )
        figures = {
            "gap": self.mean(self.mean_gap, names),
            "cost": self.mean(self.mean_cost, names),
            "lora beyond full": self.better(lora - full),
        }
        return {"scenarios": names, "seeds": seeds, **{name: plain(of) for name, of in figures.items()}}

    def _of_each_method(self) -> dict[str, Quantity]:
        figures = {}
        for method, kept, variant in (*((m, k, None) for m in METHODS for k in (0.0, 1.0)), ("full", 0.0, WISE)):
            label = "wise" if variant else method if kept == 0 else f"{method} kept"
            for part in ("test_id", "test_ood"):
                figures[f"{label} {part}"] = self.mean(
                    lambda name, m=method, k=kept, p=part, v=variant: self.score(name, m, k, p, v)  # type: ignore[misc]
                )
        for part in ("test_id", "test_ood"):
            figures[f"none {part}"] = self.mean(lambda name, p=part: self.score(name, NONE, None, p))  # type: ignore[misc]
        for method in METHODS:
            figures[f"gap {method}"] = self.mean(lambda name, m=method: self.gap(name, m))  # type: ignore[misc]
            figures[f"cost {method}"] = self.mean(lambda name, m=method: self.cost(name, m))  # type: ignore[misc]
        return figures

    def _between_methods(self, of_each: Mapping[str, Quantity]) -> dict[str, Quantity]:
        figures = {}
        for part in ("test_id", "test_ood"):
            full, lora, wise, none = (of_each[f"{name} {part}"] for name in ("full", "lora", "wise", "none"))
            figures |= {
                f"lora beyond full {part}": self.better(lora - full),
                f"wise beyond full {part}": self.better(wise - full),
                f"wise beyond lora {part}": self.better(wise - lora),
                f"tuned beyond none {part}": self.better(mean_of([full, lora]) - none),
            }
        figures["lora keeps beyond full"] = of_each["cost full"] - of_each["cost lora"]
        return figures

    @cached_property
    def by_scenario(self) -> list[dict[str, Any]]:
        """Gap and cost of each scenario, the control's last."""
        lines = []
        for name in (*self.scenarios, *((CONTROL,) if self.seeds(CONTROL) else ())):
            facts = next(facts for (scenario, _), facts in self.results.splits.items() if scenario == name)
            gap, kept, cost = self.mean_gap(name), self.mean_gap(name, 1.0), self.mean_cost(name)
            score = self.of_methods(lambda method, n=name: self.score(n, method, 0.0, "test_ood"))  # type: ignore[misc]
            lines.append({
                "scenario": name, "dimension": facts.dimension, "meaning": facts.meaning,
                "rows": gap.n, "seeds": len(self.seeds(name)),
                "score": plain(score), "gap": plain(gap), "gap kept": plain(kept), "cost": plain(cost),
                **self._strength(name),
            })  # fmt: skip
        return lines

    def _strength(self, scenario: str) -> dict[str, float]:
        """Return the mean over seeds of the AUC of an audit's classifier, and of the distance to the training rows.

        The distance is 1 less the similarity of a row of ``test_ood`` to its nearest training row.
        """
        at = [split for split in self.results.splits if split[0] == scenario]
        facts = [self.results.splits[split] for split in at]
        distances = [1 - float(np.nanmean(each.nearest[0.0][each.members["test_ood"]])) for each in facts]
        return {"auc": _mean([self.results.aucs[split] for split in at]), "distance": _mean(distances)}

    def correlations(self) -> dict[str, Estimate]:
        """Return the rank correlations, over scenarios, of the audit's AUC and the distance with cost and gap."""
        lines = [line for line in self.by_scenario if line["scenario"] != CONTROL]
        by_scenario = {}
        for measured in ("auc", "distance"):
            for lost in ("cost", "gap"):
                pairs = [(line[measured], line[lost]["value"]) for line in lines]
                if len(pairs) >= FEWEST_SCENARIOS:
                    sides = np.array(pairs, dtype=np.float64).T
                    by_scenario[f"{measured} and {lost}"] = spearman(*sides, self.findings.confidence)
        return by_scenario

    def confidences(self) -> Quantity:
        """Return how well the models' confidence tells rows of ``test_ood`` from those of ``test_id``: the AUROC."""
        cells = self.findings.cells
        kept = [
            detection(cells, cell, CONFIDENCE_OF_TEXT)
            for cell in cells
            if cell.method in METHODS and cell.ood_kept == 0 and cell.scenario in self.scenarios
        ]
        return mean_of(kept)

    def masked_names(self) -> dict[str, Quantity]:
        """Return how often names are written that only the masked rows held: with the region masked, and kept.

        These are rows of ``test_ood`` whose name is among those that the 100% baseline was trained on, and not among
        those of the masked training.
        """
        counts = {name: self._names(name) for name in self.scenarios}
        counts = {name: count for name, count in counts.items() if min(count) >= FEWEST_NAMES}
        total = sum(map(sum, counts.values()))

        def recall(method: str, kept: float | None) -> Quantity:
            return combined([(sum(count) / total, self._recall(name, method, kept)) for name, count in counts.items()])

        masked, whole = (mean_of([recall(method, kept) for method in METHODS]) for kept in (0.0, 1.0))
        return {
            "names masked": masked,
            "names kept": whole,
            "names lost": whole - masked,
            "names none": recall(NONE, None),
        }

    def _names(self, scenario: str) -> list[int]:
        """Return the number of rows with a masked name, by split seed."""
        return [int((self._masked(scenario, seed)).sum()) for seed in sorted(self.seeds(scenario))]

    def _masked(self, scenario: str, split_seed: int) -> np.ndarray:
        named, masked = self.results.named[split_seed], self.results.named_masked[scenario, split_seed]
        rows: np.ndarray = named & ~masked & self.results.splits[scenario, split_seed].members["test_ood"]
        return rows

    def _recall(self, scenario: str, method: str, kept: float | None) -> Quantity:
        def statistics(key: RunKey) -> np.ndarray:
            exact = self.results.scores(key).statistics[EXACT.name]
            rows: np.ndarray = np.where(self._masked(scenario, key.split_seed)[:, None], exact, np.nan)
            return rows

        records = self.records(scenario, method, kept)
        resampler = self.findings.cells.resampler
        return resampler.of_rows(records, "test_ood", scenario, f"masked names of {scenario}", statistics)

    def equal_gap(self) -> dict[str, Any]:
        """Return the gap of full fine-tuning that is left at equal similarity to the nearest training row."""
        for gap in self.findings.equal_gaps:
            if not gap.cell.scenario and gap.cell.method == "full" and gap.cell.ood_kept == 0:
                worse = {"gap": gap.gap, "at equal distance": gap.estimate}
                shown = {name: plain(of if self.sign > 0 else flipped(of)) for name, of in worse.items()}
                return {**shown, "compared": gap.compared}
        return {}

    def regret(self) -> dict[str, Estimate]:
        """Return what the step that ID validation chooses loses against the best one, by method; over split seeds."""
        by_method = {}
        for method in METHODS:
            by_seed: dict[int, list[float]] = {}
            for name in self.scenarios:
                for record in self.records(name, method, 0.0):
                    regret = None if record.training is None else regret_of(record.training)
                    if regret is not None:
                        by_seed.setdefault(record.key.split_seed, []).append(regret[0])
            if by_seed:
                by_method[method] = mean_regret(
                    [_mean(values) for values in by_seed.values()], self.findings.confidence
                )
        return by_method


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def plain(number: Quantity | Estimate) -> dict[str, Any]:
    """Return a number as JSON values: its interval, the rows and trained models behind it, and the verdict above 0."""
    estimate = number.estimate() if isinstance(number, Quantity) else number
    return {
        "value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n, "note": estimate.note,
        "verdict": verdict(estimate), "seeds": number.seeds if isinstance(number, Quantity) else 0,
    }  # fmt: skip


def curve(results: CompactResults, kept: CompactResults, metric: str) -> dict[str, Any]:
    """Return the curve over the share kept, of the scenarios that have one.

    Args:
        results: Results of the main study, whose shares are 0 and 1.
        kept: Results of the study of the shares between.
        metric: Name of the metric.
    """
    for (scenario, split_seed), facts in kept.splits.items():
        same = results.splits[scenario, split_seed].members["test_ood"]
        assert np.array_equal(facts.members["test_ood"], same)  # noqa: S101 - both studies split the same rows
    of_main = {record.key for record in results.records}
    both = replace(
        results,
        settings=replace(results.settings, scenarios=kept.scenarios),
        records=(*results.records, *(record for record in kept.records if record.key not in of_main)),
        load=lambda key, part: (results if key in of_main else kept).load(key, part),
    )
    answers = Answers(both, metric)
    lines: dict[str, Any] = {"scenarios": {}, "won back": {}}
    seeds = {name: _curve_seeds(both, name) & answers.seeds(name) for name in kept.scenarios}
    names = [name for name, common in seeds.items() if common]

    def score(name: str, method: str, share: float) -> Quantity:
        runs = [record for record in answers.records(name, method, share) if record.key.split_seed in seeds[name]]
        return answers.findings.cells.resampler.quantity(runs, metric, "test_ood", name)

    for method in METHODS:
        for name in names:
            points = {share: plain(score(name, method, share)) for share in both.ood_kept}
            lines["scenarios"].setdefault(name, {})[method] = points
        lines.setdefault("mean", {})[method] = {
            share: plain(mean_of([score(name, method, share) for name in names])) for share in both.ood_kept
        }
    loss, won = nothing(), {}
    if names:
        pairs = [(name, method) for name in names for method in METHODS]
        loss = mean_of([answers.better(score(n, m, 1.0) - score(n, m, 0.0)) for n, m in pairs])
        won = {
            share: mean_of([answers.better(score(n, m, share) - score(n, m, 0.0)) for n, m in pairs])
            for share in both.ood_kept if 0 < share < 1
        }  # fmt: skip
    lines["loss"] = plain(loss)
    shown = verdict(loss.estimate()) == "holds"
    for share, gained in won.items():
        half = (gained / loss).estimate() if shown else nothing().estimate()
        lines["won back"][share] = {"gain": plain(gained), "share": plain(half), "verdict": verdict(half, 0.5)}
    return lines


def _curve_seeds(both: CompactResults, scenario: str) -> frozenset[int]:
    """Return the split seeds for which all shares of a scenario are done, by both methods."""
    return frozenset.intersection(*(
        frozenset(
            record.key.split_seed
            for record in both.find(method=method, scenario=scenario, ood_kept=share)
            if record.status == "done"
        )
        for method in METHODS
        for share in both.ood_kept
    ))  # fmt: skip


def facts_of(results: CompactResults) -> dict[str, Any]:
    """Return the counts of a study's runs, rows and versions, and its settings."""
    done = [record for record in results.records if record.status == "done"]
    settings = results.settings.plain
    rows = [len(groups) for groups in results.groups.values()]
    hours = sum(record.seconds for record in done if not math.isnan(record.seconds)) / 3600
    return {
        "runs": len(results.records), "done": len(done), "failed": results.counts["failed"],
        "trainings": sum(_trains(record.key) for record in results.records),
        "trainings done": sum(_trains(record.key) for record in done),
        "seeds": len(results.split_seeds), "scenarios": list(results.scenarios), "test rows": rows,
        "data": settings["data"], "train size": settings["train_size"], "hours": round(hours, 1),
        "rates": {name: method["config"]["learning_rate"] for name, method in settings["methods"].items()},
        "torch": dict(sorted(Counter(record.versions.get("torch", "?") for record in done).items())),
    }  # fmt: skip


def _trains(key: RunKey) -> bool:
    return key.method != NONE and not key.variant


def answers_of(corpus: str, folder: Path = RESULTS) -> dict[str, Any]:
    """Return all that the page says of a corpus."""
    results = unpack(folder / corpus)
    lines: dict[str, Any] = {"facts": facts_of(results), "metrics": {}}
    lines["read"] = json.loads((folder / corpus / READ).read_text(encoding="utf-8"))
    kept = unpack(folder / f"{corpus}-curve") if (folder / f"{corpus}-curve").exists() else None
    if kept is not None:
        lines["facts of the curve"] = facts_of(kept)
    for metric in (EXACT.name, LOSS.name):
        answers = Answers(results, metric)
        lines["metrics"][metric] = of_metric = {
            "figures": {name: plain(quantity) for name, quantity in answers.figures().items()},
            "scenarios": answers.by_scenario,
            "correlations": {name: plain(estimate) for name, estimate in answers.correlations().items()},
            "equal": answers.equal_gap(),
            "repeated": answers.repeated(),
        }
        if kept is not None:
            of_metric["curve"] = curve(results, kept, metric)
        if metric == EXACT.name:
            of_metric["figures"] |= {name: plain(number) for name, number in answers.masked_names().items()}
            detected = answers.confidences()
            lines["confidence"] = {**plain(detected), "verdict": verdict(detected.estimate(), 0.5)}
            lines["regret"] = {name: plain(estimate) for name, estimate in answers.regret().items()}
    return lines


def searches(folder: Path = RESULTS) -> dict[str, Any]:
    """Return the searches of learning rates, by corpus."""
    paths = {corpus: folder / f"search-{corpus}.json" for corpus in CORPORA}
    return {corpus: json.loads(path.read_text(encoding="utf-8")) for corpus, path in paths.items() if path.exists()}


def text_of(answers: dict[str, Any]) -> str:
    """Return answers as the text of their file; numbers have seven digits."""
    return json.dumps(_rounded(finite(answers)), indent=1, ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _rounded(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(held) for held in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def main() -> None:
    """Write the answers."""
    studies = {corpus: answers_of(corpus) for corpus in CORPORA if (RESULTS / corpus).exists()}
    ANSWERS.write_text(text_of({"searches": searches(), "studies": studies}), encoding="utf-8")


if __name__ == "__main__":
    main()
