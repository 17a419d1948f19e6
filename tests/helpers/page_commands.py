"""How the commands on pages are run, and which are not run here, each with the reason."""

from __future__ import annotations

import contextlib
import dataclasses
import doctest
import fcntl
import functools
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from datasets import Dataset, DatasetDict

from codeshift.cli import main
from codeshift.cli.parser import make_parser
from codeshift.finetune import Trainer
from codeshift.finetune.limits import GivenLimits, Limits
from helpers.pages import ROOT, Block
from helpers.ports import free_port
from helpers.tiny_models import save_tiny_t5

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MOST_STEPS, MOST_TOKENS = 2, 16
LENGTHS = ("max_source_length", "max_target_length")

_DIVIDED = "accelerate divides a model on GPUs alone: tests/finetune/test_processes.py has it do so on a CPU"
NOT_RUN = {
    "make test": "it is what runs this test",
    "make demo": "makes .venv over a network; its recipe is codeshift demo",
    "make storm": "takes hours: tests/test_proof.py runs its parts on little",
    "python scripts/fuzz.py --reader manifest --minutes 60": "an hour: tests/test_proof.py reads a few such files",
    "python scripts/mutants.py --minutes 60": "an hour of tests of mutants: tests/test_proof.py looks at the mutants",
    "make dist": "makes environments over a network: `make dist` itself is run before a release",
    "codeshift demo": "takes minutes: tests/test_demo.py runs it on few rows",
    "codeshift study run study.yaml --out runs/first --workers 2": "ten trainings: README's study has all parts of one",
    "codeshift study run far.yaml --out runs/far": "four trainings: tests/study/test_study_transformed.py has some",
    "codeshift study report runs/far": "of the study before it",
    "codeshift study status runs/first": "of the study before it: tests/cli/test_study_commands.py asks for one",
    "codeshift study report runs/first --figures figures": "likewise",
    "codeshift overlap my-split pretraining.parquet --without clean": "tests/audit/test_overlap.py runs it",
    "codeshift overlap my-split pretraining.parquet --ngrams 13 --ngrams-out test-13-grams.pkl": "likewise, with lists",
    "pip install tree-sitter-language-pack": "comes over a network: tests/properties have a stand-in of it",
    "pip uninstall -y codeshift codeshift-ood": "would take away what is tested",
    "python scripts/notebooks.py examples/01_first_split.py": "writes into examples: test_examples.py runs it",
    "accelerate launch --use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --num_processes 2 "
    "train.py": _DIVIDED,
}
"""Commands that are checked but not run: that they parse, and that everything they name exists."""

_ELSEWHERE = "needs what this project does not install, and a cluster"
NOT_RUN_CODE = {
    (
        "classify.md",
        "codeshift train my-split --task classification --source code --target label --out my-classifier",
    ): "of a split with labels: tests/cli/test_train_and_evaluate.py runs such",
    (
        "comparison.md",
        ">>> X = numpy.random.default_rng(0).normal(size=(1000, 4))",
    ): "of astartes, which is not installed",
    (
        "published-splits.md",
        'rows = load_rows("mbpp/problems.jsonl")  # the 974 problems, in any order',
    ): "needs the rows of MBPP: tests/data/test_published.py applies the splits to them where they are",
    (
        "data.md",
        'rows = load_rows("code-search-net/code_search_net", split="train", config="python",',
    ): "needs the hub: tests/data/test_loading.py has a stand-in of it",
    ("scaling-out.md", 'if __name__ == "__main__":'): "of a script that starts processes: tests/study run such",
    ("cluster.md", "from codeshift.distributed import audit_files"): "of a script: tests/distributed do such an audit",
    ("cluster.md", "from codeshift.distributed import split_files"): "of a script: tests/distributed/test_processes.py",
    (
        "cluster.md",
        "codeshift split 'data/*.parquet' --splitter 'LengthSplitter(quantiles=(0.9, 1.0))' --out parts --workers 4",
    ): "starts processes: tests/distributed/test_split_files.py gives the command a cluster",
    ("cluster.md", "from dask.distributed import Client, LocalCluster"): "examples/08_to_a_cluster.py runs it",
    ("cluster.md", "from dask.distributed import Client"): _ELSEWHERE,
    ("scaling-out.md", "import ray"): _ELSEWHERE,
    ("scaling-out.md", "from mpi4py.futures import MPIPoolExecutor"): _ELSEWHERE,
    ("scaling-out.md", "srun --ntasks 17 --gpus-per-task 1 python -m mpi4py.futures study.py"): _ELSEWHERE,
    ("scaling-out.md", "import submitit"): _ELSEWHERE,
    (
        "train-elsewhere.md",
        "from datasets import load_dataset",
    ): "of a model that nobody has: tests/predictions/test_trl.py trains a tiny one",
    (
        "train-elsewhere.md",
        "vllm run-batch -i requests/test_id.jsonl -o answers_id.jsonl --model my-model",
    ): "of vllm, which is not installed",
}
"""Blocks marked as text that hold code nevertheless, by page and first line."""

