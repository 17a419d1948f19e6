# %% [markdown]
# # 07 · A published manifest
#
# A paper has published `data/paper-split.json`, the manifest of its split, and names the dataset, here
# `data/functions.jsonl`: 240 functions of codeshift itself. You rebuild its split, check it, and ask its region
# about programs of your own.

# %%
from datasets import load_dataset

from codeshift.splitters import SplitManifest

rows = load_dataset("json", data_files="data/functions.jsonl", split="train", cache_dir="cache")
manifest = SplitManifest.load("data/paper-split.json")
print(manifest.summary())

# %% [markdown]
# For a hub dataset it would be `load_dataset("its name", split="train")`.
#
# Rows are known by what they hold, not by where they stand: yours may come in another order.

# %%
splits = manifest.apply(rows.shuffle(seed=4))
splits

# %% [markdown]
# It is the paper's split or an error: a row that is missing, or one too many, is told.

# %%
from codeshift.errors import ManifestError

try:
    manifest.apply(rows.select(range(100)))
except ManifestError as error:
    print(error)

# %% [markdown]
# ## How it was made
#
# The recipe, the seed, the sizes asked and got, and the versions that took part are in the manifest. The recipe is text
# for people, and codeshift never evaluates it; `parse_splitter` reads it.

# %%
from codeshift.splitters import parse_splitter

print(manifest.splitter)
print({name: manifest.request[name] for name in ("seed", "ood_kept", "test_ood_size")})
again = parse_splitter(manifest.splitter).assign(rows, seed=manifest.request["seed"], min_test_rows=0)
{part: sorted(rows_["code"]) == sorted(splits[part]["code"]) for part, rows_ in again.to_dataset_dict().items()}

# %% [markdown]
# ## Is it sound?

# %%
from codeshift.audit import audit

print(audit(splits, column="code", language="python", n_permutations=39).verdict)

# %% [markdown]
# ## Your programs
#
# Which of them are out of distribution for a model that the paper trained?

# %%
from datasets import Dataset

from codeshift.properties import PropertyTable

mine = Dataset.from_dict({"code": ["def f(x):\n    return x + 1", "def g(xs):\n    while xs:\n        xs.pop()"]})
manifest.fitted_region().contains(PropertyTable(mine)).tolist()
