"""One tiny model, and one study that was run without a stop, for all tests of studies."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from helpers.study_case import rows, save_model, small_study


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Models this small gain nothing from a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny encoder-decoder and its tokenizer."""
    return save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def straight(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``small_study``, run in one go."""
    folder = tmp_path_factory.mktemp("straight")
    small_study(model).run(folder, threads=1, progress=False)
    return folder


@pytest.fixture(scope="session")
def full_study(model: Path):
    """A study with variants, a general set, text that is generated and audits."""
    return small_study(
        model,
        general=rows(6, start=100),
        metrics=["negative_log_likelihood", "exact_match"],
        generate_rows=4,
        wise_ft=(0.5,),
        adapter_scales=(0.5,),
        audit={"n_permutations": 19, "sample": 50},
    )


@pytest.fixture(scope="session")
def full_folder(full_study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``full_study``, run in one go."""
    folder = tmp_path_factory.mktemp("full")
    full_study.run(folder, threads=1, progress=False)
    return folder
