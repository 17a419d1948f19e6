"""The report as a page: its document, from all findings, and the look of that page."""

from __future__ import annotations

from importlib.resources import files

from codeshift.documents import html
from codeshift.documents.document import Document, Note
from codeshift.study.report.class_sections import classes_confused, confidence_and_shift, how_sure, mix_of_classes
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.example_section import what_models_write
from codeshift.study.report.how_far_section import how_far_is_far
from codeshift.study.report.sections import (
    all_scores,
    along_training,
    between,
    how_it_was_made,
    how_outputs_fail,
    in_against_out,
    masked_elements,
    methods_compared,
    share_kept,
    strength,
    what_changed,
    what_is_left,
    what_was_found,
)
from codeshift.study.report.seen_section import seen_rows
from codeshift.study.report.split_section import the_splits
from codeshift.study.report.transformed_section import in_other_clothes

_SECTIONS = (
    what_was_found, what_is_left, share_kept, in_against_out, methods_compared, between, what_changed, along_training,
    masked_elements, seen_rows, strength, how_far_is_far, in_other_clothes, how_outputs_fail, classes_confused,
    mix_of_classes, how_sure, confidence_and_shift, what_models_write, the_splits, all_scores, how_it_was_made,
)  # fmt: skip


def page_document(contents: ReportContents) -> Document:
    """Return all that a report says, as sections; those that the study has no numbers for are left out."""
    return Document(contents.title, (Note(contents.subtitle), *(section(contents) for section in _SECTIONS)))


def page(contents: ReportContents) -> str:
    """Return the HTML page of a report, which needs no other file and no network."""
    return html.render(page_document(contents), page_look())


def page_look() -> html.Look:
    """Return the look of a report's pages."""
    return html.Look(style=_read_asset("page.css"), script=_read_asset("page.js"))


def _read_asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
