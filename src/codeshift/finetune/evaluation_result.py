"""The results of an evaluation, per row and as means with intervals."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.files import finite, replaced
from codeshift.finetune.class_scores import ClassScores
from codeshift.finetune.confidence import Confidence
from codeshift.finetune.decoding import Output
from codeshift.finetune.round_trip import RoundTrip
from codeshift.finetune.truncation import TruncationCounts
from codeshift.formatting import counted, fixed, interval, p_value
from codeshift.marks import RowMarks
from codeshift.metrics import Estimate, Metric, ModelOutputs, PairedDifference, bootstrap_ci, paired_difference
from codeshift.metrics.notes import single_notes
from codeshift.parts import PARTS, TEST_ID, TRANSFORMED
from codeshift.temporary_files import remove_unfinished
from codeshift.wording import Verbatim, closest

_CONFIDENCE = tuple(field.name for field in fields(Confidence))


@dataclass(frozen=True)
class PartEvaluation:
    """The results of an evaluation on one part.

    Attributes:
        references: Reference texts, one per row.
        truncation: Counts of sources and targets that were cut.
        metrics: Metrics by name.
        statistics: Statistics of the scored rows by metric, (rows scored, d): see ``codeshift.metrics``.
        scored: Numbers of the scored rows by metric: all rows, or those that a text was generated for.
        outputs: Generated outputs; None for a row without one, and an empty list without generation.
        seed: Seed of the intervals.
        round_trip: Counts of sources and targets that the tokenizer does not give back.
        copies: Group number for each row, the same for near-duplicates, which intervals resample together; None
            resamples each row by itself.
        classes: What a classifier says of each row; None for text.
        features: Features that a model that writes has of each source, (rows, width); None unless asked for.
        marks: Marks of the rows that corpora hold; None unless given.

    >>> from datasets import Dataset
    >>> from codeshift.finetune import Evaluator
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.metrics import ExactMatch
    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["return a + b", "return -a"]})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> evaluator = Evaluator([ExactMatch()], source="doc", target="code", progress=False)
    >>> result = evaluator.evaluate(tiny_model("t5", tokenizer), rows, tokenizer=tokenizer)
    >>> part = result["data"]
    >>> len(part.predictions), part.scores("exact_match").tolist()
    (2, [0.0, 0.0])
    """

    references: list[str] = field(repr=False)
    truncation: TruncationCounts
    metrics: dict[str, Metric]
    statistics: dict[str, NDArray[np.float64]] = field(repr=False)
    scored: dict[str, NDArray[np.int64]] = field(repr=False)
    outputs: list[Output | None] = field(repr=False)
    seed: int = 0
    round_trip: RoundTrip | None = None
    copies: NDArray[np.int64] | None = field(default=None, repr=False)
    classes: ClassScores | None = field(default=None, repr=False)
    features: NDArray[np.float64] | None = field(default=None, repr=False)
    marks: RowMarks | None = field(default=None, repr=False)

    @property
    def predictions(self) -> list[str | None]:
        """Text generated for each row, None for a row without one; or the name of each row's likeliest class."""
        if self.classes is not None:
            return list(self.classes.predictions)
        return [None if output is None else output.text for output in self.outputs]

    @property
    def unfinished(self) -> int:
        """Number of rows with an output that the limit of length cut."""
        return sum(
            output is not None and not all(sample.finished for sample in output.samples) for output in self.outputs
        )

    @cached_property
    def unparsable(self) -> dict[str, int]:
        """Number of rows whose text the parser gives up on, by metric; metrics that have none are left out.

        Such a row counts as code that does not parse: see ``codeshift.metrics.CorpusScore``.
        """
        totals = {name: metric.of_rows(self.statistics[name]) for name, metric in self.metrics.items()}
        return {name: total.unparsable for name, total in totals.items() if total.unparsable}

    @property
    def _confidences(self) -> list[Confidence | None]:
        return [None if output is None else output.confidence for output in self.outputs]

    def scores(self, metric: str) -> NDArray[np.float64]:
        """Return the score of each row, (rows,); NaN for a row that was not scored.

        Raises:
            ParameterError: this metric was not evaluated.
        """
        statistics = self.statistics_of(metric)
        rows = self.metrics[metric].row_scores(statistics)
        out = np.full(len(self.references), np.nan)
        out[self.scored[metric]] = rows
        return out

    def estimate(self, metric: str, rows: NDArray[np.bool_] | None = None) -> Estimate:
        """Return the metric's value for the whole part with its 95% bootstrap interval; ``n`` counts the scored rows.

        Near-duplicates are resampled together; ``groups`` counts their groups if there are fewer of them than rows.

        Args:
            metric: Name of the metric.
            rows: Mask of the rows to take, (rows,); None for all.

        Raises:
            ParameterError: this metric was not evaluated.
        """
        scored = self.scored[metric] if metric in self.scored else np.empty(0, dtype=np.int64)
        taken = slice(None) if rows is None else rows[scored]
        statistics = self.statistics_of(metric)[taken]
        if rows is not None and not len(statistics):
            return Estimate(np.nan, np.nan, np.nan, n=0, confidence=0.95, method="", note="no such row was scored")
        alike = None if self.copies is None else self.copies[scored][taken]
        return bootstrap_ci(statistics, metric=self.metrics[metric], seed=self.seed, groups=alike)

    def seen_estimates(
        self, metric: str, *, corpus: str | None = None, kind: str | None = None
    ) -> tuple[Estimate, Estimate]:
        """Return the metric's value for the rows that a corpus holds, and for those that it does not.

        Args:
            metric: Name of the metric.
            corpus: Corpus; None for any of them.
            kind: Kind of copy, as in ``RowMarks.seen``; None for any of them.

        Raises:
            ParameterError: this metric was not evaluated, no marks were given, or there is no such corpus or kind.
        """
        if self.marks is None:
            remedy = "give Evaluator.evaluate(..., marks=overlap(splits, corpora).marks)"
            raise ParameterError("evaluation", "one with marks", Verbatim("one without"), remedy)
        seen = self.marks.seen(corpus, kind)
        return self.estimate(metric, seen), self.estimate(metric, ~seen)

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Estimate of every metric, by name."""
        return {name: self.estimate(name) for name in self.metrics}

    def statistics_of(self, metric: str) -> NDArray[np.float64]:
        """Return the metric's statistics, (rows scored, d): see ``codeshift.metrics``.

        Raises:
            ParameterError: this metric was not evaluated.
        """
        if metric not in self.metrics:
            raise ParameterError("metric", "one that was evaluated", metric, closest(metric, self.metrics))
        return self.statistics[metric]

    @property
    def has_model_outputs(self) -> bool:
        """Whether something was kept that ``model_outputs`` can return: always of classes."""
        sure = any(confidence is not None for confidence in self._confidences)
        return self.classes is not None or self.features is not None or sure

    def model_outputs(self, *, error: str | None = None) -> ModelOutputs:
        """Return what the model gave for each row, for ``codeshift.metrics.ood_detection``.

        Args:
            error: Metric in [0, 1], higher being better, that the error of a row is 1 minus its score of. None
                takes whether the class is wrong, or no errors for text.

        Raises:
            ParameterError: neither confidence nor features were kept for text, or this metric was not evaluated.
        """
        errors = None if error is None else 1 - self.scores(error)
        if self.classes is not None:
            wrong = self.classes.logits.argmax(axis=1) != self.classes.references
            errors = wrong.astype(np.float64) if errors is None else errors
            shown = {"logits": self.classes.logits, "features": self.classes.features}
            return ModelOutputs(**shown, errors=errors, groups=self.copies)
        if not self.has_model_outputs:
            kind = Verbatim("one without")
            raise ParameterError("evaluation", "one with confidence", kind, "give Evaluator(..., confidence=True)")
        return ModelOutputs(**self._confidence_columns(), features=self.features, errors=errors, groups=self.copies)

    def _confidence_columns(self) -> dict[str, NDArray[np.float64]]:
        """Return each figure of the confidence, (rows,), NaN for a row without an output; none if none was kept."""
        if all(confidence is None for confidence in self._confidences):
            return {}
        missing = dict.fromkeys(_CONFIDENCE, np.nan)
        values = [missing if confidence is None else vars(confidence) for confidence in self._confidences]
        return {name: np.array([row[name] for row in values]) for name in _CONFIDENCE}

    def rows(self) -> list[dict[str, Any]]:
        """Return a dict of JSON values per row: ``row``, ``reference``, what the model gave and the scores.

        A model that writes gave ``prediction``, whether it is ``finished`` and, if it was asked for, its confidence
        (``mean_log_probability``, ...), the texts of all ``samples`` if there are several, and the whole ``output`` if
        the prediction was extracted from it; a classifier gave ``prediction``, a ``probability[...]`` of each class and
        ``logits``; both gave ``features`` if they were asked for. With marks, ``seen[...]`` of each corpus is the kind
        of copy that it holds, or None. Scores are None for NaN.
        """
        scores = {name: self.scores(name) for name in self.metrics}
        several = any(output is not None and output.others for output in self.outputs)
        extracted = any(output is not None and output.full_text is not None for output in self.outputs)
        sure = any(confidence is not None for confidence in self._confidences)
        classified = [] if self.classes is None else self.classes.rows()
        seen = {} if self.marks is None else self.marks.kinds_of_rows()
        plain_rows = []
        for i, reference in enumerate(self.references):
            row: dict[str, Any] = {"row": i, "reference": reference}
            if self.outputs:
                output = self.outputs[i]
                row["prediction"] = None if output is None else output.text
                row["finished"] = None if output is None else output.finished
                if several:
                    row["samples"] = None if output is None else [sample.text for sample in output.samples]
                if extracted:
                    row["output"] = None if output is None else output.full_text
            if sure:
                known = self._confidences[i]
                row |= dict.fromkeys(_CONFIDENCE) if known is None else vars(known)
            if classified:
                row |= classified[i]
            if self.features is not None:
                row["features"] = self.features[i].tolist()
            row |= {f"seen[{corpus}]": kinds[i] for corpus, kinds in seen.items()}
            plain_rows.append(row | {n: None if np.isnan(v[i]) else float(v[i]) for n, v in scores.items()})
        return plain_rows


@dataclass(frozen=True)
class EvaluationResult:
    """The results of an evaluation on every part.

    Attributes:
        parts: Results by part.
        metadata: Model, adapter, data digests, decoding, limits of length and library versions, as JSON values.

    >>> from datasets import Dataset
    >>> from codeshift.finetune import Evaluator
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.metrics import ExactMatch
    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["return a + b", "return -a"]})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> evaluator = Evaluator([ExactMatch()], source="doc", target="code", progress=False)
    >>> result = evaluator.evaluate(tiny_model("t5", tokenizer), rows, tokenizer=tokenizer)
    >>> [(row["part"], row["metric"], row["n"]) for row in result.aggregates()]
    [('data', 'exact_match', 2)]
    >>> list(result)
    ['data']
    """

    parts: dict[str, PartEvaluation]
    metadata: dict[str, Any] = field(repr=False)

    def __getitem__(self, part: str) -> PartEvaluation:
        if part not in self.parts:
            raise ParameterError("part", "one that was evaluated", part, closest(part, self.parts))
        return self.parts[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def paired(self, metric: str, first: str = TRANSFORMED, second: str = PARTS[TEST_ID]) -> PairedDifference:
        """Return a metric's value on one part minus that on another whose rows correspond one to one.

        Such are ``test_transformed`` and ``test_id`` of ``codeshift.transforms.paired_shift``.

        Args:
            metric: Name of the metric.
            first: Part of the value.
            second: Part to subtract; its near-duplicates are resampled together.

        Raises:
            ParameterError: a part or the metric was not evaluated, or other rows were scored in one part than in the
                other.
        """
        first_part, second_part = self[first], self[second]
        statistics = [part.statistics_of(metric) for part in (first_part, second_part)]
        if len(first_part.references) != len(second_part.references) or not np.array_equal(
            first_part.scored[metric], second_part.scored[metric]
        ):
            rows = Verbatim(f"{len(first_part.scored[metric]):,} and {len(second_part.scored[metric]):,} scored rows")
            raise ParameterError("first", f"the rows of {second}, one to one", rows, "evaluate both with one seed")
        groups = None if second_part.copies is None else second_part.copies[second_part.scored[metric]]
        return paired_difference(*statistics, metric=second_part.metrics[metric], seed=second_part.seed, groups=groups)

    def transformed(self) -> list[dict[str, Any]]:
        """Return a dict per metric of what ``test_transformed`` loses to ``test_id``; none without both parts.

        Each has ``metric``, ``value``, ``low``, ``high``, ``n`` and ``p_value``; the value is that on
        ``test_transformed`` minus that on ``test_id``.
        """
        return [
            {"metric": metric, "value": d.value, "low": d.low, "high": d.high, "n": d.n, "p_value": d.p_value}
            for metric, d in self._lost.items()
        ]

    @cached_property
    def _lost(self) -> dict[str, PairedDifference]:
        """What each metric loses to a transform, which takes resamples: found once."""
        if not {TRANSFORMED, PARTS[TEST_ID]} <= set(self.parts):
            return {}
        return {metric: self.paired(metric) for metric in self.parts[TRANSFORMED].metrics}

    def aggregates(self) -> list[dict[str, Any]]:
        """Return a dict per part and metric: ``part``, ``metric``, ``value``, ``low``, ``high``, ``n``, ``rows``, ...

        Of ``rows`` rows ``n`` were scored, and the parser gave up on the text of ``unparsable`` of these; ``groups`` is
        the number of groups that are resampled, ``interval`` the method of the interval, and ``note`` the reason why
        there is no value or what a reader should know of it.
        """
        return [
            {
                "part": part, "metric": name, **_estimate_values(e), "rows": len(evaluated.references),
                "unparsable": evaluated.unparsable.get(name, 0),
            }
            for part, evaluated in self.parts.items()
            for name, e in evaluated.estimates.items()
        ]  # fmt: skip

    def seen_aggregates(self) -> list[dict[str, Any]]:
        """Return a dict per part, corpus, metric and whether the corpus holds the rows; none without marks.

        Each has ``part``, ``corpus`` (empty for any of them), ``seen`` and ``metric``, and the figures of
        ``aggregates``. A row is seen if the corpus holds a copy of any kind that was looked for.
        """
        return self._seen_aggregates(each_corpus=True)

    def _seen_aggregates(self, *, each_corpus: bool) -> list[dict[str, Any]]:
        """Return the dicts of ``seen_aggregates``, for each corpus as well or for any of them alone."""
        return [
            {"part": part, "corpus": corpus or "", "seen": seen, "metric": name, **_estimate_values(e)}
            for part, evaluated in self.parts.items()
            if evaluated.marks is not None
            for corpus in (None, *(evaluated.marks.corpora if each_corpus else ()))
            for name in evaluated.metrics
            for seen, e in zip((True, False), evaluated.seen_estimates(name, corpus=corpus), strict=True)
        ]

    def notes(self) -> list[str]:
        """Return what a reader should know of the values, each sentence once for all metrics of a part that say it.

        >>> EvaluationResult({}, {}).notes()
        []
        """
        metrics_of: dict[tuple[str, str], list[str]] = {}
        for row in self.aggregates():
            for note in single_notes(row["note"]):
                metrics_of.setdefault((row["part"], note), []).append(row["metric"])
        return [f"{part}, {', '.join(metrics)}: {note}." for (part, note), metrics in metrics_of.items()]

    def __str__(self) -> str:
        values = [
            f"{row['part']:<12} {row['metric']:<26} {fixed(row['value'], 4)} {interval_text(row)}  {_rows_text(row)}"
            for row in self.aggregates()
        ]
        return "\n".join([*values, *self._seen_values(), *map(transformed_text, self.transformed()), *self.notes()])

    def _seen_values(self) -> Iterator[str]:
        """Yield lines of the scores of rows that any corpus holds, and of those that none does."""
        for row in self._seen_aggregates(each_corpus=False):
            rows = "rows in a corpus" if row["seen"] else "rows in none"
            value = f"{fixed(row['value'], 4)} {interval_text(row)}"
            yield f"{row['part']:<12} {row['metric']:<26} {value}  {rows}, n={row['n']:,}"

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write a Parquet file of the rows of each part and ``evaluation.json`` (aggregates and metadata), atomically.

        If there are several processes, only the main one writes.
        """
        if not PartialState().is_main_process:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        remove_unfinished(folder)
        for part, evaluated in self.parts.items():
            with replaced(folder / f"{part}.parquet") as temporary:
                pq.write_table(pa.Table.from_pylist(evaluated.rows()), temporary)
        aggregates = finite(self.aggregates())
        facts = {
            part: {
                "truncation": vars(evaluated.truncation),
                "round_trip": evaluated.round_trip and evaluated.round_trip.to_dict(),
                "unfinished": evaluated.unfinished,
                "unparsable": evaluated.unparsable,
                "unknown_labels": {} if evaluated.classes is None else dict(evaluated.classes.unknown),
            }
            for part, evaluated in self.parts.items()
        }
        summary = {"aggregates": aggregates, "parts": facts, "metadata": self.metadata}
        more = {"seen": finite(self.seen_aggregates()), "transformed": finite(self.transformed())}
        summary |= {name: rows for name, rows in more.items() if rows}
        with replaced(folder / "evaluation.json") as temporary:
            temporary.write_text(json.dumps(summary, indent=1, allow_nan=False), encoding="utf-8")


