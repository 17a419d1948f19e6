"""Base class of metrics: a score of each row, and row statistics that add up to the score of a corpus.

A metric is a frozen dataclass. ``score`` returns one value per row, ``corpus`` one value for all rows. ``statistics``
connects them: a few numbers per row whose sums over any rows give the corpus score of those rows. A bootstrap of 2,000
resamples therefore scores each row once.
"""

from __future__ import annotations

import dataclasses
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from codeshift.arithmetic import ratio
from codeshift.errors import ParameterError
from codeshift.properties.row_languages import gathered, known_languages, language_column, unsuited

FloatArray: TypeAlias = NDArray[np.float64]
Takes: TypeAlias = Literal["text", "log_probabilities", "argmax", "class_probabilities"]


@dataclass(frozen=True)
class CorpusScore:
    """Score of a whole set of rows.

    Attributes:
        value: Score, in the metric's unit (in [0, 1] unless the metric names another). NaN if there are no rows.
        parts: Components of the score by name; empty if it has none.
        n: Number of rows that ``value`` stands for.
        unparsable: Number of those rows whose text the parser gives up on (``codeshift.properties.bounds``). They
            count as code that does not parse; it is 0 for metrics that parse nothing.
        note: Reason why ``value`` is NaN, or what a reader of it should know; empty otherwise.

    >>> CorpusScore(0.5, n=2)
    CorpusScore(value=0.5, parts={}, n=2)
    >>> CorpusScore(math.nan, n=2, note="one class only")
    CorpusScore(value=nan, parts={}, n=2, note='one class only')
    """

    value: float
    parts: dict[str, float] = field(default_factory=dict)
    n: int = 0
    unparsable: int = field(default=0, repr=False)
    note: str = field(default="", kw_only=True)

    def __repr__(self) -> str:
        note = f", note={self.note!r}" if self.note else ""
        return f"{type(self).__name__}(value={self.value!r}, parts={self.parts!r}, n={self.n!r}{note})"


class SufficientStatistics(Protocol):
    """Anything whose corpus score follows from sums over rows; every ``Metric`` is one.

    The first column of ``statistics`` is 1 in every row, so ``sums[0]`` is the number of rows.

    >>> from codeshift.metrics import ExactMatch
    >>> rows = ExactMatch().statistics(["a", "b"], ["a", "c"])
    >>> rows.tolist(), ExactMatch().from_statistics(rows.sum(axis=0)).value
    ([[1.0, 1.0], [1.0, 0.0]], 0.5)
    """

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the rows' statistics, shape (n, d), float64."""
        ...

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the corpus score of rows whose statistics add up to ``sums``, shape (d,)."""
        ...


@dataclass(frozen=True)
class Scale:
    """Format in which the values of a metric are shown.

    Attributes:
        factor: Factor that a value is multiplied by: 100 for scores in [0, 1], as in papers.
        digits: Number of digits after the decimal point.
        unit: Text after a value.

    >>> PERCENT
    Scale(factor=100.0, digits=1, unit='%')
    """

    factor: float = 1.0
    digits: int = 3
    unit: str = ""


PERCENT = Scale(100.0, 1, "%")
"""Scale of shares of rows, tokens or elements."""
OF_100 = Scale(100.0, 1, " of 100")
"""Scale of scores in [0, 1] that are not shares."""

NOT_BY_NAME: Mapping[str, bool] = {"not_by_name": True}
"""Metadata of a field that cannot be set by name, because it decides what code runs."""

METRICS: dict[str, type[Metric]] = {}
"""All metrics by their key; a user's own metric is added when it is defined."""


