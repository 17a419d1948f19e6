"""The page of Study 1, ``docs/studies/first.md``, and its pictures, from ``studies/first/results/answers.json``.

    python -m studies.first.page
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from codeshift.formatting import counted
from scripts.drawing import ASSETS, THEMES
from studies.first import pictures
from studies.first.answers import ANSWERS
from studies.first.pictures import EXACT, FACTOR, LOSS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "studies" / "first.md"
NAMES = {"stdlib": "standard library", "algorithms": "algorithms"}
METHOD_NAMES = {"full": "full fine-tuning", "lora": "LoRA"}
POINTS, PERCENT, NATS = " points", "%", " nats"
_MISSING = "not measured"

Number = Mapping[str, Any]
Studies = Mapping[str, Any]


def number(of: Number, metric: str = EXACT, *, signed: bool = True, unit: str = "") -> str:
    """Return a number with its interval: points or percent of exact match, or nats.

    >>> number({"value": 0.125, "low": 0.0625, "high": 0.25, "note": ""})
    '+12.5 [6.2, 25.0]'
    """
    if of["value"] is None:
        return _MISSING
    digits = 1 if metric == EXACT else 3
    value, low, high = (None if end is None else end * FACTOR[metric] for end in (of["value"], of["low"], of["high"]))
    ends = "" if low is None else f" [{_fixed(low, digits)}, {_fixed(high, digits)}]"
    return f"{_fixed(value, digits, signed=signed)}{unit}{ends}"


def _fixed(value: float, digits: int, *, signed: bool = False) -> str:
    rounded = round(value, digits) or 0.0
    return f"{rounded:{'+' if signed and rounded else ''}.{digits}f}"


def shown(of: Number, metric: str = EXACT) -> str:
    """Return a number with the verdict on it being above 0."""
    return f"**{of['verdict']}**<br>{_unbroken(number(of, metric))}" if of["value"] is not None else "**not shown** (not measured)"


def _unbroken(words: str) -> str:
    """Return words that a line of a table does not break."""
    return words.replace(" ", "&nbsp;").replace("-", "&#8209;")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def picture(name: str, alt: str, up: str = "../../") -> str:
    """Return the markup of a picture, in both themes and for wide and narrow pages."""
    lines = []
    for theme in ("light", "dark"):
        place = f"{up}assets/first-{name}"
        lines += [
            "<picture>",
            f'  <source media="(max-width: 700px)" srcset="{place}-tall-{theme}.svg">',
            f'  <img src="{place}-wide-{theme}.svg#only-{theme}" alt="{alt}">',
            "</picture>",
        ]
    return "\n".join(lines) + "\n"


def drawings(studies: Studies) -> dict[str, str]:
    """Return the pictures as SVG texts by file name."""
    drawn: dict[str, Callable[..., str]] = {
        "kinds": pictures.by_kind,
        "methods": pictures.by_method,
        "scenarios": lambda *of, **options: pictures.by_scenario(of[0], EXACT, of[1], **options),
        "losses": lambda *of, **options: pictures.by_scenario(of[0], LOSS, of[1], **options),
    }
    if has_curve(studies):
        drawn["curve"] = pictures.by_share
    if has_audits(studies):
        drawn["strength"] = pictures.by_strength
    return {
        f"first-{name}-{shape}-{theme.name}.svg": draw(studies, theme, tall=shape == "tall")
        for name, draw in drawn.items()
        for theme in THEMES
        for shape in ("wide", "tall")
    }


def has_curve(studies: Studies) -> bool:
    """Return whether a study of the shares between 0 and 1 has results of all shares of a scenario."""
    return any(answers["metrics"][LOSS].get("curve", {}).get("mean") for answers in studies.values())


def has_audits(studies: Studies) -> bool:
    """Return whether scenarios were audited."""
    return any(line["auc"] is not None for answers in studies.values() for line in answers["metrics"][LOSS]["scenarios"])


def figure(studies: Studies, corpus: str, name: str, metric: str = EXACT) -> Number:
    """Return a figure by name; one that was not measured has no value."""
    missing = {"value": None, "low": None, "high": None, "n": 0, "seeds": 0, "note": "", "verdict": "not shown"}
    found: Number = studies[corpus]["metrics"][metric]["figures"].get(name, missing)
    return found


def in_both(studies: Studies, name: str, metric: str = EXACT, *, signed: bool = True, unit: str = POINTS) -> str:
    """Return a figure of each corpus, in words."""
    told = []
    for corpus in studies:
        of = figure(studies, corpus, name, metric)
        told.append(f"{number(of, metric, signed=signed, unit=unit)} ({NAMES[corpus]})")
    return " and ".join(told)


def claim_rows(studies: Studies, claims: Sequence[tuple[str, str]]) -> str:
    """Return the table of claims: the verdict and the number of each, by corpus and metric.

    Args:
        studies: Answers by corpus.
        claims: Claim in words, and name of the figure that lies above 0 if it holds.
    """
    rows = []
    for claim, name in claims:
        for corpus in studies:
            exact, loss = (figure(studies, corpus, name, metric) for metric in (EXACT, LOSS))
            if exact["value"] is None and loss["value"] is None:
                cells = [_unmeasured(corpus, name), "", "", ""]
            else:
                cells = [shown(exact), shown(loss, LOSS) if loss["value"] is not None else "", str(exact["n"]), str(exact["seeds"])]
            rows.append([claim, NAMES[corpus], *cells])
            claim = ""
    return table(["Claim", "corpus", "exact match, points", "NLL, nats a token", "n", "seeds"], rows)


def _unmeasured(corpus: str, name: str) -> str:
    return f"**not shown** (no {'runs' if name else corpus} yet)"


PAPER = (
    ("Fine-tuned models do worse out of distribution than in distribution", "gap"),
    ("They do, because the region was masked: with it in training they do better on the same rows", "cost"),
    ("Most of the gap is due to masking", "cost beyond half the gap"),
    ("Masking costs more where the shift is one of syntax or semantics than where it is one of length",
     "cost of syntax and semantics beyond length"),
    ("The gap is larger there", "gap of syntax and semantics beyond length"),
    ("LoRA loses less by masking than full fine-tuning", "lora keeps beyond full"),
    ("With the region masked, LoRA is better out of distribution than full fine-tuning", "lora beyond full test_ood"),
    ("Models write a name less often if only masked rows held it", "names lost"),
    ("Fine-tuning with the region masked is still better on it than no fine-tuning", "tuned beyond none test_ood"),
)  # fmt: skip
"""Claims of the paper, and the figure of each."""

NOT_ASKED = (
    ("Masking a region costs more than leaving out as many rows at random", "beyond control"),
    ("Masking a region costs something in distribution as well", "cost in distribution"),
    ("WiSE-FT is better than LoRA out of distribution", "wise beyond lora test_ood"),
    ("WiSE-FT is better than full fine-tuning out of distribution", "wise beyond full test_ood"),
    ("WiSE-FT is better than full fine-tuning in distribution", "wise beyond full test_id"),
)
"""Questions that the paper did not ask, as claims, and the figure of each."""


def headline(studies: Studies) -> str:
    """Return the finding of the study in a sentence or two."""
    gaps, costs = in_both(studies, "gap", signed=False), in_both(studies, "cost", signed=False)
    found = f"On functions out of distribution, a small fine-tuned model writes {gaps} fewer names right than in distribution. "
    found += f"With such functions in training it would have written {costs} more of the same names right"
    verdicts = [figure(studies, corpus, "cost beyond half the gap")["verdict"] for corpus in studies]
    if all(verdict == "does not hold" for verdict in verdicts):
        return f"{found}: less than half of the gap is due to their absence, the rest to their being harder."
    words = {"holds": "more than half", "does not hold": "less than half", "not shown": "a part that is not clear"}
    by_loss = [
        f"{words[figure(studies, corpus, 'cost beyond half the gap', LOSS)['verdict']]} ({NAMES[corpus]})" for corpus in studies
    ]
    unclear = "so exact match does not tell how much of the gap is due to their absence"
    return f"{found}, {unclear}; of the gap in loss, {' and '.join(by_loss)} is."


def how_many(studies: Studies) -> Iterator[str]:
    """Yield a sentence on the runs of each study that are done, and on the machines that made them."""
    for corpus, answers in studies.items():
        for name, facts in ((NAMES[corpus], answers["facts"]), (f"{NAMES[corpus]}, curve", answers.get("facts of the curve"))):
            if facts is None:
                yield f"- {name}: not begun."
                continue
            versions = " and ".join(f"{count} with torch {version}" for version, count in facts["torch"].items())
            state = "all" if facts["done"] == facts["runs"] else str(facts["done"])
            yield (
                f"- {name}: {state} of {facts['runs']} planned runs are done ({facts['trainings done']} of "
                f"{facts['trainings']} trainings; the others only evaluate), {versions or 'none'}; "
                f"{counted(facts['failed'], 'run')} failed. They took {facts['hours']:g} hours in all."
            )


def search_rows(answers: Mapping[str, Any]) -> str:
    """Return the table of the searches of learning rates."""
    rows = []
    for corpus, losses in answers["searches"].items():
        for method in METHOD_NAMES:
            of_method = sorted((line for line in losses if line["method"] == method), key=lambda line: line["learning_rate"])
            lowest = [min((loss for loss in line["validation_losses"] if loss is not None), default=math.inf) for line in of_method]
            cells = [
                f"{'**' if loss == min(lowest) else ''}{line['learning_rate']:g}: {loss:.3f}{'**' if loss == min(lowest) else ''}"
                for line, loss in zip(of_method, lowest, strict=True)
            ]
            used = answers["studies"].get(corpus, {}).get("facts", {}).get("rates", {}).get(method)
            rows.append([NAMES[corpus], METHOD_NAMES[method], ", ".join(cells), "" if used is None else f"{used:g}"])
    return table(["corpus", "method", "learning rate: lowest validation loss of an epoch", "runs used"], rows)


def scenario_rows(studies: Studies, corpus: str) -> str:
    """Return the table of the scenarios of a corpus."""
    rows = []
    of_loss = {line["scenario"]: line for line in studies[corpus]["metrics"][LOSS]["scenarios"]}
    for line in studies[corpus]["metrics"][EXACT]["scenarios"]:
        loss = of_loss[line["scenario"]]
        rows.append([
            f"`{line['scenario']}`", str(line["rows"]), str(line["seeds"]), number(line["score"], signed=False), number(line["gap"]),
            number(line["cost"]), number(loss["gap"], LOSS), number(loss["cost"], LOSS),
        ])  # fmt: skip
        rows[-1][3:] = map(_unbroken, rows[-1][3:])
    headings = ["scenario", "rows", "seeds", "exact match, %", "gap, points", "cost, points", "gap, nats", "cost, nats"]
    return table(headings, rows)


def method_rows(studies: Studies) -> str:
    """Return the table of the methods' scores."""
    rows = []
    for corpus in studies:
        for name, label in pictures.MODELS:
            cells = [
                number(figure(studies, corpus, f"{name} {part}", metric), metric, signed=False)
                for metric in (EXACT, LOSS)
                for part in ("test_id", "test_ood")
            ]
            rows.append([NAMES[corpus], label, *map(_unbroken, cells)])
    return table(["corpus", "model", "exact match in, %", "out, %", "NLL in, nats", "out, nats"], rows)


