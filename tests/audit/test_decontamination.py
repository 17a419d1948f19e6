"""Decontamination lists: written as other tools read them, and read as they write them."""

from __future__ import annotations

import json
import pickle
import random
from collections import defaultdict

import pyarrow as pa
import pytest
from datasets import Dataset

from codeshift.audit import ngrams_of, overlap, read_decontamination_list, write_decontamination_list
from codeshift.audit.plain_pickle import read_plain
from codeshift.cli import main
from codeshift.data import load_rows, save_splits
from codeshift.errors import DataError, ParameterError

WORDS = "def Area(width, height): return Width * height if width and height else None # of it"
OTHER = "class Point: pass"


def unsorted_bucket(folder, lines, size=13):
    """A list as lm-evaluation-harness makes it of its training corpus."""
    (folder / "info.json").write_text(json.dumps({"title": "web", "ngram_size": size}))
    with pa.output_stream(str(folder / "ngrams_7.bkt.txt.sorted.zst"), compression="zstd") as stream:
        stream.write("".join(f"{line}\n" for line in lines).encode())


def test_words_are_those_of_the_tools():
    """Punctuation goes, case is lowered; a line end parts words in one tool and not in the other."""
    assert list(ngrams_of("a_b = C(d)\nE", 3)) == ["ab cd e"]
    assert list(ngrams_of("a_b = C(d)\nE f g h i j k l m", 3, "nemo"))[:2] == ["ab cd\ne f", "cd\ne f g"]
    assert (
        next(ngrams_of(f"{WORDS} end", 13))
        == "def areawidth height return width height if width and height else none of"
    )


def test_a_folder_of_lm_eval_is_read_and_written(tmp_path):
    """The folder has info.json and sorted zstd lines of n-gram and document; each n-gram of a row stands there once."""
    ngrams = list(ngrams_of(WORDS, 13))
    unsorted_bucket(tmp_path, [f"{ngrams[0]} 4", f"{ngrams[0]} 9", "x y z 1"])
    listed = read_decontamination_list(tmp_path)
    assert (listed.words, listed.sizes) == ("lm-eval", (13,))
    assert listed.shared([OTHER, f"# {WORDS}", WORDS.lower()]).tolist() == [False, True, True]
    write_decontamination_list([OTHER, WORDS, WORDS], tmp_path / "out", n=13)
    assert json.loads((tmp_path / "out" / "info.json").read_text())["ngram_size"] == 13
    (bucket,) = (tmp_path / "out").glob("*.sorted.zst")
    with pa.input_stream(str(bucket), compression="zstd") as stream:
        lines = stream.read().decode().splitlines()
    assert lines == sorted(f"{ngram} {row}" for ngram in ngrams for row in (1, 2))


def test_a_pickle_of_nemo_is_read_and_written(tmp_path):
    """A dict from n-grams to 0; short texts are whole; what was found stands below its own key, in a defaultdict."""
    short = "a b c d e f g h i"
    path = tmp_path / "tasks.pkl"
    write_decontamination_list([WORDS, short, OTHER], path)
    content = pickle.loads(path.read_bytes())  # noqa: S301 - written by this test
    assert set(content.values()) == {0}
    assert short in content
    assert not any("class" in ngram for ngram in content)
    listed = read_decontamination_list(path)
    assert listed.sizes == (9, 13)
    path.unlink()  # it is read once
    assert listed.shared([f"x {short.upper()} y", OTHER]).tolist() == [True, False]
    found = defaultdict(int, {short: 3})
    path.write_bytes(pickle.dumps({"matched-ngrams": found, "ngrams-freq": [(9, 1)]}))
    assert list(read_decontamination_list(path).ngrams()) == [short]


def test_a_pickle_can_call_nothing(tmp_path):
    """What is no list is refused, and nothing in it runs."""
    path = tmp_path / "bad.pkl"
    for content in (pickle.dumps(print), b"junk", pickle.dumps([1])):
        path.write_bytes(content)
        with pytest.raises(DataError, match="pickle"):
            read_decontamination_list(path)
    (tmp_path / "info.json").write_text("{}")
    unsorted_bucket(tmp_path, ["x"])
    with pytest.raises(DataError, match="document"):
        list(read_decontamination_list(tmp_path).ngrams())
    (tmp_path / "info.json").write_text("{}")
    with pytest.raises(DataError, match="ngram_size"):
        read_decontamination_list(tmp_path)


