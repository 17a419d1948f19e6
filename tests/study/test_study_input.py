"""Invalid arguments of a study are refused when it is created, with the name, the value and the remedy."""

from __future__ import annotations

import re

import pytest
from datasets import DatasetDict
from peft import AdaLoraConfig, LoraConfig, PromptTuningConfig

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import TrainingConfig, load_model
from codeshift.metrics import ExactMatch
from codeshift.properties import CharCount
from codeshift.splitters import ASTNodeSplitter, ComplexitySplitter, LengthSplitter, Scenario
from codeshift.study.settings.validate import common_language
from helpers.study_case import LONG, LOOPS, rows, small_study

DOCS = Scenario("docs", LengthSplitter(column="doc"))
CASES = [
    ({"scenarios": []}, "scenarios must be at least one Scenario, got []"),
    ({"scenarios": "length"}, "scenarios must be a sequence, got 'length'"),
    ({"scenarios": ["length_p80_p100"]}, 'take scenarios_by_name("length_p80_p100", column=...)'),
    ({"scenarios": [LONG.splitter]}, "scenarios must be Scenario objects, got LengthSplitter("),
    ({"scenarios": [LONG, LONG]}, "scenarios must be without repetition, got 'long': name each once"),
    ({"scenarios": [LONG, DOCS]}, "column must be given where scenarios read several"),
    ({"methods": {}}, "methods must be configs by name, at least one, got {}"),
    ({"methods": ["full"]}, "methods must be configs by name"),
    ({"methods": {"none": None}}, "methods must be configs by names of text, got 'none'"),
    ({"methods": {"lora": "lora"}}, "methods['lora'] must be None or a config of PEFT, got 'lora'"),
    ({"ood_kept": ()}, "ood_kept must be at least one share"),
    ({"ood_kept": 0.5}, "ood_kept must be a sequence, got 0.5"),
    ({"ood_kept": (0.0, 1.5)}, "ood_kept must be a number from 0 to 1, got 1.5"),
    ({"ood_kept": (float("nan"),)}, "ood_kept must be a number from 0 to 1, got nan"),
    ({"ood_kept": (0, 0.0)}, "ood_kept must be without repetition, got 0.0"),
    ({"split_seeds": ()}, "split_seeds must be at least one seed"),
    ({"train_seeds": (0, -1)}, "train_seeds must be a whole number from 0 up, got -1"),
    ({"train_seeds": (1, 1)}, "train_seeds must be without repetition, got 1"),
    ({"split_seeds": 3}, "split_seeds must be a sequence, got 3"),
    ({"metrics": []}, "metrics must be at least one metric"),
    ({"metrics": ["exactmatch"]}, "got 'exactmatch': did you mean exact_match?"),
    ({"metrics": [len]}, "metrics must be made of metrics of codeshift.metrics or their names"),
    ({"metrics": ["exact_match", ExactMatch()]}, "metrics must be without repetition, got 'exact_match'"),
    ({"config": 3}, "config must be a TrainingConfig, or one for each method by name, got 3"),
    ({"config": {"lorra": TrainingConfig()}}, "config must be of names of methods, got 'lorra': did you mean lora"),
    ({"config": {"full": TrainingConfig()}}, "config must be given for each method, got ['lora']"),
    ({"config": {"full": TrainingConfig(), "lora": 1}}, "config['lora'] must be a TrainingConfig, got 1"),
    ({"wise_ft": (1.0,)}, "wise_ft must be between 0 and 1, both excluded, got 1.0"),
    ({"wise_ft": (0.5,), "methods": {"l": LoraConfig()}}, "wise_ft must be left out where no method is full"),
    ({"adapter_scales": (1,)}, "adapter_scales must be numbers above 0 other than 1, got 1"),
    ({"adapter_scales": (0.5,), "methods": {"full": None}}, "adapter_scales must be left out where no method is LoRA"),
    ({"source": "docstring"}, "source must be made of columns of the data, got 'docstring'"),
    ({"target": "{cod}"}, "target must be made of columns of the data, got 'cod': did you mean code?"),
    ({"source": "{doc}", "dataset": rows(9).map(lambda row: {"doc": [row["doc"]]})}, "text, got doc, which holds List"),
    ({"groups": "projct"}, "column must be a column of data, got 'projct'"),
    ({"general": rows(3).remove_columns("doc")}, "source must be made of columns of the data, got 'doc'"),
    ({"general": [1]}, "general must be a Dataset or a DatasetDict, got 'list'"),
    ({"dataset": {"code": []}}, "dataset must be a Dataset or a DatasetDict, got 'dict'"),
    ({"decoding": {"num_beams": 2}}, "decoding must be a Decoding or None, got"),
    ({"keep_weights": "no"}, "keep_weights must be True or False, got 'no': give False"),
    ({"generate_rows": 0}, "generate_rows must be a whole number from 1 up, got 0"),
    ({"evaluation_batch_size": 0}, "evaluation_batch_size must be a whole number from 1 up"),
    ({"evaluation_seed": -1}, "evaluation_seed must be a whole number from 0 up"),
    ({"test_size": 0}, "test_size must be a share (a float above 0 up to 1.0) or a number of rows (an int from 2 up)"),
    ({"test_size": 1.5}, "test_size must be a share (a float above 0 up to 1.0)"),
    ({"test_size": 1}, "got 1: a whole number counts rows: 1.0 takes all of them"),
    ({"test_size": 1.0}, "test_size must be a share below 1.0, got 1.0: rows must be left to train on"),
    ({"validation_size": -1}, "validation_size must be a share (a float from 0 up to 1.0)"),
    ({"train_size": 0}, "train_size must be None, a share (a float above 0 up to 1.0)"),
    ({"near_duplicates": "bnd"}, 'near_duplicates must be "bind", "drop", None, a NearDuplicates or a Drop'),
    ({"tolerance": 2}, "tolerance must be a number from 0 to 1, got 2: a share of all rows"),
    ({"min_test_rows": -1}, "min_test_rows must be a whole number from 0 up, got -1"),
    ({"stratify_by_column": "lable"}, "column must be a column of data, got 'lable'"),
    ({"audit": {"permutations": 9}}, "got 'permutations': did you mean n_permutations"),
    ({"audit": {"n_permutations": 1}}, "audit['n_permutations'] must be a whole number from 19 up, got 1"),
    ({"audit": {"thresholds": 0.5}}, "audit['thresholds'] must be a Thresholds, got 0.5"),
    ({"audit": {"column": "kode"}}, "audit['column'] must be a column of data, got 'kode'"),
    ({"audit": {"groups": "author"}}, "audit['groups'] must be a column of data, got 'author'"),
    ({"audit": {"properties": [CharCount("text")]}}, "audit['properties'] must be a column of data"),
    ({"audit": 3}, "audit must be True, False or settings of an audit, got 3"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), CASES)
