"""Hostile programs: none gets out of the sandbox, none stops the batch, nothing is left behind."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from codeshift.metrics import execution
from codeshift.metrics.bubblewrap import bubblewrap_fault
from codeshift.metrics.execution import IsolationError, PythonRunner, network_can_be_cut_off
from codeshift.metrics.scratch import remove_tree
from helpers import hostile_programs as hostile
from helpers.hostile_programs import RIGHT, TEST

# A time that no machine takes for programs that end, and a short one for those that would wait for ever.
LIMITS = {"timeout": 3600, "cpu_seconds": 1, "memory": 256 << 20, "file_size": 4 << 20, "workers": 4}
SHORT = LIMITS | {"timeout": 2, "workers": 8}


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A folder for temporary files, a file of the user, and servers of the machine, for which nobody may wait."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    secret = tmp_path / "secret"
    secret.write_text("keep")
    name = f"codeshift-{secrets.token_hex(8)}"
    path = os.path.join(tempfile.mkdtemp(dir="/tmp"), "socket")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        abstract.bind("\0" + name)
        unix.bind(path)
        for server in (abstract, unix):
            server.listen()
        port = tcp.getsockname()[1]
        yield {"port": port, "abstract": name, "unix": path, "secret": secret, "temporary": folder}
    shutil.rmtree(os.path.dirname(path))


def run(programs: dict[str, str], runner: PythonRunner) -> dict[str, bool]:
    """Run programs in one batch, each between two that are right; return which of them passed."""
    names = list(programs)
    batch = [program for name in names for program in (RIGHT, programs[name])] + [RIGHT]
    passed = [bool(results[0]) for results in runner.run(batch, [TEST] * len(batch))]
    assert all(passed[::2]), "a hostile program kept another from passing"
    return dict(zip(names, passed[1::2], strict=True))


def processes_with(word: str) -> list[int]:
    """The numbers of the processes whose command line holds a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [int(path.parent.name)] if word.encode() in path.read_bytes() else []
        except OSError:
            continue
    return found


def needs(sandbox: str, *, as_root: bool | None = None) -> None:
    """Skip the test where the machine lacks the sandbox."""
    if sandbox == "limits":
        if not network_can_be_cut_off():
            pytest.skip("this machine forbids user namespaces")
        return
    faults = [bubblewrap_fault(way) for way in ((True, False) if as_root is None else (as_root,))]
    if all(faults):
        pytest.skip(f"bubblewrap does not work: {faults[-1]}")


@pytest.mark.parametrize("as_root", [True, False])
def test_none_gets_out(surroundings, as_root, monkeypatch):
    """In the sandbox of bubblewrap, made by root or by anyone: 70 programs, of which none gets what it wants."""
    needs("bubblewrap", as_root=as_root)
    monkeypatch.setattr(execution, "_made_by_root", lambda: as_root)
    refused = (
        hostile.GREEDY
        | hostile.network(surroundings["port"], surroundings["abstract"])
        | hostile.processes(os.getpid(), str(surroundings["secret"]))
        | hostile.rights()
        | hostile.files(str(surroundings["secret"]), surroundings["unix"], str(Path.home()))
    )
    waiting = hostile.WAITING
    if as_root or os.geteuid() != 0:  # in a user namespace root's processes are not counted
        refused, waiting = refused | hostile.many(), waiting | hostile.FORKING
    if not as_root and os.geteuid() == 0:
        del refused["settings of the kernel"]  # in a user namespace root may still name its own machine
    assert len(refused | waiting | hostile.ENDED) >= 50
    PythonRunner(sandbox="bubblewrap", **SHORT).run(list(waiting.values()), [TEST] * len(waiting))
    passed = run(refused | hostile.ENDED, PythonRunner(sandbox="bubblewrap", **LIMITS))
    assert {name for name in refused if not passed[name]} == set()
    assert {name for name in hostile.ENDED if passed[name]} == set()
    assert surroundings["secret"].read_text() == "keep"
    assert sorted(path.name for path in surroundings["secret"].parent.iterdir()) == ["secret", "temporary"]
    assert list(surroundings["temporary"].iterdir()) == []


