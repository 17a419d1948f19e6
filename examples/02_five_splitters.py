# %% [markdown]
# # 02 · Five splitters on one dataset
#
# Each splitter holds out another kind of program: long programs, complex ones, programs with a syntax element, with an
# API, or about a topic. All five share one `PropertyTable`, so that every program is parsed and embedded only once.

# %%
import matplotlib.pyplot as plt
import numpy as np

from codeshift.audit import audit
from codeshift.data import stdlib_functions
from codeshift.properties import PropertyTable, TokenCount, TreeDepth
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter, ClusterSplitter, ComplexitySplitter, LengthSplitter

rows = stdlib_functions().select(range(2000))  # or load_dataset("the name of a hub dataset", split="train")
code = {"column": "code", "language": "python"}
splitters = {
    "long": LengthSplitter(column="code", quantiles=(0.85, 1.0)),
    "complex": ComplexitySplitter(**code, quantiles=(0.85, 1.0)),
    "raises": ASTNodeSplitter(**code, nodes=("raise_statement",)),
    "os": APIUsageSplitter(**code, apis=("os",)),
    "topic": ClusterSplitter(column="code", n_clusters=12, share=0.15),
}
table = PropertyTable(rows)
assignments = {name: splitter.assign(table, seed=0) for name, splitter in splitters.items()}
for name, assignment in assignments.items():
    print(f"{name:8} {assignment.sizes}")

# %% [markdown]
# ## How strong, and what else moved
#
# The AUC says how well a classifier tells `test_ood` from `train` by its tokens: .5 means not at all. The AUC of
# `test_id` shows what to expect without a shift.

# %%
reports = {
    name: audit(assignment, language="python", n_permutations=39, sample=400)
    for name, assignment in assignments.items()
}
print(f"{'':8} {'AUC':>5} {'without':>8}  verdict, and the property that moved farthest without being meant to")
for name, report in reports.items():
    ood, id_ = report.strength
    other = next(moved for moved in report.confounds if ":" not in moved.name)  # a property, no single token
    print(
        f"{name:8} {ood.classifier.statistic:5.2f} {id_.classifier.statistic:8.2f}  {report.verdict.label}: "
        f"{other.name} {other.effect:+.1f}"
    )

# %% [markdown]
# ## Lengths in train and in test
#
# All five splits change the lengths, most of them without being meant to: this is why one needs a control of equal
# length.

# %%
lengths = table.values(TokenCount("code"))
bins = np.geomspace(5, lengths.max(), 25)
figure, axes = plt.subplots(1, 5, figsize=(11, 2.2), sharey=True, layout="constrained")
for axis, (name, assignment) in zip(axes, assignments.items(), strict=True):
    for part, colour in (("train", "tab:gray"), ("test_ood", "tab:orange")):
        of_part = lengths[assignment.indices(part)]
        share = np.full(len(of_part), 1 / len(of_part))  # of the part's rows
        axis.hist(of_part, bins=bins, weights=share, color=colour, alpha=0.6, label=part)
    axis.set(title=name, xscale="log", xlabel="tokens", yticks=[])
_ = axes[0].legend(frameon=False, fontsize=8)

# %% [markdown]
# ## Where the held-out programs lie
#
# Each dot is a program, placed by its length and the depth of its syntax tree. Bands of length or complexity cut the
# plane; programs with an element, an API or a topic are scattered over it.

# %%
depths = table.values(TreeDepth("code", "python")) + np.random.default_rng(0).uniform(-0.4, 0.4, len(rows))
figure, axes = plt.subplots(1, 5, figsize=(11, 2.4), sharey=True, layout="constrained")
for axis, (name, splitter) in zip(axes, splitters.items(), strict=True):
    inside = splitter.fit(table).contains(table)
    axis.scatter(lengths[~inside], depths[~inside], s=2, color="tab:gray", alpha=0.4, rasterized=True)
    axis.scatter(lengths[inside], depths[inside], s=3, color="tab:orange", rasterized=True)
    axis.set(title=name, xscale="log", xlabel="tokens")
_ = axes[0].set_ylabel("depth of the tree")
