"""``codeshift languages``, which lists the languages that can be parsed and what each supports."""

from __future__ import annotations

import argparse
from typing import Any

from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, as_table, report


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    add_command(
        commands,
        "languages",
        run,
        summary="list the languages that can be parsed and what each supports",
        description="Lists every language with its grammar, whether the names of APIs are resolved (APIUsageSplitter), "
        "whether CodeBLEU knows its data flow, and the number of node types that ASTNodeSplitter can choose from.",
        example="codeshift languages --json",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    languages = _facts_of_languages()
    columns = ("language", "grammar", "version", "node_types")
    rows = [(*(facts[c] for c in columns), _yes(facts["apis"]), _yes(facts["dataflow"])) for facts in languages]
    header = ("language", "grammar", "version", "node types", "APIs", "data flow")
    report(arguments, as_table(rows, header=header), {"languages": languages})
    return DONE


def _facts_of_languages() -> list[dict[str, Any]]:
    from codeshift.metrics.codebleu.dataflow import LANGUAGES
    from codeshift.properties import languages
    from codeshift.properties.api_names import API_LANGUAGES
    from codeshift.properties.grammars import grammar

    return [
        {
            "language": facts.language,
            "grammar": facts.distribution,
            "version": facts.version,
            "node_types": len(facts.node_kinds),
            "apis": facts.language in API_LANGUAGES,
            "dataflow": facts.language in LANGUAGES,
            "digest": facts.digest,
        }
        for facts in map(grammar, sorted(languages()))
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "-"
