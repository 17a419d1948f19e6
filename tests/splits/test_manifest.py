"""Manifests: golden files, round trips, and what is said where the data is not the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import DataError, ManifestError
from codeshift.files import content_digest
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splits.config import SplitConfig
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitAssignment, SplitManifest

GOLDEN = Path(__file__).parent / "golden"
SPLITTERS = {
    "longest": (LengthSplitter(column="code"), {}),
    "middle_half_kept": (LengthSplitter(column="code", unit="lines", quantiles=(0.3, 0.6)), {"ood_kept": 0.5}),
    "loops_in_groups": (
        ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)),
        {"groups": "project", "validation_size": 8},
    ),
    "composed_equal_size": (
        LengthSplitter(column="code") | ASTNodeSplitter(column="code", language="python", nodes=("while_statement",)),
        {"train_size": 30},
    ),
}


def rows() -> Dataset:
    """Return a hundred and twenty programs that never change; their splits do not change either."""
    code = [
        f"def f{i}(x):\n" + "    x += 1\n" * (i % 11 + 1) + ("    while x:\n        x -= 1\n" if i % 6 == 0 else "")
        for i in range(110)
    ]
    code += code[:10]
    return Dataset.from_dict({"code": code, "project": [f"p{i % 40}" for i in range(len(code))]})


def _assign(name: str):
    splitter, arguments = SPLITTERS[name]
    return splitter.assign(rows(), seed=7, **arguments)


@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
@pytest.mark.parametrize("name", SPLITTERS)
def test_golden_manifests(name: str) -> None:
    """A split published by an earlier version is made again, row for row, by this one.

    A golden file changes only with a new format of the manifest. ``python tests/splits/test_manifest.py`` writes it.
    """
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    made = json.loads(_assign(name).manifest.to_json())
    # Versions and grammars name the environment; everything else must be the same anywhere.
    for environment in ("versions", "grammars"):
        assert set(golden.pop(environment)) == set(made.pop(environment))
    for content in (golden, made):
        assert len(content.pop("sha256")) == 64  # of the environment as well
    assert made == golden


@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
@pytest.mark.parametrize("name", SPLITTERS)
def test_golden_manifests_apply(name: str) -> None:
    """A golden file that is loaded splits shuffled rows as it says."""
    manifest = SplitManifest.load(GOLDEN / f"{name}.json")
    splits = manifest.apply(rows().shuffle(seed=11))
    assert {part: len(split) for part, split in splits.items()} == {
        part: size.actual for part, size in manifest.sizes.items() if part != "excluded"
    }


def test_save_and_load(tmp_path: Path) -> None:
    """A saved manifest equals itself when loaded; no temporary file is left, an old file is replaced."""
    manifest = _assign("longest").manifest
    path = tmp_path / "split.json"
    path.write_text("old")
    manifest.save(path)
    assert SplitManifest.load(path) == manifest
    assert [file.name for file in tmp_path.iterdir()] == ["split.json"]


def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing fails, the old file is kept."""
    manifest = _assign("longest").manifest
    path = tmp_path / "split.json"
    manifest.save(path)
    before = path.read_text(encoding="utf-8")

    def broken(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        manifest.save(path)
    assert path.read_text(encoding="utf-8") == before
    assert [file.name for file in tmp_path.iterdir()] == ["split.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.select(range(119)), "lists 120 rows of 'data', the data has 119"),
        (
            lambda data: data.map(lambda row, i: {"code": "new" if i == 100 else row["code"]}, with_indices=True),
            r"1 rows are not in the manifest \(the first is row 100\); 1 rows of the manifest are not in the data",
        ),
        (lambda data: data.select([0, *range(119)]), "stand there another number of times"),
    ],
)
def test_other_data_is_an_error_that_says_what_differs(change, message: str) -> None:
    """The error distinguishes missing, new and repeated rows."""
    manifest = _assign("longest").manifest
    with pytest.raises(ManifestError, match=message):
        manifest.apply(change(rows()))


