"""Digests of the corpus that the embedded model was pretrained on: what it has read, without the corpus itself.

``scripts/embedded_digests.py`` makes their file from the sources that the model's card names.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from codeshift.errors import DataError
from codeshift.files import file_digest
from codeshift.properties.near_duplicates.digests import CodeDigests

DIGESTS_FILE = Path(__file__).parent / "embedded_digests.npy"
DIGESTED_ROWS = 63_087
"""Number of functions of the corpus, whose digests come first; those of their forms without names follow."""

FILE_DIGEST = "8cd25e65c0371801da4c0de0eb53d0e89ec1a73feaad8701b0dce2429aef84b3"
"""SHA-256 of the file."""


@lru_cache(maxsize=1)
def embedded_digests() -> CodeDigests:
    """Return the digests of the 63,087 functions in Python and Java that the embedded model was pretrained on.

    They find exact copies, and those that are renamed throughout: at a similarity of 1 without names, strings and
    numbers. In ``audit``, ``overlap`` and ``Study`` the name ``"embedded"`` stands for them.

    Raises:
        DataError: if the file is missing or damaged.

    >>> from codeshift.data import stdlib_functions
    >>> int(embedded_digests().exact_copies(stdlib_functions()["code"]).sum())
    0
    """
    remedy = "install codeshift again"
    try:
        digest = file_digest(DIGESTS_FILE)
    except OSError as error:
        raise DataError(
            "the embedded digests", "a file that can be read", f"{DIGESTS_FILE} ({error})", remedy
        ) from error
    if digest != FILE_DIGEST:
        raise DataError(
            "the embedded digests", f"a file with the digest {FILE_DIGEST}", f"{DIGESTS_FILE} with {digest}", remedy
        )
    digests = np.load(DIGESTS_FILE, allow_pickle=False)
    return CodeDigests(digests[:DIGESTED_ROWS], digests[DIGESTED_ROWS:])
