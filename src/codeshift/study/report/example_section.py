"""The section of the page with rows of the test set, what models write for them, and where that differs."""

from __future__ import annotations

from codeshift.documents.document import Block, Code, Paragraph, Section, SideBySide
from codeshift.documents.inline import Mark, Span, Text
from codeshift.study.findings import ExampleRow
from codeshift.study.report.blocks import scenario_sections
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.differences import marked
from codeshift.study.report.tables import part_kind
from codeshift.study.results.measures import method_name
from codeshift.study.settings.keys import NONE

_DIFFERS, _LACKS = "differs", "lacks"


def what_models_write(contents: ReportContents) -> Section:
    """Return example rows by scenario, the first one unfolded."""
    by_scenario: dict[str, list[tuple[Block, ...]]] = {}
    for example in contents.findings.examples(contents.examples):
        by_scenario.setdefault(example.scenario, []).append(_example_blocks(example))
    rows = scenario_sections(by_scenario, "row")
    above = Paragraph((
        "Rows of the test set, drawn without looking at them. ", Mark("Marked in an output", _DIFFERS),
        ": what the reference lacks. ", Mark("Marked in the reference", _LACKS),
        ": what an output of a fine-tuned model lacks.",
    ))  # fmt: skip
    blocks: tuple[Block, ...] = (above, *rows) if rows else ()
    title = "What the models predict" if contents.findings.results.classes else "What the models write"
    return Section(title=title, blocks=blocks, name="examples", menu="Examples")


def _example_blocks(example: ExampleRow) -> tuple[Block, ...]:
    kind = f"{example.kind[0].upper()}{example.kind[1:]}"
    part = Mark(example.part, part_kind(example.part))
    tuned = [text for name, text in example.outputs.items() if name != NONE]
    texts = [
        *([Code(example.source, caption="source")] if example.source else []),
        Code(_with_marks(_with_lacking(example.reference, tuned), _LACKS), caption="reference"),
        *(
            Code(_with_marks(marked(text, example.reference), _DIFFERS), caption=method_name(name))
            for name, text in example.outputs.items()
        ),
    ]
    head = Paragraph((Mark(kind, "strong"), Mark(" · ", "soft"), part, Mark(f", row {example.row}", "soft")))
    return head, SideBySide(tuple(texts), 21.0)


def _with_marks(stretches: list[tuple[str, bool]], kind: str) -> Text:
    spans: list[Span] = [Mark(text, kind) if differs else text for text, differs in stretches]
    return tuple(spans)


def _with_lacking(reference: str, outputs: list[str]) -> list[tuple[str, bool]]:
    """Split the reference into stretches, each with whether some output lacks it."""
    lacks = [False] * len(reference)
    for output in outputs:
        at = 0
        for text, lacking in marked(reference, output):
            if lacking:
                lacks[at : at + len(text)] = [True] * len(text)
            at += len(text)
    stretches: list[tuple[str, bool]] = []
    for character, lacking in zip(reference, lacks, strict=True):
        if stretches and stretches[-1][1] == lacking:
            stretches[-1] = (stretches[-1][0] + character, lacking)
        else:
            stretches.append((character, lacking))
    return stretches