def test_line_ends_that_differ_are_named() -> None:
    """If the rows are those of the manifest but for their line ends, the error says so; otherwise it does not."""
    windows = rows().map(lambda row: {"code": row["code"].replace("\n", "\r\n")})
    with pytest.raises(ManifestError, match=r"only line ends differ, .*it is listed with '\\n'"):
        _assign("longest").manifest.apply(windows)
    manifest = LengthSplitter(column="code").assign(windows, seed=0).manifest
    with pytest.raises(ManifestError, match=r"only line ends differ, .*it is listed with '\\r\\n'"):
        manifest.apply(rows())
    with pytest.raises(ManifestError) as caught:
        manifest.apply(windows.map(lambda row: {"code": row["code"] + "\r\n# changed"}))
    assert "line ends" not in str(caught.value)


def test_a_missing_column_is_an_error() -> None:
    """The manifest's column must be there."""
    with pytest.raises(DataError, match="column must be a column of the dataset, got 'code'"):
        _assign("longest").manifest.apply(rows().rename_column("code", "source"))


def test_an_assignment_knows_its_own_data() -> None:
    """Rows in another order, or fewer of them, are refused: positions would pick the wrong ones."""
    assignment = _assign("longest")
    with pytest.raises(ManifestError, match="another order"):
        assignment.to_dataset_dict(rows().shuffle(seed=1))
    with pytest.raises(DataError, match="120 rows"):
        assignment.to_dataset_dict(rows().select(range(10)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "has the format None"),
        ('{"format": "codeshift-split/99"}', "has the format 'codeshift-split/99'"),
        (
            '{"format": "codeshift-split/1"}',
            "has the format 'codeshift-split/1', .*: it was written before the first rel",
        ),
        ('{"format": "codeshift-split/2"}', "lacks the fields"),
    ],
)
def test_what_is_no_manifest_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """The error distinguishes a truncated file, another file and another version."""
    path = tmp_path / "split.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=message):
        SplitManifest.load(path)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("splt.json", "did you mean split.json"),
        ("nowhere/split.json", "there is no folder '.*nowhere'"),
        ("x" * 400, "choose one of split.json"),
        ("split\0.json", "did you mean split.json"),
        ("", "did you mean|choose one of"),
    ],
)
def test_a_manifest_that_does_not_exist_is_an_error_of_ours(name: str, remedy: str, tmp_path: Path) -> None:
    """Also where no file can have the name, being too long or holding NUL, or where it is a folder."""
    (tmp_path / "split.json").write_text("", encoding="utf-8")
    with pytest.raises(ManifestError, match=f"(?s)^path must be the file of a manifest, got '.*': {remedy}"):
        SplitManifest.load(tmp_path / name)


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("sizes", {"test_id": {"asked": 1, "have": 1}}, "holds .* as sizes: it is not a readable manifest"),
        ("sizes", {"test_id": {"asked": 1, "got": 1, "left": 0}}, "holds .* as sizes"),
        ("near_duplicates", {"components": 1, "rows": 2, "largest": 2}, "holds .* as near_duplicates"),
        ("request", {"ood_kept": 1.5}, r"ood_kept must be a number from 0 to 1, got 1\.5"),
        ("request", {"shuffle": True}, r"hold the unknown \['shuffle'\]"),
        ("request", {"near_duplicates": {"threshold": 0.7, "drop": "no"}}, "drop must be True or False, got 'no'"),
        ("request", {"near_duplicates": {"limit": 0.7}}, "limit"),
    ],
)
def test_facts_of_other_keys_or_values_are_refused(field: str, change: dict, message: str) -> None:
    """A renamed key or a value that no call takes is an error on reading, not later."""
    plain = json.loads(_assign("longest").manifest.to_json())
    plain[field] |= change
    if field == "near_duplicates":
        plain[field] = change
    with pytest.raises(ManifestError, match=message):
        SplitManifest.from_json(_signed(plain))


@pytest.mark.parametrize("near_duplicates", ["bind", "drop", None, NearDuplicates(threshold=0.9, ngram=3)])
def test_the_arguments_of_the_call_come_back(near_duplicates: object) -> None:
    """A manifest that was read holds the same config as the one that was written, and says the same."""
    options = {"near_duplicates": near_duplicates, "test_id_size": 9, "tolerance": 0.5, "min_test_rows": 0}
    manifest = LengthSplitter().assign(rows(), seed=np.int64(5), ood_kept=0, **options).manifest
    again = SplitManifest.from_json(manifest.to_json())
    assert again.config == manifest.config
    assert (again.config.seed, again.config.test_id_size, again.config.tolerance) == (5, 9, 0.5)
    assert again.config.search == SplitConfig(near_duplicates=near_duplicates).search
    assert again.drops == (near_duplicates == "drop")
    assert again.summary() == manifest.summary()


