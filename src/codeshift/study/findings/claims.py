"""Common claims about generalisation, each tested on the study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.claim import (
    NOT_MEASURED,
    Claim,
    ClaimVerdict,
    claim_about,
    naming_left_out,
    no_scenario,
    verdict,
)
from codeshift.study.findings.comparisons import comparisons
from codeshift.study.findings.detection import AUROC_SHOWN, confidence_of, detection, is_measured
from codeshift.study.findings.large_enough import distinct_rows, too_small
from codeshift.study.findings.quantity import Quantity, mean_of, nothing
from codeshift.study.findings.strength import FEWEST_SCENARIOS, strength_effects
from codeshift.study.findings.unseen import masking_scenarios, recall_of
from codeshift.study.results.measures import CORRELATION, SHARE, method_name
from codeshift.study.settings.keys import NONE


def claims(cells: Cells, metric: str) -> Iterator[Claim]:
    """Yield all claims that the study has runs for, whether these are done or not.

    Claims about ``test_ood`` use the scenarios that have ``min_rows`` distinct rows of it, and name the others.
    """
    small = too_small(cells, metric)
    names = [name for name in cells.results.scenarios if name not in small]
    yield from (naming_left_out(cells, claim, small) for claim in _on_test_ood(cells, metric, names))
    if masks(cells) and cells.has_none and cells.methods and "general" in cells.parts:
        count = distinct_rows(cells, metric, "general")
        enough = count is None or count >= cells.min_rows
        forgets = _forgets(cells, metric, "general", cells.results.scenarios if enough else ())
        words = f"The general set has {count} distinct rows, fewer than {cells.min_rows}: too few for a claim."
        yield forgets if enough else replace(forgets, evidence=words)


def _on_test_ood(cells: Cells, metric: str, names: Sequence[str]) -> Iterator[Claim]:
    if not masks(cells):
        return
    if cells.methods:
        yield _gap(cells, metric, names)
    if 1.0 in cells.results.ood_kept:
        yield _costs(cells, metric, names)
        yield from _dimensions_cost(cells, metric, names)
        if any(0 < kept < 1 for kept in cells.results.ood_kept):
            yield _wins_back(cells, metric, names)
        for method in cells.methods:
            if method != cells.reference_method:
                yield _keeps_more(cells, metric, method, names)
        yield from _writes_less(cells, names)
        yield from _stronger_costs(cells, metric, names)
    if cells.has_none and cells.methods:
        yield _forgets(cells, metric, "test_ood", names)
    if cells.methods and is_measured(cells):
        yield _knows(cells, names)


def masks(cells: Cells) -> bool:
    """Return whether a region is masked, in whole or in part."""
    return cells.lowest_share is not None and cells.lowest_share < 1


def _share_lost(cells: Cells, metric: str, cell: Cell) -> Quantity:
    """Return the share of the 100% baseline's score that is lost; that is added if lower is better."""
    baseline = cells.quantity(cells.baseline(cell), metric, "test_ood")
    return cells.worse(metric, (cells.quantity(cell, metric, "test_ood") - baseline) / baseline)


def _costs(cells: Cells, metric: str, names: Sequence[str]) -> Claim:
    by_method = {
        method: {cell.scenario: _share_lost(cells, metric, cell) for cell in cells.at_lowest_share(method, names)}
        for method in cells.methods
    }
    every = {(method, name): lost for method, losses in by_method.items() for name, lost in losses.items()}
    defined = {at: lost for at, lost in every.items() if lost.defined}
    pooled = mean_of(list(every.values()))
    verdicts = [verdict(cells.estimate(lost)) for lost in defined.values()]
    means = _of_methods(cells, lambda method: mean_of(list(by_method[method].values())))
    words = f"{_of_baseline(cells, metric)} on test_ood: {SHARE.estimate(cells.estimate(pooled))} ({means}). "
    words += f"Of {len(defined)} cells {verdicts.count('holds')} show a loss, {verdicts.count('does not hold')} a gain."
    if len(defined) > 1:
        most, least = (by(defined, key=lambda at: defined[at].value) for by in (max, min))
        named = [f"{at[1]} ({method_name(at[0])}, {SHARE.text(defined[at].value)}%)" for at in (most, least)]
        words += f" Most is lost in {named[0]}, least in {named[1]}."
    return claim_about(cells, "Masking a region from training costs performance on it", pooled, words)


