"""Formats of files of rows, as the names of files tell them."""

from __future__ import annotations

from pathlib import Path

PARQUET = ".parquet"
JSON = (".jsonl", ".ndjson", ".json")
CSV_SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Separators of cells, by a file's extension."""

COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
"""Ways of compressing a text file, by the extension that follows that of the format."""


def format_of(path: Path) -> str | None:
    """Return the extension that decides how a file is read; None for a file of another kind.

    >>> format_of(Path("train.jsonl.gz")), format_of(Path("train.csv.zst")), format_of(Path("manifest.yaml"))
    ('.jsonl', '.csv', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
        if suffixes and suffixes[-1] == PARQUET:
            return None
    return suffixes[-1] if suffixes and suffixes[-1] in (PARQUET, *JSON, *CSV_SEPARATORS) else None
