"""What a model is pretrained on: one function or method a fragment, from sources that any machine can get."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A function or method.

    Attributes:
        source: the package that it is from.
        language: "python" or "java".
        signature: its head, on one line.
        docstring: what its author says about it; ``""`` where nothing is said.
        code: its text without the docstring.
    """

    source: str
    language: str
    signature: str
    docstring: str
    code: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of what it says; order and chance follow from it, so neither depends on where a file stands."""
        text = "\0".join((self.language, self.signature, self.docstring, self.code))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, kw_only=True)
class Source:
    """Fragments of one package.

    Attributes:
        name: of the package.
        version: of the package.
        licence: as the package itself says it.
        fragments: its functions or methods.
        most: how many of them are taken at most; None takes all.
    """

    name: str
    version: str
    licence: str
    fragments: tuple[Fragment, ...]
    most: int | None = None