def curve_words(studies: Studies) -> str:
    """Return what few rows of the region win back, in words and a table."""
    rows = []
    for corpus, answers in studies.items():
        for metric in (EXACT, LOSS):
            curve = answers["metrics"][metric].get("curve", {})
            for share, won in curve.get("won back", {}).items():
                part = won["share"]
                back = "" if part["value"] is None else f"{part['value'] * 100:.0f}%" + (
                    "" if part["low"] is None else f" [{part['low'] * 100:.0f}, {part['high'] * 100:.0f}]"
                )
                words = {EXACT: "exact match", LOSS: "NLL"}[metric]
                rows.append([
                    NAMES[corpus], words, f"{float(share) * 100:g}%", number(won["gain"], metric),
                    number(curve["loss"], metric), back or "the loss is not shown", f"**{won['verdict']}**",
                ])  # fmt: skip
    if not rows:
        return "**Not shown**: the runs with a part of the region kept are not done yet.\n"
    headings = ["corpus", "metric", "kept", "won back", "of a loss of", "share", "more than half"]
    return table(headings, rows)


def correlation_words(studies: Studies) -> str:
    """Return whether the audit's AUC, or the distance to the training rows, predicts what is lost."""
    rows = []
    for corpus, answers in studies.items():
        for metric in (EXACT, LOSS):
            for name, of in answers["metrics"][metric]["correlations"].items():
                measured, _, lost = name.partition(" and ")
                ends = "" if of["low"] is None else f" [{of['low']:.2f}, {of['high']:.2f}]"
                label = {"auc": "AUC of the audit", "distance": "distance to the nearest training row"}[measured]
                words = {EXACT: "exact match", LOSS: "NLL"}[metric]
                rows.append([NAMES[corpus], label, f"{lost}, {words}", f"{of['value']:+.2f}{ends}", str(of["n"]), f"**{of['verdict']}**"])
    if not rows:
        return "**Not shown**: the splits are not audited yet.\n"
    headings = ["corpus", "measure of the shift", "correlates with", "rank correlation", "scenarios", "above 0"]
    return table(headings, rows)


