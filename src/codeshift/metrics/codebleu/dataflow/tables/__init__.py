"""Tables of data flow, one per language."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from codeshift.errors import ParameterError
from codeshift.metrics.codebleu.dataflow.rules import FlowTable
from codeshift.properties.grammars import language_remedy

LANGUAGES = ("c", "c_sharp", "cpp", "go", "java", "javascript", "php", "python", "ruby", "rust", "typescript")
"""Languages that have a table. A grammar from another package parses, but has no data flow."""


def flow_language(language: str) -> str:
    """Return ``language`` if it has a table.

    Raises:
        ParameterError: if it has none; the message names close matches.

    >>> flow_language("jave")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: language must be one with a table of data flow, got 'jave': did you mean java?
    """
    if language not in LANGUAGES:
        raise ParameterError(
            "language", "one with a table of data flow", language, language_remedy(language, LANGUAGES)
        )
    return language


@cache
def flow_table(language: str) -> FlowTable:
    """Return the table of ``language``, one of ``LANGUAGES``.

    >>> "update_expression" in flow_table("java").rules
    True
    """
    table: FlowTable = import_module(f"{__name__}.{language}").TABLE
    return table
