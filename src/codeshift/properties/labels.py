"""Labels of rows: which values are some, and the text that tells them apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codeshift.errors import DataError
from codeshift.wording import Verbatim

LabelValue = str | int | bool
"""Type of a label."""

LABELS = "a column of labels: text, whole numbers or truth values"
"""Words for what a column of labels must be, for errors."""


def check_label_values(parameter: str, values: Iterable[Any]) -> None:
    """Check that the values of a column are labels.

    Args:
        parameter: Argument or the column, for errors.
        values: Values.

    Raises:
        DataError: if one is no label; None is none.

    >>> check_label_values("project", ["django", 0.5])
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: project must be a column of labels: text, whole numbers or truth values, got 0.5 in \
row 1: make a column of labels with data.map
    """
    for row, value in enumerate(values):
        if not isinstance(value, str | int):
            raise DataError(
                parameter, LABELS, Verbatim(f"{value!r} in row {row}"), "make a column of labels with data.map"
            )


def typed_text(value: Any) -> str:
    """Return a value as text that distinguishes 1 from "1".

    >>> typed_text(1), typed_text("1")
    ('int:1', 'str:1')
    """
    return f"{type(value).__name__}:{value}"
