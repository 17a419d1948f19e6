"""The loss of quality on data that fine-tuning was not meant to change."""

from __future__ import annotations

from codeshift.errors import ParameterError
from codeshift.finetune.evaluation_result import EvaluationResult
from codeshift.metrics import PairedDifference, paired_difference


def forgetting(before: EvaluationResult, after: EvaluationResult, *, part: str, metric: str) -> PairedDifference:
    """Compute how much worse a model does on ``part`` after fine-tuning than before, row by row.

    Args:
        before: Evaluation of the model without fine-tuning.
        after: Evaluation of the fine-tuned model on the same rows.
        part: Name of a general set held out from fine-tuning, or of any part of both results.
        metric: Name of a metric in both results, such as ``"exact_match"``.

    Returns:
        The difference in the metric's unit, with its interval and the p-value of a paired permutation test; it is
        positive if the model has forgotten and negative if it has learned, whichever direction of the metric is better.

    Raises:
        ParameterError: the part or metric is not in both results, or their rows differ.

    >>> from datasets import Dataset
    >>> from codeshift.finetune import Evaluator
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.metrics import NegativeLogLikelihood
    >>> rows = Dataset.from_dict({"doc": ["Add.", "Negate."], "code": ["return a + b", "return -a"]})
    >>> tokenizer = tiny_tokenizer(["Add. Negate. return a + b - a"])
    >>> evaluator = Evaluator([NegativeLogLikelihood()], source="doc", target="code", progress=False)
    >>> models = [tiny_model("t5", tokenizer, seed=seed) for seed in (0, 1)]
    >>> before, after = (evaluator.evaluate(model, rows, tokenizer=tokenizer) for model in models)
    >>> lost = forgetting(before, after, part="data", metric="negative_log_likelihood")
    >>> lost.n, forgetting(before, before, part="data", metric="negative_log_likelihood").value
    (2, 0.0)
    """
    first, second = before[part], after[part]
    statistics = [evaluated.statistics_of(metric) for evaluated in (first, second)]
    same_rows = first.scored[metric].tolist() == second.scored[metric].tolist()
    if first.references != second.references or not same_rows:
        raise ParameterError("after", "of the same rows as before", part, "evaluate both on one dataset, with one seed")
    if not first.metrics[metric].higher_is_better:
        statistics.reverse()
    alike = None if first.copies is None else first.copies[first.scored[metric]]
    return paired_difference(*statistics, metric=first.metrics[metric], seed=first.seed, groups=alike)