def transformed_text(row: dict[str, Any]) -> str:
    """Format a line of ``transformed``: the difference with its interval and p-value."""
    value = f"{fixed(row['value'], 4, signed=True)} {interval(row['low'], row['high'], 4)}"
    names = f"{TRANSFORMED} less {PARTS[TEST_ID]}, {row['metric']}"
    return f"{names}: {value}, p = {p_value(row['p_value'])}, n = {row['n']:,}"


def interval_text(row: dict[str, Any]) -> str:
    """Format an interval in brackets, with its method unless it is the bootstrap's."""
    if not row["interval"]:
        return "(no interval)"
    kind = "" if row["interval"] == "percentile" else f" {row['interval']}"
    return interval(row["low"], row["high"], 4) + kind


def _estimate_values(estimate: Estimate) -> dict[str, Any]:
    """Return the figures of an estimate by name."""
    return {
        "value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n,
        "groups": estimate.n if estimate.groups is None else estimate.groups,
        "interval": estimate.method if estimate.has_interval else "", "note": estimate.note,
    }  # fmt: skip


def _rows_text(row: dict[str, Any]) -> str:
    scored = f"{row['n']} of {counted(row['rows'], 'row')}"
    groups = "" if row["groups"] == row["n"] else f" in {row['groups']} groups of near-duplicates"
    return scored + groups + (f", {row['unparsable']} unparsable" if row["unparsable"] else "")
