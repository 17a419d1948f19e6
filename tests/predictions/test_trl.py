"""Exports through TRL's ``SFTTrainer``, whose model's outputs come back and are scored."""

from __future__ import annotations

import pytest
import torch
from datasets import Dataset, DatasetDict, load_dataset
from tokenizers import processors

from codeshift.finetune.chat import encode_turn
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import ChrF, ExactMatch
from codeshift.predictions import export_parts, score_predictions
from codeshift.splitters import length_bands
from codeshift.study import Report, Study
from helpers.pages import ROOT

trl = pytest.importorskip("trl", reason="trl is not installed")

NAMES = ["total", "first", "length", "name"]
COLUMNS = {"source": "doc", "target": "code"}


@pytest.fixture(scope="module")
def data() -> DatasetDict:
    """Four programs to learn by heart, of which two are asked for again."""
    rows = [{"doc": f"Return {name}:", "code": f" return self.{name}"} for name in NAMES]
    return DatasetDict(train=Dataset.from_list(rows), test_id=Dataset.from_list(rows[:2]))


@pytest.fixture(scope="module")
def tokenizer():
    made = tiny_tokenizer([" ".join(NAMES) + "Return : return self. system user assistant"] * 3)
    made.backend_tokenizer.post_processor = processors.Sequence([])  # as those of decoders, which end no text
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    made.chat_template = (ROOT / "tests" / "data" / "chat_templates" / "chatml.jinja").read_text(encoding="utf-8")
    return made


def trainer_of(data, tokenizer, tmp_path, format: str, steps: int):
    """TRL's trainer on the exported ``train``."""
    file = export_parts(data, tmp_path / "sft", format=format, parts=["train"], **COLUMNS)["train"]
    rows = load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    config = trl.SFTConfig(
        output_dir=str(tmp_path / "trl"), max_steps=steps, per_device_train_batch_size=4, learning_rate=1e-2,
        report_to="none", save_strategy="no", logging_steps=1000, use_cpu=True, bf16=False, max_length=128,
        lr_scheduler_type="constant", seed=0,
    )  # fmt: skip
    model = tiny_model("llama", tokenizer)
    return trl.SFTTrainer(model, args=config, train_dataset=rows.remove_columns("id"), processing_class=tokenizer)


def test_conversations_are_encoded_as_here(data, tokenizer, tmp_path):
    """TRL makes of the exported messages the token ids that ``encode_turn`` makes of the rows."""
    trainer = trainer_of(data, tokenizer, tmp_path, "messages", 1)
    for row, encoded in zip(data["train"], trainer.train_dataset, strict=True):
        assert encoded["input_ids"] == encode_turn(tokenizer, row["doc"], row["code"]).ids.tolist()


def answers_of(model, data, part: str, tokenizer, tmp_path) -> list[dict]:
    """The answers of plain transformers to the exported requests of a part."""
    file = export_parts(data, tmp_path / "ask", format="requests", endpoint="completions", **COLUMNS)[part]
    answers = []
    for request in load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache")):
        ids = torch.tensor([tokenizer(request["body"]["prompt"], add_special_tokens=False)["input_ids"]])
        written = model.generate(ids, max_new_tokens=16, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        text = tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        answers.append({"id": request["custom_id"], "prediction": text})
    return answers


def test_a_model_trained_by_trl_is_scored_here(data, tokenizer, tmp_path):
    """Prompts and completions by heart, written again by plain transformers, matched and scored."""
    trainer = trainer_of(data, tokenizer, tmp_path, "prompt-completion", 120)
    trainer.train()
    answers = answers_of(trainer.model.eval(), data, "test_id", tokenizer, tmp_path)
    result = score_predictions(data, answers, [ExactMatch()], **COLUMNS)
    assert result["test_id"].scores("exact_match").tolist() == [1.0, 1.0], result["test_id"].predictions


def test_a_study_reports_on_what_trl_trained(tokenizer, tmp_path):
    """Split, export, TRL, outputs of plain transformers, scores, report: the study has the scores of the outputs."""
    rows = [{"doc": f"Return {NAMES[i % 4]}:", "code": f" return self.{'total.' * (i % 5)}{i}"} for i in range(20)]
    study = Study(
        dataset=Dataset.from_list(rows), scenarios=length_bands("code", bands=[(0.6, 1)]), metrics=["chrf"],
        methods={"full": None}, ood_kept=(0.0, 1.0), near_duplicates=None, min_test_rows=0, audit=False, **COLUMNS,
    )  # fmt: skip
    run = study.key(method="full", scenario="length_p60_p100", ood_kept=0.0)
    parts = study.run_parts(run)
    trainer = trainer_of(parts, tokenizer, tmp_path, "prompt-completion", 3)
    trainer.train()
    answers = answers_of(trainer.model.eval(), parts, "test", tokenizer, tmp_path)
    study.add_run(tmp_path / "study", answers, run, model="by TRL")
    results = study.results(tmp_path / "study")
    scored = score_predictions(parts, answers, [ChrF()], parts=["test"], **COLUMNS)["test"]
    assert results.scores(run, "test").predictions == scored.predictions == [row["prediction"] for row in answers]
    assert results.scores(run, "test").statistics["chrf"].tolist() == scored.statistics_of("chrf").tolist()
    assert "by TRL" in Report(results, n_resamples=50).to_html()