def test_an_unknown_region_is_an_error() -> None:
    """A region of a type that is not loaded is named, with close matches."""
    plain = json.loads(_assign("longest").manifest.to_json())
    plain["region"]["type"] = "Intervall"
    with pytest.raises(ManifestError, match="unknown type 'Intervall' in a manifest: did you mean Interval"):
        SplitManifest.from_json(_signed(plain)).fitted_region()


@pytest.mark.parametrize(
    "change",
    [
        {"property": None}, {"property": "length"}, {"property": {}}, {"property": {"type": 3}}, {"low": "1"},
        {"low": True}, {"high": [1]}, {"property": {"type": "TokenCount", "column": None}}, {"lowest": 3},
        {"property": {"type": "TokenCount"}},
        {"property": {"type": "Interval", "property": {"type": "CharCount", "column": "code"}}},
    ],
)  # fmt: skip
def test_a_region_whose_fields_do_not_fit_is_told_when_it_is_read(change: dict) -> None:
    """Before anything is made of it, with the name of the field; a type that nobody knows here may have any."""
    plain = json.loads(_assign("longest").manifest.to_json())
    plain["region"] |= change
    with pytest.raises(ManifestError, match=r"the text: .* in a manifest .*: it is not a readable manifest"):
        SplitManifest.from_json(_signed(plain))
    plain["region"]["property"] = {"type": "SomebodysOwn", "column": None}
    plain["region"] = {"type": "SomebodysRegion", "property": plain["region"]["property"]}
    assert SplitManifest.from_json(_signed(plain)).region == plain["region"]


def _signed(plain: dict) -> str:
    """Return a manifest as somebody would forge it, with its digest."""
    return json.dumps(plain | {"sha256": content_digest(plain)})


@pytest.mark.parametrize("name", SPLITTERS)
def test_whatever_is_changed_is_an_error_or_the_same(name: str) -> None:
    """Flipping any one of two hundred bits in the file gives no other split."""
    text = (GOLDEN / f"{name}.json").read_bytes()
    expected = SplitManifest.from_json(text.decode())
    refused = 0
    for place in range(200):
        turned = bytearray(text)
        turned[(place * 7919 + 13) % len(text)] ^= 1 << place % 8
        try:
            assert SplitManifest.from_json(bytes(turned).decode("utf-8")) == expected
        except (ManifestError, UnicodeDecodeError):
            refused += 1
    assert refused > 150  # the others turn white space


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "text", [], {}, [[]], {"a": 1}, [None], {"train": {"asked": "1"}}]
)
@pytest.mark.parametrize("field", sorted(set(json.loads((GOLDEN / "longest.json").read_text())) - {"format", "sha256"}))
def test_values_of_other_types_are_told(field: str, value: object) -> None:
    """Any value of a field, with a digest that fits, is read or is an error of a manifest."""
    plain = json.loads(_assign("longest").manifest.to_json())
    plain[field] = value
    try:
        manifest = SplitManifest.from_json(_signed(plain))
        manifest.summary()
        manifest.fitted_region()
        manifest.apply(rows())
    except ManifestError:
        return
    # What says nothing of a row's part may be anything of its type.
    free = ("splitter", "also_reads", "columns", "grammars", "versions", "near_duplicates", "sizes", "control")
    assert field in (*free, "region_rows")


@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
def test_the_region_holds_the_rows_that_it_held() -> None:
    """The rows reveal a threshold that somebody changed and signed."""
    for name in SPLITTERS:
        _assign(name).manifest.check_region(rows().shuffle(seed=3))
    plain = json.loads(_assign("longest").manifest.to_json())
    plain["region"]["low"] += 10
    with pytest.raises(ManifestError, match="holds 0 of the rows, not 25 as the manifest says"):
        SplitManifest.from_json(_signed(plain)).check_region(rows())
    moved = SplitManifest.from_json(_signed(plain))
    assert SplitAssignment.from_manifest(moved, rows()).sizes == _assign("longest").sizes  # the rows are listed
    for rebuild in (moved.apply, lambda *data, **options: SplitAssignment.from_manifest(moved, *data, **options)):
        with pytest.raises(ManifestError, match="holds 0 of the rows, not 25 as the manifest says"):
            rebuild(rows(), verify_region=True)


