"""Trackers of accelerate (tensorboard, trackio, wandb, ...), off by default and never skipped silently."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers

from codeshift.errors import ParameterError
from codeshift.wording import closest

Tracker: TypeAlias = str | GeneralTracker

PROJECT = "codeshift"
_LOGS = "logs"  # in the run's folder


def check_trackers(trackers: Sequence[Tracker]) -> None:
    """Check that trackers are known to accelerate and installed; accelerate skips others.

    Raises:
        ParameterError: if one is not.

    >>> check_trackers(("tensorbord",))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: trackers must be known to accelerate, got 'tensorbord': did you mean tensorboard?
    """
    if isinstance(trackers, str):
        raise ParameterError("trackers", "a tuple of names", trackers, f"write it as ({trackers!r},)")
    installed = {str(name) for name in get_available_trackers()}
    for tracker in trackers:
        if isinstance(tracker, GeneralTracker):
            continue
        if tracker not in LOGGER_TYPE_TO_CLASS:
            raise ParameterError("trackers", "known to accelerate", tracker, closest(tracker, LOGGER_TYPE_TO_CLASS))
        if tracker not in installed:
            raise ParameterError("trackers", "installed", tracker, f"pip install {tracker}, or choose another")


def logging_options(trackers: Sequence[Tracker], folder: Path | None) -> dict[str, Any]:
    """Return the arguments of an Accelerator for ``trackers``, which write their files to ``logs`` in ``folder``.

    Raises:
        ParameterError: a tracker writes files, and ``folder`` is None.
    """
    for name in trackers:
        if isinstance(name, str) and folder is None and LOGGER_TYPE_TO_CLASS[name].requires_logging_directory:
            raise ParameterError(
                "output_dir", f"given with the tracker {name}", None, "its files are written to logs in that folder"
            )
    return {"log_with": list(trackers) or None, "project_dir": folder and folder / _LOGS}


def start_trackers(accelerator: Accelerator, settings: dict[str, Any]) -> None:
    """Start a run in every tracker, with its settings as numbers and texts."""
    if accelerator.log_with:
        plain = {k: v if isinstance(v, bool | int | float | str) else str(v) for k, v in settings.items()}
        accelerator.init_trackers(PROJECT, config=plain)


def end_trackers(accelerator: Accelerator) -> None:
    """End the run in every tracker; keep the group of processes for the next run."""
    for tracker in accelerator.trackers:  # end_training() would end the group too
        tracker.finish()
