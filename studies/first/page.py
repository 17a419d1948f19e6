"""The page of Study 1, ``docs/studies/first.md``, and its pictures, from ``studies/first/results/answers.json``.

The README and the home page begin with its main picture and its finding.
It takes no arguments: ``python -m studies.first.page``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from codeshift.documents.markdown import table
from codeshift.formatting import counted
from scripts.drawing import ASSETS, THEMES
from studies.first import pictures
from studies.first.answers import ANSWERS
from studies.first.markdown import (
    NATS,
    NOT_MEASURED,
    PERCENT,
    POINTS,
    filled,
    number,
    picture,
    shown,
    unbroken,
)
from studies.first.pictures import EXACT, LOSS, Number

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).with_name("template.md")
PAGE = ROOT / "docs" / "studies" / "first.md"
FIRST = {ROOT / "README.md": False, ROOT / "docs" / "index.md": True}
"""Pages that begin with the finding, and whether each is the home page."""
BEGIN, END = "<!-- python -m studies.first.page writes this -->\n", "<!-- to here -->\n"
NAMES = {"stdlib": "standard library", "algorithms": "algorithms"}
METHOD_NAMES = {"full": "full fine-tuning", "lora": "LoRA"}
METRIC_NAMES = {EXACT: "exact match", LOSS: "NLL"}
UNITS = {EXACT: POINTS, LOSS: NATS}

Studies = Mapping[str, Any]

PAPER = (
    ("Fine-tuned models do worse out of distribution than in distribution", "gap"),
    ("Masking costs: with the region in training they do better on the same rows", "cost"),
    ("Most of the gap is due to masking", "cost beyond half the gap"),
    ("With the region in training, they still do worse on it than on other rows", "gap kept"),
    ("Masking costs more where syntax or semantics shift than where length does",
     "cost of syntax and semantics beyond length"),
    ("The gap is larger there", "gap of syntax and semantics beyond length"),
    ("LoRA loses less by masking than full fine-tuning", "lora keeps beyond full"),
    ("With the region masked, LoRA is better out of distribution than full fine-tuning", "lora beyond full test_ood"),
    ("Models write a name less often if only masked rows held it", "names lost"),
    ("Fine-tuning with the region masked is still better on it than no fine-tuning", "tuned beyond none test_ood"),
)  # fmt: skip
"""Claims of the paper, and the figure of each that lies above 0 if it holds."""

NOT_ASKED = (
    ("Masking a region costs more than leaving out a random tenth", "beyond control"),
    ("Masking a region costs something in distribution as well", "cost in distribution"),
    ("WiSE-FT is better than LoRA out of distribution", "wise beyond lora test_ood"),
    ("WiSE-FT is better than full fine-tuning out of distribution", "wise beyond full test_ood"),
    ("WiSE-FT is better than full fine-tuning in distribution", "wise beyond full test_id"),
)
"""Questions that the paper did not ask, as claims, and the figure of each."""

_PICTURES = {
    "kinds": "Gap and cost of masking by kind of shift, in two corpora",
    "methods": "Exact match of each method in and out of distribution",
    "scenarios": "Gap and cost of masking in each scenario, exact match",
    "losses": "Gap and cost of masking in each scenario, negative log-likelihood",
    "curve": "Loss out of distribution over the share of the region kept",
    "strength": "Gap and cost of each scenario over the AUC of an audit's classifier",
}


def drawings(studies: Studies) -> dict[str, str]:
    """Return the pictures as SVG texts by file name."""
    drawn: dict[str, Callable[..., str]] = {
        "kinds": pictures.by_kind,
        "methods": pictures.by_method,
        "scenarios": lambda *of, **options: pictures.by_scenario(of[0], EXACT, of[1], **options),
        "strength": pictures.by_strength,
        "losses": lambda *of, **options: pictures.by_scenario(of[0], LOSS, of[1], **options),
    }
    if has_curve(studies):
        drawn["curve"] = pictures.by_share
    return {
        f"first-{name}-{shape}-{theme.name}.svg": draw(studies, theme, tall=shape == "tall")
        for name, draw in drawn.items()
        for theme in THEMES
        for shape in ("wide", "tall")
    }


def has_curve(studies: Studies) -> bool:
    """Return whether a study of the shares between 0 and 1 has results of all shares of a scenario."""
    return any(study["metrics"][LOSS].get("curve", {}).get("scenarios") for study in studies.values())


def figure(studies: Studies, corpus: str, name: str, metric: str = EXACT) -> Number:
    """Return a figure by name; one that was not measured has no value."""
    of: Number = studies[corpus]["metrics"][metric]["figures"].get(name, NOT_MEASURED)
    return of


def in_each(studies: Studies, name: str, *, unit: str = POINTS) -> str:
    """Return the exact match of a figure in each corpus, in words."""
    sentences = [
        f"{number(figure(studies, corpus, name), signed=False, unit=unit, share=unit == PERCENT)} ({NAMES[corpus]})"
        for corpus in studies
    ]
    return " and ".join(sentences)


def finding(studies: Studies) -> str:
    """Return the finding of the study in one sentence, for the pages that begin with it."""
    places = {"stdlib": "in Python's standard library", "algorithms": "in four languages of TheAlgorithms"}
    gaps = [f"{number(figure(studies, of, 'gap'), signed=False, unit=POINTS)} {places[of]}" for of in studies]
    costs = [figure(studies, corpus, "cost") for corpus in studies]
    more = " and ".join(number(cost, signed=False, unit=POINTS) for cost in costs)
    chance = "" if any(cost["verdict"] != "not shown" for cost in costs) else ", which may be chance"
    return (
        "Asked for names that were left out of functions, a small model gets fewer right in kinds of functions that "
        f"fine-tuning left out than in others: {' and '.join(gaps)}. Had fine-tuning not left them out, it would get "
        f"{more} more of the same names right{chance}."
    )


def headline(studies: Studies) -> str:
    """Return what begins the page: the finding, and what of the gap is due to masking."""
    half = "cost beyond half the gap"
    words = {"holds": "more than half", "does not hold": "less than half", "not shown": "an unclear part"}
    sentences = []
    for metric, title in ((EXACT, "exact match"), (LOSS, "loss")):
        by_corpus = {corpus: words[figure(studies, corpus, half, metric)["verdict"]] for corpus in studies}
        parts = [f"{part} ({NAMES[corpus]})" for corpus, part in by_corpus.items()]
        alike = len(set(by_corpus.values())) == 1
        sentences.append(f"in {title} for {next(iter(by_corpus.values())) if alike else ' and '.join(parts)}")
    harder = [NAMES[corpus] for corpus in studies if figure(studies, corpus, "gap kept")["verdict"] == "holds"]
    rest = f"With them in training a gap is left ({' and '.join(harder)}): such functions are harder." if harder else ""
    return f"{finding(studies)} So leaving them out accounts {' and '.join(sentences)} of the gap. {rest}".rstrip()


def shown_first(studies: Studies, text: str, *, home: bool) -> str:
    """Return the text of the README, or of the home page, with the main picture and the finding at its marks.

    Args:
        studies: Answers by corpus.
        text: Text of the page as it is.
        home: Whether it is the home page, whose pictures are those of the site.
    """
    alt = _PICTURES["kinds"]
    drawn, link = picture("kinds", alt, up=""), "studies/first.md"
    if not home:
        source = '<source media="(prefers-color-scheme: dark)" srcset="docs/assets/first-kinds-wide-dark.svg">'
        image = f'<img src="docs/assets/first-kinds-wide-light.svg" alt="{alt}" width="712">'
        drawn, link = f"<picture>\n  {source}\n  {image}\n</picture>", f"docs/{link}"
    key = "Orange: what is lost, by what the functions have in common. Teal: what is won back on the same functions."
    words = f"*{finding(studies)}* {key} Bars are 95% intervals; [Study 1]({link}) says how it was done."
    begin, _, rest = text.partition(BEGIN)
    end = rest.partition(END)[2]
    return f"{begin}{BEGIN}{drawn}\n\n{filled(words, {})}{END}{end}"


def claim_rows(studies: Studies, claims: Sequence[tuple[str, str]]) -> str:
    """Return the table of claims, each in words and with its figure: verdicts and numbers by corpus and metric."""
    rows = []
    for claim, name in claims:
        for at, corpus in enumerate(studies):
            exact, loss = (figure(studies, corpus, name, metric) for metric in (EXACT, LOSS))
            cells = ["**not shown**<br>(no runs)", "", "", ""]
            if exact["value"] is not None:
                by_loss = "" if loss["value"] is None else shown(loss, LOSS)
                cells = [shown(exact), by_loss, str(exact["n"]), str(exact["seeds"])]
            rows.append(["" if at else claim, NAMES[corpus], *cells])
    return table(["Claim", "corpus", "exact match, points", "NLL, nats a token", "n", "seeds"], rows)


def repeated_rows(studies: Studies) -> str:
    """Return the table of the figures that rest on several seeds; empty if all figures do, or none."""
    rows = []
    for corpus, study in studies.items():
        for metric in (EXACT, LOSS):
            of = study["metrics"][metric]["repeated"]
            if of and len(of["scenarios"]) < len(study["metrics"][metric]["scenarios"]) - 1:
                cells = [shown(of[name], metric) for name in ("gap", "cost", "lora beyond full")]
                rows.append([NAMES[corpus], METRIC_NAMES[metric], str(len(of["scenarios"])), str(of["seeds"]), *cells])
    if not rows:
        return ""
    words = (
        "Where a claim rests on one seed in some scenarios, its interval is over rows there, and carries no seeds. "
        "These are the figures over the scenarios with the most seeds:"
    )
    headings = ["corpus", "metric", "scenarios", "seeds", "gap", "cost", "LoRA beyond full, out of distribution"]
    return f"{words}\n\n{table(headings, rows)}"


def run_lines(studies: Studies) -> Iterator[str]:
    """Yield a sentence on the runs of each study that are done, and on what made them."""
    for corpus, study in studies.items():
        for kind, name in (("facts", NAMES[corpus]), ("facts of the curve", f"{NAMES[corpus]}, parts of regions kept")):
            facts = study.get(kind)
            if facts is None:
                yield f"- {name}: none."
                continue
            versions = " and ".join(f"{count} with torch {version}" for version, count in facts["torch"].items())
            state = "all" if facts["done"] == facts["runs"] else str(facts["done"])
            failed = f", {counted(facts['failed'], 'run')} failed" if facts["failed"] else ""
            yield (
                f"- {name}: {state} of {facts['runs']} planned runs are done{failed} ({facts['trainings done']} of "
                f"{facts['trainings']} trainings; the others only evaluate), {versions or 'none'}, in "
                f"{facts['hours']:g} hours of one core or more.{_unmeasured(study) if kind == 'facts' else ''}"
            )


def _unmeasured(study: Mapping[str, Any]) -> str:
    """Return a sentence on the scenarios that have no figures; empty if all have."""
    measured = {line["scenario"] for line in study["metrics"][EXACT]["scenarios"]}
    missing = [f"`{name}`" for name in study["facts"]["scenarios"] if name not in measured]
    return f" No figures of {', '.join(missing)}." if missing else ""


def machines(studies: Studies) -> str:
    """Return whether all runs were made with the same version of torch."""
    versions = {
        version
        for study in studies.values()
        for kind in ("facts", "facts of the curve")
        for version in study.get(kind, {"torch": {}})["torch"]
    }
    if len(versions) < 2:
        return f"All runs were made with torch {next(iter(versions), '?')}."
    listed = " and part with torch ".join(sorted(versions))
    return (
        f"The runs were made on several machines, part of them with torch {listed}, so they are not bitwise those of "
        "one machine. A difference of two models may hold that of the versions, which was not measured."
    )


def search_rows(answers: Mapping[str, Any]) -> str:
    """Return the table of the searches of learning rates."""
    rows = []
    for corpus, losses in answers["searches"].items():
        for method in METHOD_NAMES:
            lowest = {
                line["learning_rate"]: min((x for x in line["validation_losses"] if x is not None), default=math.inf)
                for line in losses
                if line["method"] == method
            }
            best = min(lowest, key=lowest.__getitem__)
            losses_in_words = {rate: f"{rate:g}: {lowest[rate]:.3f}" for rate in sorted(lowest)}
            cells = ", ".join(f"**{words}**" if rate == best else words for rate, words in losses_in_words.items())
            used = answers["studies"].get(corpus, {}).get("facts", {}).get("rates", {}).get(method)
            rows.append([NAMES[corpus], METHOD_NAMES[method], cells, "" if used is None else f"{used:g}"])
    return table(["corpus", "method", "learning rate: lowest validation loss of an epoch", "runs used"], rows)


def scenario_rows(studies: Studies, corpus: str) -> str:
    """Return the table of the scenarios of a corpus."""
    rows = []
    of_loss = {line["scenario"]: line for line in studies[corpus]["metrics"][LOSS]["scenarios"]}
    for line in studies[corpus]["metrics"][EXACT]["scenarios"]:
        loss = of_loss[line["scenario"]]
        numbers = [number(line["score"], signed=False, share=True), number(line["gap"]), number(line["cost"])]
        numbers += [number(loss[name], LOSS) for name in ("gap", "cost")]
        rows.append([f"`{line['scenario']}`", str(line["rows"]), str(line["seeds"]), *map(unbroken, numbers)])
    headings = ["scenario", "rows", "seeds", "exact match, %", "gap, points", "cost, points", "gap, nats", "cost, nats"]
    return table(headings, rows)


def method_rows(studies: Studies) -> str:
    """Return the table of the methods' scores."""
    rows = []
    for corpus in studies:
        for name, label in pictures.MODELS:
            cells = [
                number(
                    figure(studies, corpus, f"{name} {part}", metric),
                    metric,
                    signed=False,
                    digits=2,
                    share=metric == EXACT,
                )
                for metric in (EXACT, LOSS)
                for part in ("test_id", "test_ood")
            ]
            rows.append([NAMES[corpus], label, *map(unbroken, cells)])
    return table(["corpus", "model", "exact match in, %", "out, %", "NLL in, nats", "out, nats"], rows)


