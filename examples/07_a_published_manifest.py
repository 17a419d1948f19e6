# %% [markdown]
# # 07 · A published manifest
#
# Suppose a paper has published `data/paper-split.json`, the manifest of its split, and names the dataset, here
# `data/functions.jsonl`: 240 functions of codeshift itself. In this notebook you rebuild its split, audit it, and apply
# its region to programs of your own.

# %%
from datasets import load_dataset

from codeshift.splitters import SplitManifest

rows = load_dataset("json", data_files="data/functions.jsonl", split="train", cache_dir="cache")
manifest = SplitManifest.load("data/paper-split.json")
print(manifest.summary())

# %% [markdown]
# For a hub dataset, use `load_dataset("its name", split="train")`.
#
# Rows are identified by their content, not by their position: yours may be in another order.

# %%
splits = manifest.apply(rows.shuffle(seed=4))
splits

# %% [markdown]
# You get the paper's split or an error: missing rows and extra rows are reported.

# %%
from codeshift.errors import ManifestError

try:
    manifest.apply(rows.select(range(100)))
except ManifestError as error:
    print(error)

# %% [markdown]
# ## How it was made
#
# The manifest holds the recipe, the seed, the sizes that were requested and reached, and the versions of the libraries.
# The recipe is text for people, and codeshift never evaluates it; `parse_splitter` reads it.

# %%
from codeshift.splitters import parse_splitter

print(manifest.splitter)
print(manifest.config.seed, manifest.config.ood_kept, manifest.config.test_ood_size)
again = parse_splitter(manifest.splitter).assign(rows, seed=manifest.config.seed, min_test_rows=0)
{part: sorted(rows_["code"]) == sorted(splits[part]["code"]) for part, rows_ in again.to_dataset_dict().items()}

# %% [markdown]
# ## Is it sound?

# %%
from codeshift.audit import audit

print(audit(splits, column="code", language="python", n_permutations=39).verdict)

# %% [markdown]
# ## Your programs
#
# Which of your programs are out of distribution for a model that the paper trained?

# %%
from datasets import Dataset

from codeshift.properties import PropertyTable

mine = Dataset.from_dict({"code": ["def f(x):\n    return x + 1", "def g(xs):\n    while xs:\n        xs.pop()"]})
manifest.fitted_region().contains(PropertyTable(mine)).tolist()
