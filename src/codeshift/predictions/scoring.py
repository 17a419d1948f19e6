"""The scores of outputs that were made elsewhere, as the evaluator's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from datasets import Dataset

from codeshift.errors import DataError
from codeshift.finetune import EvaluationResult
from codeshift.finetune.dataset_parts import Splits, evaluation_parts
from codeshift.finetune.evaluation_settings import EvaluationSettings
from codeshift.finetune.extraction import Extract
from codeshift.finetune.identity import data_digest, versions
from codeshift.finetune.program_tests import columns_read
from codeshift.finetune.tasks import Generation, Source
from codeshift.finetune.tasks.generation import score_outputs
from codeshift.metrics import Metric
from codeshift.metrics.by_name import by_name
from codeshift.predictions.identity import row_identities
from codeshift.predictions.matching import Predictions, match, predictions_digest, read_predictions
from codeshift.properties.dataset_columns import check_column
from codeshift.requirements import check_folder
from codeshift.wording import Verbatim


def score_predictions(
    splits: Splits,
    predictions: Predictions,
    metrics: Iterable[Metric],
    *,
    source: Source,
    target: str,
    parts: Iterable[str] | None = None,
    id_column: str | None = None,
    prediction_column: str = "prediction",
    extract: Extract | None = None,
    model: str | None = None,
    seed: int = 0,
    output_dir: str | os.PathLike[str] | None = None,
) -> EvaluationResult:
    """Score outputs that were made elsewhere.

    Each prediction is matched with its row by the identity that ``export_parts`` wrote (in a column ``id`` or
    ``custom_id``), or by a column of the data. The result is what an ``Evaluator`` gives for the same outputs: the same
    rows, scores and intervals.

    Args:
        splits: ``DatasetDict``, or one ``Dataset`` (which becomes the part "data").
        predictions: File (JSONL, CSV or Parquet), a dataset, rows, or a dict of texts by identity. The answers of an
            OpenAI-like batch are taken as they are.
        metrics: Metrics of ``codeshift.metrics``, of those that compare texts or run programs.
        source: Column that the model was given, or a template, as in ``export_parts``.
        target: Column that the model must write, or a template.
        parts: Names of the parts that the predictions are for; None takes those whose names begin with "test".
        id_column: Column of the data, and of the predictions, that identifies a row; None takes the identities of
            ``export_parts``.
        prediction_column: Column of the text in the predictions.
        extract: ``"code"`` scores the first fenced block of each output, or the whole if there is none.
        model: Name of the model, for the metadata.
        seed: Seed of the intervals.
        output_dir: Folder that the result is written to (see ``EvaluationResult.save``); None writes nothing.

    Raises:
        PredictionsError: a row has no prediction or several, or a prediction has no row; all are listed.
        ParameterError: an argument cannot work, or a metric needs the model itself.
        DataError: a value is not text, or ``id_column`` does not identify a row.

    >>> from codeshift.metrics import ExactMatch
    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["a + b", "-a"], "n": ["1", "2"]})
    >>> outputs = [{"n": "2", "prediction": "-a"}, {"n": "1", "prediction": "a - b"}]
    >>> result = score_predictions(rows, outputs, [ExactMatch()], source="doc", target="code", id_column="n")
    >>> result["data"].scores("exact_match").tolist()
    [0.0, 1.0]
    """
    check_folder("output_dir", output_dir)
    settings = EvaluationSettings(metrics=by_name(metrics, "ExactMatch()"), extract=extract, seed=seed)
    task = Generation.of(source, target, None)
    task.check_given(settings)
    chosen = evaluation_parts(splits, parts)
    for rows in chosen.values():
        task.check(rows, tuple(settings.metrics.values()))
    identities = {part: _row_identities(part, rows, task, id_column) for part, rows in chosen.items()}
    places = _places_in_words(identities, id_column)
    predicted = read_predictions(predictions, identity_column=id_column, prediction_column=prediction_column)
    outputs = match(places, predicted)
    scored = {
        part: score_outputs(task, settings, rows, [outputs[name] for name in identities[part]])
        for part, rows in chosen.items()
    }
    named = {"model": {"name": model}, "predictions": {"digest": predictions_digest(outputs), "extract": extract}}
    result = EvaluationResult(scored, named | _metadata(task, settings, chosen))
    if output_dir is not None:
        result.save(output_dir)
    return result


def _metadata(task: Generation, settings: EvaluationSettings, parts: Mapping[str, Dataset]) -> dict[str, Any]:
    """Return what identifies the data and the task of a result."""
    columns = columns_read(task.columns, settings.metrics.values())
    return {
        "data": {part: data_digest(rows, columns) for part, rows in parts.items()},
        "versions": versions(),
        "task": task.name,
        "source": task.source.spec,
        "target": task.target.spec,
        "seed": settings.seed,
    }


def _row_identities(part: str, rows: Dataset, task: Generation, id_column: str | None) -> list[str]:
    if id_column is None:
        return row_identities(part, *task.texts(rows))
    check_column(rows, id_column, "id_column")
    return [str(value) for value in rows[id_column]]


def _places_in_words(identities: Mapping[str, list[str]], id_column: str | None) -> dict[str, str]:
    """Return the place in words of each row by its identity."""
    places = {name: f"row {i} of {part}" for part, names in identities.items() for i, name in enumerate(names)}
    if len(places) < sum(map(len, identities.values())):
        parts_in_words = ", ".join(identities)
        remedy = "score one part at a time, or leave id_column out and use the identities of export_parts"
        raise DataError("id_column", "different in every row", Verbatim(f"{id_column!r} of {parts_in_words}"), remedy)
    return places
