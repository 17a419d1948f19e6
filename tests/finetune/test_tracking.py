"""Trackers of accelerate: off unless asked for, and on when asked for."""

from __future__ import annotations

import pytest
from accelerate.tracking import GeneralTracker
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from codeshift.errors import ParameterError
from codeshift.finetune import Trainer, TrainingConfig, tracking
from codeshift.finetune.testing import tiny_model

CONFIG = TrainingConfig(learning_rate=1e-2, num_train_epochs=2, train_batch_size=8, logging_steps=1)


def fit(data, tokenizer, folder, **options):
    columns = {"source": "doc", "target": "code", "progress": False}
    return Trainer(tiny_model("t5", tokenizer), tokenizer, CONFIG, **columns, **options).fit(data, folder)


def test_tensorboard_holds_the_history(data, tokenizer, tmp_path):
    """Every loss, learning rate and validation loss of the run, and its settings."""
    result = fit(data, tokenizer, tmp_path, trackers=("tensorboard",))
    events = EventAccumulator(str(tmp_path / "logs" / "codeshift")).Reload()
    for name in ("loss", "learning_rate", "validation_loss"):
        expected = [(row["step"], row[name]) for row in result.history if name in row]
        found = [(event.step, event.value) for event in events.Scalars(name)]
        assert found == [(step, pytest.approx(value)) for step, value in expected]
        assert found
    assert list(tmp_path.glob("logs/codeshift/*/hparams.yml"))


def test_no_tracker_unless_asked_for(data, tokenizer, tmp_path):
    """Nothing but the model, the tokenizer, the history and checkpoints stands in the folder."""
    fit(data, tokenizer, tmp_path)
    assert not (tmp_path / "logs").exists()


class Notebook(GeneralTracker):
    """A tracker of one's own."""

    name = "notebook"
    requires_logging_directory = False

    def __init__(self):
        super().__init__()
        self.logged = []

    tracker = property(lambda self: self.logged)

    def store_init_configuration(self, values):
        self.settings = values

    def log(self, values, step=None, **_):
        self.logged.append((step, values))


def test_a_tracker_of_ones_own(data, tokenizer):
    """An object is taken as accelerate takes it, with the settings."""
    notebook = Notebook()
    result = fit(data, tokenizer, None, trackers=(notebook,))
    assert notebook.settings["learning_rate"] == CONFIG.learning_rate
    assert [values["loss"] for _, values in notebook.logged if "loss" in values] == result.losses


def test_a_tracker_that_cannot_be_is_named(data, tokenizer, monkeypatch):
    """Misspelt, not installed, without a folder, or not in a tuple: accelerate would skip the first two."""
    with pytest.raises(ParameterError, match="trackers must be known to accelerate, got 'tensorbord': did you mean"):
        fit(data, tokenizer, None, trackers=("tensorbord",))
    with pytest.raises(ParameterError, match=r"trackers must be a tuple of names.*\('tensorboard',\)"):
        fit(data, tokenizer, None, trackers="tensorboard")
    with pytest.raises(ParameterError, match="output_dir must be given with the tracker tensorboard"):
        fit(data, tokenizer, None, trackers=("tensorboard",))
    monkeypatch.setattr(tracking, "get_available_trackers", list)
    with pytest.raises(ParameterError, match="trackers must be installed, got 'wandb': pip install wandb"):
        fit(data, tokenizer, None, trackers=("wandb",))