def test_bad_values_are_told_at_once(change, message, model):
    """The message names the argument, its value and what to do."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        small_study(model, **change)


def test_a_model_object_needs_its_tokenizer(model):
    """The tokenizer of a model object cannot be found by a path."""
    with pytest.raises(ParameterError, match="tokenizer must be given with a model object"):
        small_study(load_model(model))


def test_official_splits_are_checked(model):
    """A missing split is named; seeds that could have no effect are an error."""
    with pytest.raises(DataError, match='data must be a Dataset, or a DatasetDict with "train", "test"'):
        small_study(model, dataset=DatasetDict(train=rows(20))).plan()
    official = DatasetDict(train=rows(40), validation=rows(10, 40), test=rows(20, 50))
    with pytest.raises(ParameterError, match="split_seeds must be one seed where nothing is drawn, got "):
        small_study(model, dataset=official, split_seeds=(0, 1)).plan()
    drawn = small_study(model, dataset=official, split_seeds=(0, 1), ood_kept=(0.0, 0.5, 1.0))
    assert len(drawn.plan().trainings) == 2 * 2 * (2 * 2 + 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers must be a whole number from 1 up, got 0"),
        ({"workers": True}, "workers must be a whole number from 1 up, got True"),
        ({"progress": "no"}, "progress must be True or False, got 'no': give False"),
        ({"retry": 1}, "retry must be True or False, got 1: give True"),
        ({"extend": "yes"}, "extend must be True or False, got 'yes': give True"),
        ({"threads": 0}, "threads must be a whole number from 1 up, got 0"),
        ({"num_proc": 0}, "num_proc must be a whole number from 1 up, got 0"),
        ({"retry": "no"}, "retry must be True or False, got 'no': give False"),
        ({"extend": "false"}, "extend must be True or False, got 'false': give False"),
        ({"executor": "dask"}, "executor must be a concurrent.futures.Executor, got 'dask'"),
    ],
)
def test_bad_options_of_a_run(options, message, model, tmp_path):
    """Told before the folder is touched."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        small_study(model).run(tmp_path / "new", **{"progress": False, **options})
    assert not (tmp_path / "new").exists()


