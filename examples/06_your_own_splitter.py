# %% [markdown]
# # 06 · Your own splitter in fifteen lines
#
# A splitter is a frozen dataclass with one method. Composition, sizes, seeds, groups, regimes, manifests, streams and
# the audit come with the base class.

# %%
from dataclasses import dataclass

from codeshift.properties import PropertyTable, TreeDepth
from codeshift.splitters import Interval, Region, Splitter


@dataclass(frozen=True, kw_only=True)
class NestingSplitter(Splitter):
    """Rows whose syntax tree is at least ``min_depth`` deep are out of distribution."""

    language: str
    min_depth: int = 12

    def fit(self, table: PropertyTable) -> Region:
        return Interval(TreeDepth(self.column, self.language), low=self.min_depth)


# %% [markdown]
# That was all of it.

# %%
from codeshift.data import stdlib_functions
from codeshift.splitters import LengthSplitter

rows = stdlib_functions().select(range(3000))  # or load_dataset("the name of a hub dataset", split="train")
deep = NestingSplitter(column="code", language="python", min_depth=14)
deep_but_short = deep & LengthSplitter(column="code", quantiles=(0.0, 0.8))
deep_but_short.assign(rows, seed=0)

# %% [markdown]
# ## Does it keep the laws?
#
# Each law is a check of its own, with the law in words as its docstring. `check_splitter` runs them all; it also
# compares with a fresh process where the splitter stands in a module.

# %%
from codeshift.splitters.testing import CHECKS, check_splitter

check_splitter(deep, rows.select(range(300)), fresh_process=False)
for check in CHECKS:
    print("·", check.__doc__.splitlines()[0])

# %% [markdown]
# ## A careless one is caught
#
# This one draws random numbers in `fit`, by the position of rows.

# %%
import numpy as np

from codeshift.properties import TextProperty


@dataclass(frozen=True)
class Noise(TextProperty):
    def compute(self, texts):
        return np.random.default_rng().random(len(texts))


@dataclass(frozen=True, kw_only=True)
class CarelessSplitter(Splitter):
    def fit(self, table: PropertyTable) -> Region:
        return Interval(Noise(self.column), high=0.3)


try:
    check_splitter(CarelessSplitter(column="code"), rows.select(range(300)), fresh_process=False)
except AssertionError as error:
    print("AssertionError:", error)