@pytest.mark.parametrize("change", [{"rows": {"data": {}}}, {"region_rows": 121}, {"region_rows": -1}])
def test_a_region_of_more_rows_than_there_are_is_told(change: dict) -> None:
    """A manifest that lists no row, or a region that holds more than all of them, is none."""
    manifest = _assign("longest").manifest
    assert manifest.n_rows == 120
    with pytest.raises(ManifestError, match=r"the text holds a region of -?[0-9]+ of [0-9]+ rows"):
        SplitManifest.from_json(_signed(json.loads(manifest.to_json()) | change))


def test_a_control_of_other_data_is_told() -> None:
    """Rows of ``train_control`` are listed by the names under which all rows are."""
    plain = json.loads(_assign("longest").manifest.to_json())
    plain["control"] = {"other": plain["rows"]["data"]["train"]}
    with pytest.raises(ManifestError, match=r"the text holds rows of \['data'\] and a control of \['other'\]"):
        SplitManifest.from_json(_signed(plain))


def test_deep_nesting_is_told() -> None:
    """Deeply nested text is an error of a manifest."""
    with pytest.raises(ManifestError, match="is not JSON"):
        SplitManifest.from_json("[" * 100_000)


def test_the_fitted_region_divides_other_rows() -> None:
    """A threshold that was fitted on one dataset divides another."""
    region = _assign("longest").manifest.fitted_region()
    others = PropertyTable(Dataset.from_dict({"code": ["x = 1", "x = 1\n" * 100]}))
    assert region.contains(others).tolist() == [False, True]


def test_the_manifest_names_what_a_parse_depends_on() -> None:
    """Grammar version and the digest of its node kinds, for each language parsed."""
    manifest = _assign("composed_equal_size").manifest
    assert set(manifest.grammars) == {"python"}
    assert set(manifest.grammars["python"]) == {"wheel", "version", "digest"}
    assert _assign("longest").manifest.grammars == {}


def test_equal_rows_that_are_trimmed_apart_apply_in_any_order() -> None:
    """With ``train_size``, copies of one code may be cut apart; which of them stays is settled by their content."""
    data = Dataset.from_dict(
        {"code": [f"x = {i // 4}" + " + 1" * (i // 40) for i in range(120)], "n": list(range(120))}
    )
    assignment = LengthSplitter(column="code").assign(data, seed=0, train_size=29, validation_size=8)
    order = np.random.default_rng(0).permutation(120)
    again = SplitAssignment.from_manifest(assignment.manifest, data.select(order))
    assert (again.parts == assignment.parts[order]).all()


def test_rows_in_a_file_beside_it(tmp_path: Path) -> None:
    """The digests of rows can lie beside the manifest, which then vouches for their file."""
    manifest = LengthSplitter(column="code").assign(rows(), seed=7, train_control=True).manifest
    path, beside = tmp_path / "split.json", tmp_path / "split.rows.parquet"
    manifest.save(path, rows_beside=True)
    assert SplitManifest.load(path) == manifest
    assert not {"rows", "control"} & set(json.loads(path.read_text()))
    with pytest.raises(ManifestError, match=r"keeps its rows in a file beside it: read it with SplitManifest\.load"):
        SplitManifest.from_json(path.read_text())
    whole = beside.read_bytes()
    beside.write_bytes(whole[:-30] + bytes(30))
    with pytest.raises(ManifestError, match=r"split\.rows\.parquet is not what was written"):
        SplitManifest.load(path)
    beside.unlink()
    with pytest.raises(ManifestError, match=r"keeps its rows in split\.rows\.parquet, which is not beside it"):
        SplitManifest.load(path)
    manifest.save(path)
    assert not beside.exists()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in SPLITTERS:
        _assign(each).manifest.save(GOLDEN / f"{each}.json")
