"""The training loop: what a step learns from, who owns the model, and what is reported."""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from peft import LoraConfig, PeftModel
from transformers import AutoModel

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import (
    DivergenceError,
    Evaluator,
    Trainer,
    TrainingConfig,
    TruncationWarning,
    load_model,
    training_loop,
)
from codeshift.finetune.batching import BatchCost, StepPlan, batches
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TokenAccuracy

# PEFT has no default targets for some families, and tells of Conv1D for others; both are tested in test_adapters.
pytestmark = [
    pytest.mark.filterwarnings("ignore::codeshift.finetune.AdapterWarning"),
    pytest.mark.filterwarnings("ignore:fan_in_fan_out"),
]
NO_DROPOUT = {
    "t5": {"dropout_rate": 0.0},
    "plbart": {"dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0},
    "roberta": {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    "gpt2": {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "codegen": {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "starcoder2": {"residual_dropout": 0.0, "embedding_dropout": 0.0, "attention_dropout": 0.0},
}
METHODS = {"full": None, "lora": LoraConfig(r=4, lora_alpha=16, init_lora_weights="gaussian")}


def quiet(model, tokenizer, config, **options) -> Trainer:
    return Trainer(model, tokenizer, config, **{"source": "doc", "target": "code", "progress": False} | options)


def weights(model) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def same(left, right) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_by_every_method(family, method, data, tokenizer, tmp_path):
    """The loss falls; what is saved loads again, scores and writes the same; the model given is untouched."""
    given = tiny_model(family, tokenizer)
    before = weights(given)
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=6, train_batch_size=8, eval_strategy="no")
    given.save_pretrained(tmp_path / "base")  # an adapter is saved without its base, which it names
    model = AutoModel.from_pretrained(tmp_path / "base") if family == "roberta" else load_model(tmp_path / "base")
    result = quiet(model, tokenizer, config, peft_config=METHODS[method]).fit(data, tmp_path / "trained")
    assert np.mean(result.losses[-3:]) < result.losses[0] - 0.05
    assert same(weights(model), before)
    assert isinstance(result.model, PeftModel) == (method == "lora")
    if method == "lora":
        assert result.parameters.share < (0.5 if family == "roberta" else 0.25)
    else:
        assert result.parameters.trainable == result.parameters.total
    torch.manual_seed(1)  # whatever is random when it is loaded must not matter
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], source="doc", target="code", progress=False)
    found = [
        evaluator.evaluate(trained, data, tokenizer=tokenizer, parts=["test_id"])["test_id"]
        for trained in (result.model, tmp_path / "trained")
    ]
    assert found[0].outputs == found[1].outputs
    assert any(found[0].predictions)
    scores = [part.scores("negative_log_likelihood") for part in found]
    assert np.array_equal(*scores)


@pytest.mark.parametrize("family", FAMILIES)
def test_accumulation_changes_nothing(family, data, tokenizer):
    """Batch 4 x 4 is batch 16, to 1e-5 in every weight (dropout off), though rows have unequal lengths."""
    trained = []
    for accumulation in (1, 4):
        config = TrainingConfig(
            learning_rate=1e-3,
            num_train_epochs=2,
            train_batch_size=16,
            gradient_accumulation_steps=accumulation,
            adam_epsilon=1e-3,  # AdamW is no Lipschitz function of a gradient of 0 at its usual epsilon
            eval_strategy="no",
        )
        model = tiny_model(family, tokenizer, **NO_DROPOUT.get(family, {}))
        result = quiet(model, tokenizer, config).fit(data)
        trained.append((weights(result.model), result.losses))
    (big, big_losses), (small, small_losses) = trained
    assert np.allclose(big_losses, small_losses, atol=1e-5)
    assert max(float((big[name] - small[name]).abs().max()) for name in big) < 1e-5


def test_loss_is_the_mean_over_target_tokens(data, tokenizer):
    """The loss of the first step is the mean of transformers' own losses, weighted by tokens, row by row."""
    model = tiny_model("t5", tokenizer, dropout_rate=0.0)
    rows = data["train"].select(range(6))
    total = tokens = 0.0
    for row in rows:
        batch = tokenizer(row["doc"], text_target=row["code"], return_tensors="pt")
        count = batch["labels"].numel()
        with torch.no_grad():
            loss = model(input_ids=batch["input_ids"], labels=batch["labels"]).loss
        total, tokens = total + float(loss) * count, tokens + count
    result = quiet(model, tokenizer, TrainingConfig(num_train_epochs=1, train_batch_size=6)).fit(rows)
    assert result.losses[0] == pytest.approx(total / tokens, abs=1e-5)
    assert result.history[0]["tokens"] == tokens


def test_decoder_learns_from_the_target_alone(data, tokenizer):
    """A decoder's loss counts the target and its end token, and none of the source."""
    model = tiny_model("llama", tokenizer)
    result = quiet(model, tokenizer, TrainingConfig(num_train_epochs=1, train_batch_size=24)).fit(data["train"])
    codes = tokenizer(list(data["train"]["code"]))["input_ids"]
    assert result.history[0]["tokens"] == sum(map(len, codes))


def test_same_seed_same_numbers(data, tokenizer):
    """Two runs with one seed agree bit for bit, whatever the global generators are; another seed differs."""
    runs = []
    for seed, noise in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(noise)
        state = torch.random.get_rng_state()
        config = TrainingConfig(learning_rate=1e-2, num_train_epochs=2, train_batch_size=8, seed=seed)
        result = quiet(tiny_model("t5", tokenizer), tokenizer, config, peft_config=METHODS["lora"]).fit(data)
        assert torch.equal(torch.random.get_rng_state(), state), "a run leaves the caller's generator alone"
        runs.append((weights(result.model), result.history))
    assert same(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert runs[0][1] != runs[2][1]


def unequal_lengths(rows=4000):
    source = np.random.default_rng(0).lognormal(4, 0.8, rows)
    target = source * np.random.default_rng(1).lognormal(0, 0.3, rows)
    return np.stack([source, target], axis=1).astype(np.int64) + 1


def test_steps_are_a_plain_shuffle():
    """Each row once an epoch, in an order of the epoch's own, whatever the lengths."""
    plan = StepPlan(4000, 16, seed=0)
    first, second = (np.concatenate(plan.epoch(epoch)) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(4000))
    assert not np.array_equal(first, second)
    lengths = unequal_lengths().sum(axis=1)
    spread = [np.ptp(np.log(lengths[step])) for step in plan.epoch(0)]
    assert np.median(spread) > 2, "a step holds short rows and long ones"


def test_batches_of_a_step_hold_little_padding():
    """Rows of like lengths are computed together: half the padding of whole steps and more is saved."""
    lengths = unequal_lengths()

    def padding(cost):
        parts = [part for step in StepPlan(4000, 16, seed=0).epoch(0) for part in batches(step, lengths, cost)]
        assert sorted(np.concatenate(parts)) == list(range(4000))
        assert max(map(len, parts)) <= cost.largest
        return sum(len(part) * int(lengths[part].max(axis=0).sum()) for part in parts) / int(lengths.sum())

    whole = padding(BatchCost(16, float("inf")))
    assert whole > 2.5
    assert padding(BatchCost(16, 64)) < 1.2
    assert padding(BatchCost(4, 64)) < 1.2
    assert padding(BatchCost(16, 1e9)) == whole


@given(
    lengths=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=6),
    largest=st.integers(1, 6),
    per_batch=st.sampled_from([0.0, 20.0, 200.0]),
    processes=st.integers(1, 3),
)
def test_a_cut_costs_the_least(lengths, largest, per_batch, processes):
    """No other way to cut the rows, in their order by either length or by both, is cheaper."""
    rows, cost = np.arange(len(lengths)), BatchCost(largest, per_batch, processes)
    lengths = np.array(lengths)

    def price(parts):
        return sum(-(-len(p) // processes) * int(lengths[p].max(axis=0).sum()) + per_batch for p in parts)

    orders = [np.lexsort(keys) for keys in (lengths.T[::-1], lengths.T, (lengths[:, 0], lengths.sum(axis=1)))]
    every = [
        parts
        for order in orders
        for places in itertools.product([0, 1], repeat=len(rows) - 1)
        if max(map(len, parts := np.split(rows[order], 1 + np.flatnonzero(places)))) <= largest
    ]
    assert price(batches(rows, lengths, cost)) == min(map(price, every))


def test_batches_of_like_lengths_change_no_step(data, tokenizer):
    """The losses of a run are those of whole steps, so nothing that length tells of a target can matter."""
    losses = [
        quiet(
            tiny_model("t5", tokenizer, dropout_rate=0.0),
            tokenizer,
            TrainingConfig(learning_rate=1e-2, num_train_epochs=2, train_batch_size=8, bucket_by_length=bucket),
        )
        .fit(data)
        .losses
        for bucket in (True, False)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_truncation_is_counted_and_warned_of(data, tokenizer):
    """Each part's cut rows are counted in the result and named in a warning; a cut target has no end token."""
    config = TrainingConfig(num_train_epochs=1, max_source_length=8, max_target_length=6)
    with pytest.warns(
        TruncationWarning,
        match=r"(train|validation): \d+ of \d+ sources and \d+ of \d+ targets cut at max_\w+_length=\d+ .*tokens$",
    ) as caught:
        result = quiet(tiny_model("t5", tokenizer), tokenizer, config).fit(data)
    assert {entry.filename for entry in caught if entry.category is TruncationWarning} == {__file__}
    for part in ("train", "validation"):
        sources = [len(ids) for ids in tokenizer(list(data[part]["doc"]))["input_ids"]]
        targets = [len(ids) for ids in tokenizer(list(data[part]["code"]))["input_ids"]]
        found = result.truncation[part]
        assert (found.rows, found.sources, found.targets) == (
            len(sources), sum(n > 8 for n in sources), sum(n > 6 for n in targets),
        )  # fmt: skip
        assert found.lost_target_tokens == sum(max(0, n - 6) for n in targets)


def test_validation_stops_early_and_keeps_the_best(data, tokenizer):
    """Training stops when patience ends, and the weights are those of the lowest validation loss."""
    config = TrainingConfig(
        learning_rate=0.3,
        lr_scheduler_type="constant",
        num_train_epochs=20,
        train_batch_size=8,
        early_stopping_patience=2,
        load_best_model_at_end=True,
    )
    result = quiet(tiny_model("t5", tokenizer), tokenizer, config).fit(data)
    assert result.stopped_early
    assert len(result.losses) < 60
    validations = {row["step"]: row["validation_loss"] for row in result.history if "validation_loss" in row}
    assert result.best_step == min(validations, key=validations.get)
    again = quiet(result.model, tokenizer, TrainingConfig(learning_rate=1e-30, max_steps=1)).fit(data)
    assert again.validation_losses[0] == pytest.approx(validations[result.best_step], abs=1e-6)


def test_a_metric_may_decide_what_is_best(data, tokenizer):
    """With an evaluator, its metrics are in the history, and its first one chooses, whichever way it counts."""
    evaluator = Evaluator([TokenAccuracy(), NegativeLogLikelihood()], source="doc", target="code", progress=False)
    config = TrainingConfig(
        learning_rate=0.05,
        lr_scheduler_type="constant",
        num_train_epochs=6,
        train_batch_size=8,
        load_best_model_at_end=True,
    )
    result = quiet(tiny_model("t5", tokenizer), tokenizer, config, evaluator=evaluator).fit(data)
    validations = [row for row in result.history if "validation_loss" in row]
    best = max(validations, key=lambda row: row["validation_token_accuracy"])
    assert result.best_step == best["step"]
    found = evaluator.evaluate(result.model, data, tokenizer=tokenizer, parts=["validation"])["validation"]
    assert found.estimates["token_accuracy"].value == pytest.approx(best["validation_token_accuracy"])
    assert all(
        row["validation_negative_log_likelihood"] == pytest.approx(row["validation_loss"]) for row in validations
    )
    with pytest.raises(DataError, match=r'DatasetDict with rows in "validation".*leave out load_best_model_at_end'):
        quiet(tiny_model("t5", tokenizer), tokenizer, config, evaluator=evaluator).fit(data["train"])


@pytest.mark.parametrize("kind", ["object", "folder"])
@pytest.mark.parametrize(("setting", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_the_type_of_the_weights_is_a_choice(setting, expected, kind, data, tokenizer, tmp_path):
    """A checkpoint in half precision trains in float32, or in bfloat16 where that is asked for; the object stays."""
    given = tiny_model("gpt2", tokenizer).half()
    given.save_pretrained(tmp_path)
    model = given if kind == "object" else tmp_path
    config = TrainingConfig(learning_rate=1e-2, max_steps=2, dtype=setting)
    result = quiet(model, tokenizer, config).fit(data["train"])
    assert {p.dtype for p in result.model.parameters()} == {expected}
    adapted = quiet(model, tokenizer, config, peft_config=METHODS["lora"]).fit(data["train"]).model
    assert {p.dtype for name, p in adapted.named_parameters() if "lora_" in name} == {torch.float32}
    assert {p.dtype for p in adapted.get_base_model().parameters() if not p.requires_grad} == {expected}
    assert {p.dtype for p in given.parameters()} == {torch.float16}


def test_fp16_needs_a_gpu(data, tokenizer):
    """Accelerate would compute in float32 without a word."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU, which fp16 runs on")
    with pytest.raises(ParameterError, match="fp16 must be False on a CPU, got True: give bf16=True"):
        quiet(tiny_model("t5", tokenizer), tokenizer, TrainingConfig(fp16=True)).fit(data)


def test_the_loop_can_be_read_in_one_sitting():
    """The file of the loop stays under 300 lines."""
    assert len(inspect.getsource(training_loop).splitlines()) < 300


def test_frozen_parameters_stay(data, tokenizer):
    """``freeze`` and ``train_only`` leave parameters bit for bit, and the model's own flags come back."""
    given = tiny_model("t5", tokenizer)
    config = TrainingConfig(
        learning_rate=1e-2, num_train_epochs=1, freeze=("shared.*",), train_only=("decoder.*", "shared.*")
    )
    result = quiet(given, tokenizer, config).fit(data)
    before, after = weights(given), weights(result.model)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("decoder.") for name in changed)
    assert result.parameters.trainable < result.parameters.total
    assert all(p.requires_grad for p in result.model.parameters())


def test_l2_sp_keeps_weights_near_their_start(data, tokenizer):
    """A larger ``l2_sp`` leaves the weights nearer to where they started."""
    given = tiny_model("t5", tokenizer)
    start = weights(given)
    moved = []
    for l2_sp in (0.0, 0.1, 10.0):
        config = TrainingConfig(learning_rate=1e-2, num_train_epochs=3, l2_sp=l2_sp, max_grad_norm=None)
        after = weights(quiet(given, tokenizer, config).fit(data["train"]).model)
        moved.append(sum(float(((after[name] - start[name]) ** 2).sum()) for name in start))
    assert moved[0] > 1.5 * moved[1] > 1.5 * moved[2]


@pytest.mark.parametrize("bf16", [True])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_memory_options_train_too(bf16, checkpointing, data, tokenizer):
    """Mixed precision and gradient checkpointing give about the same losses, in the same weights' type."""
    plain = TrainingConfig(learning_rate=1e-2, num_train_epochs=2, train_batch_size=8)
    saving = TrainingConfig(
        learning_rate=1e-2, num_train_epochs=2, train_batch_size=8, bf16=bf16, gradient_checkpointing=checkpointing
    )
    model = tiny_model("llama", tokenizer)
    expected = quiet(model, tokenizer, plain).fit(data["train"])
    result = quiet(model, tokenizer, saving).fit(data["train"])
    assert np.allclose(result.losses, expected.losses, rtol=0.05)
    assert result.losses != expected.losses
    assert {p.dtype for p in result.model.parameters()} == {torch.float32}


def test_an_adapter_given_is_trained_on(data, tokenizer):
    """A model that has an adapter goes on with it, and another adapter on top of it is an error."""
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=1)
    first = quiet(tiny_model("t5", tokenizer), tokenizer, config, peft_config=METHODS["lora"]).fit(data)
    second = quiet(first.model, tokenizer, config).fit(data)
    assert second.parameters == first.parameters
    with pytest.raises(ParameterError, match="peft_config must be None for a model that has an adapter"):
        quiet(first.model, tokenizer, config, peft_config=METHODS["lora"]).fit(data)


def test_templates_are_filled(data, tokenizer):
    """A template's text is what the model sees: the same rows under one column train to the same weights."""
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=1)
    model = tiny_model("t5", tokenizer)
    joined = data["train"].map(lambda row: {"both": f"{row['doc']}\n{row['sig']} {{"})
    one = quiet(model, tokenizer, config, source="{doc}\n{sig} {{").fit(data["train"])
    other = quiet(model, tokenizer, config, source="both").fit(joined)
    assert same(weights(one.model), weights(other.model))


BAD = {
    "part": (lambda d: DatasetDict(test=d["train"]), {}, DataError, r'data must be a DatasetDict with a part "train"'),
    "rows": (lambda d: d["train"].select([]), {}, DataError, "train must be a dataset with rows, got 0"),
    "column": (
        lambda d: d, {"source": "docs"}, ParameterError,
        r"source must be made of columns of the data, got 'docs': did you mean doc\?",
    ),
    "template": (
        lambda d: d, {"source": "{doc.x}"}, ParameterError, "source must be a template of plain column names",
    ),
    "none": (
        lambda d: Dataset.from_dict({"doc": ["a", None], "code": ["b", "c"]}), {}, DataError,
        r"doc must be text in every row, got None: 1 such row\(s\), the first at position 1: leave them out with data",
    ),
    "list": (
        lambda d: Dataset.from_dict({"doc": [["a", "b"]], "code": ["c"]}), {"source": "{doc}"}, DataError,
        r"source must be made of columns of text, got doc, which holds List",
    ),
    "validation": (
        lambda d: d["train"], {"config": TrainingConfig(load_best_model_at_end=True)}, DataError,
        r'data must be a DatasetDict with rows in "validation", got \[.train.\]: give that part',
    ),
    "adapter": (
        lambda d: d, {"peft_config": LoraConfig(target_modules=["q", "vv"])}, ParameterError,
        "target_modules must be names of modules of the model, got 'vv': ",
    ),
    "config": (lambda d: d, {"config": {"max_steps": 2}}, ParameterError, "config must be a TrainingConfig or None"),
    "progress": (lambda d: d, {"progress": "no"}, ParameterError, "progress must be True or False, got 'no': give"),
    "no adapter": (lambda d: d, {"peft_config": "lora"}, ParameterError, "peft_config must be a config of PEFT"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case, data, tokenizer):
    """Each fault is an error that says the parameter, the value and what to do, before anything is trained."""
    make, options, error, message = BAD[case]
    with pytest.raises(error, match=message):
        quiet(tiny_model("t5", tokenizer), tokenizer, **{"config": TrainingConfig()} | options).fit(make(data))


def test_a_loss_that_is_no_number_is_an_error(data, tokenizer):
    """Divergence stops the run with the step and what to do."""
    model = tiny_model("t5", tokenizer)
    with torch.no_grad():
        model.shared.weight.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="the loss of step 1 is nan: lower learning_rate"):
        quiet(model, tokenizer, TrainingConfig(num_train_epochs=1)).fit(data)


def test_weights_that_are_no_number_are_an_error(data, tokenizer):
    """The loss before the last update is finite, and the weights after it are not."""
    config = TrainingConfig(max_steps=1, learning_rate=1e38, warmup_steps=0, max_grad_norm=None)
    with pytest.raises(DivergenceError, match=r"after step 1, .* is (nan|-?inf): lower learning_rate"):
        quiet(tiny_model("t5", tokenizer), tokenizer, config).fit(data)


def test_model_must_be_a_model(tokenizer, data):
    """Anything but a model, a path or a name is an error."""
    with pytest.raises(ParameterError, match="model must be a model of transformers, a path or a hub name, got 3"):
        quiet(3, tokenizer, TrainingConfig()).fit(data)


@pytest.mark.parametrize("method", [None, LoraConfig(r=2)], ids=["full", "lora"])
@pytest.mark.parametrize("family", ["t5", "llama"])
def test_half_precision_ends_with_the_training(family, method, data, tokenizer, tmp_path):
    """A model trained in half precision scores as its folder does, to the last bit."""
    config = TrainingConfig(learning_rate=1e-2, max_steps=3, train_batch_size=4, bf16=True)
    columns = {"source": "doc", "target": "code", "progress": False}
    result = Trainer(tiny_model(family, tokenizer), tokenizer, config, peft_config=method, **columns).fit(
        data["train"], tmp_path / "trained"
    )
    evaluator = Evaluator([NegativeLogLikelihood()], **columns)
    ours = evaluator.evaluate(result.model, data["test_id"], tokenizer=tokenizer)
    stored: object = tmp_path / "trained"
    if method is not None:
        stored = PeftModel.from_pretrained(tiny_model(family, tokenizer), tmp_path / "trained").eval()
    theirs = evaluator.evaluate(stored, data["test_id"], tokenizer=tokenizer)
    assert ours.aggregates() == theirs.aggregates()
