# %% [markdown]
# # 08 · From one machine to a cluster
#
# A study takes any `concurrent.futures.Executor`. This notebook uses that of `dask.distributed` with two workers on
# this machine; a cluster differs in one line.

# %%
from codeshift.data import stdlib_functions
from codeshift.finetune import TrainingConfig
from codeshift.metrics import NegativeLogLikelihood
from codeshift.splitters import LengthSplitter, Scenario
from codeshift.study import Study

rows = stdlib_functions()  # or a hub dataset: load_dataset("its name", split="train")
short = rows.filter(lambda row: len(row["code"]) <= 300 and len(row["docstring"]) <= 100).shuffle(seed=0)
study = Study(
    dataset=short.select(range(2000)),
    scenarios=[Scenario("longest", LengthSplitter(column="code", quantiles=(0.8, 1.0)))],
    source="{docstring}\n{signature}",
    target="code",
    # without model= it is the embedded model; a hub model would be model="its name"
    ood_kept=(0.0, 1.0),
    metrics=[NegativeLogLikelihood()],
    config=TrainingConfig(learning_rate=1e-3, max_steps=6, max_source_length=96, max_target_length=128,
                          eval_strategy="no"),
    audit=False,
    detection=False,  # leave it out to learn whether the model's confidence tells the shift
)  # fmt: skip
print(study.plan())

# %% [markdown]
# ## Two workers
#
# Runs are sent to the workers as small values: a folder and a key. The rows, the splits and the results are in the
# folder, which all workers must see; on a cluster this is a shared file system.

# %%
from dask.distributed import Client, LocalCluster

with (
    LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
    Client(cluster) as client,
    client.get_executor() as executor,
):
    on_two = study.run("on-two", executor=executor, threads=1, progress=False)
on_two.counts

# %% [markdown]
# ## The same numbers
#
# Each run is computed in one process with its own seeds, so it does not matter where it runs.

# %%
here = study.run("here", threads=1, progress=False)
left, right = (results.to_pandas(n_resamples=200).drop(columns="seconds") for results in (here, on_two))
left.equals(right)

# %% [markdown]
# ## A cluster
#
# Only the line that makes the cluster differs. With SLURM and `dask-jobqueue`:
#
# ```text
# from dask_jobqueue import SLURMCluster
# cluster = SLURMCluster(cores=4, memory="16GB", job_extra_directives=["--gres=gpu:1"])
# cluster.scale(jobs=16)
# ```
#
# Ray, MPI and submitit have executors that go in the same place ([scaling out](../docs/guides/scaling-out.md)). If the
# job ends, or a worker dies, the same call continues with what is left.
