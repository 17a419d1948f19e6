"""ClusterSplitter: clusters of an embedding."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, MissingExtraError, ParameterError, RegionError
from codeshift.properties import PropertyTable
from codeshift.properties.cluster_count import elbow
from codeshift.properties.clustering import Clusters
from codeshift.properties.embedding import as_embedding
from codeshift.properties.encoder import EncoderVectors
from codeshift.properties.kmeans import nearest
from codeshift.properties.matrix import Matrix
from codeshift.splitters import (
    ClusterSplitter,
    ColumnEmbedding,
    EncoderEmbedding,
    LengthSplitter,
    SplitManifest,
    TfidfEmbedding,
)
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows
from helpers.vectors import lengths_and_brackets, one_too_few

TFIDF = ClusterSplitter(column="code", n_clusters=12)


def _blobs(sizes: list[int], at: list[float] | None = None, *, duplicates: int = 0) -> Dataset:
    """Programs with two-dimensional vectors in well-separated blobs."""
    rng = np.random.default_rng(0)
    centres = [(10.0 * x, 0.0) for x in at or range(len(sizes))]
    vectors = np.concatenate([rng.normal(c, 0.1, (size, 2)) for c, size in zip(centres, sizes, strict=True)])
    code = [f"x = {i}" for i in range(len(vectors))]
    labels = [blob for blob, size in enumerate(sizes) for _ in range(size)]
    repeat = list(range(len(code))) + list(range(duplicates))
    return Dataset.from_dict(
        {
            "code": [code[i] for i in repeat],
            "vector": [vectors[i].tolist() for i in repeat],
            "blob": [labels[i] for i in repeat],
        }
    )


def _of_column(**arguments) -> ClusterSplitter:
    return ClusterSplitter(column="code", embedding=ColumnEmbedding(vectors="vector"), **arguments)


def _inside(splitter: ClusterSplitter, data: Dataset) -> np.ndarray:
    table = PropertyTable(data)
    return splitter.fit(table).contains(table)


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds with the default embedding, in a fresh process too."""
    check_splitter(TFIDF, python_rows(120))


@pytest.mark.parametrize("choose", ["most_isolated", "seeded"])
@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows, choose: str) -> None:
    """Every law holds for compositions, with principal components, on real Java and C#."""
    clusters = ClusterSplitter(column="code", n_clusters=15, pca=10, choose=choose, share=0.5)
    check_splitter(clusters & LengthSplitter(column="code", quantiles=(0.4, 0.9)), rows(150), fresh_process=False)


def test_it_keeps_the_laws_with_a_function_and_a_column() -> None:
    """Every law holds for an embedding by a function of the user's and for vectors of the dataset."""
    by_function = ClusterSplitter(column="code", embedding=lengths_and_brackets, n_clusters=10, choose="seeded")
    check_splitter(by_function, python_rows(150), fresh_process=False)
    data = python_rows()
    data = data.add_column("vector", lengths_and_brackets(data["code"][:]).tolist())
    check_splitter(_of_column(n_clusters=10, choose="seeded"), data, fresh_process=False)
    assert (_inside(by_function, data) == _inside(_of_column(n_clusters=10, choose="seeded"), data)).all()


@pytest.mark.parametrize("choose", ["most_isolated", "largest", "seeded"])
def test_whole_blobs_are_chosen(choose: str) -> None:
    """If clusters are well separated, the region consists of whole clusters and comes near the share."""
    data = _blobs([40, 30, 20, 10, 10, 10, 10])
    inside = _inside(_of_column(n_clusters=7, choose=choose, share=0.3), data)
    blobs = np.array(data["blob"])
    assert all(inside[blobs == blob].all() or not inside[blobs == blob].any() for blob in range(7))
    assert abs(inside.mean() - 0.3) <= 0.05


