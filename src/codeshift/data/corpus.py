"""The embedded corpus: documented functions of CPython 3.11's standard library, the same rows on every Python.

``scripts/embedded_corpus.py`` makes its file. Were the functions read from the Python that runs, every figure of the
demo and the documentation would change with its version.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetInfo

from codeshift.errors import DataError

FOLDER = Path(__file__).parent / "embedded_corpus"
PYTHON = "3.11.7"
FILE = f"cpython-{PYTHON}-functions.parquet"
DIGEST = "0676b5c0a57460ce7219e3b48e0ec6b9fd4b1b80149ffd941b5a7bccd06d5d6b"
"""SHA-256 of the rows and their description, as ``table_digest`` gives it."""

_DESCRIPTION = b"description"


def embedded_corpus() -> Dataset:
    """The rows of the embedded corpus, in memory.

    Raises:
        DataError: its file is missing, cannot be read, or holds other rows than it was released with.
    """
    path = FOLDER / FILE
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(f"{path} ({error})") from error
    digest = table_digest(table)
    if digest != DIGEST:
        raise _damaged(f"{path} with the digest {digest}")
    description = table.schema.metadata[_DESCRIPTION].decode()
    return Dataset(
        # The file's metadata are ours; what a dataset keeps in a table's are its features.
        pa.table(table.columns, names=table.column_names),
        info=DatasetInfo(description=description),
        fingerprint=DIGEST[:16],
    )


def corpus_table(rows: Dataset) -> pa.Table:
    """Rows and their description as the table that the file holds."""
    columns = {name: pa.array(rows[name][:], pa.string()) for name in rows.column_names}
    return pa.table(columns).replace_schema_metadata({_DESCRIPTION: rows.info.description.encode()})


def table_digest(table: pa.Table) -> str:
    """SHA-256 of a table's description, names of columns and values, each with its length before it."""
    digest = hashlib.sha256()
    description = (table.schema.metadata or {}).get(_DESCRIPTION, b"").decode()
    for texts in ([description, *table.column_names], *(column.to_pylist() for column in table.columns)):
        for text in texts:
            encoded = str(text).encode()
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def _damaged(got: str) -> DataError:
    return DataError("the embedded corpus", f"a Parquet file with the digest {DIGEST}", got, "install codeshift again")
