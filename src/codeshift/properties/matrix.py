"""A matrix as a frozen value that can be written to JSON."""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from codeshift.properties.serialise import Serialisable


@dataclass(frozen=True, repr=False)
class Matrix(Serialisable):
    """Numbers of shape ``(rows, columns)``, packed as text. Read them with ``.array``; ``Matrix.pack`` writes them.

    Packed numbers are rounded, so compute with ``.array`` where the matrix is made as well: a matrix read from a file
    then gives the same results.

    Attributes:
        rows: Number of rows.
        columns: Number of columns.
        scales: Value of one step of each column, for 8-bit numbers; empty for 32-bit floats.
        data: Numbers in base64, row by row, little-endian.

    >>> packed = Matrix.pack(np.array([[0.5, -1.0], [0.25, 2.0]]))
    >>> packed.array.tolist()
    [[0.5, -1.0], [0.25, 2.0]]
    >>> packed
    Matrix(2x2, digest='6471a883baf352ad')
    """

    rows: int
    columns: int
    scales: tuple[float, ...]
    data: str

    @classmethod
    def pack(cls, array: np.ndarray, *, bits: int = 32) -> Matrix:
        """Round to 32-bit floats, or to 8 bits with a scale for each column.

        Differences below a billionth of the largest number are rounded away first: there the kernels of BLAS differ.
        """
        rows, columns = array.shape
        if bits == 32:
            return cls(rows, columns, (), _array_text(_agreed(array).astype("<f4")))
        scales = np.array([float(f"{scale:.9g}") for scale in (np.abs(array).max(axis=0) / 127).tolist()])
        steps = np.rint(array / np.where(scales > 0, scales, 1)).astype(np.int8)
        return cls(rows, columns, tuple(scales.tolist()), _array_text(steps))

    @cached_property
    def array(self) -> np.ndarray:
        """Double-precision floats of shape ``(rows, columns)``."""
        kind = "i1" if self.scales else "<f4"
        numbers = np.frombuffer(base64.b64decode(self.data), dtype=kind).reshape(self.rows, self.columns)
        return numbers * np.array(self.scales) if self.scales else numbers.astype(np.float64)

    @cached_property
    def digest(self) -> str:
        """Digest of all fields."""
        content = f"{self.rows} {self.columns} {self.scales} {self.data}"
        return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()

    def __repr__(self) -> str:
        return f"Matrix({self.rows}x{self.columns}, digest={self.digest!r})"


def _agreed(array: np.ndarray) -> np.ndarray:
    """Return numbers to nine decimals of the largest one's order of magnitude, without negative zero."""
    largest = float(np.abs(array).max(initial=0.0))
    if not largest or not math.isfinite(largest):
        return array
    return np.asarray(np.round(array, 9 - math.floor(math.log10(largest))) + 0.0)


def _array_text(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