def test_a_path_of_another_format_is_refused(tmp_path):
    """A pickle has its ending, a folder none."""
    with pytest.raises(ParameterError, match="pkl"):
        write_decontamination_list([WORDS], tmp_path / "x", words="nemo")
    with pytest.raises(ParameterError, match="folder"):
        write_decontamination_list([WORDS], tmp_path / "x.pkl", words="lm-eval")
    assert read_decontamination_list(tmp_path / "nothing") is None


def test_overlap_counts_rows_that_share_ngrams(tmp_path):
    """With a corpus of rows beside the copies, with a list alone."""
    mine = Dataset.from_dict({"code": [f"# {WORDS}", OTHER]})
    theirs = Dataset.from_dict({"code": [f"{WORDS} and more of it", "x = 1"]})
    found = overlap(mine, theirs, ngrams=13)
    assert (found["data", "data"].ngrams, found["data", "data"].exact) == (1, 0)
    assert found.rows("data", "ngrams") == (0,)
    assert overlap(mine, theirs)["data", "data"].ngrams is None
    write_decontamination_list(theirs["code"][:], tmp_path / "list")
    listed = overlap(mine, {"web": str(tmp_path / "list")})
    assert (listed["data", "web"].ngrams, listed.rows("data")) == (1, (0,))
    assert listed.marks["data"].seen().tolist() == [True, False]
    assert "shared n-gram" in str(listed)
    assert [len(listed.without(mine, *kind)["data"]) for kind in ((), ("ngrams",))] == [1, 1]
    with pytest.raises(ParameterError, match=r"kind must be one that .*, got 'renamed': web was searched for ngrams"):
        listed.without(mine, "renamed")
    with pytest.raises(ParameterError, match=r"data was searched for exact, near, renamed"):
        overlap(mine, theirs).without(mine, "ngrams")
    both = overlap(mine, {"list": str(tmp_path / "list"), "here": Dataset.from_dict({"code": [OTHER]})})
    assert len(both.without(mine)["data"]) == 0


def test_the_command_line_imports_and_exports(tmp_path, capsys):
    """``--ngrams`` counts, ``--ngrams-out`` writes a list that the command then takes as the corpus."""
    code = [f"{WORDS} {i}" for i in range(3)]
    save_splits({"test": Dataset.from_dict({"code": code})}, tmp_path / "mine")
    Dataset.from_dict({"code": [*code[:1], OTHER]}).to_parquet(tmp_path / "web.parquet")
    list_of = str(tmp_path / "list.pkl")
    assert (
        main(
            [
                "overlap",
                str(tmp_path / "mine"),
                str(tmp_path / "web.parquet"),
                "--ngrams",
                "13",
                "--ngrams-out",
                list_of,
            ]
        )
        == 0
    )
    assert "3 by n-grams" in capsys.readouterr().out
    assert main(["overlap", str(tmp_path / "web.parquet"), list_of, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parts"][0]["ngrams"] == 1
    clean = tmp_path / "clean"
    assert main(["overlap", str(tmp_path / "web.parquet"), list_of, "--without", str(clean)]) == 0
    assert "– of 2 rows as exact copies, – near, – renamed, 1 by n-grams" in capsys.readouterr().out
    assert load_rows(clean)["code"][:] == [OTHER]
    near = ["overlap", str(tmp_path / "mine"), "embedded", "--kind", "near", "--without", str(tmp_path / "none")]
    assert main(near) == 2
    assert "data was searched for exact, renamed" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_an_edited_pickle_is_an_error_or_plain_values():
    """Whatever bytes it holds, nothing else than the errors that are told comes of it."""
    rng, content = random.Random(0), pickle.dumps({f"a {i}": i for i in range(20)})
    for _ in range(500):
        edited = bytearray(content)
        for _ in range(rng.randint(1, 3)):
            edited[rng.randrange(len(edited))] = rng.randrange(256)
        try:
            value = read_plain(bytes(edited))
        except (ValueError, IndexError, KeyError, TypeError, StopIteration):
            continue
        assert isinstance(value, dict | list | tuple | str | int | float | None)
