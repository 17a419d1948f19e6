"""Help: every command says what it does and shows an example that works."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from codeshift.cli.parser import make_parser
from codeshift.transforms.by_name import TRANSFORMS
from helpers.pages import script


def commands(parser: argparse.ArgumentParser, name: str = "codeshift") -> dict[str, argparse.ArgumentParser]:
    """Return all commands by what the user types."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        return {name: parser}
    parsers: dict[str, argparse.ArgumentParser] = {}
    for word, inner_parser in inner[0].choices.items():
        parsers |= commands(inner_parser, f"{name} {word}")
    return parsers


COMMANDS = commands(make_parser())


def test_the_commands() -> None:
    """The commands are those in the documentation."""
    study = [f"study {word}" for word in ("plan", "run", "status", "report")]
    cache = ["cache info", "cache clear"]
    rest = ["split", "audit", "overlap", "train", "evaluate", "export", "score", "languages", "doctor", "demo"]
    assert set(COMMANDS) == {f"codeshift {word}" for word in (*study, *cache, *rest)}


@pytest.mark.parametrize("typed", COMMANDS)
def test_help_ends_with_an_example_that_parses(typed: str) -> None:
    """The example is for this command, and all its options exist."""
    text = COMMANDS[typed].format_help()
    example = text.rpartition("example: ")[2].replace("\\\n", " ")
    words = shlex.split(example)
    assert " ".join(words).startswith(typed)
    make_parser().parse_args(words[1:])
    assert COMMANDS[typed].description


@pytest.mark.parametrize("typed", COMMANDS)
def test_every_option_is_explained(typed: str) -> None:
    """Every option has help, and every command except the demo has ``--json``."""
    assert all(action.help for action in COMMANDS[typed]._actions)
    assert ("--json" in COMMANDS[typed]._option_string_actions) == (typed != "codeshift demo")


def test_help_lists_splitters_metrics_and_defaults() -> None:
    """Help lists all splitters, transforms and metrics, and true defaults; if not, run ``scripts/command_names.py``."""
    from codeshift import metrics, splitters
    from codeshift.audit.settings import AuditSettings
    from codeshift.cli import names, tasks
    from codeshift.data import TASK_DATASETS
    from codeshift.finetune.tasks import TASKS
    from codeshift.metrics.by_name import METRICS
    from codeshift.task_kinds import TASK_NAMES

    assert script("scripts/command_names.py").module() == Path(names.__file__).read_text(encoding="utf-8")
    assert {*splitters.__all__} - {*names.SPLITTERS} > {"Splitter", "PredicateSplitter"}
    listed = (*names.OF_TEXTS, *names.BY_TEACHER_FORCING, *names.OF_CLASSES)
    assert sorted(listed) == sorted(name for name, cls in METRICS.items() if vars(metrics).get(cls.__name__) is cls)
    for typed, words in (("split", (*names.SPLITTERS, *TRANSFORMS)), ("evaluate", listed)):
        text = COMMANDS[f"codeshift {typed}"].format_help()
        assert [word for word in words if word not in text] == []
    split_defaults = {name: default for name, (_, default, _) in names.SPLIT_OPTIONS.items() if default}
    assert split_defaults["test_ood_size"] == "0.5"
    assert names.TRAINING_DEFAULTS["learning_rate"] == "5e-05"
    assert names.TRAINING_DEFAULTS["train_batch_size"] == "16"
    for typed, defaults in (("split", split_defaults), ("train", names.TRAINING_DEFAULTS)):
        options = COMMANDS[f"codeshift {typed}"]._option_string_actions
        for name, default in defaults.items():
            assert (options[f"--{name.replace('_', '-')}"].help or "").endswith(f" [{default}]"), name
    assert tuple(TASKS) == TASK_NAMES
    parser = argparse.ArgumentParser()
    tasks.add_task(parser)
    shown = " ".join(action.help or "" for action in parser._actions)
    assert [name for name in TASK_DATASETS if name in shown] == [*TASK_DATASETS]
    audited = vars(make_parser().parse_args(["audit", "folder"]))
    settings = AuditSettings(column="code")
    assert (audited["permutations"], audited["sample"], audited["seed"]) == (
        settings.n_permutations,
        settings.sample,
        settings.seed,
    )


def test_help_of_any_command_is_quick() -> None:
    """Help loads no data or deep learning library."""
    names = [typed.split()[1:] for typed in COMMANDS]
    code = (
        "import sys; from codeshift.cli import main\n"
        f"for words in {names!r}:\n"
        "    try: main([*words, '--help'])\n"
        "    except SystemExit: pass\n"
        "print([name for name in ('torch', 'datasets', 'numpy', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.endswith("[]\n")
    assert len(re.findall(r"^usage: codeshift ", done.stdout, flags=re.MULTILINE)) == len(names)
