"""Code taken out of answers."""

from __future__ import annotations

import pytest

from codeshift.finetune.extraction import extract_code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("x = 1", "x = 1"),
        ("", ""),
        ("Text without a block,\nof two lines.", "Text without a block,\nof two lines."),
        ("```\nx = 1\n```", "x = 1"),
        ("Sure!\n\n```python\ndef f():\n\n    return 1\n```\nand\n```\ny\n```", "def f():\n\n    return 1"),
        ("~~~py\nx = '```'\n~~~", "x = '```'"),
        ("````md\n```py\nx\n```\n````", "```py\nx\n```"),
        ("```python\nx = 1\n", "x = 1"),
        ("```python\nx = 1", "x = 1"),
        ("Use `x` or ```y```.\n```py\nz\n```", "z"),
        ("```x = 1``` is code\n", "```x = 1``` is code\n"),
        ("```py\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2"),
        ("   ```py\nx\n   ```", "x"),
        ("```\n```", ""),
        ("```py\ntext = '''\n``` not the end\n'''\n```", "text = '''\n``` not the end\n'''"),
    ],
)
def test_the_first_block_or_the_whole(answer, code):
    assert extract_code(answer) == code
