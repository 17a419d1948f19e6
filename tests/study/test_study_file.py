"""Studies from files: every setting reaches the study, and errors name the line of an invalid setting."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from codeshift.errors import ParameterError
from codeshift.finetune import Decoding, TrainingConfig
from codeshift.metrics import NegativeLogLikelihood
from codeshift.splitters import ASTNodeSplitter, ClusterSplitter, EncoderEmbedding, LengthSplitter, Scenario
from codeshift.study.config_file import SettingsError, read_settings
from codeshift.study.study_file import load_study
from helpers.cli_rows import rows, write
from helpers.study_files import YAML, study_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the rows; a model is not loaded before a study runs."""
    write(tmp_path / "rows.jsonl", rows(40))
    (tmp_path / "model").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", ["study.yaml", "study.yml", "STUDY.YAML"])
def test_every_setting_reaches_the_study(folder: Path, name: str) -> None:
    """The name of the file has no effect; relative paths are resolved from its folder."""
    study = load_study(study_file(folder, YAML, name))
    length = LengthSplitter(column="code", quantiles=(0.8, 1.0), language="python", ties="split")
    loops = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    assert study.spec.scenarios == (Scenario("length_p80_p100", length), Scenario("loops", loops))
    assert study.dataset["code"][:] == [row["func"] for row in rows(40)]
    assert study.methods["full"] is None
    assert (study.methods["lora"].r, study.methods["lora"].lora_alpha) == (8, 16)
    common = {"max_steps": 2, "train_batch_size": 4, "eval_strategy": "no"}
    assert study.spec.configs == {
        "full": TrainingConfig(learning_rate=5e-5, **common),
        "lora": TrainingConfig(learning_rate=1e-3, **common),
    }
    assert study.spec.metrics == (NegativeLogLikelihood(),)
    assert (study.source, study.target, study.spec.column, study.spec.language) == ("{doc}", "code", "code", "python")
    assert (study.spec.ood_kept, study.spec.audit, study.title) == ((0.0, 1.0), None, "A small one")
    assert study.model == str(folder / "model")


MORE = """\
data: {source: parts, rename: {func: code}}
general: {source: parts, split: test, rename: {func: code}}
source: doc
target: code
scenarios: semantics_cluster_0
embedding: tfidf
methods:
  full: full
  small: {type: ia3, target_modules: [q], feedforward_modules: []}
split_seeds: [3, 4]
wise_ft: [0.5]
groups: project
near_duplicates: null
train_size: 20
audit: {n_permutations: 99}
decoding: {num_beams: 2, stop_strings: ["}"]}
training: {adam_beta2: 0.95, freeze: ["shared.*"]}
model: an/other
"""


def test_the_other_settings(folder: Path) -> None:
    """Official parts, a general set, any method of PEFT, tuples, decoding; a hub name stays one."""
    (folder / "parts").mkdir()
    for part, (start, stop) in {"train": (0, 60), "test": (60, 80)}.items():
        write(folder / "parts" / f"{part}.jsonl", rows(80)[start:stop])
    study = load_study(study_file(folder, MORE))
    assert set(study.dataset) == {"train", "test"}
    assert study.general["code"][:] == study.dataset["test"]["code"][:]
    assert study.methods["small"].peft_type.value == "IA3"
    assert study.spec.configs["full"] == TrainingConfig(adam_beta2=0.95, freeze=("shared.*",))
    assert study.decoding == Decoding(num_beams=2, stop_strings=("}",))
    assert (study.spec.split_seeds, study.spec.wise_ft, study.groups, study.train_size) == (
        (3, 4),
        (0.5,),
        "project",
        20,
    )
    assert study.model == "an/other"


def test_the_encoder_of_clusters_has_a_revision(folder: Path) -> None:
    """A name of the hub stays one, and what it lacks or does not have is told by its line."""
    encoder = "{model: an/encoder, revision: v1, pooling: cls}"
    text = YAML.replace("[full, lora]", f"[full, lora]\nembedding: {encoder}").replace("length_p80_p100", "semantics")
    splitters = [scenario.splitter for scenario in load_study(study_file(folder, text)).spec.scenarios]
    embedding = EncoderEmbedding("an/encoder", revision="v1", pooling="cls")
    assert sum(isinstance(s, ClusterSplitter) and s.embedding == embedding for s in splitters) == 5
    for wrong, words in (("{revision: v1}", "model must be a folder or a hub name"), ("{mode: a/b}", "model must be")):
        with pytest.raises(SettingsError, match=words):
            load_study(study_file(folder, text.replace(encoder, wrong)))
    with pytest.raises(SettingsError, match="unknown key 'revison': did you mean revision"):
        load_study(study_file(folder, text.replace(encoder, "{model: a/b, revison: v1}")))


