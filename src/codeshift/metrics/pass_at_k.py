"""pass@k: would one of k samples pass the tests?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from codeshift.checks import check_bool, check_choice, check_integer, settle
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.base import PERCENT, CorpusScore, FloatArray, Metric, column_sums
from codeshift.metrics.execution import PythonRunner
from codeshift.metrics.programs import check_tests, program_rows, texts_of_tests
from codeshift.metrics.rows import as_rows, equally_long

RUNNERS = {"python": PythonRunner}
"""Runners by the name used in a metric's name."""


class Runner(Protocol):
    """Interface of what runs candidate programs against tests, such as ``codeshift.metrics.execution.PythonRunner``."""

    def run(self, candidates: Sequence[Sequence[str]], tests: Sequence[str]) -> list[np.ndarray]:
        """Return a boolean array for each problem: which of its candidates pass its test."""
        ...

    def check(self) -> None:
        """Check that programs can be run, before hours are spent on generating them."""
        ...


@dataclass(frozen=True)
class PassAtK(Metric):
    r"""Probability that at least one of ``k`` samples of a problem passes; in [0, 1].

    If c of n samples pass, the unbiased estimate is 1 - C(n - c, k) / C(n, k). (1 - (1 - c/n) ** k, which is sometimes
    used, is too low.) By default the metric takes results and runs nothing: a row of ``predictions`` is either a
    boolean array, which of the samples passed, or the two integers (n, c); ``references`` is left out.

    Attributes:
        k: Number of samples that a user would look at; every problem needs at least k.
        runner: Runner of the code, if the metric is to run it. A row of ``predictions`` is then one program (a
            string) or a sequence of candidate programs, and a row of ``references`` the test code. **This executes
            whatever the model wrote**: see ``codeshift.metrics.execution`` for what its runner prevents and what it
            does not.
        tests: Place of the test code for an ``Evaluator`` or a ``Study``: a column, or a template such as
            ``"{test}\ncheck({entry_point})"``; None for the target. ``score`` itself is given tests and reads no
            column.

    Source: Chen et al., Evaluating Large Language Models Trained on Code (arXiv 2107.03374), equation 1.

    >>> PassAtK(1).score([[True, False, False, False], [False, False]])
    array([0.25, 0.  ])
    >>> PassAtK(2).corpus([(4, 1), (2, 2)])
    CorpusScore(value=0.75, parts={}, n=2)
    """

    key = "pass_at_k"
    scale = PERCENT
    runs_tests = True
    spelling = re.compile(r"pass@(?P<k>[0-9]+)")

    k: int = 1
    runner: Runner | None = field(default=None, kw_only=True)
    tests: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        settle(self, k=check_integer("k", self.k, smallest=1, remedy="pass@1 is k=1"))
        if self.runner is not None and not callable(getattr(self.runner, "run", None)):
            raise ParameterError(
                "runner", "a Runner", self.runner, "such as codeshift.metrics.execution.PythonRunner()"
            )
        if self.tests is not None and self.runner is None:
            raise ParameterError("tests", "left out without a runner", self.tests, "give the runner that runs them")

    @property
    def name(self) -> str:
        """Name ``pass@k``, as papers write it."""
        return f"pass@{self.k}"

    def describe(self, *, options: bool = True) -> str:
        """Return ``pass@k``; how programs are run is not an option of what is measured."""
        return self.name

    @classmethod
    def arguments(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a name's options, with ``runner`` and its ``allow_network`` made a runner."""
        if "runner" not in options:
            return options
        runner = RUNNERS[check_choice("runner", options["runner"], RUNNERS)]
        network = check_bool("allow_network", options.get("allow_network", False))
        rest = {key: value for key, value in options.items() if key != "allow_network"}
        return rest | {"runner": runner(allow_network=network)}

    @property
    def test_code(self) -> str | None:
        """Place of the test code, as ``tests`` has it."""
        return self.tests

    def of_samples(self, samples: Sequence[str]) -> list[str]:
        """Return all samples."""
        return list(samples)

    def check_samples(self, n: int) -> None:
        """Check that there is a runner that can run, and that ``n`` samples are enough.

        Raises:
            ParameterError: if there is no runner, or ``k`` is above ``n``.
            IsolationError: if the runner cannot run anything on this machine.
        """
        if self.runner is None:
            remedy = "give PassAtK(1, runner=codeshift.metrics.execution.PythonRunner()), which executes the outputs"
            raise ParameterError("metrics", "a PassAtK with a runner where outputs are generated", self, remedy)
        if self.k > n:
            samples = "one output per row is" if n == 1 else f"{n} samples per row are"
            remedy = f"{samples} generated: give Decoding(n={self.k}, do_sample=True), or more"
            raise ParameterError("metrics", f"a PassAtK with k of at most {n}", self, remedy)
        check = getattr(self.runner, "check", None)
        if check is not None:
            check()

    def score(self, predictions: Iterable[Any], references: Iterable[Any] | None = None) -> FloatArray:
        """Return the estimate for each problem, shape (n,).

        Raises:
            ParameterError: if ``references`` are given without a runner to use them, or not given with one.
            DataError: if a row is neither booleans nor (n, c), or has fewer than k samples; with a runner, if it is
                neither a program nor a sequence of programs, or a test is not text or checks nothing. Nothing has run
                then.
        """
        if self.runner is not None:
            if references is None:
                raise ParameterError("references", "given with a runner", None, "give the test code of each problem")
            programs, tests = self._problems(*equally_long(predictions, references))
            rows: list[Any] = list(self.runner.run(programs, tests))
        else:
            rows = as_rows("predictions", predictions)
            if references is not None:
                remedy = "leave references out: results hold all there is, and running code needs a runner"
                raise ParameterError("references", "None without a runner", references, remedy)
        counts = [_sample_counts(i, row, self.k) for i, row in enumerate(rows)]
        return np.array([_unbiased_estimate(n, c, self.k) for n, c in counts], dtype=np.float64)

    def _problems(self, predictions: list[Any], references: list[Any]) -> tuple[list[list[str]], list[str]]:
        """Return programs and tests, after all checks that can be made before the first program runs."""
        programs = program_rows("predictions", predictions)
        for i, row in enumerate(programs):
            if len(row) < self.k:
                raise _too_few(i, predictions[i], self.k)
        tests = texts_of_tests("references", references)
        check_tests("references", tests)
        return programs, tests

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any] | None = None) -> FloatArray:
        """Return (1, estimate) for each problem, shape (n, 2)."""
        scores = self.score(predictions, references)
        return np.column_stack([np.ones_like(scores), scores])

    def corpus(self, predictions: Iterable[Any], references: Iterable[Any] | None = None) -> CorpusScore:
        """Return the mean over problems.

        Raises:
            ParameterError: if ``references`` are given without a runner to use them, or not given with one.
            DataError: if a row is neither booleans nor (n, c), or has fewer than k samples.
        """
        return self.from_statistics(column_sums(self.statistics(predictions, references)))