def equal_words(studies: Studies) -> str:
    """Return what is left of the gap at equal similarity to the nearest training row; empty if it was not measured."""
    told = []
    for corpus, answers in studies.items():
        for metric in (EXACT, LOSS):
            equal = answers["metrics"][metric]["equal"]
            if equal:
                gap, left = (number(equal[name], metric, unit={EXACT: POINTS, LOSS: NATS}[metric]) for name in ("gap", "at equal distance"))
                told.append(f"{NAMES[corpus]}: of a gap of {gap} of full fine-tuning, {left} is left")
    if not told:
        return ""
    return (
        "Compared with rows in distribution that are as near to a training row, the gap remains, or does not: "
        + "; ".join(told) + ".\n"
    )


def knew_words(studies: Studies) -> str:
    """Return what the model without fine-tuning gets right."""
    read = [
        f"of the {answers['read']['rows']:,} of the {NAMES[corpus]}, {answers['read']['exact']} are exact and "
        f"{answers['read']['renamed']} renamed copies of functions of its pretraining"
        for corpus, answers in studies.items()
    ]
    return (
        f"Without fine-tuning, the model writes {in_both(studies, 'none test_ood', signed=False, unit=PERCENT)} of the names out of "
        f"distribution right, and in distribution {in_both(studies, 'none test_id', signed=False, unit=PERCENT)}. It has never seen the "
        "task, so its outputs run on beyond the name. All that is right was learnt in fine-tuning, and a difference "
        "between scenarios cannot be due to what the model was able to do before. Nor has it read the functions: "
        f"{'; '.join(read)}.\n"
    )