def _of_baseline(cells: Cells, metric: str) -> str:
    measure = cells.measure(metric)
    lost = "that is lost" if measure.higher_is_better else "that is added to it (lower is better)"
    return f"Mean share of the 100% baseline's {measure.title} {lost}"


def _of_methods(cells: Cells, of: Callable[[str], Quantity], methods: Sequence[str] | None = None) -> str:
    chosen = cells.methods if methods is None else methods
    return "; ".join(f"{method_name(method)} {SHARE.estimate(cells.estimate(of(method)))}" for method in chosen)


def _gap(cells: Cells, metric: str, names: Sequence[str]) -> Claim:
    def gap(method: str) -> Quantity:
        kept = None if method == NONE else cells.lowest_share
        cells_of = [Cell(scenario=name, method=method, ood_kept=kept) for name in names]
        parts = [[cells.quantity(cell, metric, part) for cell in cells_of] for part in ("test_ood", "test_id")]
        return mean_of([cells.worse(metric, ood - inside) for ood, inside in zip(*parts, strict=True)])

    by_method = {method: gap(method) for method in ((NONE,) if cells.has_none else ()) + cells.methods}
    measure = cells.measure(metric)
    words = "; ".join(
        f"{method_name(method)} {measure.change(cells.estimate(cells.worse(metric, worse)))}"
        for method, worse in by_method.items()
    )
    pooled = mean_of([by_method[method] for method in cells.methods])
    words = f"{measure.title} on test_ood less that on test_id, mean over scenarios: {words}."
    words += " Rows of the two parts can differ in difficulty as well."
    claim = "Fine-tuned models do worse out of distribution than in distribution"
    return claim_about(cells, claim, pooled, words, measure=measure)


def _dimensions_cost(cells: Cells, metric: str, names: Sequence[str]) -> Iterator[Claim]:
    """Compare syntax and semantics with complexity, as SimSCOOD does."""
    by_kind = {
        kind: [name for name in scenarios if name in names] for kind, scenarios in cells.results.dimensions.items()
    }
    others = [kind for kind in ("syntax", "semantics") if kind in by_kind]
    if "complexity" not in by_kind or not others:
        return
    lost = {
        kind: mean_of([
            _share_lost(cells, metric, cell)
            for method in cells.methods for cell in cells.at_lowest_share(method, scenarios)
        ])
        for kind, scenarios in by_kind.items()
    }  # fmt: skip
    difference = mean_of([lost[kind] for kind in others]) - lost["complexity"]
    shares = "; ".join(f"{kind} {SHARE.estimate(cells.estimate(scenarios))}" for kind, scenarios in lost.items())
    words = f"{_of_baseline(cells, metric)}: {shares}. Difference {SHARE.change(cells.estimate(difference))}."
    claim = f"Shifts of {' and '.join(others)} cost more than those of complexity"
    if all(by_kind[kind] for kind in ("complexity", *others)):
        yield claim_about(cells, claim, difference, words)
    else:
        missing = f"Not each of them has a scenario with {cells.min_rows} distinct rows of test_ood."
        yield claim_about(cells, claim, nothing(), words, missing=missing)


def _wins_back(cells: Cells, metric: str, names: Sequence[str]) -> Claim:
    """Test which share of the loss some rows win back; a ratio of means, since single losses can be near 0."""
    shares = [kept for kept in cells.results.ood_kept if (cells.lowest_share or 0.0) < kept < 1]
    won_at = {kept: _won_back(cells, metric, kept, names) for kept in shares}
    words = "; ".join(
        f"{kept * 100:.4g}% of the region's rows win back {SHARE.estimate(cells.estimate(won))}"
        for kept, won in won_at.items()
    )
    few = [kept for kept in shares if kept <= 0.5] or shares[:1]
    holding = [kept for kept in few if verdict(cells.estimate(won_at[kept]), 0.5) == "holds"]
    at = holding[0] if holding else few[-1]
    claim = "A few rows of the region win most of the loss back"
    missing = "The loss itself is not shown, so neither is what of it is won back."
    return claim_about(cells, claim, won_at[at], f"Of the loss on test_ood {words}.", above=0.5, missing=missing)