def _sample_counts(i: int, row: Any, k: int) -> tuple[int, int]:
    """Return the number of samples of a problem, and how many passed."""
    try:
        array = np.asarray(row)
    except ValueError:  # the rows within the row differ in length
        array = np.empty((0, 0))
    if array.ndim == 1 and array.dtype == bool:
        n, c = array.size, int(array.sum())
    elif array.shape == (2,) and np.issubdtype(array.dtype, np.integer):
        n, c = int(array[0]), int(array[1])
    else:
        remedy = "give one truth value a sample, or the number of samples and of those that passed"
        raise DataError(f"predictions[{i}]", "a boolean array or two integers (n, c)", row, remedy)
    if not 0 <= c <= n:
        raise DataError(f"predictions[{i}]", "(n, c) with 0 <= c <= n", row, "n counts samples, c those that passed")
    if n < k:
        raise _too_few(i, row, k)
    return n, c


def _too_few(i: int, row: Any, k: int) -> DataError:
    remedy = "draw more samples, or take a smaller k"
    return DataError(f"predictions[{i}]", f"of at least k={k} samples", row, remedy)


def _unbiased_estimate(n: int, c: int, k: int) -> float:
    """Return 1 - C(n - c, k) / C(n, k), in integers: nothing overflows or cancels, and only the division rounds."""
    subsets = math.comb(n, k)
    return (subsets - math.comb(n - c, k)) / subsets
