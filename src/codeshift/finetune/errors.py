"""What only fine-tuning raises or warns of."""

from __future__ import annotations

from codeshift.errors import CodeshiftError, CodeshiftWarning


class CheckpointError(CodeshiftError, ValueError):
    """A checkpoint is torn, or belongs to another run; the message names it."""


class DivergenceError(CodeshiftError, ArithmeticError):
    """The loss is no longer a finite number."""


class TruncationWarning(CodeshiftWarning):
    """Rows of a part did not fit into the longest source or target that the config allows."""


class AdapterWarning(CodeshiftWarning):
    """A choice was made for an adapter that its config left open."""
