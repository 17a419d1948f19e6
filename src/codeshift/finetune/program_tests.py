"""What metrics read of rows beside source and target: test code to run, and the rows' languages; and its checks."""

from __future__ import annotations

from collections.abc import Iterable

from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric
from codeshift.metrics.programs import check_tests
from codeshift.properties.row_languages import rows_by_language, unsuited


def tests_template(metric: Metric) -> Template | None:
    """Return the template of the test code that a metric scores rows by; None if it is the target.

    Raises:
        ParameterError: it is no template.
    """
    return None if metric.test_code is None else Template(metric.test_code, "tests")


def columns_read(columns: Iterable[str], metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Return the columns of a task, of the tests that metrics run and of rows' languages, each once, sorted."""
    metrics = tuple(metrics)
    tests = [template for template in map(tests_template, metrics) if template is not None]
    languages = [metric.language_column for metric in metrics if metric.language_column is not None]
    return tuple(sorted({*columns, *languages, *(column for template in tests for column in template.columns)}))


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


def check_row_languages(metrics: Iterable[Metric], rows: Dataset) -> None:
    """Check that ``rows`` name a language that each metric knows, where one reads rows in the languages of a column.

    Raises:
        DataError: a column is missing, or names a language that a metric does not know.
    """
    for metric in metrics:
        if (column := metric.language_column) is not None:
            for language, of_language in rows_by_language(rows, column).items():
                try:
                    metric.in_language(language)
                except ParameterError as error:
                    raise unsuited(error, column, len(of_language)) from None
