"""The exceptions and warnings of codeshift.

All derive from ``CodeshiftError`` and ``CodeshiftWarning``. A message reads
"{parameter} must be {constraint}, got {value}: {what to do}".
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from codeshift.wording import shown

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


class CodeshiftError(Exception):
    """Base class of every error that codeshift raises on purpose.

    >>> from codeshift.splitters import LengthSplitter
    >>> try:
    ...     LengthSplitter(column="code", unit="words")
    ... except CodeshiftError as error:
    ...     print(error)
    unit must be one of tokens, lines, chars, got 'words': choose one of chars, lines, tokens
    """


class ParameterError(CodeshiftError, ValueError):
    """An argument has an invalid value.

    Attributes:
        parameter: Name of the argument, with the key if the fault is in one item of it.
        place: Tuple of the name, and of the key if there is one.
        constraint: What the value must be.
        value: Value that was given.
        remedy: What to do about it.

    >>> ParameterError("methods", "a config", 3, "give None", key="lora").place
    ('methods', 'lora')
    >>> raise ParameterError("min_count", "at least 1", 0, "leave it out to take 1")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: min_count must be at least 1, got 0: leave it out to take 1
    """

    def __init__(self, parameter: str, constraint: str, value: Any, remedy: str, *, key: str | None = None) -> None:
        self.place = (parameter,) if key is None else (parameter, key)
        self.parameter = parameter if key is None else f"{parameter}[{key!r}]"
        self.constraint, self.value, self.remedy = constraint, value, remedy
        super().__init__(f"{self.parameter} must be {constraint}, got {shown(value)}: {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with the message only, so an error could not be sent to another process.
        name, *key = self.place
        make = partial(type(self), key=key[0]) if key else type(self)
        return make, (name, self.constraint, self.value, self.remedy)


class DataError(ParameterError):
    """A dataset cannot be used: a column is missing, rows hold no text, or there are no rows.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> LengthSplitter(column="code").split(Dataset.from_dict({"func": ["x"]}), seed=0)
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: column must be a column of the dataset, got 'code': choose one of func
    """


class RegionError(ParameterError):
    """A region contains no row, or every row, so there is nothing to split.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import ASTNodeSplitter
    >>> loops = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    >>> loops.split(Dataset.from_dict({"code": ["f()", "g()"]}), seed=0)
    Traceback (most recent call last):
        ...
    codeshift.errors.RegionError: ...
    """


class ManifestError(CodeshiftError, ValueError):
    """A manifest cannot be read, or does not belong to the data that it is applied to.

    >>> from codeshift.splitters import SplitManifest
    >>> SplitManifest.from_json("{}")
    Traceback (most recent call last):
        ...
    codeshift.errors.ManifestError: ...
    """


class DamagedFileError(CodeshiftError, ValueError):
    """A file is not what was written: it is torn, was edited, or is on a failing disk.

    Attributes:
        path: Path of the file.
        why: Evidence of the damage.
        remedy: What to do about it; empty if that depends on the caller.

    >>> raise DamagedFileError(Path("run.json"), "its digest differs", "delete it to do the run again")
    Traceback (most recent call last):
        ...
    codeshift.errors.DamagedFileError: run.json is not what was written (its digest differs): delete it to do the run
    again
    """

    def __init__(self, path: Path, why: str, remedy: str = "") -> None:
        self.path, self.why, self.remedy = path, why, remedy
        super().__init__(f"{path} is not what was written ({why}){': ' + remedy if remedy else ''}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.why, self.remedy)


class MissingExtraError(CodeshiftError, ImportError):
    """A part of codeshift needs packages that the base installation leaves out.

    >>> raise MissingExtraError("torch", "finetune")
    Traceback (most recent call last):
        ...
    codeshift.errors.MissingExtraError: torch is not installed: pip install 'codeshift-ood[finetune]'
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package} is not installed: pip install 'codeshift-ood[{extra}]'")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.package, self.extra)


class CodeshiftWarning(UserWarning):
    """Base class of every warning that codeshift gives.

    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", CodeshiftWarning)  # ours, and no others
    ...     warnings.warn(SizeWarning("train has 90 rows, 100 were asked for"))
    """


def warn(warning: Warning) -> None:
    """Issue a warning at the line of the user's code that called the library, however deep the call was.

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn(SizeWarning("train has 90 rows, 100 were asked for"))
    >>> print(caught[0].message)
    train has 90 rows, 100 were asked for
    """
    if sys.version_info >= (3, 12):
        warnings.warn(warning, stacklevel=2, skip_file_prefixes=(_PACKAGE,))
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)


class SizeWarning(CodeshiftWarning):
    """A part has another number of rows than requested.

    >>> issubclass(SizeWarning, CodeshiftWarning)
    True
    """


class LeftOutWarning(CodeshiftWarning):
    """Rows that cannot be used are left out; the message counts them.

    >>> issubclass(LeftOutWarning, CodeshiftWarning)
    True
    """


class DamagedFileWarning(CodeshiftWarning):
    """A file is not what was written, so it was set aside and its contents are computed again.

    >>> issubclass(DamagedFileWarning, CodeshiftWarning)
    True
    """


class CacheWarning(CodeshiftWarning):
    """The cache cannot be read or written, so values are computed again.

    >>> issubclass(CacheWarning, CodeshiftWarning)
    True
    """


class UnresolvedAPIWarning(CodeshiftWarning):
    """Rows may use a requested API, but lack the imports that would show it.

    >>> issubclass(UnresolvedAPIWarning, CodeshiftWarning)
    True
    """


class SmallPartWarning(CodeshiftWarning):
    """A test part has so few distinct rows that a score on it is little evidence.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=None)
    >>> print(seen[0].message)
    test_ood has 4 distinct rows, test_id has 4 distinct rows: a score on fewer than 30 is little evidence...
    """