def test_a_scenario_that_cannot_work_is_told_before_anything_runs(model, tmp_path):
    """Planning splits the rows and raises the error; running raises it before the first training."""
    study = small_study(model, scenarios=(LOOPS, Scenario("huge", LengthSplitter(column="code", bounds=(999, None)))))
    for call in (study.plan, lambda: study.run(tmp_path / "never", progress=False)):
        with pytest.raises(ParameterError, match="scenario 'huge': the region must be some of the rows, got 0 of"):
            call()
    assert not (tmp_path / "never" / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"methods": {"ada": AdaLoraConfig(total_step=9)}},
            "methods['ada.peft_config'] must be of a method that needs no calls of its own in the loop, got ADALORA",
        ),
        (
            {"methods": {"lora": LoraConfig(target_modules=["q_prj"])}},
            "methods['lora.target_modules'] must be names of",
        ),
        (
            {"methods": {"full": None}, "config": TrainingConfig(freeze=("decodr.*",))},
            "methods['full.freeze'] must be patterns that fit a parameter, got 'decodr.*'",
        ),
        ({"methods": {"lora": LoraConfig(r=0)}}, "methods['lora.r'] must be a whole number from 1 up, got 0"),
        ({"methods": {"lora": LoraConfig(lora_alpha="16")}}, "methods['lora.lora_alpha'] must be a number, got '16'"),
        ({"methods": {"lora": LoraConfig(bias="some")}}, "methods['lora.bias'] must be one of none, all, lora_only"),
        (
            {"methods": {"lora": LoraConfig(task_type="CAUSAL_LM")}},
            "methods['lora.peft_config'] must be of the task of the model, SEQ_2_SEQ_LM, got task_type=CAUSAL_LM",
        ),
        (
            {"methods": {"lora": LoraConfig(modules_to_save=["lm_hed"])}},
            "methods['lora.modules_to_save'] must be names of modules of the model, got 'lm_hed'",
        ),
        (
            {"methods": {"lora": LoraConfig(target_modules=["layer_norm"])}},
            "methods['lora.peft_config'] must be one that fits T5ForConditionalGeneration, got LORA: Target module",
        ),
        (
            {"methods": {"lora": LoraConfig(target_modules=["q"], exclude_modules=["q"])}},
            "methods['lora.peft_config'] must be one that fits T5ForConditionalGeneration, got LORA: No modules were",
        ),
        (
            {"methods": {"lora": LoraConfig(init_lora_weights="piza")}},
            "methods['lora.peft_config'] must be one that fits T5ForConditionalGeneration, got LORA: Unknown init",
        ),
        (
            {"methods": {"prompt": PromptTuningConfig(num_virtual_tokens=0)}},
            "methods['prompt.num_virtual_tokens'] must be a whole number from 1 up, got 0",
        ),
        (
            {"methods": {"full": None}, "config": TrainingConfig(quantization="nf4")},
            "methods['full.peft_config'] must be given with quantization='nf4', got None",
        ),
    ],
)
def test_a_method_that_does_not_fit_the_model_is_told_before_anything_runs(changes, message, model, tmp_path):
    """Of a model at hand, whose weights are not loaded for it; nothing is written."""
    study = small_study(model, **changes)
    for call in (study.plan, lambda: study.run(tmp_path / "never", progress=False)):
        with pytest.raises(ParameterError, match=re.escape(message)):
            call()
    assert not (tmp_path / "never").exists()


def test_the_language_of_a_composition_is_that_of_its_operands() -> None:
    """Through every operator, and beside splitters that name none; two languages are none."""
    loops = ASTNodeSplitter(language="python", nodes=("while_statement",))
    long, java = LengthSplitter(), ComplexitySplitter(language="java")
    calls = [loops & long, long - loops, ~loops, ~(long | loops), loops, LengthSplitter(language="python") & long]
    for splitter in calls:
        assert common_language([Scenario("one", splitter), Scenario("length", long)]) == "python"
    assert common_language([Scenario("length", long)]) is None
    assert common_language([Scenario("both", loops & java)]) is None
    assert (loops | java).languages == ("java", "python")
