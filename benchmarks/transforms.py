"""Transforms on real code: programs that still pass their tests, and rows that parse as before.

OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/transforms.py --write benchmarks/transforms.md

It takes HumanEval, MBPP and CodeXGLUE from the folder ``CODESHIFT_SHARED_DATA``, and runs the programs in a sandbox.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping

from codeshift.metrics.execution import PythonRunner
from codeshift.properties.parsing import CodeParser
from codeshift.transforms import (
    DeadCode,
    DropComments,
    ForToWhile,
    InvertConditions,
    Reformat,
    RenameIdentifiers,
    Transform,
    UnfoldConstants,
)
from helpers.shared_data import shared_rows

_FILES = (
    ("text_to_code/validation.jsonl", "code", "java"),
    ("code_refinement_small/validation.jsonl", "buggy", "java"),
    ("code_refinement_small/test.jsonl", "buggy", "java"),
    ("code_refinement_medium/validation.jsonl", "buggy", "java"),
    ("code_to_code_trans/train.jsonl", "java", "java"),
    ("code_to_code_trans/validation.jsonl", "java", "java"),
    ("code_to_code_trans/test.jsonl", "java", "java"),
    ("code_to_code_trans/train.jsonl", "cs", "c_sharp"),
    ("code_to_code_trans/validation.jsonl", "cs", "c_sharp"),
    ("code_to_code_trans/test.jsonl", "cs", "c_sharp"),
    ("algorithms/functions.jsonl", "code", "java"),
    ("algorithms/functions.jsonl", "code", "cpp"),
    ("algorithms/functions.jsonl", "code", "go"),
)


def of_python() -> Mapping[str, Transform]:
    """Return the rewrites of Python by name."""
    return {
        "RenameIdentifiers": RenameIdentifiers(language="python"),
        "RenameIdentifiers, parameters": RenameIdentifiers(language="python", names="words", parameters=True),
        "DropComments": DropComments(language="python"),
        "Reformat": Reformat(language="python"),
        "ForToWhile": ForToWhile(language="python"),
        "InvertConditions": InvertConditions(language="python"),
        "DeadCode": DeadCode(language="python", statements=3),
        "UnfoldConstants": UnfoldConstants(language="python"),
    }


def problems(count: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return the programs of HumanEval and MBPP with their tests, the first ``count`` of each."""
    human_eval = [
        (row["prompt"] + row["canonical_solution"], f"{row['test']}\ncheck({row['entry_point']})")
        for row in shared_rows("human_eval/problems.jsonl")
    ]
    mbpp = [
        (row["code"], "\n".join([row["test_setup_code"], *row["test_list"]]))
        for row in shared_rows("mbpp/problems.jsonl")
    ]
    return {"HumanEval": human_eval[:count], "MBPP": mbpp[:count]}


def pass_together(runs: Iterable[tuple[str, str]], runner: PythonRunner) -> bool:
    """Return whether programs pass their tests, each in a namespace of its own but all in one process."""
    [[passed]] = runner.run([_TOGETHER.format(runs=list(runs))], ["assert passed"])
    return bool(passed)


_TOGETHER = """\
for program, test in {runs!r}:
    space = {{"__name__": "program"}}
    exec(program, space)
    exec(test, space)
passed = True
"""


def failing(programs: Mapping[str, str], test: str, runner: PythonRunner) -> list[str]:
    """Return the names of the programs that do not pass a test."""
    if pass_together(((program, test) for program in programs.values()), runner):
        return []
    return [name for name, program in programs.items() if not runner.run([program], [test])[0].all()]


def python_table(count: int | None = None) -> Iterator[str]:
    """Yield the lines of the table of Python programs."""
    runner, transforms = PythonRunner(timeout=120, cpu_seconds=120), of_python()
    yield "| rewrite | " + " | ".join(f"{name}: changed | pass" for name in problems(1)) + " |"
    yield "|---|" + "---|" * 2 * len(problems(1))
    cells: dict[str, list[str]] = {name: [] for name in transforms}
    for rows in problems(count).values():
        lost: dict[str, int] = dict.fromkeys(transforms, 0)
        changed = dict.fromkeys(transforms, 0)
        for code, test in rows:
            rewritten = {name: transform.rewrite(code) for name, transform in transforms.items()}
            for name, program in rewritten.items():
                changed[name] += program != code
            for name in failing(rewritten, test, runner):
                lost[name] += 1
        for name in transforms:
            cells[name] += [f"{changed[name]:,} of {len(rows):,}", f"{len(rows) - lost[name]:,}"]
    for name, of in cells.items():
        yield f"| {name} | {' | '.join(of)} |"


def parse_table() -> Iterator[str]:
    """Yield the lines of the table of other languages."""
    yield "| language | rows | rewrite | changed | new errors |\n|---|---|---|---|---|"
    rows: dict[str, list[str]] = {}
    for path, column, language in _FILES:
        data = shared_rows(path)
        kept = data.filter(lambda row, of=language: row["language"] == of) if "language" in data.column_names else data
        rows.setdefault(language, []).extend(kept[column])
    for language, texts in rows.items():
        parser = CodeParser(language)
        had_error = [parser.parse(text).has_error for text in texts]
        for name, transform in _of(language).items():
            rewritten = [transform.rewrite(text) for text in texts]
            changed = sum(new != text for new, text in zip(rewritten, texts, strict=True))
            errors = sum(
                new != text and parser.parse(new).has_error and not had
                for new, text, had in zip(rewritten, texts, had_error, strict=True)
            )
            yield f"| {language} | {len(texts):,} | {name} | {changed:,} | {errors:,} |"


def _of(language: str) -> Mapping[str, Transform]:
    return {
        "RenameIdentifiers": RenameIdentifiers(language=language),
        "RenameIdentifiers, parameters": RenameIdentifiers(language=language, parameters=True),
        "DropComments": DropComments(language=language),
        "Reformat": Reformat(language=language),
    }


_HEAD = """# Transforms on real code

`OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/transforms.py --write benchmarks/transforms.md`

## Python programs that pass their tests

The canonical solutions of HumanEval (164) and MBPP (974), rewritten and run against the tests of their problems. A
program that a rewrite leaves as it is counts as one that passes if it does.
"""
_OTHERS = """
## Rows of other languages

Rows of CodeXGLUE and of TheAlgorithms. New errors: rows that parsed before and do not parse after.
"""


def main() -> None:
    """Write the page."""
    from pages import add_page, write_or_print  # here, since a test imports this file from the repository's root

    parser = argparse.ArgumentParser(description=__doc__)
    add_page(parser)
    parser.add_argument("--count", type=int, help="programs of each benchmark to run; all without")
    arguments = parser.parse_args()
    text = "\n".join([_HEAD, *python_table(arguments.count), _OTHERS, *parse_table()]) + "\n"
    write_or_print(text, arguments.write)


if __name__ == "__main__":
    main()
