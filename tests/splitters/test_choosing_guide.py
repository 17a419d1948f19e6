"""The examples of the guide to splitters run, in order, as they stand."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from codeshift.errors import SizeWarning

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "choosing-a-splitter.md"


def test_the_guide_runs() -> None:
    """Each block runs after those before it, and every splitter that the page names is one that can be imported."""
    import codeshift.splitters

    text = GUIDE.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SizeWarning)
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
            exec(block, names)  # noqa: S102 - our own page
    named = set(re.findall(r"`(\w+Splitter)`", text))
    assert len(named) >= 10
    assert named <= set(codeshift.splitters.__all__)
