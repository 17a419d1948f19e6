# %% [markdown]
# # 05 · A study and its report
#
# A study runs scenarios × regimes × methods × seeds in one call, which can be stopped at any moment and continues where
# it was. The task is that of `codeshift demo`: a name is left out of a function, and the model must write it.

# %%
import warnings

from peft import LoraConfig

from codeshift.data import completion_rows, stdlib_functions
from codeshift.errors import LeftOutWarning
from codeshift.finetune import TrainingConfig
from codeshift.metrics import ExactMatch, NegativeLogLikelihood
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, Scenario
from codeshift.study import Study

rows = stdlib_functions().remove_columns("name")  # or a hub dataset: load_dataset("its name", split="train")
short = rows.filter(lambda row: len(row["code"]) <= 400).shuffle(seed=0)
warnings.simplefilter("ignore", LeftOutWarning)  # some functions have no name that stands twice
named = completion_rows(short.select(range(3000)), "name", language="python")
data = named.filter(lambda row: row["name"] not in ("self", "cls"))  # a third of the names, which are soon learnt
scenarios = [
    Scenario("longest", LengthSplitter(column="code", quantiles=(0.8, 1.0))),
    Scenario("raises", ASTNodeSplitter(column="code", language="python", nodes=("raise_statement",))),
]
limits = {"max_source_length": 160, "max_target_length": 16, "eval_strategy": "no"}
study = Study(
    dataset=data,
    scenarios=scenarios,  # or simscood_scenarios("code", language="python"): fifteen
    source="{prefix}<extra_id_0>{suffix}",
    target="name",
    # without model= it is the embedded model; or model="Salesforce/codet5p-220m", a hub model
    methods={
        "full": None,
        "lora": LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="SEQ_2_SEQ_LM"),
    },
    ood_kept=(0.0, 1.0),  # all of the region masked; none of it: the 100% baseline
    metrics=[NegativeLogLikelihood(), ExactMatch()],
    config={
        "full": TrainingConfig(learning_rate=1e-3, max_steps=20, train_batch_size=16, warmup_steps=0.1, **limits),
        "lora": TrainingConfig(learning_rate=3e-3, max_steps=20, train_batch_size=16, warmup_steps=0.1, **limits),
    },
    audit={"n_permutations": 39},
    detection=False,  # leave it out to learn whether the model's confidence tells the shift
    title="Functions of the standard library",
)

# %% [markdown]
# ## What it will cost
#
# The plan says so before anything runs. What scenarios share is done once: the baseline of a method, the model without
# fine-tuning, and the evaluation of each model on all test rows.

# %%
print(study.plan())

# %% [markdown]
# ## Run it
#
# `workers=2` would run two at a time, `executor=` on a cluster (notebook 08). A finished run is never repeated, and a
# run that fails is recorded with its error while the others go on.

# %%
results = study.run("study", progress=False, threads=1)  # threads=1: other work shares this machine
results.counts

# %%
table = results.to_pandas()
shown = table[table["metric"].eq("negative_log_likelihood") & table["part"].isin(["test_id", "test_ood"])]
shown.pivot_table(index=["scenario", "method", "ood_kept"], columns="part", values="value", dropna=True).round(3)

# %% [markdown]
# ## The report
#
# The report is one self-contained page with intervals, comparisons, and the audit of each split. It is also available
# as Markdown and as LaTeX tables, and its figures as matplotlib axes.

# %%
from codeshift.study import Report

report = Report(results)
report.save("report.html")
print("\n".join(report.to_markdown().splitlines()[:33]))  # what was found, and the first rows of the scores

# %%
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(5, 4), layout="constrained")
_ = report.plot("id_against_ood", ax=axis)
# %% [markdown]
# Results can be read without the dataset, also while the study still runs:

# %%
from codeshift.study import load_results

load_results("study").counts