def _won_back(cells: Cells, metric: str, kept: float, names: Sequence[str]) -> Quantity:
    won, lost = [], []
    for method in cells.methods:
        for cell in cells.at_lowest_share(method, names):
            partly_kept = cells.quantity(Cell(scenario=cell.scenario, method=method, ood_kept=kept), metric, "test_ood")
            none = cells.quantity(cell, metric, "test_ood")
            every = cells.quantity(cells.baseline(cell), metric, "test_ood")
            if partly_kept.defined and none.defined and every.defined:
                won.append(cells.worse(metric, none - partly_kept))
                lost.append(cells.worse(metric, none - every))
    loss = mean_of(lost) if lost else nothing()
    if verdict(cells.estimate(loss)) != "holds":
        return nothing()  # a share of a loss that is not shown says nothing
    return mean_of(won) / loss


def _keeps_more(cells: Cells, metric: str, method: str, names: Sequence[str]) -> Claim:
    reference = cells.reference_method or ""
    pairs = [cells.at_lowest_share(name, names) for name in (method, reference)]
    differences = [
        _share_lost(cells, metric, theirs) - _share_lost(cells, metric, ours)
        for ours, theirs in zip(*pairs, strict=True)
    ]
    pooled = mean_of(differences)
    rows = [
        comparison
        for comparison in comparisons(cells, metric)
        if comparison.method == method
        and comparison.ood_kept == cells.lowest_share
        and comparison.value == comparison.value
        and comparison.scenario in names
    ]
    differing = [comparison for comparison in rows if comparison.value != 0]
    ahead, behind = ([comparison for comparison in differing if comparison.is_ahead is side] for side in (True, False))
    sure = [sum(comparison.significant for comparison in side) for side in (ahead, behind)]
    words = f"The share that is left of the own 100% baseline differs by {SHARE.change(cells.estimate(pooled))}, "
    words += "in the mean over scenarios. "
    words += f"In score on test_ood it is ahead in {len(ahead)} of {len(rows)} scenarios ({sure[0]} significant after "
    words += f"Holm's correction) and behind in {len(behind)} ({sure[1]} significant)."
    return claim_about(cells, f"{method_name(method)} keeps more than {method_name(reference)}", pooled, words)


def _writes_less(cells: Cells, names: Sequence[str]) -> Iterator[Claim]:
    masking = masking_scenarios(cells)
    if not masking:
        return
    scenarios = [name for name in masking if name in names]
    by_method = {m: [recall_of(cells, cell) for cell in cells.at_lowest_share(m, scenarios)] for m in cells.methods}
    with_all_rows = {
        m: [recall_of(cells, cells.baseline(cell)) for cell in cells.at_lowest_share(m, scenarios)]
        for m in cells.methods
    }
    drops = [
        after - before for m in cells.methods for before, after in zip(by_method[m], with_all_rows[m], strict=True)
    ]
    words = "Where the reference holds the masked element, outputs hold it in: "
    words += _of_methods(cells, lambda m: mean_of(by_method[m]))
    words += f"; with all rows kept {_of_methods(cells, lambda m: mean_of(with_all_rows[m]))}"
    if cells.has_none:
        without = mean_of([recall_of(cells, Cell(scenario=s, method=NONE, ood_kept=None)) for s in scenarios])
        words += f"; {method_name(NONE)} {SHARE.estimate(cells.estimate(without))}"
    claim = "Models write an element less often where fine-tuning masked it"
    missing = NOT_MEASURED if scenarios else no_scenario(cells, "of test_ood and masks elements")
    yield claim_about(cells, claim, mean_of(drops), words + ".", missing=missing)


