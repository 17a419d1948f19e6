"""Measure learning rates for ``codeshift demo`` on validation rows: ``python scripts/demo_learning_rates.py``.

Each is trained as the demo's run without the longest fifth, on nine tenths of that run's rows; the others validate. No
test row of the demo is looked at. A line of Markdown a learning rate: its negative log-likelihood in nats a token.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

import torch

from codeshift.demo import demo_study
from codeshift.finetune import Evaluator, Trainer
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

RATES = {"full": (1e-4, 3e-4, 1e-3, 3e-3), "lora": (3e-4, 1e-3, 3e-3, 1e-2)}


def main() -> int:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=RATES, nargs="*", default=list(RATES))
    parser.add_argument("--rate", type=float, nargs="*", help="other learning rates than these")
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = demo_study()
    spec, scenario = study.spec, study.scenarios[0].name
    train = study.splits.scenario(scenario, 0).training(0.0)["train"]
    rows = spec.dataset.select(train).shuffle(seed=0)
    validation, train = rows.select(range(len(rows) // 10)), rows.select(range(len(rows) // 10, len(rows)))
    texts = {"source": study.source, "target": study.target, "progress": False}
    model = spec.models[None].model
    print(f"| method | learning rate | NLL of {len(validation)} validation rows | exact match | CPU s of training |")
    print("|---|---|---|---|---|", flush=True)
    for method in options.method:
        for rate in options.rate or RATES[method]:
            start = time.process_time()
            config = replace(spec.configs[method], learning_rate=rate, eval_strategy="no")
            peft_config = spec.methods[method]
            tuned = Trainer(model, model, config, peft_config=peft_config, **texts).fit({"train": train})
            seconds = time.process_time() - start
            limits = {name: getattr(config, name) for name in ("max_source_length", "max_target_length")}
            evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], **texts, **limits)
            evaluated = evaluator.evaluate(
                tuned.model, {"validation": validation}, tokenizer=model, parts=("validation",)
            )["validation"]
            nll, match = (evaluated.estimates[name] for name in ("negative_log_likelihood", "exact_match"))
            print(f"| {method} | {rate:g} | {nll.value:.3f} [{nll.low:.3f}, {nll.high:.3f}] | {match.value:.1%} | "
                  f"{seconds:.0f} |", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
