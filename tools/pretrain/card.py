"""The model card: the recipe in words, and its loss curve as a picture."""

from __future__ import annotations

import io
import re
import textwrap
from pathlib import Path
from typing import Any

from codeshift.errors import MissingExtraError

_COLUMNS = ("read", "too short or long", "alike to held out", "alike to others", "beyond the cap", "kept", "documented")

_CARD = Path(__file__).with_name("card.md")  # a template of str.format


def card(recipe: dict[str, Any]) -> str:
    """The card in Markdown.

    Args:
        recipe: what ``export`` writes as ``pretraining.json``.
    """
    stages = [*recipe.get("earlier", []), recipe]
    architecture, training, held_out = recipe["architecture"], recipe["training"], recipe["held_out"]
    text = _CARD.read_text(encoding="utf-8").format(
        millions=recipe["parameters"] / 1e6, vocabulary=recipe["vocabulary"],
        source_tokens=training["max_source_length"], target_tokens=training["max_target_length"],
        train=held_out["train"], test=held_out["test"], leaked=held_out["leaked"],
        rows=recipe["likelihood_after"]["rows"],
        before=_interval(recipe["likelihood_before"]), after=_interval(recipe["likelihood_after"]),
        fragments=recipe["fragments"], characters=recipe["characters"] / 1e6, documented=recipe["documented"],
        most=recipe["most_of_one"], java_files=_files(recipe["java_files"]), java_left_out=recipe["java_left_out"],
        table="\n".join(_line(source) for source in recipe["sources"]), all_rows=recipe["rows"],
        encoder=architecture["num_layers"], decoder=architecture["num_decoder_layers"], width=architecture["d_model"],
        ff=architecture["d_ff"], heads=architecture["num_heads"], kv=architecture["d_kv"],
        stages="; then, from there, ".join(_stage(stage) for stage in stages), commands=_commands(stages, recipe),
        batch=training["train_batch_size"], warmup=training["warmup_steps"],
        precision="bf16" if training["bf16"] else "fp32",
        target_tokens_seen=sum(stage["target_tokens"] for stage in stages) / 1e6,
        hours=sum(stage["seconds"] for stage in stages) / 3600,
        machine=recipe["machine"],
    )  # fmt: skip
    return _wrapped(text)


def _wrapped(text: str) -> str:
    """Paragraphs of prose in lines of one width; tables, headings, comments and code as they are."""
    blocks = re.split(r"(```.*?```|\n\n)", text, flags=re.DOTALL)
    return "".join(textwrap.fill(block, 120) if re.match(r"(?!```)[A-Z0-9`]", block) else block for block in blocks)


def loss_curve(recipe: dict[str, Any]) -> str:
    """The loss curve as SVG, the same bytes for the same recipe.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    with matplotlib.rc_context({"svg.hashsalt": "codeshift", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7.0, 3.4), layout="constrained")
        ax = figure.subplots()
        for name, label in (("training", "training, all tasks"), ("validation", "held out, docstring to code")):
            points = _points(recipe, name)
            ax.plot([x for x, _ in points], [y for _, y in points], label=label, linewidth=1.4)
        ax.set_xlabel("step")
        ax.set_ylabel("loss, nats a token")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _points(recipe: dict[str, Any], name: str) -> list[tuple[int, float]]:
    """The points of all stages, with the steps counted through."""
    points: list[tuple[int, float]] = []
    before = 0
    for stage in [*recipe.get("earlier", []), recipe]:
        points += [(before + step, loss) for step, loss in stage["curve"][name]]
        before += stage["settings"]["steps"]
    return points


def _stage(stage: dict[str, Any]) -> str:
    steps, rate, seed = (stage["settings"][name] for name in ("steps", "learning_rate", "seed"))
    threads = "1 thread" if stage["threads"] == 1 else f"{stage['threads']} threads"
    return f"{steps:,} steps on {threads} with a learning rate up to {rate:g} (seed {seed})"


def _commands(stages: list[dict[str, Any]], recipe: dict[str, Any]) -> str:
    lines = []
    for number, stage in enumerate(stages):
        steps, rate, seed = (stage["settings"][name] for name in ("steps", "learning_rate", "seed"))
        start = f" --start FOLDER-{number - 1}" if number else ""
        start += f" --threads {stage['threads']}" if stage["threads"] > 1 else ""
        options = f'--steps {steps} --learning-rate {rate:g} --seed {seed} --jdk-version "{recipe["jdk_version"]}"'
        lines.append(f"python -m tools.pretrain --out FOLDER-{number}{start} {options}")
    return "\n".join(lines)


def _interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _files(counts: dict[str, int]) -> str:
    parts = [f"{count:,} ({licence})" for licence, count in counts.items()]
    return ", ".join(parts[:-1]) + f" and {parts[-1]} files" if len(parts) > 1 else f"{parts[0]} files"


def _line(source: dict[str, Any]) -> str:
    cells = [source["name"], source["version"], source["licence"], *(f"{source[name]:,}" for name in _COLUMNS)]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