def test_the_most_isolated_and_the_largest_are_what_they_say() -> None:
    """The blob that stands apart, and the one with most rows, are the regions of those choices."""
    data = _blobs([50, 40, 60, 50], at=[0, 1, 2, 9])
    blobs = np.array(data["blob"])
    assert (_inside(_of_column(n_clusters=4, share=0.25), data) == (blobs == 3)).all()
    assert (_inside(_of_column(n_clusters=4, choose="largest", share=0.3), data) == (blobs == 2)).all()
    sizes = PropertyTable(data).values(_of_column(n_clusters=4).clustering).sizes
    assert sizes.tolist() == [60, 50, 50, 40]
    assert (_inside(_of_column(n_clusters=4, clusters=(0, 3)), data) == ((blobs == 2) | (blobs == 1))).all()


def test_a_dominant_cluster_is_an_error_that_says_which_and_how_large() -> None:
    """A first cluster far larger than the share does not become the region in silence."""
    data = _blobs([150, 20, 15, 15])
    with pytest.raises(RegionError) as error:
        _of_column(n_clusters=4, choose="largest").assign(data, seed=0)
    assert str(error.value) == (
        "share must be a share that whole clusters can make up to within 5% of all rows, got 0.2: the nearest is 150 of "
        "200 rows (75.0%); cluster 0 alone holds 150 (75.0%): ask for another share, or name the clusters"
    )


def test_the_seed_matters_and_row_order_does_not() -> None:
    """Another cluster seed gives other clusters; shuffled rows give the same centroids, to the last bit."""
    rows = python_rows()
    regions = [
        ClusterSplitter(column="code", n_clusters=12, cluster_seed=seed).fit(PropertyTable(data))
        for seed, data in ((0, rows), (0, rows.shuffle(seed=5)), (1, rows))
    ]
    assert regions[0] == regions[1]
    assert regions[0].centroids != regions[2].centroids


def test_copies_of_a_program_are_weight_and_no_new_points() -> None:
    """Rows of equal code have one vector and stand in one cluster."""
    data = _blobs([30, 30, 30], duplicates=20)
    clustering = PropertyTable(data).values(_of_column(n_clusters=3).clustering)
    assert sorted(clustering.sizes.tolist()) == [30, 30, 50]


def test_a_region_read_from_json_assigns_new_programs() -> None:
    """All that the embedding has learnt is in the manifest: new programs get the cluster of their like."""
    code = [f"int add{i}(int a, int b) {{ return a + b + {i}; }}" for i in range(120)]
    code += [f"String open{i}(File file) {{ return reader.read(file, {i}).trim(); }}" for i in range(40)]
    assignment = ClusterSplitter(column="code", n_clusters=2, share=0.25, choose="seeded").assign(
        Dataset.from_dict({"code": code}), seed=0, near_duplicates=None
    )
    region = SplitManifest.from_json(assignment.manifest.to_json()).fitted_region()
    new = ["String show(File file) { return reader.read(file, 9); }", "int add(int b) { return b + b; }", "%%%"]
    assert region.contains(PropertyTable(Dataset.from_dict({"code": new}))).tolist()[:2] == [True, False]
    assert len(repr(region)) < 400, "a projection is no thing to print"


