"""Functions of Python's standard library, a corpus that needs no network."""

from __future__ import annotations

from datasets import Dataset

from codeshift.checks import check_bool
from codeshift.data.corpus import embedded_corpus
from codeshift.data.running_stdlib import running_stdlib_functions
from codeshift.errors import ParameterError


def stdlib_functions(*, running_python: bool = False, documented_only: bool = True, progress: bool = False) -> Dataset:
    """Load functions and methods of Python's standard library, by default those installed with codeshift.

    These are the 6,020 documented ones of CPython 3.11.7: the same rows in the same order with the same fingerprint on
    every Python and machine, read from a Parquet file of the installation and checked against their digest. With
    ``running_python`` the functions are read from the sources of the running Python and differ with its version.

    Rows are ordered by path and by place in the file. Functions nested in functions are part of their parent's code
    and have no row of their own. Functions whose docstring is their whole body have no code to learn from and are left
    out. So are tests, ``idlelib``, ``lib2to3``, ``turtledemo`` and installed packages. ``.info.description`` gives the
    numbers of files and functions left out; files that the running Python cannot parse are named in a warning.

    Args:
        running_python: Whether to read the functions of the running Python's standard library instead.
        documented_only: Whether to leave out functions without a docstring. False needs ``running_python``.
        progress: Whether to show a progress bar over the files; the embedded corpus is read at once and shows none.

    Returns:
        A dataset of string columns: ``id`` (path and qualified name, unique), ``project`` (top-level module), ``path``
        (relative to the standard library, with ``/``), ``name`` (qualified, such as ``JSONDecoder.decode``),
        ``signature`` (the def line as one normalised line), ``docstring`` (``""`` if there is none) and ``code``
        (source from the def line on, without decorators and docstring, dedented, with its comments).

    Raises:
        ParameterError: if an argument is neither True nor False, or ``documented_only`` is False for the embedded
            corpus, which holds documented functions only.
        DataError: if the embedded corpus is missing or damaged, or the running Python's standard library has no source
            files (it is frozen or zipped).

    >>> functions = stdlib_functions()
    >>> len(functions)
    6020
    >>> row = next(row for row in functions if row["id"] == "bisect.py:insort_right")
    >>> row["project"], row["signature"]
    ('bisect', 'def insort_right(a, x, lo=0, hi=None, *, key=None):')
    >>> print(row["code"].splitlines()[1].strip())
    if key is None:
    """
    check_bool("progress", progress)
    documented = check_bool("documented_only", documented_only)
    if check_bool("running_python", running_python):
        return running_stdlib_functions(documented_only=documented, progress=progress)
    if not documented:
        remedy = "the embedded corpus holds documented functions alone; pass running_python=True as well"
        raise ParameterError("documented_only", "True for the embedded corpus", documented_only, remedy)
    return embedded_corpus()
