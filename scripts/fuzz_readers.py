"""What each reader of the library is given by `scripts/fuzz.py`, and what it may answer.

A reader answers with what was written, or with an error of codeshift that says what is wrong. Anything else is a fault:
another error, a crash, or another content without a word.
"""

from __future__ import annotations

import csv
import io
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from codeshift.data import load_rows
from codeshift.errors import CodeshiftError
from codeshift.files import content_digest
from codeshift.finetune.checkpoint import Checkpoints, RunState
from codeshift.finetune.row_log import RowLog
from codeshift.predictions.matching import read_predictions
from codeshift.properties import CharCount, PropertyTable
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitManifest
from codeshift.study import load_study


class Reader:
    """A reader, and the files that it reads.

    Attributes:
        files: contents of well-formed files, which edits begin with.
        signed: whether a file is JSON with a digest, so that one with another value can be signed anew.
    """

    signed = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[bytes] = []

    def check(self, number: int, content: bytes) -> bool:
        """Read what has become of a file; return whether it was read rather than refused.

        Args:
            number: which of ``files`` it was.
            content: what it is now.

        Raises:
            AssertionError: the content read is not that of the file.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.read(number, content)
            except CodeshiftError as error:
                if not str(error).strip():
                    raise AssertionError("an error without a word") from error
                return False
        return True

    def read(self, number: int, content: bytes) -> None:
        """Read it, and compare where it must be the same."""
        raise NotImplementedError

    def written(self, name: str, content: bytes) -> Path:
        """Write a file into the reader's folder, and return its path."""
        path = self.folder / name
        path.write_bytes(content)
        return path


class Manifest(Reader):
    """`SplitManifest.load`, and what is done with it."""

    signed = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        code = [f"x{i} = " + "1 + " * i + "1" + "\nwhile x:\n    x -= 1" * (i % 3 == 0) for i in range(40)]
        self.rows = Dataset.from_dict({"code": code, "project": [f"p{i % 20}" for i in range(40)]})
        loops = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
        options = {"seed": 0, "min_test_rows": 0}
        assignments = [
            LengthSplitter().assign(self.rows, **options),
            loops.assign(self.rows, groups="project", **options),
        ]
        self.manifests = [assignment.manifest for assignment in assignments]
        self.files = [manifest.to_json().encode() for manifest in self.manifests]

    def read(self, number: int, content: bytes) -> None:
        """Changed bytes are refused; what is signed anew may be another split, and is one."""
        manifest = SplitManifest.load(self.written("split.json", content))
        if json.loads(content)["sha256"] == json.loads(self.files[number])["sha256"]:
            assert manifest == self.manifests[number]
        manifest.summary()
        manifest.apply(self.rows)
        manifest.check_region(self.rows)


class StudyFile(Reader):
    """`load_study`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rows = "".join(f'{{"doc": "Add {i}.", "code": "x = {i}"}}\n' for i in range(40))
        (folder / "rows.jsonl").write_text(rows)
        self.files = [
            b"data: rows.jsonl\ncolumn: code\nsource: doc\ntarget: code\nscenarios: [length_p90_p100]\n"
            b"methods: [full, lora]\nmodel: model\n",
            b"title: &name a study\ndata: {source: rows.jsonl, rename: {code: func}}\ncolumn: func\nlanguage: python\n"
            b"source: '{doc}'\ntarget: func\nmodel: model\nscenarios:\n  - name: long\n    splitter: LengthSplitter()\n"
            b"ood_kept: [0, 0.5, 1]\nmethods:\n  full: full\n  small: {type: lora, r: 4}\ntraining:\n"
            b"  learning_rate: 5e-5\n  max_steps: 2\n  small: {learning_rate: 1e-3}\nmetrics: [exact_match]\n"
            b"split_seeds: [0, 1]\naudit: false\n",
        ]

    def read(self, number: int, content: bytes) -> None:
        """A study, or an error that names the file."""
        load_study(self.written("study.yaml", content))


class Predictions(Reader):
    """`read_predictions`, of which every prediction keeps its text."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        plain = [{"id": f"r{i}", "prediction": f"x = {i}\u2028\x85\n", "finished": i % 2 == 0} for i in range(4)]
        choice = {"message": {"content": "return x"}, "finish_reason": "stop"}
        batch = [{"custom_id": f"r{i}", "response": {"body": {"choices": [choice]}}} for i in range(3)]
        self.files = ["".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
                      for rows in (plain, batch)]  # fmt: skip

    def read(self, number: int, content: bytes) -> None:
        """As many predictions as lines that hold anything, each with its text."""
        path = self.written("predictions.jsonl", content)
        outputs = read_predictions(str(path), identity_column=None, prediction_column="prediction")
        lines = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
        assert len(outputs) == len(lines)
        for (_, output), line in zip(outputs, lines, strict=True):
            assert isinstance(output.text, str)
            assert "response" in line or output.text == line["prediction"]


