"""When SIGTERM is noticed, and that it means again afterwards what it meant before."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from accelerate import Accelerator

from codeshift.finetune.termination import termination
from helpers.forked import start_forked


@pytest.fixture(autouse=True)
def default_meaning() -> Iterator[None]:
    """SIGTERM as in a fresh process, whatever runs the tests has made of it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_signal_is_noticed_once() -> None:
    """The first one asks, a second would end the process; after the context so would the first."""
    asked = []

    def train() -> None:
        with termination(watched=True) as request:
            asked.append(request.agreed())
            os.kill(os.getpid(), signal.SIGTERM)
            asked.append(request.agreed())
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            request.obey(Path("run/checkpoints"), 3, 20, Accelerator())

    with pytest.raises(SystemExit) as left:
        train()
    assert left.value.code == 143
    assert asked == [False, True]


def test_the_meaning_is_restored() -> None:
    """Also where the training raised an error of its own."""
    inside = []

    def train() -> None:
        with termination(watched=True):
            inside.append(signal.getsignal(signal.SIGTERM))
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        train()
    assert signal.SIG_DFL not in inside
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_program_that_handles_the_signal_itself_keeps_it() -> None:
    """Its handler is called, and nothing is requested."""
    seen: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    with termination(watched=True) as request:
        os.kill(os.getpid(), signal.SIGTERM)
        assert not request.requested
    assert seen == [signal.SIGTERM]


def test_other_threads_and_trainings_without_a_folder_change_nothing() -> None:
    """Python allows handlers in the main thread alone, and without a folder there is nothing to save."""
    seen = []

    def look(*, watched: bool) -> None:
        with termination(watched=watched):
            seen.append(signal.getsignal(signal.SIGTERM))

    look(watched=False)
    thread = threading.Thread(target=look, kwargs={"watched": True})
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL] * 2


def _terminated_too_late() -> None:
    with termination(watched=True):
        os.kill(os.getpid(), signal.SIGTERM)
    print("still there", flush=True)  # noqa: T201


def test_a_signal_that_comes_too_late_ends_the_process(tmp_path: Path) -> None:
    """It is not lost: a training that has just made its last step ends as any process does."""
    ended = start_forked(tmp_path / "log", _terminated_too_late)
    ended.join()
    assert (ended.exitcode, (tmp_path / "log").read_text(encoding="utf-8")) == (-signal.SIGTERM, "")
