"""Datasets of programs. The embedded corpus needs no network: it is the standard library of the running Python."""

from codeshift.data.stdlib import stdlib_functions

__all__ = ["stdlib_functions"]
