"""The pages of the project, their code blocks, and how to run one."""

from __future__ import annotations

import importlib.util
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,})[ \t]*(?P<kind>[\w+-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=fence)[ \t]*$",
    flags=re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block of a page.

    Attributes:
        kind: the language that the fence names; empty where it names none.
        text: what stands between the fences, dedented.
        line: number of the block's first line in its page, from 1.
    """

    kind: str
    text: str
    line: int


def pages() -> list[Path]:
    """Return all pages with examples, in the order of their paths."""
    return [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md") if (ROOT / name).exists()),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            kind=fence["kind"],
            text=textwrap.dedent(fence["text"]),
            line=text.count("\n", 0, fence.start("text")) + 1,
        )
        for fence in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[tuple[str, str]]:
    """Return the commands of a shell block, each with the output that the page shows below it.

    In a ``console`` block commands begin with ``$``, and other lines are output; in ``sh`` every line is a command.
    """
    text = block.text.replace("\\\n", " ")
    pairs: list[tuple[str, str]] = []
    for line in text.splitlines():
        if block.kind == "console" and not line.startswith("$ "):
            command, output = pairs.pop()
            pairs.append((command, f"{output}{line}\n"))
            continue
        command = re.sub(r"(^|\s)#.*", "", line.removeprefix("$ ")).strip()
        if command:
            pairs.append((command, ""))
    return pairs


def script(path: str) -> ModuleType:
    """Return a script of the repository as a module."""
    name = path.removesuffix(".py").replace("/", ".")
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # where its dataclasses look up their module
    spec.loader.exec_module(module)
    return module
