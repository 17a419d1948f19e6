"""Decontamination lists: n-grams in the formats of lm-evaluation-harness and of NeMo Curator.

lm-evaluation-harness reads a folder with ``info.json``, which holds ``ngram_size``, and files
``*.bkt.txt.sorted.zst`` with a line ``"n-gram document"`` for each occurrence in a training corpus, sorted. NeMo
Curator reads and writes a pickle of a dict from each n-gram of test sets to the number of its occurrences, 0 before it
has searched; what it found is such a dict below ``"matched-ngrams"``.
"""

from __future__ import annotations

import json
import os
import pickle  # the format that NeMo Curator reads; nothing is unpickled
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codeshift.audit.plain_pickle import read_plain
from codeshift.audit.word_ngrams import NGRAM, NgramSearch, Words, ngrams_of
from codeshift.checks import check_choice, check_integer
from codeshift.errors import DataError, ParameterError
from codeshift.files import json_value, replaced, write_text

_INFO, _SIZE, _FILES = "info.json", "ngram_size", "*.sorted.zst"
_BUCKET = "ngrams_0.bkt.txt.sorted.zst"
_PICKLES = (".pkl", ".pickle")
_COUNTERS = frozenset(
    {"collections.defaultdict", "builtins.int", "__builtin__.int", "__builtin__.long"}
)  # what NeMo Curator counts with
_MATCHED = "matched-ngrams"
_FORMATS = ("lm-eval", "nemo")


@dataclass(frozen=True)
class DecontaminationList:
    """List of n-grams on disk, which is read as a stream where its format allows.

    Attributes:
        path: Folder of lm-evaluation-harness or the pickle of NeMo Curator.
        sizes: Numbers of words of its n-grams: NeMo Curator takes short texts whole.
        words: Whose words and whose format they are.
        read: N-grams of a pickle, which is read whole to learn their sizes; None where they are read as a stream.

    Make one of rows by ``write_decontamination_list``; ``read_decontamination_list`` finds the format. In ``overlap``,
    ``audit`` and ``Study`` a path of one is a corpus.

    >>> DecontaminationList(Path("test-13-grams.pkl"), (13,), "nemo").words
    'nemo'
    """

    path: Path
    sizes: tuple[int, ...]
    words: Words
    read: Collection[str] | None = field(default=None, repr=False, compare=False)

    def ngrams(self) -> Iterator[str]:
        """Yield its n-grams.

        Raises:
            DataError: if a file is no such list.
        """
        if self.words == "nemo":
            yield from _pickled(self.path) if self.read is None else self.read
            return
        for file in sorted(self.path.glob(_FILES)):
            with pa.input_stream(str(file), compression="zstd") as stream:
                for line in _decoded_lines(stream):
                    ngram, space, _ = line.rpartition(" ")
                    if not space:
                        raise DataError(str(file), "lines of an n-gram and a document", line, "make the list again")
                    yield ngram

    def shared(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return which texts have an n-gram of the list, of shape ``(n,)``."""
        search = NgramSearch(texts, self.sizes, self.words)
        search.add(self.ngrams())
        return search.shared


def read_decontamination_list(path: str | os.PathLike[str]) -> DecontaminationList | None:
    """Return the list at a path; None if it is no folder with ``info.json`` and no pickle.

    Raises:
        DataError: if ``info.json`` does not say how many words an n-gram has, or a pickle holds something else.

    >>> read_decontamination_list("no-such-folder") is None
    True
    """
    place = Path(path)
    if place.suffix in _PICKLES and os.path.isfile(place):
        return _of_nemo(place, _pickled(place))
    if not os.path.isfile(place / _INFO) or not any(place.glob(_FILES)):
        return None
    try:
        size = json_value((place / _INFO).read_text(encoding="utf-8"))[_SIZE]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(str(place / _INFO), f"JSON with {_SIZE}", str(error), "make the list again") from error
    return DecontaminationList(place, (check_integer(_SIZE, size, smallest=1),), "lm-eval")


def write_decontamination_list(
    texts: Sequence[str], path: str | os.PathLike[str], *, n: int = NGRAM, words: Words | None = None
) -> DecontaminationList:
    """Write the n-grams of texts as a list that another tool reads.

    Args:
        texts: Texts, such as the code of test rows.
        path: Folder (lm-evaluation-harness) or the file that ends in ``.pkl`` (NeMo Curator).
        n: Number of words of an n-gram.
        words: Tool, ``"lm-eval"`` or ``"nemo"``; by default the one whose format the path has.

    Raises:
        ParameterError: if the path does not suit the tool, or an argument is invalid.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ngrams = write_decontamination_list(["a b c", "b c d"], folder, n=2)
    ...     sorted(ngrams.ngrams()), ngrams.shared(["x a b", "y"]).tolist()
    (['a b', 'b c', 'b c', 'c d'], [True, False])
    """
    place = Path(path)
    check_integer("n", n, smallest=1)
    tool = check_choice("words", words or ("nemo" if place.suffix in _PICKLES else "lm-eval"), _FORMATS)
    if (tool == "nemo") != (place.suffix in _PICKLES):
        remedy = "name a file that ends in .pkl" if tool == "nemo" else "name a folder"
        raise ParameterError("path", f"one of the format of {tool}", str(path), remedy)
    if tool == "nemo":
        counts: dict[str, int] = dict.fromkeys((ngram for text in texts for ngram in ngrams_of(text, n, "nemo")), 0)
        with replaced(place) as temporary:
            temporary.write_bytes(pickle.dumps(counts))
        return _of_nemo(place, counts)
    place.mkdir(parents=True, exist_ok=True)
    lines = sorted(f"{ngram} {row}\n" for row, text in enumerate(texts) for ngram in set(ngrams_of(text, n)))
    with replaced(place / _BUCKET) as temporary, pa.output_stream(str(temporary), compression="zstd") as stream:
        stream.write("".join(lines).encode("utf-8", "surrogatepass"))
    write_text(place / _INFO, json.dumps({"title": "codeshift", _SIZE: n}) + "\n")
    return DecontaminationList(place, (n,), "lm-eval")


def _of_nemo(path: Path, ngrams: Collection[str]) -> DecontaminationList:
    """Return the list in a pickle of these n-grams."""
    return DecontaminationList(path, tuple(sorted({ngram.count(" ") + 1 for ngram in ngrams})), "nemo", ngrams)


def _decoded_lines(stream: Any) -> Iterator[str]:
    """Yield the lines of a stream of bytes, of which only some are in memory at once."""
    rest = b""
    while block := stream.read(1 << 20):
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.decode("utf-8", "surrogatepass") for line in lines)
    if rest:
        yield rest.decode("utf-8", "surrogatepass")


def _pickled(path: Path) -> Mapping[str, int]:
    remedy = "take what prepare_task_data or find_matching_ngrams of NeMo Curator writes"
    try:
        content = read_plain(path.read_bytes(), counters=_COUNTERS)
    except (ValueError, IndexError, KeyError, TypeError, StopIteration) as error:
        raise DataError(str(path), "a pickle of n-grams", str(error), remedy) from error
    if isinstance(content, dict) and _MATCHED in content:
        content = content[_MATCHED]
    if not isinstance(content, dict) or not all(isinstance(ngram, str) for ngram in content):
        raise DataError(str(path), "a pickle of a dict of n-grams", type(content).__name__, remedy)
    return content
