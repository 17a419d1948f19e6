"""The error and the warning that only studies raise."""

from __future__ import annotations

from codeshift.errors import CodeshiftError, CodeshiftWarning


class StudyError(CodeshiftError, RuntimeError):
    """A study cannot go on: its workers do not start, or its executor takes no more work. What is done stays done.

    >>> issubclass(StudyError, RuntimeError)
    True
    """


class LockWarning(CodeshiftWarning):
    """Another process keeps a study waiting; the message names it, since when, and what to do.

    >>> issubclass(LockWarning, CodeshiftWarning)
    True
    """