_CODE = re.compile(
    r"^(import \w|from [\w.]+ import |if __name__|>>> |\$ |[\w, ]+ = [\w.]+\(|with [\w.]+\(.*:$"
    r"|(codeshift|pip|python|make|srun|sbatch|accelerate|torchrun|git|dask)( -| \w+ .*[-/.\w]))",
    flags=re.MULTILINE,
)


_OUTPUTS = "embedded-model-outputs.md"  # whose blocks are outputs of a model and their references


def check_text(block: Block, page: str) -> None:
    """Check that a block of text is output, or code with a reason not to be run."""
    if page == _OUTPUTS:
        return
    if (code := _CODE.search(block.text)) and not code[0].startswith(("codeshift: ", "codeshift study run FILE")):
        reason = NOT_RUN_CODE.get((page, block.text.splitlines()[0]))
        assert reason, f"text that holds code ({code[0]!r}): mark it as what it is, or say why it is not run"


def run_command(words: list[str], output: str = "") -> None:
    """Run a command as a reader would, except that models do ``little_work`` and ``NOT_RUN`` is not run."""
    words = [*words]
    while "=" in words[0]:  # environment variables
        words.pop(0)
    if " ".join(words) in NOT_RUN:
        _look_at(words)
    elif words[0] in _RULES:
        _RULES[words[0]](words[1:], output)
    else:
        raise AssertionError(f"there is no rule for {words[0]!r}, and no reason not to run it")


def _codeshift(arguments: list[str], output: str) -> None:
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors), little_work():
        try:
            code = main(arguments)
        except SystemExit as end:  # raised by argparse
            code = end.code or 0
    assert code in {0, 1}, f"exit code {code}: {printed.getvalue()}{errors.getvalue()}"  # 1 means "no"
    if output:
        same = doctest.OutputChecker().check_output(output, printed.getvalue(), FLAGS)
        assert same, f"the page says\n{output}\nbut it is\n{printed.getvalue()}"


@contextlib.contextmanager
def little_work() -> Iterator[None]:
    """Train two steps on texts that are cut short, in this process, so that all of a command runs, but soon."""
    fit, filled = Trainer.fit, GivenLimits.filled

    def fit_little(self: Trainer, *arguments: Any, **named: Any) -> Any:
        lengths = {name: min(getattr(self.config, name), MOST_TOKENS) for name in LENGTHS}
        with patch.object(self, "config", dataclasses.replace(self.config, max_steps=MOST_STEPS, **lengths)):
            return fit(self, *arguments, **named)

    def fill_low(self: GivenLimits, by: Limits) -> Limits:
        limits = filled(self, by)
        return dataclasses.replace(limits, **{name: min(getattr(limits, name), MOST_TOKENS) for name in LENGTHS})

    with patch.object(Trainer, "fit", fit_little), patch.object(GivenLimits, "filled", fill_low):
        yield


def _pip(arguments: list[str], _: str) -> None:
    """Do what ``pip install`` of this project would, from a wheel of this tree and without a network."""
    assert arguments[0] == "install", "only pip install has a rule"
    options = ["--dry-run", "--ignore-installed", "--no-deps", "--no-index", "--find-links", str(_wheel())]
    report = _call([sys.executable, "-m", "pip", *arguments, *options, "--quiet", "--report", "-"])
    [package] = json.loads(report)["install"]
    unknown = set(package.get("requested_extras", ())) - set(package["metadata"]["provides_extra"])
    assert package["metadata"]["name"] == "codeshift-ood"
    assert not unknown, f"no such extra: {unknown}"


