"""Profiles of Hypothesis, the surroundings of tests, and their order.

The profile `default` is for every run, `nightly` for a thorough one (HYPOTHESIS_PROFILE=nightly).
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# A shared machine stalls now and then, and deadlines would then fail correct tests.
# The default profile draws the same examples everywhere; the nightly one looks for new ones.
settings.register_profile(
    "default", deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
# An example of a state machine is a sequence of events, each of which is an example of the invariant.
for _profile, _sequences in (("default", 100), ("nightly", 1000)):
    settings.register_profile(
        f"{_profile}-events", settings.get_profile(_profile), max_examples=_sequences, stateful_step_count=8,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _own_surroundings() -> None:
    """Isolate tests from the machine they run on: caches, settings, network, threads, GPUs, colours.

    All workers of a run inherit these variables and share one folder, which is deleted when the run ends. There is one
    thread and no GPU because tests compare the results of two processes to the last bit.
    """
    scratch = tempfile.mkdtemp(prefix="codeshift-tests-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    foreign = ("FORCE_COLOR", "CLICOLOR_FORCE", "PYTHON_COLORS", "HF_DATASETS_CACHE", "HF_HUB_CACHE", "MPLBACKEND")
    # Many processes import the same modules, which are compiled once where they may be kept.
    for name in (*foreign, "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    folders = ("CODESHIFT_CACHE", "HF_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
    os.environ.update({name: os.path.join(scratch, name.lower()) for name in folders})
    os.environ.update(CODESHIFT_TESTS_SCRATCH=scratch, COLUMNS="80", HF_HUB_OFFLINE="1")
    os.environ.update(OMP_NUM_THREADS="1", ACCELERATE_USE_CPU="true")
    if os.environ.get("CODESHIFT_TEST_DEVICE") != "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["TORCHDYNAMO_DISABLE"] = "1"  # nothing is compiled here, but bitsandbytes would load the compiler
    for wait in ("CONNECT", "TCP"):  # of dask, whose workers may be slow to start beside other processes
        os.environ[f"DASK_DISTRIBUTED__COMM__TIMEOUTS__{wait}"] = "3600s"


if "PYTEST_XDIST_WORKER" not in os.environ:
    _own_surroundings()

os.fsync = lambda _: None  # no test cuts the power, and what a killed process has written stays

gc.disable()  # until all is imported and collected, which makes millions of objects, none of them garbage


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look for garbage in the process that hands tests to workers, which collects none."""
    if session.config.getoption("dist", "no") != "no":
        gc.enable()


def pytest_collection_finish() -> None:
    """From here on look for garbage among what tests make alone."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first in a run of several workers, so that none is left with one while others idle."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


# What tests share is imported by them alone. Collected for doctests, each module would be imported under a second name,
# and define its splitters and regions twice.
collect_ignore = ["helpers"]
