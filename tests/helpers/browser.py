"""A headless Chromium for tests of pages, controlled through the pipe of its DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
# The browser reads commands from file descriptor 3 and answers on 4.
_LAUNCH = """import os, sys
reads, writes = map(int, sys.argv[1:3])
os.dup2(reads, 3), os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])"""


def chromium() -> str:
    """Return the path of a Chromium; skip the calling test if there is none."""
    named = os.environ.get("CODESHIFT_BROWSER")
    program = named or next((path for path in map(shutil.which, _NAMES) if path), None)
    if not (program and _starts(program)):
        pytest.skip("no Chromium on this machine: apt-get install chromium, or set CODESHIFT_BROWSER to its path")
    return program


@functools.cache
def _starts(executable: str) -> bool:
    """Return whether the program is a browser: some systems have a script that only says how to get one."""
    return subprocess.run([executable, "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


class Browser:
    """A browser; ``open`` gives a new page each time."""

    def __init__(self, executable: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        theirs_in, self._out = map(_high, os.pipe())
        self._in, theirs_out = map(_high, os.pipe())
        flags = [*_FLAGS, f"--user-data-dir={self._folder.name}"]
        command = [sys.executable, "-c", _LAUNCH, str(theirs_in), str(theirs_out), executable, *flags]
        log = open(Path(self._folder.name) / "log.txt", "wb")  # noqa: SIM115  # it lives as long as the browser
        self._process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdout=log, stderr=log)  # noqa: S603
        log.close()
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._number = b"", 0
        self.events: list[dict] = []

    def close(self) -> None:
        """End the browser, and wait for it."""
        try:
            self.send("Browser.close")
            self._process.wait(30)
        except (OSError, EOFError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._folder.cleanup()

    def send(self, method: str, session: str | None = None, **parameters):
        """Give a command, and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        """Wait for an event of a page."""
        while not any(event.get("method") == method and event.get("sessionId") == session for event in self.events):
            self.events.append(self._next())

    def open(self, path: Path, *, width: int = 1280, dark: bool = False, script: bool = True) -> Page:
        """Open a new page with a file and wait until it is loaded."""
        return Page(self, path, width, dark, script)

    def _next(self) -> dict:
        while b"\0" not in self._buffer:
            read = os.read(self._in, 1 << 16)
            if not read:
                raise EOFError("Chromium ended")
            self._buffer += read
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """A page of a browser."""

    def __init__(self, browser: Browser, path: Path, width: int, dark: bool, script: bool) -> None:
        self._browser = browser
        self._target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.send("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        phone = width < 600
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=phone)
        self.media(dark=dark)
        self.send("Emulation.setScriptExecutionDisabled", value=not script)
        self.url = path.resolve().as_uri()
        self.send("Page.navigate", url=self.url)
        browser.wait_for("Page.loadEventFired", self._session)

    def wait_for(self, method: str) -> None:
        """Wait for an event of the page."""
        self._browser.wait_for(method, self._session)

    def send(self, method: str, **parameters):
        """Give a command to the page."""
        return self._browser.send(method, self._session, **parameters)

    def media(self, *, dark: bool = False, kind: str = "") -> None:
        """Emulate dark or light mode, or ``"screen"`` or ``"print"`` (empty: the default)."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=kind, features=[scheme])

    def ask(self, expression: str):
        """Return the value of a JavaScript expression."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    @property
    def requests(self) -> list[str]:
        """Return the addresses that the page requested."""
        return [event["params"]["request"]["url"] for event in self._events("Network.requestWillBeSent")]

    @property
    def blocked(self) -> list[str]:
        """Return why requests were blocked."""
        return [event["params"].get("blockedReason", "") for event in self._events("Network.loadingFailed")]

    @property
    def complaints(self) -> list[str]:
        """Return the entries of the console: messages, warnings, errors and blocked requests."""
        methods = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event["params"]) for method in methods for event in self._events(method)]

    def screenshot(self, path: Path) -> None:
        """Return the whole page as PNG."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def close(self) -> None:
        """Close the page."""
        self._browser.send("Target.closeTarget", targetId=self._target)

    def _events(self, method: str) -> list[dict]:
        return [e for e in self._browser.events if e.get("method") == method and e.get("sessionId") == self._session]


def _high(descriptor: int) -> int:
    """Return a copy of the file descriptor numbered 10 or higher, apart from 3 and 4."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