def regret_words(studies: Studies) -> str:
    """Return what choosing the epoch by ID validation costs."""
    told = []
    for corpus, answers in studies.items():
        for method, of in answers["regret"].items():
            ends = " (one seed)" if of["low"] is None else f" [{of['low']:.3f}, {of['high']:.3f}]"
            told.append(f"{METHOD_NAMES[method]} {of['value']:.3f}{ends} ({NAMES[corpus]})")
    return (
        "Each training was watched on 100 rows of `test_ood` at the end of each of its three epochs. The loss at the "
        "epoch that validation in distribution chooses is above that of the epoch that is best out of distribution by, "
        f"in nats: {'; '.join(told)}. The best epoch is chosen on the rows that it is measured on, so these are upper "
        "estimates; with three epochs there is little to choose from.\n"
    )


def confidence_words(studies: Studies) -> str:
    """Return whether the models' confidence tells the shift."""
    told = []
    for corpus, answers in studies.items():
        of = answers["confidence"]
        told.append(f"{NAMES[corpus]} **{of['verdict']}** {number(of, signed=False)} of 100")
    return (
        "AUROC of the mean token log-probability of what was written, for rows of `test_ood` against those of `test_id`, "
        f"mean over scenarios and methods: {'; '.join(told)}. 50 is chance. Even where it is shown to be above chance, a "
        "detector this weak tells single rows of the region from others hardly better than a coin.\n"
    )