class Cache(Reader):
    """The cache of properties, which changes no value."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ["CODESHIFT_CACHE"] = str(folder)
        self.rows = Dataset.from_dict({"code": [f"x = {i % 97}" * (i % 7) for i in range(1200)]})
        self.expected = PropertyTable(self.rows).values(CharCount("code"))
        self.paths = sorted((folder / "properties").iterdir())
        self.files = [path.read_bytes() for path in self.paths]

    def read(self, number: int, content: bytes) -> None:
        """The values are the same, whatever the file has become."""
        self.paths[number].write_bytes(content)
        np.testing.assert_array_equal(PropertyTable(self.rows).values(CharCount("code")), self.expected)
        for path, whole in zip(self.paths, self.files, strict=True):
            path.write_bytes(whole)


class Checkpoint(Reader):
    """`Checkpoints.load`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.checkpoints = Checkpoints(folder / "checkpoints", {"seed": 0})
        self.state = RunState(step=2, history=[{"step": 1, "loss": 0.5}], best=0.25, best_step=1)
        tensors = {"weights": {"w": torch.arange(6.0)}, "optimizer": {"w|exp_avg": torch.ones(6)}}
        path = self.checkpoints.save(self.state, tensors)
        self.paths = sorted(path.iterdir())
        self.files = [path.read_bytes() for path in self.paths]

    def read(self, number: int, content: bytes) -> None:
        """The state and the weights are those that were saved."""
        self.paths[number].write_bytes(content)
        try:
            state, tensors = self.checkpoints.load() or (None, {})
        finally:
            self.paths[number].write_bytes(self.files[number])
        assert state == self.state
        assert torch.equal(tensors["weights"]["w"], torch.arange(6.0))


class Log(Reader):
    """`RowLog`, the rows of an evaluation that was interrupted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.records = {row: {"text": f"x = {row}", "finished": True} for row in range(4)}
        log = RowLog(folder / "log.jsonl", {"seed": 0})
        log.start()
        log.append(self.records, self.records.values())
        self.files = [log.path.read_bytes()]

    def read(self, number: int, content: bytes) -> None:
        """Every row that is taken over is one that was written."""
        done = RowLog(self.written("log.jsonl", content), {"seed": 0}).done
        assert all(self.records[row] == record for row, record in done.items())


class CSV(Reader):
    """`load_rows` of CSV."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = [b'code,id,n\n"x = ""a""\r\n",007,1\ny = 2,008,2.5\n', "\ufeffcode\n\ngröße\n'x'\n".encode()]

    def read(self, number: int, content: bytes) -> None:
        """As many rows as Python's own reader finds, each with its text."""
        rows = load_rows(self.written("rows.csv", content))
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        _, *cells = [row for row in csv.reader(text, strict=True) if row]
        assert len(rows) == len(cells)
        for place, name in enumerate(rows.column_names):
            for value, row in zip(rows[name][:], cells, strict=True):
                assert value == row[place] or (value is None and row[place] == "") or value == float(row[place])


class JSONL(Reader):
    """`load_rows` of JSON Lines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rows = [{"code": f"x = {i}\u2028", "n": i, "f": i / 3, "meta": {"a": [i, None]}} for i in range(4)]
        mixed = [{"code": "x", "meta": {"a": 1}}, {"code": "y", "meta": {"b": [True]}}]
        self.files = ["".join(json.dumps(row, ensure_ascii=False) + "\n" for row in each).encode()
                      for each in (rows, mixed)]  # fmt: skip
        self.files.append(json.dumps(mixed, indent=1).encode())

    def read(self, number: int, content: bytes) -> None:
        """As many rows as there are objects, with the same keys, texts and whole numbers."""
        rows = load_rows(self.written("rows.jsonl", content))
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("["):
            expected = json.loads(text)
        else:
            lines = io.StringIO(text, newline=None)
            expected = [json.loads(line) for line in lines if line.strip()]
        assert len(rows) == len(expected)
        for row, plain in zip(rows, expected, strict=True):
            for key, value in plain.items():
                assert key in row
                assert not isinstance(value, str | int) or row[key] == value


READERS: dict[str, Callable[[Path], Reader]] = {
    "manifest": Manifest, "study-file": StudyFile, "predictions": Predictions, "cache": Cache,
    "checkpoint": Checkpoint, "log": Log, "csv": CSV, "jsonl": JSONL,
}  # fmt: skip


def signed_anew(content: bytes, path: Sequence[int], value: Any) -> bytes:
    """Return a JSON file with another value somewhere in it, and the digest that fits.

    Args:
        content: the file.
        path: which item to go into at each level, counted round.
        value: the value that stands there afterwards.
    """
    whole = json.loads(content)
    inner = whole
    for number in path[:-1]:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        following = inner[keys[number % len(keys)]] if keys else None
        if not isinstance(following, dict | list) or not following:
            break
        inner = following
    keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    inner[keys[path[-1] % len(keys)]] = value
    return json.dumps(whole | {"sha256": content_digest(whole)}).encode()
