"""Scores of how far a row seems out of distribution to a model: from its logits, its tokens or its features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from codeshift.checks import check_integer, check_number, settle
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.base import FloatArray
from codeshift.metrics.classes import ROUNDING

DISTANCES = ("Mahalanobis distance", "nearest-neighbour distance")
"""Names of the scores that features of training rows are for."""
_BLOCK = 1 << 22  # distances held at once: 32 MiB


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelOutputs:
    """Outputs of a model for the rows of one part, to judge how sure it is of them; leave out those it lacks.

    Attributes:
        logits: Logits of a classifier, shape (n, classes).
        probabilities: Probabilities of a classifier, shape (n, classes), if there are no logits.
        mean_log_probability: Mean log-probability of the tokens of each generated output, shape (n,); -log of its
            perplexity, so perplexity ranks rows in the same order.
        min_log_probability: Smallest log-probability of a token of each output, shape (n,).
        sequence_log_probability: Log-probability of each output, the sum over its tokens, shape (n,).
        margin: Mean over each output's tokens of the difference between the log-probabilities of the likeliest and
            the second token, shape (n,).
        features: Features of each row, such as the encoder's pooled last hidden state, shape (n, d).
        errors: Error of each row, shape (n,), such as 1 minus its score; for the risk-coverage curve.
        groups: Label for each row; rows of one label, such as near-duplicates, are resampled together.

    Raises:
        ParameterError: if there is nothing, or the arrays differ in their number of rows.
        DataError: if an array has the wrong number of axes, there are fewer than two classes, or probabilities are not
            in [0, 1] or do not add up to 1 (a row with a NaN has no score).

    >>> ModelOutputs(logits=[[2.0, 0.0], [0.5, 0.4]]).rows
    2
    """

    logits: Any = None
    probabilities: Any = None
    mean_log_probability: Any = None
    min_log_probability: Any = None
    sequence_log_probability: Any = None
    margin: Any = None
    features: Any = None
    errors: Any = None
    groups: Any = None

    def __post_init__(self) -> None:
        lengths = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if field.name != "groups":
                axes = 2 if field.name in ("logits", "probabilities", "features") else 1
                settle(self, **{field.name: _float_array(field.name, value, axes)})
            lengths[field.name] = len(getattr(self, field.name))
        for name in ("logits", "probabilities"):
            if name in lengths and getattr(self, name).shape[1] < 2:
                remedy = "give one number for each class"
                raise DataError(name, "of at least two classes", getattr(self, name).shape, remedy)
        if self.probabilities is not None:
            _check_probabilities(self.probabilities)
        if not lengths.keys() - {"errors", "groups"}:
            remedy = "give logits, probabilities, log-probabilities of tokens or features"
            raise ParameterError("ModelOutputs", "given something to score rows by", "nothing", remedy)
        if len(set(lengths.values())) > 1:
            raise ParameterError("ModelOutputs", "given arrays with as many rows each", lengths, "give all rows to all")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return next(len(value) for field in fields(self) if (value := getattr(self, field.name)) is not None)


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainFeatures:
    """Features of the rows that a model was trained on, to measure how far other rows lie from them.

    Attributes:
        features: Features, shape (n, d), n at least 2.
        labels: Class of each row, shape (n,); None measures the distance from all rows together.
        neighbors: Neighbour whose distance counts: the first is the nearest; at most the number of rows.

    Raises:
        ParameterError: if there are fewer than two rows, or not as many labels.
        DataError: if the features are no 2-D array of finite numbers.

    >>> TrainFeatures(features=[[0.0, 1.0], [1.0, 0.0]]).neighbors
    10
    """

    features: Any
    labels: Any = None
    neighbors: int = 10

    def __post_init__(self) -> None:
        settle(self, features=_float_array("features", self.features, 2))
        if len(self.features) < 2 or not np.isfinite(self.features).all():
            raise DataError(
                "features", "finite numbers of at least two rows", self.features.shape, "leave NaN rows out"
            )
        if self.labels is not None and len(self.labels) != len(self.features):
            expected = f"one label for each of {len(self.features)} rows"
            raise ParameterError("labels", expected, len(self.labels), "give as many labels as rows")
        settle(self, neighbors=check_integer("neighbors", self.neighbors, smallest=1, remedy="leave it out to take 10"))


def ood_scores(
    outputs: ModelOutputs, train: TrainFeatures | None = None, *, temperature: float = 1.0
) -> dict[str, FloatArray]:
    """Return the scores that outputs allow by name, each of shape (n,): the higher, the more out of distribution.

    Args:
        outputs: What the model gave for the rows.
        train: Features of the training rows, for the two distances; these also need ``outputs.features``.
        temperature: Temperature of the energy.

    Returns:
        ``maximum softmax probability`` (1 minus it), ``entropy`` (nats) and, of logits, ``energy``; the negatives of
        ``mean token log-probability``, ``minimum token log-probability``, ``sequence log-probability`` and ``margin``;
        ``Mahalanobis distance`` and ``nearest-neighbour distance``. NaN for a row without, such as an empty output.

    Raises:
        ParameterError: if ``temperature`` is not above 0, or features differ in their length.

    Source: Hendrycks and Gimpel, A baseline for detecting misclassified and out-of-distribution examples in neural
    networks (ICLR 2017); Liu et al., Energy-based out-of-distribution detection (NeurIPS 2020), equation 4; Ren et al.,
    Out-of-distribution detection and selective generation for conditional language models (ICLR 2023), for generators.

    >>> scores = ood_scores(ModelOutputs(logits=[[4.0, 0.0], [0.1, 0.0]]))
    >>> {name: values.round(3).tolist() for name, values in scores.items()}
    {'maximum softmax probability': [0.018, 0.475], 'entropy': [0.09, 0.692], 'energy': [-4.018, -0.744]}
    """
    check_number("temperature", temperature, above=0, remedy="leave it out to take 1")
    scores: dict[str, FloatArray] = {}
    log_probabilities = _class_log_probabilities(outputs)
    if log_probabilities is not None:
        probabilities = np.exp(log_probabilities)
        scores["maximum softmax probability"] = 1 - probabilities.max(axis=1)
        terms = probabilities * np.where(probabilities == 0, 0.0, log_probabilities)  # 0 log 0 is 0
        scores["entropy"] = -terms.sum(axis=1) + 0.0
    if outputs.logits is not None:
        scores["energy"] = -temperature * _log_sum_exp(outputs.logits / temperature)
    for name, values in (
        ("mean token log-probability", outputs.mean_log_probability),
        ("minimum token log-probability", outputs.min_log_probability),
        ("sequence log-probability", outputs.sequence_log_probability),
        ("margin", outputs.margin),
    ):
        if values is not None:
            scores[name] = -values
    if outputs.features is not None and train is not None:
        width = train.features.shape[1]
        if outputs.features.shape[1] != width:
            remedy = "take features of one layer of one model"
            raise ParameterError("features", f"as long as those of train ({width})", outputs.features.shape[1], remedy)
        for name, distance in zip(DISTANCES, (mahalanobis_distance, neighbour_distance), strict=True):
            scores[name] = _of_finite_features(distance, outputs.features, train)
    return scores


def mahalanobis_distance(features: ArrayLike, train: TrainFeatures) -> FloatArray:
    """Return the Mahalanobis distance of each row from the nearest class of train, shape (n,).

    Classes have a mean each and one covariance, which is shrunk as by Ledoit and Wolf, so that few rows of many
    features will do. Without labels there is one class.

    Raises:
        DataError: if the rows of each class do not differ, so that they have no covariance.

    Source: Lee et al., A simple unified framework for detecting out-of-distribution samples and adversarial attacks
    (NeurIPS 2018), equation 2; Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices
    (J. Multivar. Anal. 2004).

    >>> rows = np.random.default_rng(0).normal(size=(500, 2)) * [1.0, 10.0]
    >>> mahalanobis_distance([[5.0, 0.0], [0.0, 5.0]], TrainFeatures(features=rows)).round(1)
    array([4.3, 0.5])
    """
    from scipy.linalg import solve_triangular
    from sklearn.covariance import ledoit_wolf

    queries, rows = _float_array("features", features, 2), train.features
    labels = np.zeros(len(rows)) if train.labels is None else np.asarray(train.labels)
    classes, of_class = np.unique(labels, return_inverse=True)
    means = np.stack([rows[of_class == k].mean(axis=0) for k in range(len(classes))])
    covariance = ledoit_wolf(rows - means[of_class], assume_centered=True)[0]
    if not np.trace(covariance) > 0:
        remedy = "leave labels out if each class has one row"
        raise DataError("features", "different in rows of one class", "the same in all rows of each class", remedy)
    origin = rows.mean(axis=0)  # far from 0, the differences of squares below would lose their digits
    # With the Cholesky factor L, the distance is that of L^-1 x: one triangular solve for all rows.
    factor = np.linalg.cholesky(covariance + 1e-12 * np.trace(covariance) * np.eye(len(covariance)))
    sides = (queries - origin, means - origin)
    whitened, centres = (solve_triangular(factor, points.T, lower=True).T for points in sides)
    return np.asarray(np.sqrt(_nearest_squares(whitened, centres, 1)))


def neighbour_distance(features: ArrayLike, train: TrainFeatures) -> FloatArray:
    """Return the Euclidean distance of each row from its k-th nearest row of train, features scaled to length 1.

    Source: Sun et al., Out-of-distribution detection with deep nearest neighbors (ICML 2022).

    >>> train = TrainFeatures(features=[[1.0, 0.0], [0.9, 0.1]], neighbors=1)
    >>> neighbour_distance([[2.0, 0.0], [0.0, 3.0]], train).round(2)
    array([0.  , 1.33])
    """
    queries, rows = (_unit(values) for values in (_float_array("features", features, 2), train.features))
    return np.asarray(np.sqrt(_nearest_squares(queries, rows, min(train.neighbors, len(rows)))))


def _of_finite_features(
    distance: Callable[[ArrayLike, TrainFeatures], FloatArray], features: FloatArray, train: TrainFeatures
) -> FloatArray:
    """Return the distances of the rows whose features are finite; NaN for the others."""
    distances = np.full(len(features), np.nan)
    finite = np.isfinite(features).all(axis=1)
    if finite.any():
        distances[finite] = distance(features[finite], train)
    return distances


def _nearest_squares(rows: FloatArray, others: FloatArray, rank: int) -> FloatArray:
    """Return the squared distance of each row from its ``rank``-th nearest of the others."""
    nearest = np.empty(len(rows))
    squares = (others**2).sum(axis=1)
    block = max(1, _BLOCK // len(others))
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        distances = (part**2).sum(axis=1)[:, None] + squares - 2 * part @ others.T
        nearest[start : start + block] = np.partition(distances, rank - 1, axis=1)[:, rank - 1]
    return np.maximum(nearest, 0.0)


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0))


def _class_log_probabilities(outputs: ModelOutputs) -> FloatArray | None:
    if outputs.logits is not None:
        return np.asarray(outputs.logits - _log_sum_exp(outputs.logits)[:, None])
    if outputs.probabilities is None:
        return None
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(outputs.probabilities))


def _check_probabilities(probabilities: FloatArray) -> None:
    complete = probabilities[~np.isnan(probabilities).any(axis=1)]
    wrong = (complete < 0).any(axis=1) | (np.abs(complete.sum(axis=1) - 1) > ROUNDING)
    if wrong.any():
        row = complete[int(wrong.argmax())]
        raise DataError("probabilities", "at least 0, and add up to 1 in each row", row, "give logits as logits=")


def _log_sum_exp(logits: FloatArray) -> FloatArray:
    largest = logits.max(axis=1, keepdims=True)
    sums = np.exp(logits - largest).sum(axis=1)
    return np.asarray(largest[:, 0] + np.log(sums), dtype=np.float64)


def _float_array(name: str, value: Any, axes: int) -> FloatArray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:  # ragged rows, text
        remedy = "give as many numbers in each row, NaN for those that are missing"
        raise DataError(name, f"a {axes}-D array of numbers", value, remedy) from error
    if array.ndim != axes:
        kind = "one number a row" if axes == 1 else "one row of numbers a row"
        raise DataError(name, f"a {axes}-D array: {kind}", np.shape(array), f"reshape it to {axes} axes")
    return array
