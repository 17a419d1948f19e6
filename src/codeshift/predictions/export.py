"""Parts in the formats that other tools train on and generate from, each row with its identity."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import Dataset

from codeshift.checks import check_bool, check_choice
from codeshift.data.saving import check_saving
from codeshift.defaults import EXPORT_FORMATS, Endpoint, ExportFormat
from codeshift.errors import ParameterError
from codeshift.files import replaced_together
from codeshift.finetune.conversation import Chat, Prompt, make_chat
from codeshift.finetune.dataset_parts import Splits, evaluation_parts, rows_for_shots
from codeshift.finetune.messages import Messages
from codeshift.finetune.tasks import Generation, Source
from codeshift.predictions.identity import row_identities

_URLS: dict[Endpoint, str] = {"chat": "/v1/chat/completions", "completions": "/v1/completions"}


@dataclass(frozen=True, kw_only=True)
class _PartWriter:
    """Writer of the rows of an export.

    Attributes:
        chat: What comes before each source of a conversation.
        endpoint: Endpoint of requests.
        body: Settings of requests, the model among them.
    """

    chat: Chat
    endpoint: Endpoint
    body: Mapping[str, Any] = field(default_factory=dict)

    def messages(self, identity: str, source: Prompt, target: str) -> dict[str, Any]:
        return {"id": identity, "messages": self.chat.turns(source, target)}

    def prompt_completion(self, identity: str, source: Prompt, target: str) -> dict[str, Any]:
        return {"id": identity, "prompt": source, "completion": target}

    def requests(self, identity: str, source: Prompt, target: str) -> dict[str, Any]:
        body: dict[str, Any] = {"prompt": source}
        if self.endpoint == "chat":
            body = {"messages": self.chat.turns(source)}
        url = _URLS[self.endpoint]
        return {"custom_id": identity, "method": "POST", "url": url, "body": {**self.body, **body}}


_ROWS: Mapping[str, Callable[[_PartWriter, str, Prompt, str], dict[str, Any]]] = {
    "messages": _PartWriter.messages,
    "prompt-completion": _PartWriter.prompt_completion,
    "requests": _PartWriter.requests,
}


def export_parts(
    splits: Splits,
    folder: str | os.PathLike[str],
    *,
    format: ExportFormat,
    source: Source,
    target: str,
    parts: Sequence[str] | None = None,
    system: str | None = None,
    shots: int = 0,
    seed: int = 0,
    endpoint: Endpoint = "chat",
    body: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> dict[str, Path]:
    """Write a JSONL file for each part, in a format that other tools take, each row with its identity.

    - ``"messages"``: ``id`` and ``messages``, the conversations that TRL's ``SFTTrainer`` trains on.
    - ``"prompt-completion"``: ``id``, ``prompt`` and ``completion``, which ``SFTTrainer`` takes too.
    - ``"requests"``: one request a row of the batch format that OpenAI-like servers and vLLM's ``run-batch`` read; the
      identity is its ``custom_id``. The target is left out.

    Args:
        splits: ``DatasetDict``, or one ``Dataset`` (which becomes the part "data").
        folder: Folder of the files, made where it is missing.
        format: Format.
        source: Column that a model is given, a template, or for conversations messages, as in ``Trainer``.
        target: Column that a model must write, or a template.
        parts: Names of the parts. None takes all; for requests, those whose names begin with "test".
        system: Text of a system turn, for conversations.
        shots: Number of examples before each source, drawn from the part ``train``, for conversations.
        seed: Seed of that draw.
        endpoint: Kind of request: ``"chat"`` with messages, or ``"completions"`` with the source as a prompt.
        body: Other values of each request, such as ``{"model": "my-model", "max_tokens": 256}``.
        overwrite: Whether to replace all parts that are already in the folder.

    Returns:
        The file of each part.

    Raises:
        ParameterError: an argument cannot work, or does nothing in this format.
        DataError: there is no such part, or a value is not text.

    >>> import tempfile
    >>> rows = Dataset.from_dict({"doc": ["Add."], "code": ["a + b"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = export_parts({"test": rows}, folder, format="prompt-completion", source="doc", target="code")
    ...     print(files["test"].read_text(encoding="utf-8"))
    {"id": "...", "prompt": "Add.", "completion": "a + b"}
    """
    check_choice("format", format, EXPORT_FORMATS)
    check_choice("endpoint", endpoint, _URLS)
    task = Generation.of(source, target, make_chat(True, system))
    messages = isinstance(task.source, Messages)
    _check_in_format(format, endpoint, system=system, shots=shots, body=body, source=source if messages else None)
    rows_by_part = _exported_parts(splits, parts, every=format != "requests")
    for rows in rows_by_part.values():
        task.check(rows)
    if shots:
        task = task.with_shots(rows_for_shots(splits, shots), shots, seed)
    files_before = check_saving(folder, format="jsonl", overwrite=check_bool("overwrite", overwrite))
    writer = _PartWriter(chat=task.chat or Chat(), endpoint=endpoint, body=body or {})
    Path(folder).mkdir(parents=True, exist_ok=True)
    files = {part: Path(folder) / f"{part}.jsonl" for part in rows_by_part}
    with replaced_together(list(files.values())) as writing:
        for part, rows in rows_by_part.items():
            with writing(files[part]) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
                for row in _exported(part, rows, task, format, writer):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
    for path in set(files_before) - set(files.values()):
        path.unlink()
    return files


def _exported(part: str, rows: Dataset, task: Generation, format: str, writer: _PartWriter) -> Iterator[dict[str, Any]]:
    sources, targets = task.texts(rows)
    identities = row_identities(part, sources, targets)
    for identity, prompt, target in zip(identities, task.prompts(rows), targets, strict=True):
        yield _ROWS[format](writer, identity, prompt, target)


def _exported_parts(splits: Splits, parts: Sequence[str] | None, *, every: bool) -> dict[str, Dataset]:
    if parts is None and every and isinstance(splits, Mapping):
        parts = list(splits)
    return evaluation_parts(splits, parts)


def _check_in_format(format: str, endpoint: str, **arguments: Any) -> None:
    """Check that no argument is given that would do nothing."""
    chat = format == "messages" or (format == "requests" and endpoint == "chat")
    takes = {"source": chat, "system": chat, "shots": chat, "body": format == "requests"}
    for name, value in arguments.items():
        if value and not takes[name]:
            where = f"{format} of {endpoint}" if format == "requests" else format
            raise ParameterError(name, f"left out of the format {where}", value, "it would do nothing")
