# %% [markdown]
# # 04 · Full fine-tuning against LoRA
#
# The embedded model, with 4.9 million parameters, is trained on functions without loops to write a name that was left
# out of a function, in full and with LoRA. There are three questions: what does it learn, what does the shift cost, and
# what does it forget?

# %%
import warnings

from codeshift.data import completion_rows, embedded_model_path, stdlib_functions
from codeshift.errors import LeftOutWarning
from codeshift.splitters import ASTNodeSplitter

model = str(embedded_model_path())  # or the name of a hub model, such as "Salesforce/codet5p-220m"
rows = stdlib_functions().remove_columns("name")  # or a hub dataset: load_dataset("its name", split="train")
short = rows.filter(lambda row: len(row["code"]) <= 400 and len(row["docstring"]) <= 300).shuffle(seed=0)
warnings.simplefilter("ignore", LeftOutWarning)  # some functions have no name that stands twice
named = completion_rows(short.select(range(1800)), "name", language="python")
data = named.filter(lambda row: row["name"] not in ("self", "cls"))  # a third of the names, which are soon learnt
others = short.select(range(1800, 1900))
print(data[0]["prefix"], "<extra_id_0>", data[0]["suffix"], sep="")
data[0]["name"]

# %%
loops = ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement"))
splits = loops.split(data, seed=0)
{part: len(rows) for part, rows in splits.items()}

# %% [markdown]
# The model was not pretrained on any of these rows: the documented functions of the standard library, and all
# near-duplicates of them, were held out.
#
# ## Train
#
# One trainer does both. `peft_config=None` means full fine-tuning, any config of PEFT means that method.

# %%
from peft import LoraConfig

from codeshift.finetune import Trainer, TrainingConfig

columns = {"source": "{prefix}<extra_id_0>{suffix}", "target": "name", "progress": False}
limits = {"max_source_length": 224, "max_target_length": 16, "eval_strategy": "no"}
full = Trainer(
    model,
    model,
    TrainingConfig(learning_rate=1e-3, max_steps=60, train_batch_size=16, warmup_steps=0.1, **limits),
    **columns,
).fit(splits)
lora = Trainer(
    model,
    model,
    TrainingConfig(learning_rate=3e-3, max_steps=60, train_batch_size=16, warmup_steps=0.1, **limits),
    peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="SEQ_2_SEQ_LM"),
    **columns,
).fit(splits)
print("full", full.parameters)
print("LoRA", lora.parameters)

# %% [markdown]
# ## In distribution, out of distribution
#
# The model without fine-tuning is evaluated by the same call. The metrics are the negative log-likelihood of the name,
# in nats per token (lower is better), and how often the model writes exactly this name.

# %%
from codeshift.finetune import Evaluator
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], max_source_length=224, max_target_length=16, **columns)
results = {
    name: evaluator.evaluate(tuned, splits, tokenizer=model)
    for name, tuned in (("no fine-tuning", model), ("full", full.model), ("LoRA", lora.model))
}
for name, result in results.items():
    for part in ("test_id", "test_ood"):
        likelihood, match = (result[part].estimates[of] for of in ("negative_log_likelihood", "exact_match"))
        print(f"{name:15} {part:9} {likelihood.value:.3f} nats, {match.value:.1%} right  n={match.n}")

# %%
from codeshift.metrics import paired_difference

nll = "negative_log_likelihood"
for part in ("test_id", "test_ood"):
    full_rows, lora_rows = (results[name][part].statistics_of(nll) for name in ("full", "LoRA"))
    print(part, "full minus LoRA:", paired_difference(full_rows, lora_rows, metric=NegativeLogLikelihood()))

# %% [markdown]
# ## What was forgotten
#
# Pretraining also taught the model to describe code, and fine-tuning on names makes it worse at that. It is evaluated
# from code to docstring, on rows that it has not seen.

# %%
from codeshift.finetune import forgetting

backwards = Evaluator(
    [NegativeLogLikelihood()], source="code", target="docstring", max_source_length=192, max_target_length=192,
    progress=False,
)  # fmt: skip
before = backwards.evaluate(model, others, tokenizer=model)
for name, tuned in (("full", full.model), ("LoRA", lora.model)):
    after = backwards.evaluate(tuned, others, tokenizer=model)
    print(f"{name:5} forgot {forgetting(before, after, part='data', metric=nll)} nats a token")

# %% [markdown]
# ## Between the two models
#
# WiSE-FT interpolates between the pretrained and the fine-tuned weights, with no new training.

# %%
import matplotlib.pyplot as plt

from codeshift.finetune import load_model, wise_ft_sweep

points = []
for alpha, between in wise_ft_sweep(load_model(model), full.model, (0.0, 0.5, 1.0)):
    evaluation = evaluator.evaluate(between, splits, tokenizer=model)
    general = backwards.evaluate(between, others, tokenizer=model)
    points.append((alpha, *(evaluation[part].estimates[nll].value for part in ("test_id", "test_ood")),
                   general["data"].estimates[nll].value))  # fmt: skip

alphas, id_, ood, described = zip(*points, strict=True)
figure, axis = plt.subplots(figsize=(5, 3), layout="constrained")
axis.plot(alphas, id_, "o-", label="test_id")
axis.plot(alphas, ood, "o-", label="test_ood")
axis.plot(alphas, described, "o--", color="tab:gray", label="describing code")
axis.set(xlabel="share of the fine-tuned weights", ylabel="nats a token")
_ = axis.legend(frameon=False)

# %% [markdown]
# Sixty steps of a small model are enough to show how it is done, but too few to decide which method is better. Notebook
# 05 compares the methods over scenarios and regimes.
