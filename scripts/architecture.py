"""Write the list of files into the page on the architecture, and draw the page's picture.

Run ``python scripts/architecture.py`` where a module came, went, or says something else in the first line of its
docstring, and where the layers of ``pyproject.toml`` changed.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

from drawing import ASSETS, THEMES, Theme, line, svg, text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = {"codeshift": ROOT / "src" / "codeshift", "tools.pretrain": ROOT / "tools" / "pretrain"}
BEGIN, END = "<!-- files: written by scripts/architecture.py -->", "<!-- end of files -->"
LONGEST = 120
"""Characters that the line of a file may have."""

WORDS = {
    "__main__": "python -m codeshift",
    "cli": "each command is one call into the library",
    "demo": "a study like any other, which nothing rests on",
    "study": "many splits, methods and seeds: see below",
    "distributed | predictions": "rows in many files; parts that go elsewhere, outputs that come back",
    "audit | finetune | data": "is a split sound; train and evaluate; rows from files",
    "splitters | metrics | transforms": "DatasetDict: Splitter.split gives the parts",
    "splits": "partition, assignment: divide, SplitAssignment",
    "regions": "region: Region.contains says which rows lie inside",
    "properties": "properties: PropertyTable.values, one a row",
    "checks | documents | files | reaching_hub": "arguments; reports of any look; files written whole",
    "draws | file_formats | marks | parts | requirements | task_kinds": "draws; marks of rows; names of parts, files",
    "temporary_files": "names of what is being written",
    "defaults | errors | formatting | hashing | literals | memory": "what goes wrong; values written, read and kept",
    "arithmetic | wording": "quotients that may be NaN; values and hints in messages",
}
"""What each layer is for; those that a split passes through begin with what comes out of it."""
OF_A_SPLIT = ("properties", "regions", "splits", "splitters | metrics | transforms")
SPLIT = (
    ("rows", "SplitRows.of"),
    ("properties", "PropertyTable.values"),
    ("region", "Splitter.fit"),
    ("partition", "divide"),
    ("assignment", "SplitAssignment"),
    ("DatasetDict", "to_dataset_dict"),
)
STUDY = (
    ("study file", "load_study"),
    ("spec", "StudySpec"),
    ("plan", "Plan.of"),
    ("scheduler", "schedule"),
    ("workers", "do_run, do_audit"),
    ("store", "StudyStore"),
    ("results", "load_results"),
    ("findings", "Findings"),
    ("document", "page_document"),
    ("page", "html.render"),
)
WIDE, TALL, ROW, GAP, BOX = 760, 340, 30, 4, 48


def main() -> int:
    """Write the list and the picture."""
    PAGE.write_text(with_files(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name, picture in pictures().items():
        (ASSETS / name).write_text(picture, encoding="utf-8")
    return 0


def with_files(page: str) -> str:
    """Return a page with the list of files between the two markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{files()}{END}{after}"


def files() -> str:
    """List every module under the name of its package, in Markdown."""
    sections: dict[str, list[str]] = {}
    for package, root in PACKAGES.items():
        for path in sorted(root.rglob("*.py"), key=lambda path: (path.parent.relative_to(root), path.name)):
            name = ".".join((package, *path.parent.relative_to(root).parts))
            said = escape(re.sub("``(.+?)``", r"`\1`", first_line(path)), quote=False).replace("|", r"\|")
            about = sections.setdefault(name, [])
            if path.name == "__init__.py":
                about.insert(0, f"{said}\n\n| | |\n|---|---|")
            else:
                about.append(f"| `{path.name}` | {said} |")
    return "".join(f"### `{name}`\n\n" + "\n".join(lines) + "\n\n" for name, lines in sections.items())


def first_line(path: Path) -> str:
    """Return the first line of a module's docstring.

    Raises:
        ValueError: if it says nothing, or not in one sentence of at most 120 characters.
    """
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first, *others = docstring.split("\n")
    if not first.endswith((".", "?")) or (others and others[0]) or len(first) > LONGEST:
        raise ValueError(f"{path} must begin with a docstring line of at most {LONGEST} characters, got {first!r}")
    return first


