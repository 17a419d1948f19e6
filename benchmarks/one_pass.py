"""Features of syntax against the cost of parsing alone, in one run: node histogram, tokens, depth and API names.

The corpus is 20,000 functions of the standard library and of the packages installed (an environment with the ``dev``
extra holds them), as they stand in their files. Every way is run in turn, several times over; costs are CPU seconds,
and what counts is a way's ratio to parsing alone in the same round.

    OMP_NUM_THREADS=1 python benchmarks/one_pass.py --write benchmarks/results/one_pass.json
"""

from __future__ import annotations

import argparse
import ast
import gc
import json
import os
import platform
import random
import statistics
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

import tree_sitter

from codeshift.properties.grammars import parser, ts_language
from codeshift.properties.syntax import scan, scan_batch

LANGUAGE = "python"
TARGET = 1.4  # of codeshift(), in costs of parsing alone


def functions() -> Iterator[str]:
    """The source of every function in the standard library and in site-packages, files in a fixed random order."""
    paths = sysconfig.get_paths()
    files = sorted({file for key in ("stdlib", "purelib") for file in Path(paths[key]).rglob("*.py")})
    random.Random(0).shuffle(files)
    for file in files:
        try:
            source = file.read_text(encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue  # fixtures of parsers' tests
        lines = source.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield "".join(lines[node.lineno - 1 : node.end_lineno])


def parse_alone(texts: list[str]) -> None:
    """What every way below has to do first."""
    parse = parser(LANGUAGE).parse
    for text in texts:
        parse(text.encode())


def cursor_walk(texts: list[str]) -> list[Counter[int]]:
    """A tree cursor that steps through every node, the collector off."""
    parse, counts = parser(LANGUAGE).parse, []
    for text in texts:
        cursor = parse(text.encode()).walk()
        kinds: list[int] = []
        down, across, up, seen = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent, kinds.append
        while True:
            seen(cursor.node.kind_id)
            if down():
                continue
            while not across():
                if not up():
                    break
            else:
                continue
            break
        counts.append(Counter(kinds))
    return counts


def query_captures(texts: list[str]) -> list[Counter[int]]:
    """A query that captures every node."""
    parse, kind = parser(LANGUAGE).parse, attrgetter("kind_id")
    cursor = tree_sitter.QueryCursor(tree_sitter.Query(ts_language(LANGUAGE), "_ @node"))
    return [Counter(map(kind, cursor.captures(parse(text.encode()).root_node)["node"])) for text in texts]


def query_patterns(texts: list[str]) -> list[Counter[int]]:
    """A query with one pattern a node type and no capture, so that no node is made."""
    language, parse, patterns = ts_language(LANGUAGE), parser(LANGUAGE).parse, {}
    for kind in range(language.node_kind_count):
        name = language.node_kind_for_id(kind)
        if name and language.node_kind_is_visible(kind) and name != "ERROR":
            patterns[f"({name})" if language.node_kind_is_named(kind) else json.dumps(name)] = kind
    cursor = tree_sitter.QueryCursor(tree_sitter.Query(language, "\n".join([*patterns, "(ERROR)"])))
    return [Counter(index for index, _ in cursor.matches(parse(text.encode()).root_node)) for text in texts]


def mapped_children(texts: list[str]) -> list[Counter[int]]:
    """Levels of ``Node.children`` through ``map``, no loop over nodes in Python."""
    parse, kind, children = parser(LANGUAGE).parse, attrgetter("kind_id"), attrgetter("children")
    counts = []
    for text in texts:
        nodes: list[tree_sitter.Node] = []
        level = [parse(text.encode()).root_node]
        while level:
            nodes += level
            level = list(chain.from_iterable(map(children, level)))
        counts.append(Counter(map(kind, nodes)))
    return counts


def query_walk(texts: list[str]) -> None:
    """A query that nothing matches: the walk over the tree in C, a floor for any way that is a query."""
    parse = parser(LANGUAGE).parse
    cursor = tree_sitter.QueryCursor(tree_sitter.Query(ts_language(LANGUAGE), "(exec_statement) @node"))
    for text in texts:
        cursor.matches(parse(text.encode()).root_node)


def tree_as_text(texts: list[str]) -> None:
    """The tree written as an S-expression in C, before anything is read from it; tokens are not in it."""
    parse = parser(LANGUAGE).parse
    for text in texts:
        str(parse(text.encode()).root_node)


def nodes_only(texts: list[str]) -> None:
    """Nothing but making each node and asking whether it has children: a floor for any way that makes nodes."""
    parse = parser(LANGUAGE).parse
    for text in texts:
        nodes = parse(text.encode()).root_node.children
        for node in nodes:
            if node.child_count:
                nodes += node.children


def codeshift_without_apis(texts: list[str]) -> None:
    """Our pass: trees, tokens, depth, errors."""
    scan_batch(texts, LANGUAGE, api_names=False)


def codeshift(texts: list[str]) -> None:
    """Our pass: trees, tokens, depth, errors and API names."""
    scan_batch(texts, LANGUAGE)


def codeshift_to_matrices(texts: list[str]) -> None:
    """Our pass, and node types and API names gathered in sparse matrices."""
    _ = scan(texts, LANGUAGE).node_types


WAYS: tuple[Callable[[list[str]], object], ...] = (
    parse_alone,
    query_walk,
    tree_as_text,
    nodes_only,
    cursor_walk,
    query_captures,
    query_patterns,
    mapped_children,
    codeshift_without_apis,
    codeshift,
    codeshift_to_matrices,
)


def cost(way: Callable[[list[str]], object], texts: list[str]) -> float:
    """CPU seconds, the garbage collector off in every way alike."""
    gc.collect()
    gc.disable()
    started = time.process_time()
    way(texts)
    spent = time.process_time() - started
    gc.enable()
    return spent


def main() -> None:
    """Run every way in turn and print, or write, the medians."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--write", type=Path, help="a file for the result, as JSON")
    options = arguments.parse_args()
    texts = list(islice(functions(), options.rows))
    rounds = [{way.__name__: cost(way, texts) for way in WAYS} for _ in range(options.rounds)]
    ratios = {
        way.__name__: round(statistics.median(costs[way.__name__] / costs["parse_alone"] for costs in rounds), 2)
        for way in WAYS
    }
    result = {
        "command": "OMP_NUM_THREADS=1 python benchmarks/one_pass.py "
        f"--rows {options.rows} --rounds {options.rounds} --write FILE",
        "rows": len(texts),
        "characters": sum(map(len, texts)),
        "nodes": int(scan(texts, LANGUAGE).node_types.counts.sum()),
        "target": TARGET,
        "target_met": ratios["codeshift"] <= TARGET,
        "versions": {name: version(name) for name in ("tree-sitter", "tree-sitter-python", "numpy")}
        | {"python": platform.python_version(), "machine": f"{platform.machine()}, {os.cpu_count()} cores"},
        "ways": {
            way.__name__: {
                "what": (way.__doc__ or "").strip(),
                "cpu_seconds": round(statistics.median(costs[way.__name__] for costs in rounds), 3),
                "ratio_to_parse": ratios[way.__name__],
            }
            for way in WAYS
        },
    }
    written = json.dumps(result, indent=2) + "\n"
    print(written)
    if options.write:
        options.write.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