def curve_rows(studies: Studies) -> str:
    """Return what few rows of the region win back: words, the picture and a table."""
    rows = []
    for corpus, study in studies.items():
        for metric in (EXACT, LOSS):
            curve = study["metrics"][metric].get("curve", {})
            for share, won in curve.get("won back", {}).items():
                back = number(won["share"], signed=False, unit=PERCENT) if won["share"]["value"] is not None else ""
                cells = [number(won["gain"], metric), number(curve["loss"], metric), back or "the loss is not shown"]
                kept = f"{float(share) * 100:g}%"
                rows.append([
                    NAMES[corpus], METRIC_NAMES[metric], kept, *map(unbroken, cells), f"**{won['verdict']}**"
                ])  # fmt: skip
    if not rows:
        return "**Not shown**: no runs with a part of the region kept are done."
    headings = ["corpus", "metric", "kept", "won back", "of a loss of", "share won back", "more than half"]
    words = (
        "The share of the loss by masking that is won back, in three scenarios of each corpus, by the share of the "
        "region's rows that is kept:"
    )
    return f"{words}\n\n{picture('curve', _PICTURES['curve'])}\n\n{table(headings, rows)}"


def correlation_rows(studies: Studies) -> str:
    """Return whether the audit's AUC, or the distance to the training rows, predicts what is lost."""
    labels = {"auc": "AUC of an audit's classifier", "distance": "distance to the nearest training row"}
    rows = []
    for corpus, study in studies.items():
        for metric in (EXACT, LOSS):
            for name, of in study["metrics"][metric]["correlations"].items():
                measured, _, lost = name.partition(" and ")
                ends = "" if of["low"] is None else f" [{of['low']:.2f}, {of['high']:.2f}]"
                words = [unbroken(f"{of['value']:+.2f}{ends}"), str(of["n"]), f"**{of['verdict']}**"]
                rows.append([NAMES[corpus], labels[measured], f"{lost}, {METRIC_NAMES[metric]}", *words])
    headings = ["corpus", "measure of the shift", "correlates with", "rank correlation", "scenarios", "above 0"]
    return f"{picture('strength', _PICTURES['strength'])}\n\n{table(headings, rows)}\n\n{equal_words(studies)}"


