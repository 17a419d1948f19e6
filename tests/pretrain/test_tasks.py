"""The rows of pretraining: four tasks, nothing lost, the same for the same seed."""

from __future__ import annotations

import re

import pytest

from tools.pretrain.code_tokenizer import train_code_tokenizer
from tools.pretrain.fragments import Fragment
from tools.pretrain.tasks import docstring_rows, layout, pretraining_rows, summary_rows


def made(i: int, docstring: str, language: str = "python") -> Fragment:
    lines = "".join(f"    total += a * {number} + b\n" for number in range(i, i + 9))
    code = f"def f{i}(a, b):\n    total = a + {i}\n{lines}    return total * b"
    return Fragment(source="a", language=language, signature=f"def f{i}(a, b):", docstring=docstring, code=code)


FRAGMENTS = [made(i, "Multiply." if i % 2 else "") for i in range(10)]


@pytest.fixture(scope="module")
def tokenizer():
    return train_code_tokenizer([fragment.code for fragment in FRAGMENTS], vocabulary=400)


def test_each_fragment_is_in_each_task_it_has_something_for(tokenizer):
    """Hidden spans of all ten, short ones of the fewest; of the five documented ones each way of text and code."""
    rows = pretraining_rows(FRAGMENTS, tokenizer)
    assert len(rows) == 10 + 5 + 5
    short = [target for target in rows["target"] if "<extra_id_2>" in target]
    long = [target for target in rows["target"] if re.fullmatch(r"<extra_id_0>(?s:.)+<extra_id_1>", target)]
    assert len(short) + len(long) == sum("<extra_id_0>" in source for source in rows["source"]) == 10
    assert 0 < len(short) < len(long)


def test_text_to_code_and_code_to_text():
    """Docstring, then signature on a line of its own; the other way round the code alone is the source."""
    [row] = docstring_rows([FRAGMENTS[1]])
    assert row == {"source": "Multiply.\ndef f1(a, b):", "target": FRAGMENTS[1].code}
    [row] = summary_rows([FRAGMENTS[1]])
    assert row == {"source": FRAGMENTS[1].code, "target": "Multiply."}


def test_the_seed_decides_the_spans(tokenizer):
    """Same seed, same rows; another seed, other spans."""
    rows = pretraining_rows(FRAGMENTS, tokenizer)
    assert rows["source"][:] == pretraining_rows(FRAGMENTS, tokenizer)["source"][:]
    assert rows["source"][:] != pretraining_rows(FRAGMENTS, tokenizer, seed=1)["source"][:]


def test_about_half_of_java_stands_on_one_line():
    """By content, so that it is always the same half; Python never does."""
    java = [made(i, "", "java") for i in range(40)]
    assert 8 < sum("\n" not in layout(fragment) for fragment in java) < 32
    assert all("\n" in layout(fragment) for fragment in FRAGMENTS)
