"""Odd input that is right: formats, numbers of NumPy, sets, images and nested columns, all kinds of text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset, DatasetDict, Features, Image, Value
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import CodeshiftError, DataError, ParameterError
from codeshift.properties import CharCount, PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    ComplexitySplitter,
    CompoundDivergenceSplitter,
    GroupSplitter,
    Interval,
    LengthSplitter,
    PredicateSplitter,
    RandomSplitter,
    SplitAssignment,
    Splitter,
    StreamDealer,
    TimeSplitter,
    TokenRaritySplitter,
)
from codeshift.splitters.testing import check_splitter

LONG = LengthSplitter(column="code")
CODE = [f"def f{i}(x):\n    return {' + '.join(['x'] * (i % 37 + 1))}" for i in range(120)]
WITHOUT_MODELS = [
    LONG,
    LengthSplitter(column="code", language="python"),
    TokenRaritySplitter(column="code"),
    APIUsageSplitter(column="code", language="python", apis=("os",)),
    ASTNodeSplitter(column="code", language="python", nodes=("binary_operator",)),
    ClusterSplitter(column="code", n_clusters=3),
    ComplexitySplitter(column="code", language="python", measure="depth"),
    CompoundDivergenceSplitter(column="code", language="python"),
    RandomSplitter(column="code"),
]


@pytest.mark.parametrize("kind", ["numpy", "pandas", "arrow", "torch"])
def test_a_dataset_keeps_its_format(kind: str) -> None:
    """The format of a dataset decides neither what is split nor how: it is that of the parts."""
    plain = Dataset.from_dict({"code": CODE, "size": [len(code) for code in CODE]})
    data = plain.with_format(kind, columns=["size"])
    splits = LONG.split(data, seed=0)
    assert {rows.format["type"] for rows in splits.values()} == {kind}
    assert splits["train"].with_format(None)[:] == LONG.split(plain, seed=0)["train"][:]
    check_splitter(LONG, plain.with_format(kind), fresh_process=False)


def test_images_and_nested_columns_come_back_untouched() -> None:
    """Copies of one program that differ in an image alone are told apart by its bytes, in whatever order they come."""
    pillow = pytest.importorskip("PIL.Image")
    import io

    def image(shade: int) -> dict:
        file = io.BytesIO()
        pillow.new("RGB", (2, 2), (shade, 0, 0)).save(file, "PNG")
        return {"bytes": file.getvalue(), "path": None}

    columns = {
        "code": [CODE[i // 2] for i in range(200)],
        "image": [image(i) for i in range(200)],
        "nested": [{"a": [i], "b": {"c": str(i)}} for i in range(200)],
    }
    features = Features(
        {"code": Value("string"), "image": Image(), "nested": {"a": [Value("int64")], "b": {"c": Value("string")}}}
    )
    data = Dataset.from_dict(columns, features=features)
    splitter = LengthSplitter(column="code", quantiles=(0.5, 1.0))
    there = splitter.assign(data, seed=0, train_size=11)
    turned = data.select(range(199, -1, -1))
    assert (splitter.assign(turned, seed=0, train_size=11).parts[::-1] == there.parts).all()
    assert SplitAssignment.from_manifest(there.manifest, turned).parts[::-1].tolist() == there.parts.tolist()
    train = there.to_dataset_dict(data)["train"]
    assert train.features == data.features
    plain = data.with_format("arrow")[:].to_pylist()
    assert train.with_format("arrow")[:].to_pylist() == [plain[i] for i in there.indices("train")]


@pytest.mark.parametrize("column", ["part", "a b", "größe", 'it\'s "{}"', "column", "indices"])
def test_any_name_of_a_column_will_do(column: str) -> None:
    """The repr builds the splitter again, and the manifest the split."""
    data = Dataset.from_dict({column: CODE})
    splitter = LengthSplitter(column=column)
    assert eval(repr(splitter)) == splitter  # noqa: S307
    assignment = splitter.assign(data, seed=0)
    assert SplitAssignment.from_manifest(assignment.manifest, data.shuffle(seed=1)).sizes == assignment.sizes


HOSTILE = {
    "empty texts": [""] * 30 + CODE,
    "blanks alone": [" " * i for i in range(60)],
    "one row": ["x = 1"],
    "two rows": ["x = 1", "y = 2 + 3"],
    "equal rows": ["x = 1"] * 50,
    "odd characters": [f"größe = '𝔘'\u202e\x00\ufeff{'α' * i}" for i in range(60)],
    "a huge row": ["x + " * 50_000 + "1", *CODE],
    "a deep row": ["(" * 1500 + "1" + ")" * 1500, *CODE],
    "no code": ["}}}} )( ]] '''", *CODE],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("splitter", WITHOUT_MODELS, ids=lambda splitter: type(splitter).__name__)
@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
@pytest.mark.filterwarnings("ignore:1 row is excluded as unparsable:codeshift.errors.LeftOutWarning")
def test_odd_rows_are_split_or_refused_in_words(splitter: Splitter, name: str) -> None:
    """The result is a split in which no text is on two sides, or an error of codeshift with a remedy."""
    data = Dataset.from_dict({"code": HOSTILE[name]})
    told = ""
    try:
        splits = splitter.split(data, seed=0)
    except CodeshiftError as refused:
        told = str(refused)
    if told:
        assert re.search(r" must be .+: .+", told, flags=re.DOTALL)
        return
    assert not set(splits["train"]["code"][:]) & set(splits["test_ood"]["code"][:])
    assert not set(splits["train"]["code"][:]) & set(splits["test_id"]["code"][:])


@given(texts=st.lists(st.text(max_size=12), min_size=1, max_size=25), seed=st.integers(0, 5))
@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
def test_any_texts_are_split_or_refused(texts: list[str], seed: int) -> None:
    """No text is lost and none is on two sides, whatever the texts are."""
    data = Dataset.from_dict({"code": texts})
    splitter = LengthSplitter(column="code", unit="chars", quantiles=(0.5, 1.0))
    try:
        assignment = splitter.assign(data, seed=seed, validation_size=0, test_id_size=0)
    except ParameterError:
        return
    assert sum(assignment.sizes.values()) == len(texts)
    parts: dict[str, set[int]] = {}
    for text, part in zip(texts, assignment.parts.tolist(), strict=True):
        parts.setdefault(text, set()).add(part)
    assert all(len(found) == 1 for found in parts.values())


def test_numbers_of_numpy_are_numbers() -> None:
    """They are accepted like Python's numbers, and neither repr nor manifest shows their origin."""
    data = Dataset.from_dict({"code": CODE})
    given_plain = LONG.assign(data, seed=3, ood_kept=0.5, train_size=9, tolerance=1.0)
    given_numpy = LONG.assign(
        data, seed=np.int64(3), ood_kept=np.float32(0.5), train_size=np.int32(9), tolerance=np.float64(1)
    )
    assert json.loads(given_numpy.manifest.to_json()) == json.loads(given_plain.manifest.to_json())
    two, half = np.int64(2), np.float32(0.5)
    for splitter in (
        RandomSplitter(column="code", share=half, region_seed=two),
        LengthSplitter(column="code", quantiles=(half, 1), ties="split"),
        LengthSplitter(column="code", bounds=(two, None)),
        ASTNodeSplitter(column="code", language="python", nodes="call", min_count=two),
        ASTNodeSplitter(column="code", language="python", rarest=two, min_rows=two),
        ClusterSplitter(column="code", n_clusters=two, pca=two, clusters=np.int64(1), cluster_seed=two),
        CompoundDivergenceSplitter(column="code", language="python", target=half, min_rows=two),
        GroupSplitter(column="code", by="n", values=np.int64(3)),
    ):
        assert "np." not in repr(splitter)
        assert "np." not in repr(NearDuplicates(threshold=half, ngram=two))