def line(number: int | None, message: str) -> str:
    return rf"study\.\w+{'' if number is None else f', line {number}'}: .*{re.escape(message)}"


BAD = {
    ("title: A small one", "titel: A small one"): line(1, "unknown key 'titel': did you mean title?"),
    ("source: rows.jsonl", "source: rowz.jsonl"): line(3, "did you mean rows.jsonl?"),
    ("rename: {func: code}", "rename: {fnc: code}"): line(4, "got 'fnc': did you mean func?"),
    ("rename: {func: code}", "renam: {func: code}"): line(4, "unknown key 'renam': did you mean rename?"),
    ("column: code", "column: cod"): line(5, "got 'cod'"),
    ("language: python", "language: pyhton"): line(6, "did you mean python?"),
    ('source: "{doc}"', 'source: "{dok}"'): line(7, "got 'dok': did you mean doc?"),
    ("target: code\n", ""): line(None, "the key 'target' is missing: add target: ..."),
    ("length_p80_p100", "lenght_p80_p100"): line(11, "got 'lenght_p80_p100': did you mean length_"),
    ("ASTNodeSplitter", "ASTNodSplitter"): line(13, "got 'ASTNodSplitter': did you mean ASTNodeSplitter"),
    ("while_statement", "while_statment"): line(13, "did you mean while_statement"),
    (
        "ASTNodeSplitter(nodes=('while_statement',))",
        ">\n      ASTNodeSplitter(\n      nodes=('while_statment',))",
    ): line(15, "did you mean while_statement"),
    ("nodes=('while_statement',)", "node=('while_statement',)"): line(
        13, "got node=('while_statement',): did you mean nodes?"
    ),
    ("ASTNodeSplitter(nodes=('while_statement',))", "LengthSplitter(quantiles=(0.9, 0.5))"): line(
        13, "quantiles must be two numbers in order, 0 <= low < high <= 1, got (0.9, 0.5): "
    ),
    ("splitter: AST", "spliter: AST"): line(13, "unknown key 'spliter': did you mean splitter?"),
    ("name: loops", "name: length_p80_p100"): line(11, "scenarios must be without repetition"),
    ("ood_kept: [0, 1]", "ood_kept: [0, 2]"): line(14, "ood_kept must be a number from 0 to 1, got 2"),
    ("ood_kept: [0, 1]", "ood_kept: [0, 1"): line(15, "expected ',' or ']'"),
    ("[full, lora]", "[full, lorra]"): line(15, "got 'lorra': did you mean lora"),
    ("[full, lora]", "[full, 3]"): line(15, "methods must be a list of names, or settings by name"),
    ("[full, lora]", "{full: full, lora: {rank: 3}}"): line(15, "unknown key 'rank'"),
    ("[full, lora]", "{full: full, lora: {layers_pattern: x}}"): line(15, "must also be specified"),
    ("train_batch_size: 4", "train_batch_size: 0"): line(
        19, "train_batch_size must be a whole number from 1 up, got 0"
    ),
    ("train_batch_size: 4", "trainbatch: 4"): line(19, "unknown key 'trainbatch': did you mean train_batch_size?"),
    ("train_batch_size: 4", "batch_size: 4"): line(19, "unknown key 'batch_size': it is train_batch_size, the rows of"),
    ("train_batch_size: 4", "bf16: no"): line(19, "bf16 must be True or False, got 'no': give False"),
    ("  lora:\n", "  lorra:\n"): line(21, "unknown key 'lorra': did you mean lora?"),
    ("learning_rate: 1e-3", "learning_rate: -1e-3"): line(22, "learning_rate must be a number above 0"),
    ("learning_rate: 1e-3", "learning_rate: fast"): line(22, "learning_rate must be a number above 0, got 'fast'"),
    ("negative_log_likelihood", "negative_loglikelihood"): line(24, "did you mean negative_log_likelihood"),
    ("audit: false", "audit: maybe"): line(25, "audit must be True, False or settings of an audit"),
    ("audit: false", "audit: false\ncolumn: code"): line(26, "the key 'column' stands here for the second time"),
    ("audit: false", "audit: !!python/object/apply:os.getcwd []"): line(25, "could not determine a constructor"),
    ("audit: false", "wise_ft: [2]"): line(25, "wise_ft must be between 0 and 1"),
    ("audit: false", "decoding: {beams: 2}"): line(25, "unknown key 'beams': did you mean num_beams?"),
}


