# %% [markdown]
# # 01 · A first split
#
# This notebook takes some rows, a splitter, four parts, the audit's verdict, and a manifest to publish. It runs in
# seconds and needs no network.

# %%
from codeshift.data import stdlib_functions

rows = stdlib_functions().select(range(2000))
rows

# %% [markdown]
# The rows are documented functions of Python 3.11's standard library, which come with codeshift. To use a dataset of
# your own instead:
#
# ```text
# from datasets import load_dataset
# rows = load_dataset("google/code_x_glue_tc_text_to_code", split="train")     # a hub dataset, or
# rows = load_dataset("json", data_files="programs.jsonl", split="train")      # a file
# ```
#
# ## What is out of distribution
#
# A splitter says which rows are out of distribution, and nothing else. It has no seed and no sizes: those belong to the
# call.

# %%
from codeshift.splitters import ASTNodeSplitter

loops = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
loops

# %%
assignment = loops.assign(rows, seed=0)
assignment

# %% [markdown]
# `train`, `validation` and `test_id` lie outside the region, `test_ood` inside it. The other rows of the region are
# `excluded`: they are masked. The parts are a plain `DatasetDict`.

# %%
splits = assignment.to_dataset_dict()
print(splits)
print(splits["test_ood"][0]["code"])

# %%
named = sum("while " in code for code in splits["train"]["code"])
print(named, "rows of train hold the word while, in comments and strings: the region is one of syntax")

# %% [markdown]
# ## Is it sound?
#
# The audit looks for leakage, measures how strong the shift is, and lists what else moved with it.

# %%
from codeshift.audit import audit

report = audit(assignment, n_permutations=39)
print(report.verdict)

# %%
for moved in report.confounds:
    if ":" not in moved.name:  # properties; the others are single tokens and node types, the while keyword among them
        print(f"{moved.name:12} {moved.effect:+.2f} (without a shift {moved.reference_effect:+.2f})")

# %% [markdown]
# Functions with a loop are longer and deeper. Notebook 03 shows how to keep length fixed.
#
# ## Publish it
#
# A manifest holds the recipe, the fitted region, the seed and a digest of each row, but no row. Anyone who has the
# rows, in any order, can build the same split from it.

# %%
from codeshift.splitters import SplitManifest

assignment.manifest.save("loops.json")
again = SplitManifest.load("loops.json").apply(rows.shuffle(seed=1))
{part: sorted(again[part]["code"]) == sorted(splits[part]["code"]) for part in splits}
