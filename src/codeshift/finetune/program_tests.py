"""The test code that outputs are run against, and checks that a call can run it."""

from __future__ import annotations

from collections.abc import Iterable

from datasets import Dataset

from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric
from codeshift.metrics.programs import check_tests


def tests_template(metric: Metric) -> Template | None:
    """Return the template of the test code that a metric scores rows by; None if it is the target.

    Raises:
        ParameterError: it is no template.
    """
    return None if metric.test_code is None else Template(metric.test_code, "tests")


def columns_read(columns: Iterable[str], metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Return the columns of a task and those of the tests that metrics run, each once, sorted."""
    tests = [template for template in map(tests_template, metrics) if template is not None]
    return tuple(sorted({*columns, *(column for template in tests for column in template.columns)}))


def check_test_code(metrics: Iterable[Metric], target: Template, rows: Dataset) -> None:
    """Check that ``rows`` hold test code for each metric that runs it.

    Raises:
        ParameterError: a column is missing.
        DataError: the test code of a row cannot fail a program.
    """
    for metric in metrics:
        if metric.runs_tests:
            template = tests_template(metric) or target
            template.check(rows.features)
            check_tests(template.spec, texts_of(template, rows))