def equal_words(studies: Studies) -> str:
    """Return what is left of the gap at equal similarity to the nearest training row; empty if it was not measured."""
    sentences = []
    for corpus, study in studies.items():
        for metric in (EXACT, LOSS):
            equal = study["metrics"][metric]["equal"]
            if equal:
                gap, left = (number(equal[name], metric, unit=UNITS[metric]) for name in ("gap", "at equal distance"))
                sentences.append(f"{NAMES[corpus]}, of a gap of {gap} of full fine-tuning {left} is left")
    words = "Beside rows in distribution that are as near to a training row"
    return f"{words}: {'; '.join(sentences)}." if sentences else ""


def regret_words(studies: Studies) -> str:
    """Return what choosing the epoch by ID validation costs."""
    sentences = []
    for corpus, study in studies.items():
        for method, of in study["regret"].items():
            ends = " (one seed)" if of["low"] is None else f" [{of['low']:.3f}, {of['high']:.3f}]"
            sentences.append(f"{METHOD_NAMES[method]} {of['value']:.3f}{ends} ({NAMES[corpus]})")
    return "; ".join(sentences)


def masked_name_words(studies: Studies) -> str:
    """Return how often names are right that only masked rows held."""
    sentences = []
    for corpus in studies:
        masked, kept, none = (
            number(figure(studies, corpus, f"names {name}"), signed=False, unit=PERCENT, share=True)
            for name in ("masked", "kept", "none")
        )
        sentences.append(
            f"{NAMES[corpus]} {masked} with the region masked, {kept} with it kept, {none} without fine-tuning"
        )
    return "; ".join(sentences)


