"""The exceptions and warnings of codeshift, with the wording of values and hints in their messages.

All derive from ``CodeshiftError`` and ``CodeshiftWarning``. A message reads
"{parameter} must be {constraint}, got {value}: {what to do}".
"""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

_LONGEST_SHOWN = 120
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


class Told(str):
    """Value that an error describes in words, shown without quotes.

    >>> Told("0 of 60 rows")
    0 of 60 rows
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Remedy(str):
    """Remedy whose last words are Python, in place of which the command line names an option.

    Args:
        words: Words before the Python.
        code: What to do in Python.
        option: Name of the option that does it, without dashes.
        value: Value of the option; None for a switch.

    >>> remedy = Remedy("leave them out with ", "data.filter(...)", option="require", value="code")
    >>> print(remedy, remedy.option, remedy.value)
    leave them out with data.filter(...) require code
    """

    words: str
    code: str
    option: str
    value: str | None

    def __new__(cls, words: str, code: str, *, option: str, value: str | None = None) -> Remedy:  # noqa: D102
        remedy = super().__new__(cls, words + code)
        remedy.words, remedy.code, remedy.option, remedy.value = words, code, option, value
        return remedy

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Remedy, option=self.option, value=self.value), (self.words, self.code)


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


def shown(value: Any) -> str:
    """Return the repr of ``value``, shortened for a message.

    >>> shown("a" * 500)[-4:]
    "...'"
    """
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 4] + "..." + text[-1]


def closest(name: object, options: Iterable[object]) -> str:
    """Return a hint that names the options closest to a misspelt ``name``, or all options if there are few.

    Args:
        name: Value that was given, not converted to text, so that a hint can tell ``True`` from ``"True"``.
        options: Values that could have been given.

    >>> closest("while_statment", ["for_statement", "while_statement", "if_statement"])
    'did you mean while_statement, if_statement or for_statement?'
    >>> closest("cobol", ["java", "python"])
    'choose one of java, python'
    >>> closest(True, ["True", "False"])
    "True is a truth value, did you mean the text 'True'?"
    """
    distinct = list({(type(option), str(option)): option for option in options}.values())
    distinct.sort(key=str)
    written_alike = next((o for o in distinct if str(o) == str(name) and type(o) is not type(name)), None)
    if written_alike is not None and not any(o is name or (type(o) is type(name) and o == name) for o in distinct):
        return f"{name!r} is {_kind(name)}, did you mean {_kind(written_alike, 'the')} {written_alike!r}?"
    plain = all(isinstance(option, str) for option in distinct)
    texts = [str(option) if plain else repr(option) for option in distinct]
    matches = difflib.get_close_matches(str(name), texts, n=3, cutoff=0.6)
    if matches:
        return f"did you mean {_joined_by_or(matches)}?"
    if len(texts) <= 20:
        return f"choose one of {', '.join(texts)}"
    return f"choose one of {', '.join(texts[:20])} and {len(texts) - 20} more"


_KINDS = {str: "text", bool: "truth value", int: "whole number", float: "number"}


def _kind(value: object, article: str = "a") -> str:
    """Return the kind of a value in words.

    >>> _kind(True), _kind("a"), _kind(3, "the")
    ('a truth value', 'text', 'the whole number')
    """
    kind = _KINDS.get(type(value), type(value).__name__)
    return kind if article == "a" and kind == "text" else f"{article} {kind}"


def _joined_by_or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
