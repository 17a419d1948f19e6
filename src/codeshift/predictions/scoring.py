"""The scores of outputs that were made elsewhere, as the evaluator's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from datasets import Dataset

from codeshift.checks import check_integer
from codeshift.errors import DataError, ParameterError, Told, check_folder, closest
from codeshift.finetune import EvaluationResult, Output, PartEvaluation, Truncation
from codeshift.finetune.dataset_parts import Splits, evaluation_parts
from codeshift.finetune.extraction import Extract, check_extract
from codeshift.finetune.identity import data_digest, versions
from codeshift.finetune.program_tests import check_samples, check_test_code, tests_template
from codeshift.finetune.template import Template, texts_of
from codeshift.metrics import Metric
from codeshift.metrics.aggregates.copies import copies
from codeshift.metrics.likelihood import is_forced
from codeshift.predictions.identity import row_identities
from codeshift.predictions.matching import Predictions, match, predictions_digest, read_predictions


def score_predictions(
    splits: Splits,
    predictions: Predictions,
    metrics: Iterable[Metric],
    *,
    source: str,
    target: str,
    parts: Iterable[str] | None = None,
    id_column: str | None = None,
    prediction_column: str = "prediction",
    extract: Literal["code"] | None = None,
    model: str | None = None,
    seed: int = 0,
    output_dir: str | os.PathLike[str] | None = None,
) -> EvaluationResult:
    """Score outputs that were made elsewhere.

    Each prediction is matched with its row by the identity that ``export_parts`` wrote (in a column ``id`` or
    ``custom_id``), or by a column of the data. The result is what an ``Evaluator`` gives for the same outputs: the same
    rows, scores and intervals.

    Args:
        splits: a ``DatasetDict``, or one ``Dataset`` (which becomes the part "data").
        predictions: a file (JSONL, CSV or Parquet), a dataset, rows, or a dict of texts by identity. The answers of an
            OpenAI-like batch are taken as they are.
        metrics: the metrics of ``codeshift.metrics``, of those that compare texts or run programs.
        source: the column that the model was given, or a template, as in ``export_parts``.
        target: the column that the model must write, or a template.
        parts: the names of the parts that the predictions are for; None takes those whose names begin with "test".
        id_column: the column of the data, and of the predictions, that identifies a row; None takes the identities of
            ``export_parts``.
        prediction_column: the column of the text in the predictions.
        extract: ``"code"`` scores the first fenced block of each output, or the whole if there is none.
        model: the name of the model, for the metadata.
        seed: the seed of the intervals.
        output_dir: the folder that the result is written to (see ``EvaluationResult.save``); None writes nothing.

    Raises:
        PredictionsError: a row has no prediction or several, or a prediction has no row; all are listed.
        ParameterError: an argument cannot work, or a metric needs the model itself.
        DataError: a value is not text, or ``id_column`` does not identify a row.

    >>> from codeshift.metrics import ExactMatch
    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["a + b", "-a"], "n": ["1", "2"]})
    >>> given = [{"n": "2", "prediction": "-a"}, {"n": "1", "prediction": "a - b"}]
    >>> result = score_predictions(rows, given, [ExactMatch()], source="doc", target="code", id_column="n")
    >>> result["data"].scores("exact_match").tolist()
    [0.0, 1.0]
    """
    check_folder("output_dir", output_dir)
    check_integer("seed", seed, smallest=0)
    check_extract(extract)
    templates = Template(source, "source"), Template(target, "target")
    named = _of_text(metrics)
    chosen = evaluation_parts(splits, parts)
    for rows in chosen.values():
        for template in templates:
            template.check(rows.features)
        check_test_code(named.values(), templates[1], rows)
    identities = {part: _identities(part, rows, templates, id_column) for part, rows in chosen.items()}
    places = {name: f"row {i} of {part}" for part, names in identities.items() for i, name in enumerate(names)}
    if len(places) < sum(map(len, identities.values())):
        parts_in_words = ", ".join(chosen)
        remedy = "score one part at a time, or leave id_column out and use the identities of export_parts"
        raise DataError("id_column", "different in every row", Told(f"{id_column!r} of {parts_in_words}"), remedy)
    given = read_predictions(predictions, identity_column=id_column, prediction_column=prediction_column)
    outputs = match(places, given)
    digest = predictions_digest(outputs)
    outputs = extracted(outputs, extract)
    result = EvaluationResult(
        {
            part: evaluated_part(rows, [outputs[name] for name in identities[part]], templates, named, seed)
            for part, rows in chosen.items()
        },
        {
            "model": {"name": model},
            "predictions": {"digest": digest, "extract": extract},
            "data": {part: data_digest(rows, _columns(templates, named)) for part, rows in chosen.items()},
            "versions": versions(),
            "source": source,
            "target": target,
            "seed": seed,
        },
    )
    if output_dir is not None:
        result.save(output_dir)
    return result


def extracted(outputs: Mapping[str, Output], extract: Extract | None) -> dict[str, Output]:
    """Return outputs with what is scored of each as its text: all of it, or its code."""
    return {name: output.extracted(extract) for name, output in outputs.items()}


def evaluated_part(
    rows: Dataset,
    outputs: Sequence[Output],
    templates: tuple[Template, Template],
    metrics: Mapping[str, Metric],
    seed: int,
) -> PartEvaluation:
    """Score one output for each row of a part, as an evaluation of a model that wrote them.

    Args:
        rows: the rows.
        outputs: their outputs, in the order of the rows.
        templates: the templates of source and target.
        metrics: metrics of text by name.
        seed: the seed of the intervals.
    """
    sources, references = (texts_of(template, rows) for template in templates)
    texts = [output.text for output in outputs]
    statistics, scored = {}, {}
    for name, metric in metrics.items():
        tests = tests_template(metric)
        statistics[name] = metric.statistics(texts, references if tests is None else texts_of(tests, rows))
        scored[name] = np.arange(len(rows))
    uncut = Truncation(rows=len(rows), sources=0, targets=0, lost_source_tokens=0, lost_target_tokens=0)
    return PartEvaluation(
        references, uncut, dict(metrics), statistics, scored, list(outputs), seed, copies=copies(sources, references)
    )


def _of_text(metrics: Iterable[Metric]) -> dict[str, Metric]:
    metrics = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise ParameterError("metrics", "made of metrics of codeshift.metrics", metric, "such as ExactMatch()")
        if is_forced(metric):
            remedy = "it is measured on the model's probabilities: use an Evaluator"
            raise ParameterError("metrics", "metrics of texts", metric.name, remedy)
    named = {metric.name: metric for metric in metrics}
    if not metrics or len(named) < len(metrics):
        names = [metric.name for metric in metrics]
        raise ParameterError("metrics", "at least one, each once", names, "give [ExactMatch()] for example")
    check_samples(metrics)
    return named


def _identities(part: str, rows: Dataset, templates: tuple[Template, Template], id_column: str | None) -> list[str]:
    if id_column is None:
        sources, targets = (texts_of(template, rows) for template in templates)
        return row_identities(part, sources, targets)
    if id_column not in rows.column_names:
        remedy = closest(id_column, rows.column_names)
        raise ParameterError("id_column", "a column of the data", id_column, remedy)
    return [str(value) for value in rows[id_column]]


def _columns(templates: tuple[Template, Template], metrics: dict[str, Metric]) -> list[str]:
    tests: list[Any] = [template for metric in metrics.values() if (template := tests_template(metric)) is not None]
    return sorted({column for template in (*templates, *tests) for column in template.columns})
