"""The report of a study: one HTML file that opens offline, in light and dark, on a phone and on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from codeshift.errors import MissingExtraError
from codeshift.study.cells import MEASURES, Cell
from codeshift.study.files import write_text
from codeshift.study.plot import dot_plot

if find_spec("jinja2") is None:
    raise MissingExtraError("jinja2", "report")

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class ScenarioNote:
    """What a report says of a scenario: its name, its meaning in words, the split's summary and manifest file."""

    name: str
    meaning: str
    summary: str
    manifest: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """One test row, its reference, and what each method wrote for it."""

    row: str
    scenario: str
    part: str
    reference: str
    outputs: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> str:
        """The class that colours the part."""
        return _kind(self.part)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A study's results and all that a reader needs to judge them. Texts may hold anything: they are escaped.

    Attributes:
        title: of the page.
        subtitle: one sentence under it.
        cells: the results, in the order in which they are to stand.
        scenarios: what the scenarios are.
        examples: rows with what was written for them.
        steps: how the results came about, a sentence each.
        note: under the table.
        command: what gives the same table again.
        versions: of Python and libraries.
    """

    title: str
    subtitle: str
    cells: Sequence[Cell]
    scenarios: Sequence[ScenarioNote]
    examples: Sequence[Example]
    steps: Sequence[str]
    note: str
    command: str
    versions: str

    def to_html(self) -> str:
        """The page: no script, and nothing that a browser would fetch."""
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        template = environment.from_string(files(__package__).joinpath("demo_page.html.j2").read_text(encoding="utf-8"))
        return template.render(
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            findings=findings(self.cells),
            measures=MEASURES,
            # The only markup that is not escaped: matplotlib made it, and escaped the texts in it.
            plots=[Markup(dot_plot(self.cells, measure)) for measure in MEASURES],  # noqa: S704
            table=_table(self.cells),
        )

    def save(self, path: Path) -> Path:
        """Write the page, whole or not at all."""
        return write_text(path, self.to_html())


def findings(cells: Sequence[Cell]) -> list[str]:
    """What the likelihoods say in words: two sentences a scenario, which say so where intervals overlap."""
    metric = MEASURES[0].metric
    found = []
    for scenario in dict.fromkeys(cell.scenario for cell in cells):
        nll = {(cell.method, cell.part): cell.estimates[metric] for cell in cells if cell.scenario == scenario}
        methods = list(dict.fromkeys(method for method, _ in nll))
        gaps = [f"{_NAMES.get(m, m)} {_change(nll[m, 'test_id'], nll[m, 'test_ood'])}" for m in methods]
        found.append(f"{scenario}: so many more nats a token costs on test_ood than on test_id: {'; '.join(gaps)}.")
        tuned = [m for m in methods if m != "none"] if "none" in methods else []
        changes = [f"{_NAMES.get(m, m)} {_change(nll['none', 'test_ood'], nll[m, 'test_ood'])}" for m in tuned]
        if changes:
            found.append(
                f"{scenario}: on test_ood fine-tuning changes the pretrained model's nats: {'; '.join(changes)}."
            )
    return found


_NAMES = {"none": "without fine-tuning", "full": "full fine-tuning", "lora": "LoRA"}


def _change(start: Any, end: Any) -> str:
    difference = end.value - start.value
    if math.isnan(difference):
        return "not measured"
    apart = start.low > end.high or end.low > start.high
    return f"{difference:+.2f}" + ("" if apart else " (intervals overlap)")


def _table(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for cell in cells:
        shown = [measure.estimate(cell.estimates[measure.metric]).partition(" ") for measure in MEASURES]
        rows.append(
            {
                "scenario": cell.scenario,
                "method": cell.method,
                "part": cell.part,
                "kind": _kind(cell.part),
                "rows": f"{cell.rows:,}",
                "scores": [(value, interval) for value, _, interval in shown],
                "first": bool(rows) and rows[-1]["scenario"] != cell.scenario,
            }
        )
    return rows


def _kind(part: str) -> str:
    return "ood" if part.endswith("ood") else "id"