def page(answers: Mapping[str, Any]) -> str:
    """Return the page."""
    studies = answers["studies"]
    seeds = max(study["facts"]["seeds"] for study in studies.values())
    parts = [
        "# Study 1: what does a shift cost a small model?\n",
        f"<!-- python -m studies.first.page writes this page -->\n\n{headline(studies)}\n",
        picture("kinds", "Gap and cost of masking by kind of shift, in two corpora"),
        "*The gap (orange): exact match in distribution less that out of distribution, with the region masked. The cost of "
        "masking (teal): what models that had the region's functions in training do better on the same rows. Means "
        "over full fine-tuning and LoRA, and over the scenarios of a kind, with 95% intervals over split seeds and "
        "rows.*\n",
        "## What was done\n",
        _done_words(studies, seeds),
        "\n".join(how_many(studies)) + "\n",
        _machines(studies),
        "## The paper's claims\n",
        "SimSCOOD ([arXiv 2210.04802](https://arxiv.org/abs/2210.04802)) asks what models of code lose out of "
        "distribution. Each of its claims *holds* if the whole 95% interval of its number lies above 0, *does not hold* "
        "if all of it lies below, and is *not shown* otherwise. n is the smallest number of test rows of a scenario, "
        "seeds the smallest number of seeds behind a scenario; with one, the claim is about these models alone.\n",
        claim_rows(studies, PAPER),
        _names_words(studies),
        "**A few rows of the region win back most of the loss.** The share of the loss by masking that is won back, in "
        "three scenarios of each corpus, by the share of the region's rows that is kept:\n",
        curve_words(studies),
        *([picture("curve", "Loss out of distribution over the share of the region kept")] if has_curve(studies) else []),
        "## What the paper did not ask\n",
        claim_rows(studies, NOT_ASKED),
        "**Is it the shift, or the lost rows?** Every training has the same number of rows, so a masked training lacks "
        "none: the place of the region's rows is taken by others. And the control masks a random tenth of the rows, "
        "which is no shift.\n",
        "**Does WiSE-FT do as well as LoRA?** WiSE-FT takes the mean of the weights before and after full fine-tuning.\n",
        picture("methods", "Exact match of each method in and out of distribution"),
        method_rows(studies),
        "**Did the model know it without fine-tuning?** " + knew_words(studies),
        "**Does the audit predict the loss?** Spearman's correlation over scenarios, the control left out.\n",
        correlation_words(studies),
        *([picture("strength", "Gap and cost of each scenario over the AUC of its audit")] if has_audits(studies) else []),
        equal_words(studies),
        "**What does choosing by validation in distribution cost?** " + regret_words(studies),
        "**Does confidence tell the shift?** " + confidence_words(studies),
        "## Each scenario\n",
        "Means over full fine-tuning and LoRA. Exact match is that on `test_ood` with the region masked; rows are those of "
        "`test_ood`, of the seed with fewest.\n",
        picture("scenarios", "Gap and cost of masking in each scenario, exact match"),
        picture("losses", "Gap and cost of masking in each scenario, negative log-likelihood"),
        *(f"### {NAMES[corpus].capitalize()}\n\n{scenario_rows(studies, corpus)}" for corpus in studies),
        "## How the learning rates were chosen\n",
        "Each method was trained once with each rate on the 100% baseline of the first seeds, and the rate with the lowest "
        "validation loss of any epoch was taken; validation is in distribution, and no test row was used. The same rate is "
        "used in all scenarios and seeds. One training a rate says little of rates that are near each other.\n",
        search_rows(answers),
        "## What this cannot say\n",
        _limits(studies, seeds),
        "## How to make it again\n",
        _again(),
    ]
    return "\n".join(part for part in parts if part)


