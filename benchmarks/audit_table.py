"""What an audit says of the ways in which people split datasets of programs, as a page.

The corpus is the embedded one (``codeshift.data.stdlib_functions``), the same on every Python.

    OMP_NUM_THREADS=1 python benchmarks/audit_table.py --write docs/audit-table.md
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from datasets import Dataset, DatasetDict, disable_progress_bars
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from codeshift.audit import AuditReport, audit
from codeshift.data import stdlib_functions
from codeshift.documents import markdown
from codeshift.errors import SizeWarning
from codeshift.properties.lexer import lex
from codeshift.splitters import GroupSplitter, LengthSplitter, RandomSplitter, Splitter

SHARE = 0.2
Positions = np.ndarray
Way = Callable[[Dataset, int], DatasetDict]


def by_positions(choose: Callable[[Dataset, int], Positions]) -> Way:
    """A split of all rows into train and test, given the test rows."""

    def split(rows: Dataset, seed: int) -> DatasetDict:
        test = np.zeros(len(rows), dtype=bool)
        test[choose(rows, seed)] = True
        return DatasetDict({"train": rows.select(np.flatnonzero(~test)), "test": rows.select(np.flatnonzero(test))})

    return split


def by_splitter(splitter: Callable[[int], Splitter], near_duplicates: str | None = "bind") -> Way:
    """A split by codeshift: the whole region is test, all other rows are train but for those that would leak."""

    def split(rows: Dataset, seed: int) -> DatasetDict:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SizeWarning)
            options = {
                "test_ood_size": 1.0,
                "test_id_size": 0,
                "validation_size": 0,
                "near_duplicates": near_duplicates,
            }
            assignment = splitter(seed).assign(rows, **options)
        return assignment.to_dataset_dict()

    return split


def random_rows(rows: Dataset, seed: int) -> Positions:
    """scikit-learn's train_test_split."""
    return train_test_split(np.arange(len(rows)), test_size=SHARE, random_state=seed)[1]


def longest(rows: Dataset, seed: int) -> Positions:
    """The longest fifth, in tokens."""
    lengths = np.array([len(lex(text)) for text in rows["code"]])
    return np.argsort(-lengths, kind="stable")[: round(SHARE * len(rows))]


def group_shuffle(rows: Dataset, seed: int) -> Positions:
    """scikit-learn's GroupShuffleSplit: a fifth of the packages, whatever rows they hold."""
    return next(GroupShuffleSplit(1, test_size=SHARE, random_state=seed).split(rows, groups=rows["project"][:]))[1]


def clusters(rows: Dataset, seed: int) -> Positions:
    """K-means clusters of TF-IDF + SVD vectors, drawn until they hold a fifth of the rows."""
    weights = TfidfVectorizer(analyzer=lex, sublinear_tf=True, min_df=2).fit_transform(rows["code"][:])
    vectors = TruncatedSVD(64, random_state=seed).fit_transform(weights)
    labels = KMeans(100, n_init=1, random_state=seed).fit_predict(vectors)
    chosen: list[int] = []
    for label in np.random.default_rng(seed).permutation(100).tolist():
        size = int(np.isin(labels, [*chosen, label]).sum())
        chosen += [label] if size <= SHARE * len(rows) else []
    return np.flatnonzero(np.isin(labels, chosen))


WAYS: dict[str, Way] = {
    "random rows (scikit-learn `train_test_split`)": by_positions(random_rows),
    "random, near-duplicate components kept whole (`RandomSplitter`)": by_splitter(
        lambda seed: RandomSplitter(column="code", share=SHARE, region_seed=seed)
    ),
    "longest 20%": by_positions(longest),
    "longest 20%, bound (`LengthSplitter`)": by_splitter(
        lambda seed: LengthSplitter(column="code", quantiles=(1 - SHARE, 1.0))
    ),
    "packages (scikit-learn `GroupShuffleSplit`)": by_positions(group_shuffle),
    "packages, exact row share (`GroupSplitter`, `near_duplicates=None`)": by_splitter(
        lambda seed: GroupSplitter(column="code", by="project", share=SHARE, region_seed=seed), None
    ),
    "packages, exact row share, bound (`GroupSplitter`)": by_splitter(
        lambda seed: GroupSplitter(column="code", by="project", share=SHARE, region_seed=seed)
    ),
    "K-means(100) clusters": by_positions(clusters),
}

COLUMNS = (
    "split",
    "test share",
    "test rows with a near-duplicate in train",
    "AUC",
    "p",
    "MMD^2",
    "p",
    "nearest train cosine, median",
    "tokens of test never in train",
    "verdict",
)


def cells(name: str, splits: DatasetDict, report: AuditReport, rows: int) -> tuple[str, ...]:
    """One line of the table."""
    strength, leakage = report.strength[0], report.leakage[0]
    tokens = next(elements for elements in report.unseen_elements if elements.kind == "TokenTypes")
    return (
        name,
        f"{report.sizes[report.test] / rows:.3f}",
        f"{leakage.near_share:.2%}",
        f"{strength.classifier.statistic:.3f}",
        f"{strength.classifier.p_value:.3f}",
        f"{strength.mmd.statistic:.5f}",
        f"{strength.mmd.p_value:.3f}",
        f"{strength.nearest.median:.2f}",
        f"{tokens.unseen_share:.1%}",
        report.verdict.label,
    )


def page(rows: Dataset, seed: int) -> str:
    """The page, with the table and what it takes to make it again."""
    lines, seconds, reports = [], [], {}
    for name, way in WAYS.items():
        splits = way(rows, seed)
        splits = DatasetDict({part: of_part for part, of_part in splits.items() if len(of_part)})
        started = time.process_time()
        reports[name] = audit(splits, column="code", language="python", groups=None, seed=seed)
        seconds.append(time.process_time() - started)
        lines.append(cells(name, splits, reports[name], len(rows)))
    shares = [len(group_shuffle(rows, draw)) / len(rows) for draw in range(100)]
    table = markdown.table(COLUMNS, lines)
    verdicts = "\n".join(f"- {name}: {report.verdict}" for name, report in reports.items())
    return f"""# What the audit says of common splits

`OMP_NUM_THREADS=1 python benchmarks/audit_table.py --write docs/audit-table.md`

{len(rows):,} documented functions of the standard library of CPython 3.11.7, {SHARE:.0%} held out,
seed {seed}. [How to read the figures](guides/reading-an-audit.md). Leakage counts all test rows; AUC and MMD^2 are
computed on distinct rows, at most 2,000 per part.

{table}

In 100 draws of `GroupShuffleSplit` that asked for {SHARE:.0%}, the test part held {min(shares):.1%} to
{max(shares):.1%} of the rows.

## The verdicts

{verdicts}

## What it cost

An audit of these splits took {min(seconds):.0f} to {max(seconds):.0f} CPU seconds on one thread
({platform.machine()}, numpy {version("numpy")}, scikit-learn {version("scikit-learn")}).
"""


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="functions drawn from the corpus; all of them by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    disable_progress_bars()
    rows = stdlib_functions()
    if arguments.rows:
        rows = rows.shuffle(seed=0).select(range(arguments.rows))
    text = page(rows, arguments.seed)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