def _stronger_costs(cells: Cells, metric: str, names: Sequence[str]) -> Iterator[Claim]:
    effects = [effect for effect in strength_effects(cells, metric, names) if effect.value == effect.value]
    claim = "A stronger shift costs more"
    if not effects:
        if any(effect.value == effect.value for effect in strength_effects(cells, metric)):
            words = f"It takes {FEWEST_SCENARIOS} scenarios with {cells.min_rows} distinct rows of test_ood."
            yield Claim(estimate=cells.estimate(nothing()), seeds=0, claim=claim, verdict="not shown", evidence=words)
        return
    verdicts = {verdict(effect.estimate) for effect in effects}
    least = min(effects, key=lambda effect: effect.value)
    agreed: ClaimVerdict = verdicts.pop() if len(verdicts) == 1 else "not shown"
    yield Claim(
        estimate=least.estimate, seeds=least.seeds, claim=claim, verdict=agreed,
        evidence=" ".join(effect.sentence for effect in effects), measure=CORRELATION,
    )  # fmt: skip


def _forgets(cells: Cells, metric: str, part: str, names: Sequence[str]) -> Claim:
    by_method = {method: mean_of(_changes_by_scenario(cells, metric, part, method, names)) for method in cells.methods}
    measure = cells.measure(metric)
    words = "; ".join(
        f"{method_name(method)} {measure.change(cells.estimate(cells.worse(metric, change)))}"
        for method, change in by_method.items()
    )
    words = f"Change of {measure.title} on {part}, mean over scenarios: {words}."
    defined = {method: change for method, change in by_method.items() if change.defined}
    if len(defined) > 1:
        least = min(defined, key=lambda method: defined[method].value)
        others = [defined[method] - defined[least] for method in defined if method != least]
        shown = all(verdict(cells.estimate(other)) == "holds" for other in others)
        best = _at_best(part, defined[least].value, verdict(cells.estimate(defined[least])))
        name = method_name(least)
        words += f" {name[0].upper()}{name[1:]} {best}{'' if shown else ', though the difference is not shown'}."
    claims = {
        "general": "Fine-tuning forgets: models do worse on the general set than without it",
        "test_ood": "Fine-tuning with the region masked is worse on it than no fine-tuning at all",
    }
    return claim_about(cells, claims[part], mean_of(list(by_method.values())), words, measure=measure)


def _knows(cells: Cells, names: Sequence[str]) -> Claim:
    """Test whether models are less sure of rows of the region than of others, by the usual score of the task."""
    score = confidence_of(cells)
    by_method = {
        method: mean_of([detection(cells, cell, score) for cell in cells.at_lowest_share(method, names)])
        for method in cells.methods
    }
    words = "; ".join(
        f"{method_name(method)} {AUROC_SHOWN.estimate(cells.estimate(figure))}" for method, figure in by_method.items()
    )
    sureness = "the top probability" if cells.results.classes else "outputs' mean token log-probability"
    words = f"AUROC of {sureness} for rows of test_ood against those of test_id, mean over scenarios: {words}. "
    words += "50 of 100 is chance: a model that loses out of distribution and is as sure there does not know of it."
    claim = "The model's confidence tells the shift"
    return claim_about(cells, claim, mean_of(list(by_method.values())), words, above=0.5, measure=AUROC_SHOWN)


def _at_best(part: str, loss: float, lost: ClaimVerdict) -> str:
    """Describe the method that loses least; a gain is named only if it is shown."""
    if loss > 0:
        return "forgets least" if part == "general" else "loses least"
    return "gains most" if lost == "does not hold" else "comes out best"


def _changes_by_scenario(cells: Cells, metric: str, part: str, method: str, names: Sequence[str]) -> list[Quantity]:
    changes = []
    for cell in cells.at_lowest_share(method, names):
        before = cells.quantity(Cell(scenario=cell.scenario, method=NONE, ood_kept=None), metric, part)
        changes.append(cells.worse(metric, cells.quantity(cell, metric, part) - before))
    return changes