def test_a_set_of_names_has_one_order_in_every_process() -> None:
    """The hash seed of a process decides neither repr nor equality."""
    program = (
        "from codeshift.splitters import APIUsageSplitter as A, ASTNodeSplitter as N, GroupSplitter as G\n"
        "print(N(column='c', language='go', nodes={'for_statement', 'if_statement', 'go_statement'}),"
        "A(column='c', language='go', apis={'fmt', 'os', 'io', 'net/http'}), G(column='c', values={'x', 'y', 2, 'z'}))"
    )
    told = {
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert "('for_statement', 'go_statement', 'if_statement')" in told.pop()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ASTNodeSplitter(column="code", language="python", nodes=3), "nodes must be node types"),
        (lambda: ASTNodeSplitter(column="code", language="python", nodes=3.5), "nodes must be node types, got 3.5"),
        (lambda: APIUsageSplitter(column="code", language="python", apis=2.5), "apis must be names or globs, got 2.5"),
        (
            lambda: ASTNodeSplitter(column="code", language=["python"], nodes=("call",)),
            "language must be a known language, got ['python']: did you mean python?",
        ),
        (lambda: LengthSplitter(column="code", quantiles=()), "quantiles must be two numbers in order"),
        (lambda: LengthSplitter(column="code", quantiles=np.array([0.5, 1])), "quantiles must be two numbers in order"),
        (
            lambda: ComplexitySplitter(column="code", language="python", quantiles=()),
            "quantiles must be two numbers in order",
        ),
        (lambda: PredicateSplitter(column="code", predicate="a:b", reads=3.5), "reads must be the names of columns"),
        (lambda: ClusterSplitter(column="code", clusters=1.5), "clusters must be numbers of clusters, got 1.5"),
    ],
)
def test_arguments_of_the_wrong_kind(make, message: str) -> None:
    """Anything but a name or several names is refused when the splitter is created."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("column", [3, None, ["code"], ""])
def test_a_column_is_named_by_text(column) -> None:
    """Anything else is refused before any work."""
    with pytest.raises(ParameterError, match=r"column must be the name of a column, got "):
        LengthSplitter(column=column).assign(Dataset.from_dict({"code": CODE}), seed=0)
    with pytest.raises(ParameterError, match=r"column must be (the name of|a column of)"):
        PropertyTable(Dataset.from_dict({"code": CODE})).texts(column)


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (GroupSplitter(column="code", by="repo"), "by must be a column of the dataset, got 'repo'"),
        (LONG & TimeSplitter(column="code", by="when"), "by must be a column of the dataset, got 'when'"),
        (
            ~PredicateSplitter(column="code", predicate="keyword:iskeyword", reads=("year",)),
            "reads must be a column of the dataset, got 'year'",
        ),
    ],
)
def test_a_missing_column_is_told_by_the_argument_that_names_it(splitter: Splitter, message: str) -> None:
    """This holds for a splitter within a composition too."""
    with pytest.raises(DataError, match=re.escape(message)):
        splitter.assign(Dataset.from_dict({"code": CODE}), seed=0)


def test_a_stream_is_told_of_the_dealer_for_streams() -> None:
    """The error points to the class for streams, since exact sizes need all rows."""
    stream = Dataset.from_dict({"code": CODE}).to_iterable_dataset()
    with pytest.raises(ParameterError, match=r"got 'IterableDataset': a stream is split by .*StreamDealer"):
        LONG.split(stream, seed=0)


def test_an_empty_official_test_split() -> None:
    """The remedy is not to leave it out, since it is needed."""
    data = Dataset.from_dict({"code": CODE})
    with pytest.raises(DataError, match="got 0 rows in 'test': check how it was loaded"):
        LONG.split(DatasetDict(train=data, test=data.select([])), seed=0)


DEALER = StreamDealer(region=Interval(CharCount("code"), low=60), region_share=0.3)


@pytest.mark.parametrize("kind", [None, "numpy", "pandas", "arrow", "torch"])
def test_a_stream_may_have_any_format(kind: str | None) -> None:
    """Its parts and labels are those of the plain stream."""
    data = Dataset.from_dict({"code": CODE})
    plain = data.to_iterable_dataset()
    stream = plain.with_format(kind) if kind else plain
    assert [row["part"] for row in DEALER.label(stream).with_format(None)] == DEALER.parts(data).tolist()
    for part, rows in DEALER.split(stream).items():
        assert sum(1 for _ in rows.with_format(None)) == int((DEALER.parts(data) == part).sum())
        assert type(next(iter(rows.batch(2)))) is type(next(iter(stream.batch(2))))


def test_labels_keep_the_features_of_a_stream() -> None:
    """Known features stay known, with the new column beside them."""
    data = Dataset.from_dict({"code": CODE, "n": list(range(len(CODE)))})
    labelled = DEALER.label(data.to_iterable_dataset(), column="dealt")
    assert labelled.features == {**data.features, "dealt": Value("string")}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StreamDealer(region=LONG, region_share=0.3), "region must be a fitted region"),
        (
            lambda: StreamDealer(region=DEALER.region, region_share=0.3, columns=()),
            "columns must be at least one column",
        ),
        (
            lambda: StreamDealer(region=DEALER.region, region_share=0.3, columns=(3,)),
            "columns must be the name of a col",
        ),
        (
            lambda: StreamDealer(region=DEALER.region, region_share=0.3, seed=None),
            "seed must be a whole number, got None",
        ),
        (lambda: DEALER.split([{"code": "x"}]), "stream must be a datasets.IterableDataset, got 'list'"),
        (lambda: DEALER.label(Dataset.from_dict({"code": CODE})), "stream must be a datasets.IterableDataset"),
        (
            lambda: DEALER.label(Dataset.from_dict({"code": CODE}).to_iterable_dataset(), column="code"),
            "column must be one that the stream does not have, got 'code'",
        ),
    ],
)
def test_what_a_dealer_of_streams_refuses(make, message: str) -> None:
    """Each invalid argument is named before a row is read."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        make()
