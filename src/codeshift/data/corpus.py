"""The embedded corpus: documented functions of CPython 3.11's standard library, the same rows on every Python.

``scripts/embedded_corpus.py`` makes its file. If the functions were read from the running Python, every figure of the
demo and the documentation would change with its version.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetInfo

from codeshift.errors import DataError

CORPUS_FOLDER = Path(__file__).parent / "embedded_corpus"
PYTHON = "3.11.7"
CORPUS_FILE = f"cpython-{PYTHON}-functions.parquet"
CORPUS_DIGEST = "0676b5c0a57460ce7219e3b48e0ec6b9fd4b1b80149ffd941b5a7bccd06d5d6b"
"""SHA-256 of the rows and their description, from ``table_digest``."""

DESCRIPTION = b"description"
"""Key of the file's metadata under which the rows are described."""


def embedded_corpus() -> Dataset:
    """Read the embedded corpus into memory.

    Raises:
        DataError: if its file is missing, cannot be read, or holds other rows than those released.
    """
    path = CORPUS_FOLDER / CORPUS_FILE
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(f"{path} ({error})") from error
    digest = table_digest(table)
    if digest != CORPUS_DIGEST:
        raise _damaged(f"{path} with the digest {digest}")
    description = table.schema.metadata[DESCRIPTION].decode()
    return Dataset(
        # The file's metadata are our own; a dataset expects its features in the metadata of a table.
        pa.table(table.columns, names=table.column_names),
        info=DatasetInfo(description=description),
        fingerprint=CORPUS_DIGEST[:16],
    )


def table_digest(table: pa.Table) -> str:
    """Return the SHA-256 of a table's description, column names and values, each preceded by its length."""
    digest = hashlib.sha256()
    description = (table.schema.metadata or {}).get(DESCRIPTION, b"").decode()
    for texts in ([description, *table.column_names], *(column.to_pylist() for column in table.columns)):
        for text in texts:
            encoded = str(text).encode()
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def _damaged(digest: str) -> DataError:
    return DataError(
        "the embedded corpus", f"a Parquet file with the digest {CORPUS_DIGEST}", digest, "install codeshift again"
    )
