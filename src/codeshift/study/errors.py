"""The error that only studies raise."""

from __future__ import annotations

from codeshift.errors import CodeshiftError


class StudyError(CodeshiftError, RuntimeError):
    """A study cannot go on: its workers do not start, or its executor takes no more work. What is done stays done.

    >>> issubclass(StudyError, RuntimeError)
    True
    """
