"""One table of data flow a language."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from codeshift.metrics.dataflow.rules import FlowTable


@cache
def flow_table(language: str) -> FlowTable:
    """The table of ``language``, one of ``codeshift.properties.languages()``.

    >>> "update_expression" in flow_table("java").rules
    True
    """
    table: FlowTable = import_module(f"{__name__}.{language}").TABLE
    return table
