"""The test code that outputs are run against, and checks that a call can run it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.finetune.decoding import Output
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric, PassAtK
from codeshift.metrics.programs import check_tests


def tests_template(metric: Metric) -> Template | None:
    """Return the template of the test code of a metric that runs programs; None if the target holds it."""
    return Template(metric.tests, "tests") if isinstance(metric, PassAtK) and metric.tests is not None else None


def columns_read(columns: Iterable[str], metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Return the columns of a task and those of the tests that metrics run, each once, sorted."""
    tests = [template for template in map(tests_template, metrics) if template is not None]
    return tuple(sorted({*columns, *(column for template in tests for column in template.columns)}))


def texts_taken(metric: Metric, output: Output) -> Any:
    """Return what a metric of text takes of the output of a row: the text of each sample, or that of the first."""
    return [sample.text for sample in output.samples] if isinstance(metric, PassAtK) else output.text


def check_test_code(metrics: Iterable[Metric], target: Template, rows: Dataset) -> None:
    """Raise a ParameterError if ``rows`` hold no test code for a metric that runs programs."""
    for metric in metrics:
        if isinstance(metric, PassAtK):
            template = tests_template(metric) or target
            template.check(rows.features)
            check_tests(template.spec, texts_of(template, rows))


def check_samples(metrics: Iterable[Metric], n: int = 1) -> None:
    """Check that each ``PassAtK`` can be computed from ``n`` outputs per row.

    Raises:
        ParameterError: it has no runner, or its ``k`` is above ``n``.
        IsolationError: its runner cannot run anything on this machine.
    """
    for metric in metrics:
        if not isinstance(metric, PassAtK):
            continue
        if metric.runner is None:
            remedy = "give PassAtK(1, runner=codeshift.metrics.execution.PythonRunner()), which executes the outputs"
            raise ParameterError("metrics", "a PassAtK with a runner where outputs are generated", metric, remedy)
        if metric.k > n:
            samples = "one output per row is" if n == 1 else f"{n} samples per row are"
            remedy = f"{samples} generated: give Decoding(n={metric.k}, do_sample=True), or more"
            raise ParameterError("metrics", f"a PassAtK with k of at most {n}", metric, remedy)
        if metric.tests is not None:
            Template(metric.tests, "tests")
        check = getattr(metric.runner, "check", None)
        if check is not None:
            check()