def _done_words(studies: Studies, seeds: int) -> str:
    told = []
    for corpus, answers in studies.items():
        facts = answers["facts"]
        rows = int(str(facts["data"]["data"]).split(" ", 1)[0])
        count = len(facts["scenarios"])
        told.append(f"{rows:,} rows and {count} scenarios of the {NAMES[corpus]}, {facts['train size']:,} of the rows in each training")
    return (
        "One name is left out of each function at one place, and the model that [comes with codeshift](../embedded-model.md) "
        "(a T5 of 4.9 million parameters) must write it. There are two corpora: functions of Python's standard library, "
        "and functions of TheAlgorithms' repositories in Python, Java, C++ and Go. In each scenario some functions are out "
        "of distribution: bands of length, elements of syntax, clusters, rare tokens, an API, compounds, projects, "
        "languages or topics. Models are trained without them (the region masked) and with them (kept), in full and with "
        f"LoRA, on {seeds} seeds, each with its own split: {'; '.join(told)}. Bands of length hold a tenth of the rows "
        "instead of SimSCOOD's 3%, which would leave too few test rows to show anything.\n"
    )


def _machines(studies: Studies) -> str:
    versions = {version for study in studies.values() for facts in (study["facts"], study.get("facts of the curve") or {"torch": {}})
                for version in facts["torch"]}  # fmt: skip
    if len(versions) < 2:
        return f"All runs were made with torch {next(iter(versions), '?')}.\n"
    return (
        f"The runs were made on several machines, part of them with torch {' and part with torch '.join(sorted(versions))}, so "
        "they are not bitwise those of one machine. A difference between two models can contain that of the versions; "
        "it is small beside that of seeds, but it was not measured.\n"
    )


def _names_words(studies: Studies) -> str:
    told = []
    for corpus in studies:
        masked, kept, none = (figure(studies, corpus, name) for name in ("names masked", "names kept", "names none"))
        told.append(
            f"{NAMES[corpus]} {number(masked, signed=False, unit=PERCENT)} with the region masked, {number(kept, signed=False, unit=PERCENT)} with it "
            f"kept, {number(none, signed=False, unit=PERCENT)} without fine-tuning"
        )
    return (
        "The paper finds that models do not write *elements* that fine-tuning masked, such as loops. Here outputs are "
        "names, which hold no elements, so that is asked of names: of the rows of `test_ood` whose name is among the "
        f"training rows only if the region is kept, these shares are right: {'; '.join(told)}. They are few rows.\n"
    )


def _limits(studies: Studies, seeds: int) -> str:
    done = [study["facts"]["done"] / study["facts"]["runs"] for study in studies.values()]
    partly = "" if min(done) == 1 else " Part of the planned runs is missing, so that some numbers rest on fewer seeds."
    return (
        "It is one small model, which writes one name: what larger models, whole functions, or another pair of "
        "languages would show is not known. Nearly all that the model can do here it learnt in fine-tuning, while large "
        f"models bring much of it along. {seeds} seeds vary the split, and with it the rows "
        "of training; the seed of training itself is the same throughout. An interval from so few seeds is wide. Scenarios of a corpus share their test rows and "
        "overlap; their mean is one of these scenarios, not of all shifts. The learning rates are those that suit training "
        "with all functions. "
        "And claims that are not shown are not refuted: scenarios hold about a hundred test rows, on which a difference of "
        f"less than about five points of exact match does not show.{partly}\n"
    )


def _again() -> str:
    return (
        "`python studies/first/study.py search`, `run` and `audit` with the name of a study make the runs (`--help` says how; "
        "about a core-minute a training), `python -m studies.first.compact FOLDER` the compact form in "
        "`studies/first/results` (manifests, audits, records of runs, and each output with its loss), `python -m "
        "studies.first.answers` the figures, and `python -m studies.first.page` this page. The figures are those of "
        "`codeshift.study.Findings`: what is compared is compared on the same rows and seeds, and near-duplicates count as one "
        "row in the intervals.\n"
    )


def main() -> None:
    """Write the page and its pictures."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(answers), encoding="utf-8")
    for name, drawn in drawings(answers["studies"]).items():
        (ASSETS / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
