# %% [markdown]
# # 04 · Full fine-tuning against LoRA
#
# The embedded model, 4.9 million parameters, learns to write a name that was left out of a function, from functions
# without loops, in full and by LoRA. Three questions: what does it learn, what does the shift cost, and what does it
# forget?

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
# No row of these is in what the model was pretrained on: the documented functions of the standard library, and all
# near-duplicates of them, were held out.
#
# ## Train
#
# One trainer for both. `peft_config=None` is full fine-tuning, any config of PEFT is that method.

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
# in nats a token (lower is better), and how often the model writes just this name.

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
# Pretraining also taught the model to describe code. Fine-tuning on names does that no good: evaluated on rows that it
# never saw, from code to docstring.

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
# WiSE-FT takes weights between the pretrained and the fine-tuned ones, with no new training.

# %%
import matplotlib.pyplot as plt

from codeshift.finetune import load_model, wise_ft_sweep

points = []
for alpha, between in wise_ft_sweep(load_model(model), full.model, (0.0, 0.5, 1.0)):
    found = evaluator.evaluate(between, splits, tokenizer=model)
    general = backwards.evaluate(between, others, tokenizer=model)
    points.append((alpha, *(found[part].estimates[nll].value for part in ("test_id", "test_ood")),
                   general["data"].estimates[nll].value))  # fmt: skip

alphas, id_, ood, described = zip(*points, strict=True)
figure, axis = plt.subplots(figsize=(5, 3), layout="constrained")
axis.plot(alphas, id_, "o-", label="test_id")
axis.plot(alphas, ood, "o-", label="test_ood")
axis.plot(alphas, described, "o--", color="tab:gray", label="describing code")
axis.set(xlabel="share of the fine-tuned weights", ylabel="nats a token")
_ = axis.legend(frameon=False)

# %% [markdown]
# Sixty steps of a small model: enough to show how it is done, and too little to decide which method is better. Notebook
# 05 asks over scenarios, regimes and seeds.
