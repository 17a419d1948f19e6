"""Splits of rows in many files, on a dask cluster or on the processes of one machine.

``split_files`` splits Parquet files as ``Splitter.split`` splits a dataset: the same rows get the same parts. It needs
the extra ``scale``.
"""

from codeshift.distributed.splitting import split_files

__all__ = ["split_files"]
