"""An evaluation that is stopped goes on where it was."""

from __future__ import annotations

import json

import pytest

from codeshift.finetune import CheckpointError, Decoding, Evaluator
from codeshift.finetune.row_log import RowLog
from codeshift.finetune.testing import tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TokenAccuracy


def evaluate(data, tokenizer, folder, seed=0, **options):
    evaluator = Evaluator(
        [ExactMatch()], **{"source": "doc", "target": "code", "progress": False, "batch_size": 3} | options
    )
    return evaluator.evaluate(tiny_model("gpt2", tokenizer, seed=seed), data, tokenizer=tokenizer, output_dir=folder)


class StoppedError(Exception):
    """Ends an evaluation from inside."""


@pytest.mark.parametrize("torn", [False, True])
def test_what_was_generated_is_not_generated_again(torn, data, tokenizer, tmp_path, monkeypatch):
    """After a stop the same call generates the rest alone, drops a torn last line, and finds the same."""
    expected = evaluate(data, tokenizer, None)
    append, batches = RowLog.append, []

    def stopping(log, rows, outputs):
        append(log, rows, outputs)
        batches.append(len(rows))
        if len(batches) == 2:
            raise StoppedError

    monkeypatch.setattr(RowLog, "append", stopping)
    with pytest.raises(StoppedError):
        evaluate(data, tokenizer, tmp_path)
    log = tmp_path / "test_id.outputs.jsonl"
    if torn:
        log.write_bytes(log.read_bytes()[:-9])
    batches[:] = [0] * 5
    result = evaluate(data, tokenizer, tmp_path)
    assert sum(batches) == 16 - 6 + torn
    assert result.aggregates() == expected.aggregates()
    assert [result[p].outputs for p in result.parts] == [expected[p].outputs for p in expected.parts]
    assert len(log.read_text(encoding="utf-8").splitlines()) == 9
    assert json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))["metadata"] == result.metadata


def test_scores_are_not_computed_again(data, tokenizer, tmp_path, monkeypatch):
    """Teacher-forced scores go on as well, to the same bits."""
    model, metrics = tiny_model("gpt2", tokenizer), [NegativeLogLikelihood(), TokenAccuracy()]
    evaluator = Evaluator(metrics, source="doc", target="code", progress=False, batch_size=3)
    whole = evaluator.evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    log = tmp_path / "test_id.scores.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text("".join(lines[:4]) + lines[4][:20])
    forward, rows = type(model).forward, []

    def counting(self, *args, **inputs):
        rows.append(len(inputs["input_ids"]))
        return forward(self, *args, **inputs)

    monkeypatch.setattr(type(model), "forward", counting)
    again = evaluator.evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    assert sum(rows) == 8 - 3
    assert again.aggregates() == whole.aggregates()
    assert sorted(log.read_text(encoding="utf-8").splitlines()) == sorted(line.rstrip() for line in lines)


@pytest.mark.parametrize("place", range(5))
def test_a_line_that_is_damaged_is_evaluated_again(place, data, tokenizer, tmp_path):
    """Whatever digit or letter of an output is another one: the row is generated for once more, to the same result."""
    expected = evaluate(data, tokenizer, tmp_path)
    log = tmp_path / "test_id.outputs.jsonl"
    content = bytearray(log.read_bytes())
    start = content.index(b"\n") + 1
    at = start + (place * 97 + 11) % (len(content) - start - 1)
    content[at] = content[at] ^ 1 if content[at] ^ 1 != 10 else content[at] ^ 2
    log.write_bytes(bytes(content))
    result = evaluate(data, tokenizer, tmp_path)
    assert result.aggregates() == expected.aggregates()
    assert [result[part].outputs for part in result.parts] == [expected[part].outputs for part in expected.parts]


def test_a_part_may_be_added(data, tokenizer, tmp_path):
    """Outputs of one part are reused when more parts are evaluated."""
    evaluate({"test_id": data["test_id"]}, tokenizer, tmp_path)
    log = tmp_path / "test_id.outputs.jsonl"
    before = log.read_bytes()
    assert set(evaluate(data, tokenizer, tmp_path).parts) == {"test_id", "test_ood"}
    assert log.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "named"), [({"seed": 1}, "model.weights"), ({"decoding": Decoding(num_beams=2)}, "decoding.num_beams")]
)
def test_another_evaluation_is_named(options, named, data, tokenizer, tmp_path):
    """Outputs of another model or another way of decoding are an error with the file's path and what differs."""
    evaluate(data, tokenizer, tmp_path)
    with pytest.raises(CheckpointError, match=rf"test_id.outputs.jsonl is of another evaluation \({named} differ\)"):
        evaluate(data, tokenizer, tmp_path, **options)


def test_a_file_that_is_no_log_is_named(data, tokenizer, tmp_path):
    """Anything else under that name is an error, not overwritten."""
    path = tmp_path / "test_id.outputs.jsonl"
    path.write_text("[1, 2]\n")
    with pytest.raises(CheckpointError, match="is no log of an evaluation"):
        evaluate(data, tokenizer, tmp_path)
    assert path.read_text(encoding="utf-8") == "[1, 2]\n"


@pytest.mark.parametrize("line", ["[" * 100_000, '{"evaluation": ' * 100_000, "1" * 5000, '{"evaluation"'])
def test_a_first_line_that_cannot_be_held_is_named(line, tmp_path):
    """A line that is nested too deeply, too long a number or cut off is no log, and is kept as it is."""
    path = tmp_path / "log.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"log\.jsonl is no log of an evaluation"):
        RowLog(path, {"seed": 0})
    assert path.read_text(encoding="utf-8") == f"{line}\n"