def read_words(studies: Studies) -> str:
    """Return how many rows the model was pretrained on."""
    return "; ".join(
        f"of the {study['read']['rows']:,} of the {NAMES[corpus]}, {study['read']['exact']} are exact and "
        f"{study['read']['renamed']} renamed copies of functions of its pretraining"
        for corpus, study in studies.items()
    )


def corpus_words(studies: Studies) -> str:
    """Return the size of each corpus and of its trainings."""
    sentences = []
    for corpus, study in studies.items():
        facts = study["facts"]
        rows, size = int(facts["data"]["data"].split(" ", 1)[0]), facts["train size"]
        sentences.append(
            f"{rows:,} rows of the {NAMES[corpus]}, {size:,} in each training, {len(facts['scenarios'])} scenarios"
        )
    return "; ".join(sentences)


def page(answers: Mapping[str, Any]) -> str:
    """Return the page."""
    studies = answers["studies"]
    complete = all(study["facts"]["done"] == study["facts"]["runs"] for study in studies.values())
    missing = "Part of the planned runs is missing, so that numbers rest on fewer seeds and scenarios."
    detected = {corpus: study["confidence"] for corpus, study in studies.items()}
    words = {
        "headline": headline(studies),
        "seeds": max(study["facts"]["seeds"] for study in studies.values()),
        "corpora": corpus_words(studies),
        "runs": "\n".join(run_lines(studies)),
        "machines": machines(studies),
        "claims": claim_rows(studies, PAPER),
        "repeated": repeated_rows(studies),
        "more_claims": claim_rows(studies, NOT_ASKED),
        "masked_names": masked_name_words(studies),
        "curve": curve_rows(studies),
        "methods": method_rows(studies),
        "none_ood": in_each(studies, "none test_ood", unit=PERCENT),
        "none_id": in_each(studies, "none test_id", unit=PERCENT),
        "read": read_words(studies),
        "correlations": correlation_rows(studies),
        "regret": regret_words(studies),
        "confidence": "; ".join(
            f"{NAMES[corpus]} **{of['verdict']}** {number(of, signed=False)} of 100" for corpus, of in detected.items()
        ),
        "scenarios": "\n\n".join(
            f"### {NAMES[corpus].capitalize()}\n\n{scenario_rows(studies, corpus)}" for corpus in studies
        ),
        "searches": search_rows(answers),
        "missing": "" if complete else missing,
        **{f"picture_{name}": picture(name, alt) for name, alt in _PICTURES.items()},
    }
    return filled(TEMPLATE.read_text(encoding="utf-8"), words)


def main() -> None:
    """Write the page and its pictures."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(answers), encoding="utf-8")
    for path, home in FIRST.items():
        text = shown_first(answers["studies"], path.read_text(encoding="utf-8"), home=home)
        path.write_text(text, encoding="utf-8")
    for name, drawn in drawings(answers["studies"]).items():
        (ASSETS / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