def test_the_built_in_limits_end_each_and_leave_nothing(surroundings):
    """Without bubblewrap too, no program stops the batch, reaches the network or is left in the temporary folder."""
    needs("limits")
    PythonRunner(sandbox="limits", **SHORT).run(list(hostile.WAITING.values()), [TEST] * len(hostile.WAITING))
    passed = run(
        hostile.ENDED | hostile.GREEDY | hostile.network(surroundings["port"], surroundings["abstract"]),
        PythonRunner(sandbox="limits", **LIMITS),
    )
    assert {name for name, right in passed.items() if not right} == set(hostile.ENDED)
    assert list(surroundings["temporary"].iterdir()) == []


@pytest.mark.parametrize("sandbox", ["bubblewrap", "limits"])
def test_no_process_is_left(sandbox):
    """A child in a session of its own that ignores all signals ends with its program, passed or killed."""
    needs(sandbox)
    word = secrets.token_hex(16)
    child = (
        "import signal, time\nfor n in (1, 2, 3, 13, 15): signal.signal(n, signal.SIG_IGN)\n"
        "print('ready', flush=True)\nwhile True: time.sleep(600)"
    )
    start = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}, {word!r}], start_new_session=True, stdout=-1)\n"
        "assert child.stdout.readline() == b'ready\\n'\n"
    )
    assert PythonRunner(sandbox=sandbox, timeout=3600).run([start + RIGHT], [TEST])[0].tolist() == [True]
    assert PythonRunner(sandbox=sandbox, timeout=2).run([start + "child.wait()"], [TEST])[0].tolist() == [False]
    while processes_with(word):  # the kernel ends them; that takes as long as it takes
        pass


def test_both_sandboxes_give_programs_the_same():
    """Folder, environment, input, standard library and installed packages."""
    program = (
        "import os, sys, decimal, sqlite3, multiprocessing.shared_memory, numpy\n"
        "assert os.listdir('.') == ['program.py']\n"
        "assert set(os.environ) <= {'PYTHONHASHSEED', 'LC_CTYPE'}, os.environ\n"
        "assert sys.stdin.read() == ''\n"
        "open('new', 'w').write('x')\n"
        "import tempfile\nassert tempfile.TemporaryFile().write(b'x') == 1\n"
        "assert numpy.ones(2).sum() == 2\n" + RIGHT
    )
    for sandbox in ("bubblewrap", "limits"):
        needs(sandbox)
        assert PythonRunner(sandbox=sandbox, timeout=3600).run([program], [TEST])[0].tolist() == [True], sandbox


def test_bubblewrap_that_is_missing_is_an_error_only_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    bubblewrap_fault.cache_clear()
    try:
        with pytest.raises(IsolationError, match="bubblewrap cannot be used: bubblewrap is not installed"):
            PythonRunner(sandbox="bubblewrap").run([["raise SystemError"]], [TEST])
        assert PythonRunner().sandbox_in_use == "limits"
    finally:
        bubblewrap_fault.cache_clear()


def test_python_that_holds_the_home_folder_is_not_shown(monkeypatch):
    """A Python installed in the folder above the home would show the home to every program."""
    monkeypatch.setattr(sys, "prefix", str(Path.home().parent))
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    bubblewrap_fault.cache_clear()
    try:
        assert "holds the home folder" in bubblewrap_fault(False)
    finally:
        bubblewrap_fault.cache_clear()


def test_a_tree_is_removed_however_deep(tmp_path):
    """Deeper than a path may be long, with files, links and folders that nobody may enter."""
    top = tmp_path / "top"
    (top / "wide" / "a").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (top / "link").symlink_to(outside)
    before = os.getcwd()
    try:
        os.chdir(top)
        for _ in range(3000):
            os.mkdir("d")
            Path("file").write_text("x")
            os.chdir("d")
        os.chmod(".", 0)
    finally:
        os.chdir(before)
    remove_tree(str(top))
    assert not top.exists()
    assert (outside / "kept").read_text() == "x"