@functools.cache
def _wheel() -> Path:
    """Return a folder with a wheel of this tree, made once for all workers of a test run."""
    folder = Path(os.environ["CODESHIFT_TESTS_SCRATCH"], "wheel")
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.whl")):
            _call([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    return folder


def _python(arguments: list[str], _: str) -> None:
    """Run a script of the repository in the folder of the page."""
    assert (ROOT / arguments[0]).is_file(), f"{arguments[0]} does not exist"
    _call([sys.executable, str(ROOT / arguments[0]), *arguments[1:]])


def _make(arguments: list[str], _: str) -> None:
    """Run ``make changelog`` as a draft, which writes nothing; there is no rule for other targets."""
    assert arguments == ["changelog"], f"make {' '.join(arguments)} has no rule"
    _call([sys.executable, "-m", "towncrier", "build", "--draft", "--version", "1.0"], cwd=ROOT)


def _accelerate(arguments: list[str], _: str) -> None:
    """Run a script of the page in the requested number of processes on a CPU, with a tiny model and rows."""
    script = Path(arguments[-1])
    rows = [{"nl": f"Add {i}.", "code": f"return a + {i}"} for i in range(8)]
    save_tiny_t5(Path("tiny"), [f"{row['nl']} {row['code']}" for row in rows])
    DatasetDict(train=Dataset.from_list(rows)).save_to_disk("data")
    text, names = re.subn(r'"Salesforce/[\w-]+"', '"tiny"', script.read_text(encoding="utf-8"))
    assert names, f"{script} names no model that could be exchanged"
    # One write a process: the pieces of a print of two processes can interleave.
    state = "accelerate.PartialState().num_processes"
    count_processes = f"\nimport os, accelerate\nos.write(1, b'processes: %d\\n' % {state})\n"
    script.write_text(text + count_processes, encoding="utf-8")
    launcher = [sys.executable, "-m", "accelerate.commands.launch", *arguments[1:-1]]
    with patch.dict(os.environ, {"ACCELERATE_USE_CPU": "true"}), free_port() as port:
        printed = _call([*launcher, "--main_process_port", str(port), str(script)])
    assert arguments[0] == "launch", "only accelerate launch has a rule"
    count = int(arguments[arguments.index("--num_processes") + 1])
    assert printed.count(f"processes: {count}") == count, printed
    [folder] = re.findall(r'fit\(.*, "([\w/]+)"\)', text)
    assert list(Path(folder).glob("*.safetensors")), "no model was written"


def _shell(program: str) -> Callable[[list[str], str], None]:
    return lambda arguments, _: (_call([program, *arguments]), None)[1]


_RULES: dict[str, Callable[[list[str], str], None]] = {
    "codeshift": _codeshift,
    "pip": _pip,
    "python": _python,
    "make": _make,
    "accelerate": _accelerate,
    **{program: _shell(program) for program in ("cat", "ls", "head", "mkdir", "wc")},
}


def _look_at(words: list[str]) -> None:
    """Check a command without running it."""
    program, *arguments = words
    if program == "make":
        check_recipe(arguments[0])
    elif program == "codeshift":
        make_parser().parse_args(arguments)
    elif program == "python":
        assert all((ROOT / word).is_file() for word in arguments if word.endswith(".py"))


def check_recipe(target: str) -> str:
    """Return what ``make`` would run if .venv were outdated; everything that it names must exist."""
    own = ["PYTHON=python3", "--no-print-directory"]  # these tests may run within make
    recipe = _call(["make", "-n", "-W", "pyproject.toml", *own, target], cwd=ROOT)
    lines = recipe.splitlines()
    assert any("-m venv" in line for line in lines), f"make {target} does not make .venv where it is missing"
    for line in lines:
        words = [word for word in shlex.split(line) if not re.fullmatch(r"\w+=.*", word)]
        if words[0].startswith(".venv/bin/"):
            program = Path(words[0]).name
            assert shutil.which(program, path=str(Path(sys.executable).parent)), f"{program} is not installed"
            if program == "codeshift":
                make_parser().parse_args(words[1:])
            for word in words[1:]:
                assert not word.endswith(".py") or (ROOT / word).is_file(), f"{word} does not exist"
        else:
            assert words[0] in {"python3", "touch", "rm"}, f"make {target} runs {words[0]}"
    return recipe


def _call(words: list[str], *, cwd: Path | None = None) -> str:
    """Return what a program prints; raise an error if it fails."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "MAKEFLAGS": ""}
    environment["PIP_CONFIG_FILE"] = os.devnull  # a user's own settings, such as constraints or an index
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stdout[-500:]}{done.stderr[-1500:]}"
    return done.stdout
