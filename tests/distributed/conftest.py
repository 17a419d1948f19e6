"""A cluster for the tests of files."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="package")
def client():
    """A cluster whose workers are threads of this process, so that no process has to start."""
    from dask.distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0") as client:
        yield client
