"""Write the module of names that help of the command line lists, since it loads none of the classes that have them.

python scripts/command_names.py
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from dataclasses import MISSING, fields
from itertools import takewhile
from pathlib import Path

from codeshift import metrics, splitters
from codeshift.cli.train import OPTIONS
from codeshift.finetune import TrainingConfig
from codeshift.formatting import shortest
from codeshift.metrics.base import METRICS
from codeshift.splits.config import SplitConfig, SplitOptions
from codeshift.splitters import Splitter
from codeshift.splitters.parse import _OF_FUNCTIONS
from codeshift.transforms.by_name import TRANSFORMS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "src" / "codeshift" / "cli" / "names.py"
HEAD = '''"""Names that help lists without loading what they name, written by ``scripts/command_names.py``."""

'''


def main() -> int:
    """Write the module."""
    PAGE.write_text(module(), encoding="utf-8")
    return 0


def module() -> str:
    """Return the text of the module: each list in the order in which its package lists what it has."""
    of_package = [vars(metrics)[name] for name in metrics.__all__ if vars(metrics)[name] in METRICS.values()]
    of_classes = [cls.key for cls in of_package if cls.takes == "class_probabilities"]
    of_texts = [cls.key for cls in of_package if cls.takes == "text"]
    by_forcing = [cls.key for cls in of_package if cls.key not in (*of_texts, *of_classes)]
    return HEAD + "\n".join((
        _tuple("SPLITTERS", _splitters(), "Names of all splitters in expressions."),
        _tuple("TRANSFORM_NAMES", TRANSFORMS, "Names of all transforms."),
        _tuple("OF_TEXTS", of_texts, "Names of all metrics of a text that was written."),
        _tuple("BY_TEACHER_FORCING", by_forcing, "Names of all metrics that are measured on the model itself."),
        _tuple("OF_CLASSES", of_classes, "Names of all metrics of a classification."),
        _options("SPLIT_OPTIONS", SplitConfig, SplitOptions.__annotations__),
        _defaults("TRAINING_DEFAULTS", TrainingConfig, OPTIONS, "Default of each option of training"),
    ))  # fmt: skip


def _tuple(name: str, names: Iterable[str], about: str) -> str:
    lines = "".join(f'    "{each}",\n' for each in names)
    return f'{name} = (\n{lines})\n"""{about}"""\n'


def _splitters() -> list[str]:
    """Return the names of the splitters that an expression may name: all but those of functions."""
    return [
        name
        for name in splitters.__all__
        if isinstance(cls := vars(splitters)[name], type)
        and issubclass(cls, Splitter)
        and not (inspect.isabstract(cls) or name in _OF_FUNCTIONS)
    ]


def _options(name: str, cls: type, options: Iterable[str]) -> str:
    """Return the kind, the default in words and the description of some fields of a dataclass, for help."""
    of_class = {field.name: field for field in fields(cls)}
    lines = ""
    for option in options:
        field = of_class[option]
        words = (_kind(option, str(field.type)), _in_words(field.default), _described(cls, option))
        lines += f'    "{option}": (\n' + "".join(f'        "{word}",\n' for word in words) + "    ),\n"
    about = "Kind of each option of a split, its default in words (none for what is off) and what it is"
    return f'{name} = {{\n{lines}}}\n"""{about}."""\n'


def _kind(option: str, annotation: str) -> str:
    """Return the kind of values that an option takes on the command line."""
    if option.endswith("_size"):
        return "size"
    kinds = {"int": "integer", "float": "share", "float | None": "share", "bool": "flag", "str | None": "column"}
    return kinds.get(annotation, option)


def _described(cls: type, name: str) -> str:
    """Return what the docstring of a class says of an attribute, up to the first colon or full stop."""
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"    {name}: "))
    more = takewhile(lambda line: line.startswith(" " * 8), lines[start + 1 :])
    text = " ".join([lines[start].partition(": ")[2], *map(str.strip, more)])
    clause = re.split(r"[:.](?= |$)|; (?![0`])", text)[0].replace("`", "").replace('"', "")
    clause = clause.removeprefix("Whether to ")
    return clause[0].lower() + clause[1:]


def _defaults(name: str, cls: type, options: Iterable[str], about: str) -> str:
    """Return the defaults of some fields of a dataclass as help shows them; those that are off or None are left out."""
    defaults = {field.name: field.default for field in fields(cls)}
    words = {option: _in_words(defaults[option]) for option in options}
    lines = "".join(f'    "{option}": "{word}",\n' for option, word in words.items() if word)
    return f'{name} = {{\n{lines}}}\n"""{about}, in words; none for what is off."""\n'


def _in_words(default: object) -> str:
    if default is None or default is False or default is MISSING:
        return ""
    return shortest(default) if isinstance(default, float) else str(default)


if __name__ == "__main__":
    sys.exit(main())
