"""pass@k from results, and the runner that makes results."""

from __future__ import annotations

import itertools
import math
import os
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import PassAtK, execution
from codeshift.metrics.execution import IsolationError, PythonRunner, network_can_be_cut_off

# Machines that forbid user namespaces run the programs of these tests too: they are ours, and use no network.
RUNNER = PythonRunner(timeout=60, allow_network=True, memory=512 << 20, workers=2)
TEST = "assert f(1) == 2"
RIGHT, WRONG = "def f(x): return x + 1", "def f(x): return x"


@given(n=st.integers(1, 300), data=st.data())
def test_estimate_is_exact(n, data):
    """The estimate is 1 - C(n - c, k) / C(n, k), correctly rounded."""
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    exact = 1 - Fraction(math.comb(n - c, k), math.comb(n, k))
    assert PassAtK(k).score([(n, c)])[0] == float(exact)


@given(results=st.lists(st.booleans(), min_size=1, max_size=9), data=st.data())
def test_estimate_is_the_share_of_subsets_with_a_pass(results, data):
    """Over all subsets of k samples, the share with one that passed is the estimate: so it is unbiased."""
    k = data.draw(st.integers(1, len(results)))
    subsets = list(itertools.combinations(results, k))
    assert PassAtK(k).score([results])[0] == pytest.approx(sum(map(any, subsets)) / len(subsets))


@given(n=st.integers(2, 100), data=st.data())
def test_more_samples_and_more_passes_never_hurt(n, data):
    """The estimate lies in [0, 1] and grows with k and with c; pass@1 is the share that passed."""
    c, k = data.draw(st.integers(0, n - 1)), data.draw(st.integers(1, n - 1))
    value = PassAtK(k).score([(n, c)])[0]
    assert 0 <= value <= PassAtK(k + 1).score([(n, c)])[0] + 1e-12 <= 1 + 2e-12
    assert value <= PassAtK(k).score([(n, c + 1)])[0] + 1e-12
    assert PassAtK(1).score([(n, c)])[0] == pytest.approx(c / n)


def test_large_counts_neither_overflow_nor_cancel():
    """A million samples of which one passed: pass@10 is 10 in a million."""
    assert PassAtK(10).score([(1_000_000, 1)])[0] == pytest.approx(1e-5, rel=1e-9)


def test_corpus_and_names():
    """The corpus is the mean over problems; no problems are NaN with n=0; the name is that of papers."""
    assert PassAtK(1).corpus([(4, 1), (4, 3)]).value == 0.5
    assert (math.isnan(PassAtK(1).corpus([]).value), PassAtK(1).corpus([]).n) == (True, 0)
    assert PassAtK(10).name == "pass@10"
    assert eval(repr(PassAtK(5))) == PassAtK(5)  # noqa: S307


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PassAtK(0), "k must be an integer of at least 1, got 0"),
        (lambda: PassAtK(2).score([(1, 1)]), r"predictions\[0\] must be of at least k=2 samples, got \(1, 1\)"),
        (lambda: PassAtK(1).score([(1, 2)]), r"predictions\[0\] must be \(n, c\) with 0 <= c <= n, got \(1, 2\)"),
        (lambda: PassAtK(1).score([[0.5]]), r"predictions\[0\] must be a boolean array or two integers"),
        (lambda: PassAtK(1).score([(2, 1)], ["assert"]), "references must be None without a runner"),
        (lambda: PassAtK(1, runner=RUNNER).score([["x"]]), "references must be given with a runner, got None"),
        (lambda: PythonRunner(timeout=0), "timeout must be greater than 0 seconds, got 0"),
        (lambda: PythonRunner(memory=0), "memory must be at least 1, got 0"),
    ],
)
def test_bad_arguments(call, message):
    """Arguments and rows that cannot be are errors that say so."""
    with pytest.raises(ParameterError, match=message):
        call()


def test_rows_without_samples_are_data_errors():
    """A problem without a sample cannot be estimated."""
    with pytest.raises(DataError):
        PassAtK(1).score([np.array([], dtype=bool)])


def test_runner_scores_candidates():
    """Candidates that run through their problem's test pass; pass@k follows from them."""
    metric = PassAtK(1, runner=RUNNER)
    scores = metric.score([[RIGHT, WRONG], [WRONG]], [TEST, TEST])
    assert scores.tolist() == [0.5, 0.0]
    assert metric.corpus([[RIGHT, WRONG], [WRONG]], [TEST, TEST]).value == 0.25


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "def f(x:",
        "x = 'unclosed",
        "block = bytearray(2 << 30)\n" + RIGHT,
        "open('big', 'wb').write(bytes(64 << 20))\n" + RIGHT,
        "raise KeyboardInterrupt",
        "\ud800",
    ],
)
def test_what_does_not_pass(program):
    """Leaving early, broken code, and code beyond its memory or file size do not pass."""
    assert RUNNER.run([[program]], [TEST])[0].tolist() == [False]


def test_surroundings_are_empty():
    """A program sees an empty folder of its own, no environment, and nothing of the parent's input or output."""
    program = (
        "import os, sys\n"
        "assert os.listdir('.') == ['program.py']\n"
        "assert set(os.environ) <= {'PYTHONHASHSEED', 'LC_CTYPE'}, os.environ\n"
        "assert sys.stdin.read() == ''\n"
        "print('x' * 1_000_000)\n" + RIGHT
    )
    assert RUNNER.run([[program, program]], [TEST])[0].tolist() == [True, True]


def test_time_is_limited_by_the_wall_and_by_the_cpu():
    """A program that sleeps is killed after ``timeout``; one that computes after ``cpu_seconds``."""
    start = time.monotonic()
    sleeper = PythonRunner(timeout=2, allow_network=True)
    assert sleeper.run([["import time; time.sleep(600)"]], [TEST])[0].tolist() == [False]
    busy = PythonRunner(timeout=500, cpu_seconds=1, allow_network=True)
    assert busy.run([["while True: pass"]], [TEST])[0].tolist() == [False]
    assert time.monotonic() - start < 60


def test_children_do_not_outlive_their_program(tmp_path):
    """What a program started is killed when it ends, even in a session of its own where namespaces are permitted."""
    mark = tmp_path / "alive"
    child = f"import time; time.sleep(3); open({str(mark)!r}, 'w')"
    session = network_can_be_cut_off()
    program = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}], start_new_session={session})\n"
    )
    assert RUNNER.run([[program + RIGHT]], [TEST])[0].tolist() == [True]
    time.sleep(4)
    assert not mark.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the kernel does not hold root to a number of processes")
def test_processes_are_limited():
    """A program that forks without end gets no further than its limit."""
    program = "import os\nfor _ in range(200):\n    if os.fork() == 0:\n        import time; time.sleep(9)\n" + RIGHT
    assert RUNNER.run([[program]], [TEST])[0].tolist() == [False]


def test_there_is_no_network():
    """A server of this machine cannot be reached from within."""
    if not network_can_be_cut_off():
        pytest.skip("this machine forbids user namespaces, so the network cannot be cut off")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=5)\n" + RIGHT
        assert PythonRunner(timeout=60).run([[program]], [TEST])[0].tolist() == [False]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_refuses_where_the_network_cannot_be_cut_off(monkeypatch):
    """Without isolation nothing runs unless it is allowed by name."""
    monkeypatch.setattr(execution, "network_can_be_cut_off", lambda: False)
    with pytest.raises(IsolationError, match="pass allow_network=True"):
        PythonRunner().run([["raise SystemError"]], [TEST])
