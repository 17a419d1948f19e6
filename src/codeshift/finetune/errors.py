"""Errors and warnings of fine-tuning and evaluation."""

from __future__ import annotations

from codeshift.errors import CodeshiftError, CodeshiftWarning


class CheckpointError(CodeshiftError, ValueError):
    """A checkpoint is torn, or belongs to another run; the message names it.

    >>> raise CheckpointError("checkpoint-200 belongs to another run: learning_rate differs")
    Traceback (most recent call last):
        ...
    codeshift.finetune.errors.CheckpointError: checkpoint-200 belongs to another run: learning_rate differs
    """


class DivergenceError(CodeshiftError, ArithmeticError):
    """A loss or a weight is no longer a finite number.

    >>> issubclass(DivergenceError, ArithmeticError)
    True
    """


class TruncationWarning(CodeshiftWarning):
    """Rows of a part are longer than the longest source or target that the config allows.

    To make it an error while you look for the right limits:

    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", TruncationWarning)
    ...     warnings.warn(TruncationWarning("train: 3 of 40 targets cut at max_target_length=512"))
    Traceback (most recent call last):
        ...
    codeshift.finetune.errors.TruncationWarning: train: 3 of 40 targets cut at max_target_length=512
    """


class UnusedWeightsWarning(CodeshiftWarning):
    """A folder stores weights that its model has no use for, such as a head for another task.

    >>> issubclass(UnusedWeightsWarning, CodeshiftWarning)
    True
    """


class RoundTripWarning(CodeshiftWarning):
    """A tokenizer does not give back the text of some rows; no model can write what it leaves out or changes.

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", RoundTripWarning)
    ...     warnings.warn(RoundTripWarning("train: 3 of 40 targets are not given back by the tokenizer"))
    >>> print(caught[0].message)
    train: 3 of 40 targets are not given back by the tokenizer
    """


class UnseenLabelWarning(CodeshiftWarning):
    """Rows have a label that a classifier has no class for, or a class has no row to learn from.

    >>> issubclass(UnseenLabelWarning, CodeshiftWarning)
    True
    """


class TrainedOtherwiseWarning(CodeshiftWarning):
    """A model is evaluated with limits of length or a template other than those of its training.

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", TrainedOtherwiseWarning)
    ...     warnings.warn(TrainedOtherwiseWarning("max_target_length is 512, but the model was trained with 64"))
    >>> print(caught[0].message)
    max_target_length is 512, but the model was trained with 64
    """


class AdapterWarning(CodeshiftWarning):
    """The config of an adapter left a setting open, and a value was chosen for it.

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", AdapterWarning)
    ...     warnings.warn(AdapterWarning("all linear layers are chosen"))
    >>> print(caught[0].message)
    all linear layers are chosen
    """