class Metric(ABC):
    """Base class of metrics, which score predictions against references row by row.

    Attributes:
        key: Metric's name without options; by default derived from the name of the class.
        title: Name in words, for tables and plots; by default derived from the key.
        scale: Format of the values; by default unchanged, with three digits.
        higher_is_better: Whether a higher value is better.
        bounds: Lowest and the highest value; None stands for 0 and 1 if higher is better, and for unknown ones
            otherwise.
        spelling: Pattern for another way to write the name, such as ``pass@1``; its groups are options.
        takes: What the predictions are. "text" is what a model wrote, beside the reference's text. "log_probabilities"
            and "argmax" are measured by teacher forcing: one array a row, of the log-probabilities of the reference's
            tokens or of the likeliest token at each of their positions, beside the reference's token ids.
            "class_probabilities" is a classifier's array (rows, classes), beside the number of each row's class, -1 for
            a label that is none of the classes.
        runs_tests: Whether the references of a text are test code that is run.

    Subclasses are frozen dataclasses. They define ``score``; those whose corpus score is not the mean of the rows
    (BLEU, nats a token) define ``statistics`` and ``from_statistics`` too. One law connects the three:
    ``corpus(p, r) == from_statistics(column_sums(statistics(p, r)))``. A metric whose corpus score follows from no sums
    is a ``WeightedMetric``.

    A metric of your own:

    >>> @dataclass(frozen=True)
    ... class SameLength(Metric):
    ...     def score(self, predictions, references):
    ...         return np.array([float(len(p) == len(r)) for p, r in zip(predictions, references, strict=True)])
    >>> SameLength().corpus(["ab", "c"], ["xy", "xyz"])
    CorpusScore(value=0.5, parts={}, n=2)
    >>> SameLength().name, SameLength().describe()
    ('same_length', 'same length')
    """

    key: ClassVar[str]
    title: ClassVar[str] = ""
    scale: ClassVar[Scale] = Scale()
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float] | None] = None
    spelling: ClassVar[re.Pattern[str] | None] = None
    takes: ClassVar[Takes] = "text"
    runs_tests: ClassVar[bool] = False

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Register the metric by its key, unless it is an ``abstract`` base class.

        Raises:
            TypeError: if a metric of another module has the same key.
        """
        super().__init_subclass__(**kwargs)
        if abstract:
            return
        cls.key = vars(cls).get("key") or _snake_case(cls.__name__)
        # A notebook's cell that is run again defines its class again; the same name in another module is a clash.
        earlier = METRICS.get(cls.key)
        if earlier is not None and earlier.__module__ != cls.__module__:
            raise TypeError(f"{cls.key!r} is already the name of {earlier.__module__}.{earlier.__qualname__}")
        METRICS[cls.key] = cls

    @classmethod
    def arguments(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that the options in a name stand for; by default the options themselves."""
        return options

    @property
    def options(self) -> str:
        """Options that are not at their defaults, as text; empty if all are.

        >>> from codeshift.metrics import BLEU
        >>> BLEU("none", max_order=2).options
        'smoothing=none,max_order=2'
        """
        changed = _changed_fields(self)
        return ",".join(f"{name}={getattr(value, '__qualname__', value)}" for name, value in changed)

    def describe(self, *, options: bool = True) -> str:
        """Return the metric's name in words.

        Args:
            options: Whether to include the options that are not at their defaults.
        """
        changed = self.options if options else ""
        return (self.title or self.key.replace("_", " ")) + (f" ({changed})" if changed else "")

    @property
    def name(self) -> str:
        """Name of the metric in tables: its key, and the options that are not at their defaults.

        Fields without a default (a language) belong to the dataset and are left out.

        >>> from codeshift.metrics import ExactMatch
        >>> ExactMatch().name, ExactMatch(normalize_whitespace=True).name
        ('exact_match', 'exact_match[normalize_whitespace=True]')
        """
        return self.key + (f"[{self.options}]" if self.options else "")

    @property
    def is_mean(self) -> bool:
        """Whether the value is the mean of the rows' scores: the sum of column 1 of the statistics over column 0's.

        If it is, and every score is 0 or 1, intervals are those of a share. A metric with a ``from_statistics`` of its
        own, such as one with a ``note``, says so by this property.

        >>> from codeshift.metrics import BLEU, ExactMatch
        >>> ExactMatch().is_mean, BLEU().is_mean
        (True, False)
        """
        return type(self).from_statistics is Metric.from_statistics

    @abstractmethod
    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the score of each row, shape (n,), float64; NaN if the metric is undefined for a row.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not of the kind that the metric takes.
        """

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return row statistics, shape (n, d), whose sums over rows give the corpus score; column 0 is 1."""
        scores = self.score(predictions, references)
        return np.column_stack([np.ones_like(scores), scores])

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the corpus score of rows whose statistics add up to ``sums``, shape (d,); NaN with n=0 for no rows."""
        n = int(sums[0])
        return CorpusScore(ratio(sums[1], sums[0]), n=n)

    def corpus(self, predictions: Iterable[Any], references: Iterable[Any]) -> CorpusScore:
        """Return the score of all rows together, identical to the last bit in any order of the rows.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not of the kind that the metric takes.
        """
        return self.of_rows(self.statistics(predictions, references))

    def of_rows(self, statistics: FloatArray) -> CorpusScore:
        """Return the score of all rows together from their statistics, shape (n, d)."""
        return self.from_statistics(column_sums(statistics))

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return the score of each row from the rows' statistics, shape (n, d); NaN where it is undefined."""
        return np.array([self.from_statistics(row).value for row in statistics], dtype=np.float64)

    @property
    def test_code(self) -> str | None:
        """Column or template of test code that a row is scored by, in place of the target; by default none."""
        return None

    @property
    def language_column(self) -> str | None:
        """Column that names the language of each row, where ``language`` is such as ``"column:lang"``; else None."""
        return language_column(getattr(self, "language", None))

    def in_language(self, language: str) -> Metric:
        """Return the metric for rows of one language, with statistics of the same columns.

        Raises:
            ParameterError: if the metric does not know the language.
        """
        return dataclasses.replace(self, language=language)  # type: ignore[type-var]  # every subclass is a dataclass

    def statistics_in(
        self, languages: Sequence[str], predictions: Sequence[Any], references: Sequence[Any]
    ) -> FloatArray:
        """Return row statistics, each row read in its language, shape (n, d); as ``statistics`` has them otherwise.

        An ``Evaluator`` and a study call it for a metric whose ``language`` names a column.

        Args:
            languages: Language of each row.
            predictions: Predictions.
            references: References, in the same order.

        Raises:
            ParameterError: if the three differ in number.
            DataError: if a row is not of the kind that the metric takes, or of a language that it does not know.

        >>> from codeshift.metrics import SyntacticValidity
        >>> validity = SyntacticValidity("column:lang")
        >>> rows = validity.statistics_in(["python", "java"], ["x = 1", "x = 1"], ["", ""])
        >>> validity.row_scores(rows).tolist()
        [1.0, 0.0]
        """
        if not len(languages) == len(predictions) == len(references):
            counts = (len(languages), len(predictions), len(references))
            raise ParameterError("languages", "one for each prediction and reference", counts, "in the same order")
        column = self.language_column or "languages"
        if not languages:
            return self.in_language("python").statistics([], [])
        parts = []
        for language in known_languages(languages, column):
            rows = [i for i, name in enumerate(languages) if name == language]
            try:
                metric = self.in_language(language)
            except ParameterError as error:
                raise unsuited(error, column, len(rows)) from None
            sides = [predictions[i] for i in rows], [references[i] for i in rows]
            parts.append((np.array(rows), metric.statistics(*sides)))
        return np.asarray(gathered(parts, len(languages)))

    def of_samples(self, samples: Sequence[str]) -> Any:
        """Return what the metric takes of the texts that a model wrote for a row; by default the first."""
        return samples[0]

    def check_samples(self, n: int) -> None:  # noqa: B027 - most metrics take any
        """Check, before anything is written, that the metric can be computed from ``n`` samples of each row.

        Raises:
            ParameterError: if it needs more of them, or something else that it does not have.
        """

    def for_labels(self, labels: Sequence[str]) -> Metric:
        """Return the metric for classes with these labels, in the order of their probabilities; by default itself.

        A metric that names a class by its label finds the class's number here; an evaluation of a classifier calls it.

        Raises:
            ParameterError: if the metric names a class that is not among them.
        """
        return self

    def trials(self, statistics: FloatArray) -> float | None:
        """Return the number of rows that the value's variance depends on, from statistics of shape (n, d).

        None stands for all rows. A metric of one class among many rows depends on the rows of that class. Intervals use
        it as their degrees of freedom.
        """
        return None

    def deviations(self, sums: FloatArray, of_all: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Return how far values may lie above and below the truth by chance, from resamples, each of shape (r,).

        None stands for percentiles of the resamples' values. A value with a kink, such as a sum of absolute
        differences, is higher in rows than in truth and higher again in resamples of them, so percentiles do not do.

        Args:
            sums: Sums of the statistics of the rows of each resample, shape (r, d).
            of_all: Those of all rows, shape (d,).

        Returns:
            Deviations whose upper quantile lies between the lower end of the interval and the value, and deviations
            whose lower quantile lies between its upper end and the value.
        """
        return None


class WeightedMetric(Metric, abstract=True):
    """Base class of metrics whose corpus score follows from no sums over rows, such as areas under curves.

    ``statistics`` holds what the score is computed from, one row a row (a score and a class, say), and
    ``weighted_values`` computes it with each row counted as often as a weight says. A bootstrap of 2,000 resamples is
    one call with 2,000 rows of weights. Rows have no score of their own: ``score`` is NaN.

    The median of numbers:

    >>> @dataclass(frozen=True)
    ... class MedianLength(WeightedMetric):
    ...     higher_is_better = False
    ...     def statistics(self, predictions, references):
    ...         return np.array([(1.0, len(p)) for p, _ in zip(predictions, references, strict=True)]).reshape(-1, 2)
    ...     def weighted_values(self, statistics, weights):
    ...         order = np.argsort(statistics[:, 1])
    ...         before = np.cumsum(weights[:, order], axis=1)
    ...         middle = (before < before[:, -1:] / 2).sum(axis=1)
    ...         return statistics[order[middle], 1]
    >>> MedianLength().corpus(["a", "bb", "cccc"], [""] * 3)
    CorpusScore(value=2.0, parts={}, n=3)
    """

    @abstractmethod
    def weighted_values(self, statistics: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the values of the rows with each counted as often as its weight, shape (r,).

        Args:
            statistics: Rows' statistics, shape (n, d), n at least 1.
            weights: Weights, shape (r, n), at least 0, whole numbers but for ``prior_shift``; a row of weight 0 is
                as good as not there.

        Returns:
            One value for each row of ``weights``; NaN where it is undefined.
        """

    def without_each(self, statistics: FloatArray) -> FloatArray | None:
        """Return the value without each row in turn, shape (n,).

        By default None: the values are computed by weights, in a time that grows with the square of n.
        """
        return None

    def comparable(self, statistics: FloatArray) -> FloatArray:
        """Return the statistics in a form in which those of two systems can be exchanged; by default unchanged.

        The permutation test of ``paired_difference`` exchanges two systems' statistics in single rows.
        """
        return statistics

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return NaN for each row, shape (n,), since a row has no value of its own."""
        return self.row_scores(self.statistics(predictions, references))

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return NaN for each row, shape (n,)."""
        return np.full(len(statistics), np.nan)

    def of_rows(self, statistics: FloatArray) -> CorpusScore:
        """Return the score of all rows together from their statistics, shape (n, d)."""
        n = len(statistics)
        value = float(self.weighted_values(statistics, np.ones((1, n)))[0]) if n else math.nan
        return CorpusScore(value, n=n, note=self.note(statistics) if n else "")

    def note(self, statistics: FloatArray) -> str:
        """Return the reason why the value is NaN, or what a reader of it should know; by default nothing."""
        return ""

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Refuse, since sums do not determine the value: use ``of_rows``.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{self.name} does not follow from sums over rows: call of_rows(statistics)")


def column_sums(statistics: FloatArray) -> FloatArray:
    """Return the sum of each column, correctly rounded, so that it does not depend on the order of the rows.

    >>> column_sums(np.array([[1.0, 1e16], [1.0, 1.0], [1.0, -1e16]]))
    array([3., 1.])
    """
    if not np.isfinite(statistics).all():
        return np.asarray(statistics.sum(axis=0))
    return np.array([math.fsum(column) for column in statistics.T], dtype=np.float64)


def _changed_fields(metric: Metric) -> list[tuple[str, Any]]:
    """Return the fields of a dataclass that differ from their default; fields without a default are left out."""
    changed = []
    for f in dataclasses.fields(metric):  # type: ignore[arg-type]  # every subclass is a dataclass
        default = f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
        value = getattr(metric, f.name)
        if default is not dataclasses.MISSING and value != default:
            changed.append((f.name, value))
    return changed


def _snake_case(name: str) -> str:
    """Convert to snake case: ``ExactMatch`` -> ``exact_match``, ``BLEU`` -> ``bleu``, ``CodeBLEU`` -> ``codebleu``."""
    words = re.findall(r"[A-Z][a-z]{2,}", name)
    return "_".join(words).lower() if "".join(words) == name else name.lower()
