# %% [markdown]
# # 03 · Compose and audit
#
# Regions are sets of programs, and `&`, `|`, `-` and `~` compose them. This notebook keeps one property fixed while
# another is shifted, and shows what an audit finds in a carelessly made split.

# %%
from codeshift.audit import audit
from codeshift.data import stdlib_functions
from codeshift.properties import PropertyTable
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, RandomSplitter

rows = stdlib_functions().select(range(2500))  # or load_dataset("the name of a hub dataset", split="train")
table = PropertyTable(rows)
code = {"column": "code", "language": "python"}
settings = {"column": "code", "language": "python", "n_permutations": 39, "sample": 500}

# %% [markdown]
# ## A split that leaks
#
# Here the rows are split at random with scikit-learn. Near-duplicates of test rows end up in train.

# %%
from datasets import DatasetDict
from sklearn.model_selection import train_test_split

train, test = train_test_split(range(len(rows)), test_size=0.2, random_state=0)
careless = audit(DatasetDict(train=rows.select(train), test=rows.select(test)), **settings)
print(careless.verdict)

# %%
worst = careless.leakage[0].worst[0]
print(f"Jaccard {worst.jaccard:.2f}\n--- test\n{worst.row[:400]}\n--- train\n{worst.train_row[:400]}")

# %% [markdown]
# codeshift's control holds out the same share, but keeps near-duplicates together. There is no leak, and no shift
# either, as there should be for a control.

# %%
control = RandomSplitter(column="code", share=0.2).assign(table, seed=0)
print(audit(control, **settings).verdict)

# %% [markdown]
# ## One thing at a time
#
# Loops occur in long functions.

# %%
loops = ASTNodeSplitter(**code, nodes=("for_statement", "while_statement"))


def show(name, splitter):
    report = audit(splitter.assign(table, seed=0), **settings)
    shifts = {shift.name: shift for shift in report.strength[0].properties}
    length, depth = (shifts[name].effect for name in ("TokenCount", "TreeDepth"))
    print(f"{name:30} length {length:+.2f}  depth {depth:+.2f}  {report.verdict.label}")


show("loops", loops)

# %% [markdown]
# Loops in functions of medium length are shorter than train on average, and only a quarter of the difference in depth
# is left: if they cost a model something, it is not because they are long. The region is the intersection, and the
# order of the operands does not matter: quantiles are computed over the whole dataset, not over the rows that the other
# operand leaves.

# %%
middling = LengthSplitter(column="code", quantiles=(0.2, 0.7))
show("loops of middling length", loops & middling)
show("the same, the other way round", middling & loops)

# %% [markdown]
# The repr is the full specification: it can be typed in again, for any composition. The laws of Boolean algebra hold.

# %%
spec = loops & middling - ASTNodeSplitter(**code, nodes=("try_statement",))
print(spec)
a, b = ~(loops | middling), ~loops & ~middling
(a.fit(table).contains(table) == b.fit(table).contains(table)).all()

# %% [markdown]
# ## Regimes and a control of equal size
#
# `ood_kept` puts a share of the region's pool back into training. The test rows are the same in all regimes, and the
# regimes are nested. With `train_size`, every regime trains on the same number of rows, so that size is not a confound.

# %%
regimes = {kept: loops.assign(table, seed=0, ood_kept=kept, train_size=800) for kept in (0.0, 0.25, 1.0)}
inside = loops.fit(table).contains(table)
for kept, assignment in regimes.items():
    trained = assignment.indices("train")
    print(f"ood_kept={kept:<5} train {len(trained)} rows, {inside[trained].sum():3} of them loops; "
          f"test_ood {len(assignment.indices('test_ood'))} rows")  # fmt: skip
tests = {kept: tuple(assignment.indices("test_ood")) for kept, assignment in regimes.items()}
len(set(tests.values())) == 1

# %% [markdown]
# ## The report
#
# A notebook displays a report, and the report can plot each property.

# %%
report = audit(loops.assign(table, seed=0), **settings)
report

# %%
report.plot_all()
