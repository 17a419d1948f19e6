# %% [markdown]
# # 09 · Classification
#
# What is a function about: graphs, sorting, strings? `data/algorithms.jsonl` holds functions of four languages from
# TheAlgorithms' repositories (MIT), each with its topic, its file and the date of that file. A classifier learns the
# topic from three languages, and you see what it knows in the fourth.

# %%
from datasets import load_dataset

rows = load_dataset("json", data_files="data/algorithms.jsonl", split="train", cache_dir="cache")
print(len(rows), "rows,", rows["label"].count(None), "without a label,", rows["added"].count(None), "without a date")
rows[0]

# %% [markdown]
# For a hub dataset, use `load_dataset("its name", split="train")`. Rows without a label cannot be used, and labels that
# some language lacks would tell the language: both are left out, and counted.

# %%
labelled = rows.filter(lambda row: row["label"] is not None)
languages = {label: {r["language"] for r in labelled if r["label"] == label} for label in labelled.unique("label")}
data = labelled.filter(lambda row: len(languages[row["label"]]) == 4)
data = data.map(lambda row: {"folder": row["path"].rpartition("/")[0]})
print(len(data), "of", len(labelled), "rows have one of the", len(data.unique("label")), "shared labels")

# %% [markdown]
# ## Four shifts of the same rows
#
# By language, by folder, by date and by length. The split by date takes the rows that have one.

# %%
from codeshift.splitters import GroupSplitter, LengthSplitter, Scenario, TimeSplitter

by_language = GroupSplitter(column="code", by="language", values=("go",))
shifts = {
    "language": by_language,
    "folder": GroupSplitter(column="code", by="folder", share=0.2),
    "date": TimeSplitter(column="code", by="added", share=0.2),
    "length": LengthSplitter(column="code", quantiles=(0.8, 1.0)),
}
dated = data.filter(lambda row: row["added"] is not None)
for name, splitter in shifts.items():
    splits = splitter.split(dated if name == "date" else data, seed=0, min_test_rows=0)
    print(f"{name:9}", {part: len(part_rows) for part, part_rows in splits.items()})

# %% [markdown]
# ## The plain baseline
#
# TF-IDF and logistic regression take a second. What a model gains should be measured against it.

# %%
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

splits = by_language.split(data, seed=0, stratify_by_column="label")
words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
baseline = make_pipeline(words, LogisticRegression(C=10, max_iter=1000, class_weight="balanced"))
baseline.fit(splits["train"]["code"], splits["train"]["label"])
for part in ("test_id", "test_ood"):
    predicted = baseline.predict(splits[part]["code"])
    print(part, "macro-F1", round(f1_score(splits[part]["label"], predicted, average="macro"), 3))

# %% [markdown]
# ## A study of a classifier
#
# `task="classification"` puts a head of transformers on the model; here it is the embedded model, and training is far
# too short to be good. Each of the four shifts has a model that was trained without its region, and all share the 100%
# baseline, which saw everything. The rows are those with a date, so that all scenarios have the same.

# %%
from codeshift.finetune import TrainingConfig
from codeshift.study import Study

config = TrainingConfig(
    learning_rate=1e-3, max_steps=40, train_batch_size=8, max_source_length=64, warmup_steps=0.1,
    class_weight="balanced", eval_strategy="no",
)  # fmt: skip
study = Study(
    dataset=dated,
    scenarios=[Scenario(name, splitter) for name, splitter in shifts.items()],
    source="code",
    target="label",
    task="classification",
    config=config,
    ood_kept=(0.0, 1.0),
    test_size=0.4,
    stratify_by_column="label",
    min_test_rows=0,
    audit=False,
    title="Topics of functions",
)
results = study.run("study", progress=False, threads=1)  # threads=1: other work shares this machine
results.counts

# %%
table = results.to_pandas()
shown = table[table["part"].isin(["test_id", "test_ood"])]
shown.pivot_table(index=["scenario", "ood_kept", "metric"], columns="part", values="value").round(3)

# %% [markdown]
# What a shift costs stands in the columns of `test_ood`: the model without the region against the baseline, on the same
# rows. The parts are small here, so look at the intervals in the report before you believe a difference.

# %% [markdown]
# ## Does the model know?
#
# The report shows which classes are taken for others, how sure the model is and how right, and whether its outputs tell
# that a row is out of distribution: by its confidence, and by the distance of a row's features from those of training
# rows. An AUROC of .5 is chance.

# %%
from codeshift.study import Report

report = Report(results)
report.save("report.html")
for claim in report.findings.claims:
    print("-", claim)

# %%
import pandas as pd

masked = [finding for finding in report.findings.detections if finding.cell.ood_kept == 0]
columns = {
    "score": [finding.score for finding in masked],
    "scenario": [finding.cell.scenario for finding in masked],
    "AUROC": [finding.value for finding in masked],
}
aurocs = pd.DataFrame(columns)
aurocs.pivot(index="score", columns="scenario", values="AUROC").round(2)

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
_ = report.plot("confusion", ax=axes[0])
_ = report.plot("reliability", ax=axes[1])

# %% [markdown]
# ## Pairs: does a function answer a query?
#
# A pair of columns as `source` is a pair of texts. `load_task` knows the columns of some datasets of pairs: here a
# folder with 160 rows of CoSQA; `load_task("code-search")` gets all from the hub. Long functions are out of
# distribution. The task is hard, and so few rows teach little: expect an AUROC near .5.

# %%
from codeshift.data import TASK_DATASETS, load_task
from codeshift.finetune import Evaluator, Trainer
from codeshift.metrics import AUROC, Accuracy

task = TASK_DATASETS["code-search"]
pairs = load_task("code-search", source="data/code_search")["validation"]
long = LengthSplitter(column="code", quantiles=(0.75, 1.0))
parts = long.split(pairs, seed=0, stratify_by_column=task.target, min_test_rows=0)
print({part: len(part_rows) for part, part_rows in parts.items()})

# %%
import warnings
from dataclasses import replace

from codeshift.data import embedded_model_path
from codeshift.finetune.errors import TruncationWarning

warnings.simplefilter("ignore", TruncationWarning)  # it is shown below
longer = replace(config, max_source_length=96)
columns = {"source": task.source, "target": task.target, "task": task.kind, "progress": False}
model = embedded_model_path()
trained = Trainer(model, model, longer, **columns).fit(parts)
print(trained.truncation["train"])
evaluated = Evaluator([AUROC(), Accuracy()], **columns).evaluate(trained.model, parts, tokenizer=model)
print(evaluated)
