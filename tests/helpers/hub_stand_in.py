"""A stand-in for the Hugging Face Hub on 127.0.0.1: as much of it as pushing and loading datasets takes.

Repositories are lists of commits, each a map of paths to SHA-256 digests; the contents lie in a folder, one file a
digest. ``.parquet`` files go the way of large files (the LFS protocol), others into the commit itself. Where a request
reaches beyond what is here, the answer is 501 and ``unknown`` lists it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

OWNER = "somebody"
WHEN = "2025-01-01T00:00:00.000Z"


class RefusedError(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Repository:
    """A dataset repository.

    Attributes:
        private: whether it is private.
        commits: the files of each commit, as digests by path.
        branches: the latest commit of each branch or pull request.
        messages: the messages of commits, in order.
    """

    private: bool = False
    commits: dict[str, dict[str, str]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, branch: str, files: dict[str, str], message: str) -> str:
        """Add a commit to a branch."""
        content = json.dumps([self.branches.get(branch), sorted(files.items()), message, len(self.messages)])
        oid = hashlib.sha1(content.encode()).hexdigest()  # noqa: S324 - what git uses
        self.commits[oid] = files
        self.branches[branch] = oid
        self.messages.append(message)
        return oid

    def at(self, revision: str) -> str:
        """Return the commit that a branch or a commit hash refers to."""
        oid = self.branches.get(revision, revision)
        if oid not in self.commits:
            raise RefusedError(404, "RevisionNotFound", f"no revision {revision}")
        return oid


class HubStandIn:
    """The state of the hub and what each request does to it.

    Attributes:
        repositories: by ``owner/name``.
        unknown: requests that are not understood.
        requests: all requests, as method and path.
        tokens: the values of ``Authorization`` seen.
        busy: repositories to which somebody else commits right after each commit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repositories: dict[str, Repository] = {}
        self.unknown: list[str] = []
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.busy: set[str] = set()
        self.url = ""

    def store(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / digest).write_bytes(content)
        return digest

    def content(self, repo_id: str, path: str, revision: str = "main") -> bytes:
        """Return the content of a file of a repository."""
        repository = self.repository(repo_id)
        return (self.folder / repository.commits[repository.at(revision)][path]).read_bytes()

    def paths(self, repo_id: str, revision: str = "main") -> list[str]:
        """Return the sorted paths of a repository."""
        repository = self.repository(repo_id)
        return sorted(repository.commits[repository.at(revision)])

    def repository(self, repo_id: str) -> Repository:
        if repo_id not in self.repositories:
            raise RefusedError(404, "RepoNotFound", f"no repository {repo_id}")
        return self.repositories[repo_id]

    # The handlers of requests. The arguments are the groups of the pattern in ROUTES, then the body.

    def who(self, body: bytes) -> Any:
        return {"name": OWNER, "type": "user", "orgs": []}

    def validate_card(self, body: bytes) -> Any:
        metadata = json.loads(body)["content"].split("---\n")[1]
        if not isinstance(yaml.safe_load(metadata), dict):
            raise RefusedError(400, "", "a card starts with metadata")
        return {"errors": [], "warnings": []}

    def create(self, body: bytes) -> Any:
        fields = json.loads(body)
        repo_id = f"{fields.get('organization') or OWNER}/{fields['name']}"
        if repo_id in self.repositories:
            raise RefusedError(409, "", "it exists")
        repository = self.repositories[repo_id] = Repository(
            private=fields.get("visibility") == "private" or bool(fields.get("private"))
        )
        repository.commit("main", {".gitattributes": self.store(b"*.parquet filter=lfs\n")}, "initial commit")
        return {"url": f"{self.url}/datasets/{repo_id}", "id": repo_id, "name": repo_id}

    def info(self, repo_id: str, revision: str | None, body: bytes) -> Any:
        repository = self.repository(repo_id)
        oid = repository.at(unquote(revision or "main"))
        siblings = [{"rfilename": path} for path in sorted(repository.commits[oid])]
        return {
            "id": repo_id, "sha": oid, "private": repository.private, "siblings": siblings, "tags": [],
            "lastModified": WHEN, "disabled": False, "gated": False, "downloads": 0, "likes": 0,
        }  # fmt: skip

    def branch(self, repo_id: str, name: str, body: bytes) -> Any:
        repository = self.repository(repo_id)
        if unquote(name) in repository.branches:
            raise RefusedError(409, "", "it exists")
        repository.branches[unquote(name)] = repository.branches["main"]
        return {}

    def tree(self, repo_id: str, revision: str, folder: str | None, query: str, body: bytes) -> Any:
        repository = self.repository(repo_id)
        prefix = f"{unquote(folder)}/" if folder else ""
        files = repository.commits[repository.at(unquote(revision))]
        below = {path: digest for path, digest in files.items() if path.startswith(prefix)}
        if prefix and not below:
            raise RefusedError(404, "EntryNotFound", f"no folder {folder}")
        folders = {prefix + path.removeprefix(prefix).partition("/")[0] for path in below} - set(below)
        if "recursive=true" in query.lower():
            folders = {str(parent) for path in below for parent in PurePosixPath(path).parents} - {".", prefix[:-1]}
        entries = [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(folders)]
        inner = tuple(f"{path}/" for path in folders)
        direct = {p: d for p, d in below.items() if "recursive=true" in query.lower() or not p.startswith(inner)}
        return entries + [self._entry(path, digest) for path, digest in sorted(direct.items())]

    def paths_info(self, repo_id: str, revision: str, body: bytes) -> Any:
        repository = self.repository(repo_id)
        files = repository.commits[repository.at(unquote(revision))]
        paths = json.loads(body)["paths"]
        return [self._entry(path, files[path]) for path in paths if path in files]

    def _entry(self, path: str, digest: str) -> dict[str, Any]:
        size = (self.folder / digest).stat().st_size
        entry: dict[str, Any] = {"type": "file", "path": path, "size": size, "oid": self._git_oid(digest)}
        if path.endswith(".parquet"):
            entry["lfs"] = {"oid": digest, "size": size, "pointerSize": 130}
        return entry

    def _git_oid(self, digest: str) -> str:
        content = (self.folder / digest).read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - what git uses

    def preupload(self, repo_id: str, revision: str, body: bytes) -> Any:
        repository = self.repository(repo_id)
        files = repository.commits[repository.at(unquote(revision))]
        return {"files": [self._mode(each["path"], files) for each in json.loads(body)["files"]]}

    def _mode(self, path: str, files: dict[str, str]) -> dict[str, Any]:
        large = path.endswith(".parquet")
        mode: dict[str, Any] = {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        if path in files:
            mode["oid"] = files[path] if large else self._git_oid(files[path])
        return mode

    def lfs(self, repo_id: str, body: bytes) -> Any:
        self.repository(repo_id)
        objects = [self._lfs_object(each) for each in json.loads(body)["objects"]]
        return {"transfer": "basic", "objects": objects}

    def _lfs_object(self, each: dict[str, Any]) -> dict[str, Any]:
        if (self.folder / each["oid"]).exists():
            return {"oid": each["oid"], "size": each["size"]}
        return {**each, "actions": {"upload": {"href": f"{self.url}/large/{each['oid']}"}}}

    def upload(self, digest: str, body: bytes) -> Any:
        if self.store(body) != digest:
            raise RefusedError(422, "", "the content does not fit its digest")
        return {}

    def commit(self, repo_id: str, revision: str, create_pr: str | None, body: bytes) -> Any:
        repository = self.repository(repo_id)
        branch = unquote(revision)
        lines = [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, repository.at(branch)):
            raise RefusedError(412, "", "a commit has happened since")
        files = dict(repository.commits[repository.at(branch)])
        for line in lines[1:]:
            self._change(files, line["key"], line["value"])
        if create_pr:
            branch = f"refs/pr/{1 + sum(name.startswith('refs/pr/') for name in repository.branches)}"
        oid = repository.commit(branch, files, header["summary"])
        if repo_id in self.busy:
            repository.commit(branch, {**files, "other.txt": self.store(b"")}, "somebody else")
        answer = {"commitUrl": f"{self.url}/datasets/{repo_id}/commit/{oid}", "commitOid": oid, "success": True}
        if create_pr:
            number = branch.rpartition("/")[2]
            answer["pullRequestUrl"] = f"{self.url}/datasets/{repo_id}/discussions/{number}"
        return answer

    def _change(self, files: dict[str, str], key: str, value: dict[str, Any]) -> None:
        if key == "file":
            files[value["path"]] = self.store(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            if not (self.folder / value["oid"]).exists():
                raise RefusedError(400, "", f"{value['path']} was not uploaded")
            files[value["path"]] = value["oid"]
        elif key == "deletedFile":
            del files[value["path"]]
        else:
            raise RefusedError(501, "", f"no such change: {key}")

    def resolve(self, repo_id: str, revision: str, path: str, body: bytes) -> Any:
        repository = self.repository(repo_id)
        oid = repository.at(unquote(revision))
        if unquote(path) not in repository.commits[oid]:
            raise RefusedError(404, "EntryNotFound", f"no file {path}")
        digest = repository.commits[oid][unquote(path)]
        return File((self.folder / digest).read_bytes(), {"X-Repo-Commit": oid, "ETag": f'"{digest}"'})


@dataclass
class File:
    """The answer to a request for a file."""

    content: bytes
    headers: dict[str, str]


_REPO = r"/api/datasets/([\w.-]+(?:/[\w.-]+)?)"
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", r"/api/whoami-v2", HubStandIn.who),
    ("POST", r"/api/validate-yaml", HubStandIn.validate_card),
    ("POST", r"/api/repos/create", HubStandIn.create),
    ("GET", rf"{_REPO}(?:/revision/([^/?]+))?", HubStandIn.info),
    ("POST", rf"{_REPO}/branch/([^/?]+)", HubStandIn.branch),
    ("GET", rf"{_REPO}/tree/([^/?]+)(?:/([^?]+))?(\?.*|)", HubStandIn.tree),
    ("POST", rf"{_REPO}/paths-info/([^/?]+)", HubStandIn.paths_info),
    ("POST", rf"{_REPO}/preupload/([^/?]+)", HubStandIn.preupload),
    ("POST", r"/datasets/([\w.-]+/[\w.-]+)\.git/info/lfs/objects/batch", HubStandIn.lfs),
    ("PUT", r"/large/(\w+)", HubStandIn.upload),
    ("POST", rf"{_REPO}/commit/([^/?]+)(\?create_pr=1)?", HubStandIn.commit),
    ("GET", r"/datasets/([\w.-]+/[\w.-]+)/resolve/([^/?]+)/([^?]+)", HubStandIn.resolve),
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms, between its head and its body
    hub: HubStandIn
    lock: threading.Lock

    def _answer(self) -> None:
        body = self._body()
        method = "GET" if self.command == "HEAD" else self.command
        with self.lock:
            self.hub.requests.append(f"{self.command} {self.path}")
            self.hub.tokens.add(self.headers.get("Authorization", ""))
            try:
                self._send(200, self._result(method, body))
            except RefusedError as refused:
                headers = {"X-Error-Code": refused.code, "X-Error-Message": str(refused)}
                self._send(refused.status, File(json.dumps({"error": str(refused)}).encode(), headers))

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - the names that the server looks for

    def _result(self, method: str, body: bytes) -> File:
        for wanted, pattern, do in ROUTES:
            # The query matters only if the pattern includes it.
            target = self.path if r"\?" in pattern else urlsplit(self.path).path
            match = re.fullmatch(pattern, target)
            if wanted == method and match:
                result = do(self.hub, *match.groups(), body)
                return result if isinstance(result, File) else File(json.dumps(result).encode(), {})
        self.hub.unknown.append(f"{self.command} {self.path}")
        raise RefusedError(501, "", f"the stand-in does not know {self.command} {self.path}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, answer: File) -> None:
        content, status, headers = self._part(status, answer)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _part(self, status: int, answer: File) -> tuple[bytes, int, dict[str, str]]:
        """Return the range of a file that the request asks for."""
        requested = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if status != 200 or requested is None:
            return answer.content, status, answer.headers
        start, end = int(requested[1]), int(requested[2] or len(answer.content) - 1)
        stretch = answer.content[start : end + 1]
        content_range = f"bytes {start}-{start + len(stretch) - 1}/{len(answer.content)}"
        return stretch, 206, {**answer.headers, "Content-Range": content_range}

    def log_message(self, format: str, *args: Any) -> None:
        """Do nothing: requests are kept in ``requests``."""


@contextmanager
def hub_stand_in(folder: Path) -> Iterator[HubStandIn]:
    """Serve a hub from ``folder`` on a free port of 127.0.0.1; its ``url`` is the value for HF_ENDPOINT."""
    hub = HubStandIn(folder)
    handler = type("_HandlerOfHub", (_Handler,), {"hub": hub, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "OMP_NUM_THREADS")


def run_story(story: ModuleType, hub: HubStandIn, home: Path) -> Any:
    """Return what a story prints as JSON in its last line, run in a process that can reach only the stand-in."""
    on = ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS",
          "HF_DATASETS_DISABLE_PROGRESS_BARS", "PYTHONUTF8")  # fmt: skip
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | dict.fromkeys(on, "1")
    environment |= {"HF_ENDPOINT": hub.url, "HOME": str(home), "HF_HOME": str(home)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, story.__file__]
    run = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr[-4000:]
    return json.loads(run.stdout.splitlines()[-1])