def layers() -> list[str]:
    """Return the layers of the library's import contract, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    [stack] = [contract["layers"] for contract in settings["contracts"] if contract.get("containers") == ["codeshift"]]
    return [str(layer) for layer in stack]


def pictures() -> dict[str, str]:
    """Return the pictures by file name: wide, and tall for a phone, for light and for dark pages."""
    return {
        f"architecture-{shape.__name__}-{theme.name}.svg": shape(theme) for theme in THEMES for shape in (wide, tall)
    }


def wide(theme: Theme) -> str:
    """Draw the layers, with the purpose of each beside it, and a study below."""
    stack = layers()
    body = [text(0, 20, "Layers import from those below", theme.text, bold=True)]
    body.append(text(345, 20, "A split: calls go down, data comes up", theme.id, bold=True))
    top = 36
    for number, layer in enumerate(stack):
        y, passed = top + number * (ROW + GAP), layer in OF_A_SPLIT
        body += boxes(layer, 0, y, 300, theme)
        body.append(text(345, y + 20, WORDS[layer], theme.id if passed else theme.faint))
        if passed and stack[number - 1] in OF_A_SPLIT:
            body.append(arrow(322, y + 8, 322, y - 10, theme.id))
    y = top + len(stack) * (ROW + GAP) + 36
    body.append(text(0, y - 10, "A study: each step takes what the one before it left", theme.ood, bold=True))
    across = len(STUDY) // 2
    width = (WIDE - (across - 1) * 24) / across
    for number, (name, function) in enumerate(STUDY):
        x, at = (number % across) * (width + 24), y + 6 + (number // across) * (BOX + 30)
        body += step(name, function, x, at, width, theme)
        if number % across:
            body.append(arrow(x - 22, at + BOX / 2, x - 2, at + BOX / 2, theme.ood))
    right, left = WIDE - width / 2, width / 2
    turn = y + 6 + BOX + 14
    body += [line(right, y + 6 + BOX, right, turn, theme.ood), line(right, turn, left, turn, theme.ood)]
    body.append(arrow(left, turn, left, turn + 14, theme.ood))
    return svg(WIDE, y + 6 + 2 * BOX + 32, _TITLE, "".join(body))


def tall(theme: Theme) -> str:
    """Draw the layers, a split and a study below each other."""
    body = [text(0, 20, "Each layer imports from those below it", theme.text, bold=True)]
    y = 36
    for layer in layers():
        body += boxes(layer, 0, y, TALL, theme)
        y += ROW + GAP
    for title, flow, colour in (("A split", SPLIT, theme.id), ("A study", STUDY, theme.ood)):
        y += 32
        body.append(text(0, y - 10, title, colour, bold=True))
        for number, (name, function) in enumerate(flow):
            body += step(name, function, 0, y, TALL, theme)
            if number:
                body.append(arrow(TALL / 2, y - 18, TALL / 2, y - 2, colour))
            y += BOX + 20
    return svg(TALL, y, _TITLE, "".join(body))


_TITLE = "The layers of codeshift, how a split is made, and how a study is run"


def boxes(layer: str, x: float, y: float, width: float, theme: Theme) -> Iterator[str]:
    """Draw the packages of a layer side by side."""
    packages = layer.split(" | ")
    each = (width - (len(packages) - 1) * GAP) / len(packages)
    for number, package in enumerate(packages):
        left = x + number * (each + GAP)
        yield frame(left, y, each, ROW, theme)
        yield text(left + each / 2, y + 20, package, theme.text, anchor="middle")


def step(name: str, function: str, x: float, y: float, width: float, theme: Theme) -> Iterator[str]:
    """Draw a step of a flow, above the function that takes it."""
    yield frame(x, y, width, BOX, theme)
    yield text(x + width / 2, y + 20, name, theme.text, anchor="middle", bold=True)
    yield text(x + width / 2, y + 38, function, theme.faint, anchor="middle")


def frame(x: float, y: float, width: float, height: float, theme: Theme) -> str:
    """Draw a box without a background of its own."""
    place = f'x="{x + 1:.1f}" y="{y + 1:.1f}" width="{width - 2:.1f}" height="{height - 2}"'
    return f'<rect {place} rx="4" fill="none" stroke="{theme.line}" stroke-width="1.5"/>'


def arrow(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """Draw a horizontal or vertical line with a head at its end."""
    if x1 == x2:
        back = 6 if y2 < y1 else -6
        head = f"{x2:.1f},{y2:.1f} {x2 - 4:.1f},{y2 + back:.1f} {x2 + 4:.1f},{y2 + back:.1f}"
    else:
        head = f"{x2:.1f},{y2:.1f} {x2 - 6:.1f},{y2 - 4:.1f} {x2 - 6:.1f},{y2 + 4:.1f}"
    return f'{line(x1, y1, x2, y2, colour)}<polygon points="{head}" fill="{colour}"/>'


if __name__ == "__main__":
    sys.exit(main())
