"""Names that may refer to an API, although the row does not show it: a bare method's imports are outside its row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_TYPED = ("java", "c_sharp")  # a member is named by its type, whose package only an import tells
_CONVENTIONS = {
    "dt": "datetime", "ET": "xml.etree.ElementTree", "F": "torch.nn.functional", "jnp": "jax.numpy",
    "mp": "multiprocessing", "nn": "torch.nn", "np": "numpy", "nx": "networkx", "pa": "pyarrow", "pd": "pandas",
    "pl": "polars", "plt": "matplotlib.pyplot", "sm": "statsmodels.api", "sns": "seaborn", "sp": "scipy",
    "st": "streamlit", "tf": "tensorflow", "xr": "xarray",
}  # fmt: skip
"""Names by which Python's users import modules, by convention."""
_ECMA = {"$": "jquery", "_": "lodash", "R": "ramda", "React": "react", "ReactDOM": "react-dom", "Vue": "vue"}
"""Names by which users of JavaScript and TypeScript import modules, by convention."""
_PART = re.compile(r"[./]")


def may_be(pattern: str, names: Sequence[str], language: str) -> list[str]:
    """Return the names of a row that could match ``pattern`` if the row contained its imports, in their order.

    Args:
        pattern: Pattern, as in ``APIUsageSplitter``, such as ``"java.util.stream"``.
        names: API names, none of which matches the pattern.
        language: Language whose rules made the names.

    >>> may_be("java.util.stream", ["Stream.of", "List.stream", ".stream", "my.app.stream.Source", "List.add"], "java")
    ['Stream.of', 'List.stream', '.stream']
    >>> may_be("numpy.linalg.norm", ["np.linalg.norm", "linalg.norm", "norm", ".norm", "scipy.linalg.norm"], "python")
    ['np.linalg.norm', 'linalg.norm', 'norm']
    """
    wanted = [part for part in _PART.split(pattern) if part and not re.search(r"[*?\[]", part)]
    # Of a glob such as "*.open" it matters what comes before.
    if not wanted or (len(wanted) == 1 and wanted[0] != pattern):
        return []
    if language in _TYPED:
        return [name for name in names if _of_a_type(wanted, _PART.split(name))]
    usual = _CONVENTIONS if language == "python" else _ECMA if language in ("javascript", "typescript") else {}
    return [name for name in names if _as_written(wanted, _PART.split(name), usual)]


def is_imported(name: str, code: str) -> bool:
    r"""Return whether a row of Python imports the first part of a name, so that the name's module is known.

    >>> [is_imported("random.choice", code) for code in ("import os, random\nrandom.choice(x)", "random.choice(x)")]
    [True, False]
    """
    root = re.escape(_PART.split(name)[0])
    bound = rf"^[ \t]*(?:from\s+{root}(?:\.[\w.]+)?\s+import\b|import\s(?:[^\r\n]*[,\s])?{root}\b)"
    return re.search(bound, code, re.MULTILINE) is not None


def _of_a_type(wanted: list[str], name: list[str]) -> bool:
    """Return whether a member or type of an unknown package has the pattern's last part in its name."""
    if len(wanted) < 2 or not (name[0] == "" or name[0][:1].isupper()) or name[0] == wanted[0]:
        return False
    if wanted[-2][:1].isupper() and name[0] not in ("", *wanted[-2:]):
        return False  # a member of another type
    return wanted[-1].casefold() in (part.casefold() for part in name)


def _as_written(wanted: list[str], name: list[str], usual: Mapping[str, str]) -> bool:
    """Return whether a written name begins as the pattern ends, or with a conventional short name of its module."""
    if not name[0]:
        return False
    if any(name[: len(wanted) - cut] == wanted[cut:] for cut in range(1, len(wanted))):
        return True
    expanded = [*usual.get(name[0], name[0]).split("."), *name[1:]]
    return expanded[: len(wanted)] == wanted
