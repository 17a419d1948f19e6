"""Writes the figures of the page on promises, from what storm, fuzzers and mutants have left in docs/promises.

Run ``python scripts/promises.py`` after one of these.
"""

from __future__ import annotations

import json
from pathlib import Path

import mutants

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "promises.md"
FOLDER = ROOT / "docs" / "promises"
BEGIN, END = "<!-- figures: scripts/promises.py writes them -->\n", "<!-- figures end -->\n"


def figures() -> str:
    """Return the tables in Markdown."""
    storm = json.loads((FOLDER / "storm.json").read_text(encoding="utf-8"))
    fuzz = json.loads((FOLDER / "fuzz.json").read_text(encoding="utf-8"))
    table, _, _ = mutants.report(mutants.read_table(mutants.TABLE).values()).partition("\n\n")
    rows = [
        f"| {name} | {row['examples']:,} | {row['examples'] - row['read']:,} | {row['seconds'] / 60:.0f} |"
        for name, row in fuzz.items()
    ]
    return "\n".join([
        f"**Storm**: {storm['kills']:,} kills in {storm['studies']:,} studies, no result that differs; "
        f"{storm['rows']:,} hostile rows, no crash and no row lost.",
        "",
        "**Fuzzers**, of which none has an open finding:",
        "",
        "| reader | edited files | of them refused | minutes |", "|---|---:|---:|---:|", *rows,
        "",
        "**Mutants**:", "", table, "",
    ])  # fmt: skip


def main() -> None:
    """Write them between the marks of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{figures()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
