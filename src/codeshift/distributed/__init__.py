"""Splits of rows in many files, on a dask cluster or on the processes of one machine, and audits of these.

``split_files`` splits Parquet files as ``Splitter.split`` splits a dataset: the same rows get the same parts.
``audit_files`` measures leakage and strength of what it wrote, on samples. Both need the extra ``scale``.
"""

from codeshift.distributed.auditing import FilesAudit, FilesLeakage, FilesStrength, SampledShare, audit_files
from codeshift.distributed.splitting import split_files

__all__ = ["FilesAudit", "FilesLeakage", "FilesStrength", "SampledShare", "audit_files", "split_files"]
