# %% [markdown]
# # 06 · Your own splitter in fifteen lines
#
# A splitter is a frozen dataclass with one method. The base class provides composition, sizes, seeds, groups, regimes,
# manifests, streams and the audit.

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
# That is all.

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
# Each law has a check, with the law in words as its docstring. `check_splitter` runs them all. If the splitter is
# defined in a module, it can also compare with a fresh process.

# %%
from codeshift.splitters.testing import SPLITTER_CHECKS, check_splitter

check_splitter(deep, rows.select(range(300)), fresh_process=False)
for check in SPLITTER_CHECKS:
    print("·", check.__doc__.splitlines()[0])

# %% [markdown]
# ## A careless one is caught
#
# The following splitter uses a property that is random, so its split changes from call to call.

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
