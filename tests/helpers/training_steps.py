"""Actions after each step of a training, for tests that stop one: it waits or kills its process, for example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def after_each_step(act: Callable[[Any], None]) -> None:
    """Call ``act`` with each run of this process after each step, before the step is counted and saved."""
    from codeshift.finetune import trainer

    step = trainer._Run._step

    def acting(run: Any, rows: Any) -> None:
        step(run, rows)
        act(run)

    trainer._Run._step = acting  # type: ignore[method-assign]  # in a process of its own