@pytest.mark.parametrize("change", BAD, ids=lambda change: change[1])
def test_what_cannot_work_is_told_by_its_line(folder: Path, change: tuple[str, str]) -> None:
    """The error names the line of an invalid setting, at any place."""
    assert YAML.count(change[0]) == 1
    with pytest.raises(SettingsError, match=BAD[change]) as raised:
        load_study(study_file(folder, YAML.replace(*change)))
    assert pickle.loads(pickle.dumps(raised.value)).args == raised.value.args  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("study.json", "{}", "file must be a file of YAML"),
        ("study.toml", 'data = "rows.jsonl"', "write it in YAML, and end its name in .yaml"),
        ("study", "data: rows.jsonl", "file must be a file of YAML"),
        ("study.yaml", "- a", "the file must hold names and values, got ['a']"),
        ("study.yaml", "", "the key 'data' is missing"),
        ("study.yaml", "a: \x00", "study.yaml"),
    ],
)
def test_files_that_are_none(folder: Path, name: str, text: str, message: str) -> None:
    """An empty one, a list, another format."""
    with pytest.raises((ParameterError, SettingsError), match=re.escape(message)):
        load_study(study_file(folder, text, name))


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (ALIASES, 5, "the file comes to more than 20,000 values up to here"),
        ("seed: &a\n  - *a\n", 2, "the alias *a stands inside of what it stands for"),
        ("seed: &a\n  b: {c: *a}\n", 2, "the alias *a stands inside of what it stands for"),
        ("seed: 1\nb: " + "[" * 100_000, 2, "values are nested more than 30 deep"),
        ("".join(" " * i + "a:\n" for i in range(100)), 30, "values are nested more than 30 deep"),
        ("seed: 1\n? [a, b]\n: 2\n", 2, "a key must be a text"),
        ("seed: 1\n{a: b}: 2\n", 2, "a key must be a text"),
        ("a: &a [1]\n? *a\n: 2\n", 2, "a key must be a text"),
        ("a: 1\nseed: " + "1" * 5000, 2, "(5,000 characters) cannot be held"),
        ("seed: 1\nb:\n  - 2024-13-45\n", 3, "2024-13-45 cannot be held"),
        ("seed: 1\nb: !!python/object:os.system {}\n", 2, "could not determine a constructor"),
        ("seed: 1\nb: !!int x\n", 2, "x cannot be held"),
        ("seed: 1\nb: !!bool x\n", 2, "x cannot be held"),
        ("seed: 1\nb: !!timestamp x\n", 2, "x cannot be held"),
        ("seed: 1\nb: !!float ''\n", 2, "cannot be held"),
        ("seed: 1\nb: *nowhere\n", 2, "found undefined alias"),
    ],
)
def test_a_file_that_would_take_everything_down_is_told_by_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    """A file that would exhaust memory or recursion is an error with its line."""
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(message)) as raised:
        read_settings(path)
    assert raised.value.line == line
    assert len(str(raised.value)) < 500


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """A file that is too large is refused, with any content."""
    path = tmp_path / "study.yaml"
    path.write_text("#" * 1_000_001)
    with pytest.raises(SettingsError, match="1,000,001 bytes"):
        read_settings(path)


def test_aliases_and_merges_are_values_like_others(tmp_path: Path) -> None:
    """Aliases and merges of YAML are read like other values."""
    path = tmp_path / "study.yaml"
    path.write_text("a: &a {b: 1, c: [2, 3]}\nd: *a\ne:\n  <<: *a\n  b: 4\n")
    same = {"b": 1, "c": [2, 3]}
    assert read_settings(path).content == {"a": same, "d": same, "e": same | {"b": 4}}


def test_a_text_that_begins_as_a_value_is_a_text(tmp_path: Path) -> None:
    """Plain words need no quotes."""
    path = tmp_path / "study.yaml"
    path.write_text("title: 5e-5 or less\nname: true colours\n")
    assert read_settings(path).content == {"title": "5e-5 or less", "name": "true colours"}


def test_a_missing_file(folder: Path) -> None:
    """Close matches are named."""
    study_file(folder)
    with pytest.raises(ParameterError, match=r"did you mean study\.yaml\?"):
        load_study(folder / "stdy.yaml")
    with pytest.raises(ParameterError, match="file must be an existing file, got"):
        load_study(f"{'1' * 5000}.yaml")