@given(count=st.integers(1, 6), seed=st.integers(0, 1000))
def test_the_nearest_centroid_is_the_nearest(count: int, seed: int) -> None:
    """The cluster is that of the smallest distance computed in the plain way; of equal ones, the lower number."""
    rng = np.random.default_rng(seed)
    centroids = rng.integers(-2, 3, (count, 3)).astype(float)
    vectors = rng.integers(-2, 3, (30, 3)).astype(float)
    plain = ((vectors[:, None] - centroids[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert nearest(vectors, centroids).tolist() == plain.tolist()


@given(seed=st.integers(0, 1000), rows=st.integers(1, 20), columns=st.integers(1, 8))
def test_a_packed_matrix_is_what_it_was_to_within_rounding(seed: int, rows: int, columns: int) -> None:
    """Packing rounds each number by at most half a step, and packing again changes nothing."""
    array = np.random.default_rng(seed).normal(size=(rows, columns))
    for bits, step in ((32, 1e-6), (8, np.abs(array).max() / 127)):
        packed = Matrix.pack(array, bits=bits)
        assert np.abs(packed.array - array).max() <= step
        assert np.allclose(Matrix.pack(packed.array, bits=bits).array, packed.array, rtol=1e-12, atol=0)


def test_the_number_of_clusters_is_found() -> None:
    """Both criteria find about the number of well-separated blobs."""
    data = _blobs([40] * 10)
    for criterion in ("elbow", "silhouette"):
        sizes = PropertyTable(data).values(_of_column(n_clusters=criterion).clustering).sizes
        assert len(sizes) == 10, criterion
    assert elbow([1, 2, 3, 4], [8.0, 8.0, 1.0, 0.0]) == 3


def test_many_rows_are_fitted_on_a_sample_and_all_assigned() -> None:
    """Beyond 10,000 programs the centroids come from a sample that row order does not change, and no row is left out."""
    rng = np.random.default_rng(1)
    blobs = rng.integers(0, 5, 12_000)
    data = Dataset.from_dict(
        {
            "code": [f"x = {i}" for i in range(12_000)],
            "vector": (rng.normal(size=(12_000, 4)) + 9 * np.eye(5, 4)[blobs]).tolist(),
        }
    )
    first, second = (
        PropertyTable(rows).values(_of_column(n_clusters=5).clustering) for rows in (data, data.shuffle(seed=1))
    )
    assert first.labels == second.labels
    assert first.sizes.sum() == 12_000


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny random RoBERTa with its tokenizer, saved to a folder."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("encoder")
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>"]
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    model.train_from_iterator(["def f(self): return self.x"], trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=model, pad_token="<pad>")  # noqa: S106
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(fast), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=80, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_an_encoder_pools_the_tokens_of_each_program(encoder: str, pooling: str) -> None:
    """Vectors are those of one program at a time: neither padding nor the batch changes them."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["return self.x", "", "x" * 300, "return self.x", "def f(self): pass"]
    prop = EncoderVectors("code", encoder, pooling, 64, 2)
    vectors = PropertyTable(Dataset.from_dict({"code": texts})).values(prop)
    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()
    for text, vector in zip(texts, vectors, strict=True):
        inputs = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        if not inputs["input_ids"].numel():
            continue
        with torch.no_grad():
            states = model(input_ids=inputs["input_ids"].long()).last_hidden_state[0]
        expected = states[0] if pooling == "cls" else states.mean(dim=0)
        assert np.allclose(vector, expected.numpy(), atol=1e-5)
    assert (vectors[0] == vectors[3]).all()


def test_it_keeps_the_laws_with_an_encoder(encoder: str) -> None:
    """Every law holds for an encoder in a folder."""
    embedding = EncoderEmbedding(model=encoder, max_length=64)
    check_splitter(
        ClusterSplitter(column="code", embedding=embedding, n_clusters=10, pca=5), java_rows(120), fresh_process=False
    )
    assert as_embedding(Path(encoder)) == EncoderEmbedding(model=encoder)


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install says which extra an encoder needs."""
    table = PropertyTable(python_rows())  # datasets looks for torch too, when it first maps rows
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"torch is not installed: pip install 'codeshift-ood\[finetune\]'"):
        ClusterSplitter(column="code", embedding="microsoft/codebert-base").fit(table)


def test_an_encoder_that_is_not_there(tmp_path: Path) -> None:
    """A folder without a model is an error that says what was looked for."""
    pytest.importorskip("transformers")
    with pytest.raises(ParameterError, match='embedding must be "tfidf", or the name or folder of an encoder, got'):
        ClusterSplitter(column="code", embedding=str(tmp_path)).fit(PropertyTable(python_rows()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_clusters": 1}, "n_clusters must be a whole number from 2 up, got 1: such as 2"),
        (
            {"n_clusters": "elbw"},
            'n_clusters must be a number, "elbow" or "silhouette", got \'elbw\': did you mean elbow?',
        ),
        ({"pca": 0}, "pca must be a whole number from 1 up, got 0: such as 1"),
        ({"clusters": ()}, "clusters must be at least one cluster, got (): leave it out to choose them"),
        (
            {"clusters": (0,), "choose": "largest"},
            "choose must be left out if clusters is given, got 'largest': the clusters are named, so nothing is chosen",
        ),
        (
            {"clusters": (0,), "share": 0.2},
            "share must be left out if clusters is given, got 0.2: the clusters are named, so nothing is chosen",
        ),
        (
            {"choose": "smallest"},
            "choose must be one of most_isolated, largest, seeded, got 'smallest': choose one of largest, most_isolated, seeded",
        ),
        ({"cluster_seed": -1}, "cluster_seed must be a whole number from 0 up, got -1: such as 0"),
        (
            {"embedding": 3},
            'embedding must be a way to make vectors of programs, got 3: "tfidf", the name or folder of an encoder, a function, or ColumnEmbedding("a column")',
        ),
    ],
)
def test_errors_of_arguments(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        ClusterSplitter(column="code", **arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: EncoderEmbedding(model="m", pooling="max"),
            "pooling must be one of mean, cls, got 'max': choose one of cls, mean",
        ),
        (
            lambda: TfidfEmbedding(dimensions=1),
            "dimensions must be a whole number from 2 up, got 1: leave it out for the default",
        ),
        (
            lambda: ClusterSplitter(column="code", embedding=lambda programs: programs),
            "embedding must be a function that its name leads to, got",
        ),
    ],
)
def test_errors_of_embeddings(make, message: str) -> None:
    """Each invalid argument of an embedding is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        make()
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("splitter", "kind", "message"),
    [
        (
            _of_column(n_clusters=500),
            ParameterError,
            "n_clusters must be at most 60, the number of distinct vectors, got 500: ask for fewer clusters",
        ),
        (
            _of_column(n_clusters=2, clusters=(2,)),
            ParameterError,
            "clusters must be numbers from 0 to 1, got 2: there are 2 clusters",
        ),
        (
            _of_column(n_clusters=2, pca=3),
            ParameterError,
            "pca must be at most 2, for 60 distinct programs of 2 dimensions, got 3: ask for fewer components, or leave it out",
        ),
        (
            ClusterSplitter(column="code", embedding=ColumnEmbedding(vectors="vec")),
            DataError,
            "embedding must be a column of the dataset, got 'vec': did you mean vector?",
        ),
        (
            ClusterSplitter(column="code", embedding=ColumnEmbedding(vectors="blob")),
            DataError,
            "embedding must be a column of vectors of finite numbers, all of one length, got 'blob': it holds values of the type int64",
        ),
        (
            ClusterSplitter(column="code", embedding=one_too_few),
            DataError,
            "embedding must be a function that returns one vector of finite numbers a text, got 'helpers.vectors:one_too_few': for 60 texts it returned an array of shape (59, 2)",
        ),
    ],
)
def test_errors_of_data(splitter: ClusterSplitter, kind: type[ParameterError], message: str) -> None:
    """An argument that does not fit the rows is refused, with both numbers."""
    with pytest.raises(kind) as error:
        splitter.assign(_blobs([30, 30]), seed=0)
    assert str(error.value) == message


def test_errors_of_vectors() -> None:
    """The error names the rows of vectors of other lengths, with NaN, or that differ between equal programs."""
    ragged = Dataset.from_dict({"code": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]})
    with pytest.raises(DataError, match="got 'vector': some vectors are shorter than others"):
        _of_column(n_clusters=2).assign(ragged, seed=0)
    infinite = Dataset.from_dict({"code": ["a", "b"], "vector": [[1.0], [float("inf")]]})
    with pytest.raises(DataError, match="got 'vector': row 1 holds NaN or an infinity"):
        _of_column(n_clusters=2).assign(infinite, seed=0)
    twins = Dataset.from_dict({"code": ["a", "b", "a"], "vector": [[1.0], [2.0], [3.0]]})
    with pytest.raises(DataError, match="got 'vector': rows 0 and 2 hold the same 'code' and different vectors"):
        _of_column(n_clusters=2).assign(twins, seed=0)
    few = Dataset.from_dict({"code": [f"x{i}" for i in range(20)], "vector": [[float(i)] for i in range(20)]})
    with pytest.raises(
        ParameterError, match="n_clusters must be a number for so few programs, got 'elbow': 50 distinct"
    ):
        _of_column(n_clusters="elbow").assign(few, seed=0)
    with pytest.raises(DataError, match="column must be programs that share tokens, got 'code'"):
        PropertyTable(few).values(Clusters("code", TfidfEmbedding(), 2))
