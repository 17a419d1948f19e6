"""Small data and a small tokenizer for all tests of fine-tuning."""

from __future__ import annotations

import pytest
import torch
from datasets import Dataset, DatasetDict

from codeshift.finetune.testing import tiny_tokenizer

NAMES = ["total", "first", "length", "name", "value", "index", "path", "key", "row", "text", "size", "node", "line"]


def rows(n: int, start: int = 0) -> Dataset:
    """``n`` rows of very unequal lengths."""
    chosen = [NAMES[(7 * i) % len(NAMES)] for i in range(start, start + n)]
    return Dataset.from_dict(
        {
            "doc": [f"Return the {name}" + " of it" * (i % 5) + "." for i, name in enumerate(chosen)],
            "sig": [f"def {name}(self):" for name in chosen],
            "code": [f"return self.{name}" + " + 1" * (i % 7) for i, name in enumerate(chosen)],
        }
    )


@pytest.fixture(scope="session")
def data() -> DatasetDict:
    """24 rows to train on and 8 in every other part."""
    return DatasetDict(train=rows(24), validation=rows(8, 24), test_id=rows(8, 32), test_ood=rows(8, 40))


@pytest.fixture(scope="session")
def tokenizer():
    """Trained on the words of the rows."""
    return tiny_tokenizer([" ".join(NAMES) + " Return the of it. def (self): return self. + 1"] * 3)


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Models this small gain nothing from a second thread, and lose much where several test processes have them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
