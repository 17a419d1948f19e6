"""A manifest is the same, the fitted region included, whatever kernel BLAS picks for the processor."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from datasets import Dataset

from codeshift.splitters import ClusterSplitter, TokenRaritySplitter
from helpers.audit_splits import functions, loops

SPLITTERS = (
    ClusterSplitter(column="code", n_clusters=5),
    ClusterSplitter(column="code", n_clusters=4, pca=8),
    TokenRaritySplitter(column="code"),
)


def manifests() -> list[str]:
    """The JSON of each splitter's manifest."""
    rows = Dataset.from_dict({"code": functions(200, seed=0) + loops(60, seed=1)})
    return [one.assign(rows, seed=0, min_test_rows=0, progress=False).manifest.to_json() for one in SPLITTERS]


def test_manifests_do_not_depend_on_the_kernel(tmp_path):
    """Processes under two kernels of OpenBLAS give this one's manifests; with another BLAS they are plain processes."""
    here = manifests()
    path = ":".join([os.path.dirname(__file__), *sys.path])
    for kernel in ("Haswell", "Nehalem"):
        env = {"PYTHONPATH": path, "HOME": str(tmp_path), "OPENBLAS_CORETYPE": kernel}
        script = "import json; from test_kernels import manifests; print(json.dumps(manifests()))"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)  # noqa: S603
        assert run.stdout == json.dumps(here) + "\n"
