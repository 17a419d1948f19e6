# %% [markdown]
# # 10 · A chat model
#
# SmolLM2-135M-Instruct is a chat model that knows some Python. It is asked to solve problems of MBPP (CC BY 4.0), is
# fine-tuned by LoRA on 200 solutions without a loop, and is asked again: has it become better, on problems like those
# and on problems whose solution needs a loop? A program counts if it passes its tests.

# %%
import os

from codeshift.data import load_problems

MODEL = os.environ.get("SMOLLM2", "HuggingFaceTB/SmolLM2-135M-Instruct")  # the hub's name, or a folder of the model
problems = load_problems("data/mbpp.jsonl", prompt="text", tests="tests")  # short ones; a hub dataset works as well
print(problems[3]["text"], problems[3]["code"], problems[3]["tests"], sep="\n\n")

# %% [markdown]
# The region is what holds a loop. `train_size` makes it 200 rows, and none of them is of the region.

# %%
from codeshift.splitters import ASTNodeSplitter

loops = ASTNodeSplitter(column="code", language="python", nodes=("for_statement", "while_statement"))
sizes = {"train_size": 200, "test_id_size": 48, "test_ood_size": 48, "validation_size": 0}
splits = loops.split(problems, seed=0, min_test_rows=30, **sizes)
{part: len(rows) for part, rows in splits.items()}

# %% [markdown]
# ## Before
#
# `chat=True` makes each row a conversation by the model's own template. A chat model explains: `extract="code"` takes
# the first fenced block of an answer. `PassAtK` runs it against the tests, in a sandbox where `bubblewrap` is installed
# (see the guide "Run the tests" before you run what a model wrote).

# %%
from codeshift.finetune import Decoding, Evaluator
from codeshift.metrics import NegativeLogLikelihood, PassAtK, SyntacticValidity
from codeshift.metrics.execution import PythonRunner

task = {
    "source": "Write a Python function. {text} It must pass these tests:\n\n{tests}",
    "target": "code",
    "chat": True,
    "progress": False,
}
evaluator = Evaluator(
    [
        NegativeLogLikelihood(),
        SyntacticValidity("python"),
        PassAtK(1, runner=PythonRunner(), tests="tests"),
    ],
    extract="code",
    decoding=Decoding(max_new_tokens=112),
    batch_size=24,
    **task,
)
parts = ("test_id", "test_ood")
before = evaluator.evaluate(MODEL, splits, parts=parts)
print(before["test_id"].outputs[0].text)

# %% [markdown]
# ## LoRA on 200 rows
#
# The loss covers what the assistant writes and the end of its turn alone.

# %%
from peft import LoraConfig

from codeshift.finetune import Trainer, TrainingConfig

config = TrainingConfig(learning_rate=5e-4, max_steps=25, train_batch_size=8, warmup_steps=0.1, eval_strategy="no")
lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
result = Trainer(MODEL, MODEL, config, peft_config=lora, **task).fit(splits)
print(result.parameters)
print("loss", round(result.losses[0], 2), "at the first step,", round(result.losses[-1], 2), "at the last")

# %% [markdown]
# ## After

# %%
import pandas as pd

from codeshift.finetune.models import load_tokenizer

after = evaluator.evaluate(result.model, splits, tokenizer=load_tokenizer(MODEL), parts=parts)
lines = [
    {"part": part, "when": when, "metric": name, "value": f"{e.value:.3f}", "95%": f"{e.low:.3f} to {e.high:.3f}"}
    for part in parts
    for when, result_of in (("before", before), ("after", after))
    for name, e in result_of[part].estimates.items()
]
pd.DataFrame(lines).pivot(index=["metric", "part"], columns="when", values=["value", "95%"])

# %% [markdown]
# Each number rests on 48 problems, so the intervals of pass@1 are wide; whether a program passes is known of the same
# problems before and after, so the difference is paired.

# %%
from codeshift.metrics import paired_difference

for part in parts:
    passed = [run[part].scores("pass@1") for run in (after, before)]
    print(part, "pass@1:", paired_difference(*passed, n_permutations=1999, n_resamples=1000, seed=0))

# %% [markdown]
# What does it write now? A problem of the region, before and after:

# %%
for when, run in (("before", before), ("after", after)):
    print(f"--- {when}", run["test_ood"].outputs[0].text[:400], sep="\n")
