"""Hashes of the tokens of many texts at once: what `codeshift.properties.lexer.lex` finds, at the speed of numpy.

Most tokens are a run of ASCII letters, digits and underscores or a single character, and for those comparing each
byte's class with its neighbour's is enough. What needs the full rule (two operator characters in a row, a number with a
point or a sign, anything beyond ASCII) is cut out and given to the lexer itself, each distinct piece once. So there is
one rule and no second lexer that could differ from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from codeshift.properties.lexer import OPERATORS, token_spans
from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, changes, mixed, ragged

__all__ = ["TokenBlock", "join_blocks", "token_blocks", "token_counts", "tokenised"]

UBytes = np.ndarray[tuple[int], np.dtype[np.uint8]]

_WORD, _DIGIT, _OPERATOR, _JOINER, _HIGH, _OTHER = 1, 2, 4, 8, 16, 32
_ATOM = _WORD | _OPERATOR | _HIGH
_OPERATOR_CHARACTERS = frozenset("".join(OPERATORS)) | frozenset(".+-")
_BLOCK_BYTES = 1 << 20  # the passes over a block's bytes stay in the processor's cache
_PAD = 8
_LONG = 64  # bytes of a token beyond which blake2b is cheaper than rounds of eight

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)


def _byte_class(byte: int) -> int:
    character = chr(byte)
    if byte >= 0x80:
        return _HIGH
    if character.isspace():
        return 0
    if character.isalnum() or character == "_":
        return _WORD | (_DIGIT if character.isdigit() else 0)
    if character in _OPERATOR_CHARACTERS:
        return _OPERATOR | (_JOINER if character in ".+-" else 0)
    return _OTHER


_CLASSES = bytes(map(_byte_class, range(256)))
_CLASS_OF_BYTE = np.frombuffer(_CLASSES, np.uint8)


def token_blocks(texts: Iterable[str]) -> Iterator[tuple[UInts, Ints]]:
    """Yield 64-bit hashes of all tokens, text after text, and how many tokens each text has; block by block.

    The hash of a token depends on its characters alone: not on the process, the platform or the other texts.

    Args:
        texts: Texts.

    Yields:
        The hashes of some of the texts, shape (their tokens,), and the counts, shape (their number,).

    >>> hashes, counts = join_blocks(token_blocks(["a += b", "", "b"]))
    >>> counts.tolist(), bool(hashes[2] == hashes[3])
    ([3, 0, 1], True)
    """
    return ((block.hashes, block.counts) for block in tokenised(texts))


@dataclass(frozen=True, kw_only=True)
class TokenBlock:
    """The tokens of some texts.

    Attributes:
        hashes: 64-bit hash of each token, shape (t,).
        classes: Class of each token's first byte, shape (t,).
        counts: How many tokens each text has, shape (their number,).
    """

    hashes: UInts
    classes: UBytes
    counts: Ints

    @property
    def numbers(self) -> Bools:
        """Whether each token is a number, shape (t,)."""
        numbers: Bools = (self.classes & _DIGIT) != 0
        return numbers

    @property
    def words(self) -> Bools:
        """Whether each token is an identifier or a keyword, shape (t,)."""
        words: Bools = ((self.classes & (_WORD | _HIGH)) != 0) & ~self.numbers
        return words


def tokenised(texts: Iterable[str]) -> Iterator[TokenBlock]:
    """Yield the tokens of all texts, block by block."""
    return (_token_block(block) for block in _blocks(texts))


def token_counts(texts: Iterable[str]) -> Ints:
    """Return how many tokens each of n texts has, shape (n,).

    >>> token_counts(["a += b", "", "b"]).tolist()
    [3, 0, 1]
    """
    counts = [np.empty(0, np.int64)]
    for rows in _blocks(texts):
        first, _ = _token_ends(_buffer(rows))
        counts.append(np.diff(np.searchsorted(np.flatnonzero(first), _row_starts(rows))))
    return np.concatenate(counts)


def join_blocks(blocks: Iterable[tuple[UInts, Ints]]) -> tuple[UInts, Ints]:
    """Return the hashes and the counts of all blocks."""
    parts = [(np.empty(0, np.uint64), np.empty(0, np.int64)), *blocks]
    return np.concatenate([hashes for hashes, _ in parts]), np.concatenate([counts for _, counts in parts])


def _blocks(texts: Iterable[str]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for text in texts:
        block.append(text.encode("utf-8", "surrogatepass"))
        size += len(block[-1])
        if size >= _BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _token_block(rows: list[bytes]) -> TokenBlock:
    buffer = _buffer(rows)
    first, last = _token_ends(buffer)
    starts, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
    return TokenBlock(
        hashes=_span_hashes(buffer, starts, ends),
        classes=_CLASS_OF_BYTE[np.frombuffer(buffer, np.uint8)[starts]],
        counts=np.diff(np.searchsorted(starts, _row_starts(rows))),
    )


def _buffer(rows: list[bytes]) -> bytes:
    return b"\n" + b"\n".join(rows) + b"\n" + bytes(_PAD)


def _row_starts(rows: list[bytes]) -> Ints:
    """Return where each row begins in the buffer, and where one after the last would."""
    return np.cumsum([1, *(len(row) + 1 for row in rows)])


def _token_ends(buffer: bytes) -> tuple[Bools, Bools]:
    """Return whether each byte is the first of a token, and whether it is the last of one."""
    classes = np.frombuffer(buffer.translate(_CLASSES), np.uint8)[:-_PAD]
    word = (classes & _WORD).view(np.bool_)
    single = (classes & (_OPERATOR | _OTHER)) != 0
    first, last = single, single.copy()
    first[1:] |= word[1:] > word[:-1]
    last[:-1] |= word[:-1] > word[1:]
    starts, ends = _hard_pieces(classes)
    if starts.size:
        inside = ragged(starts, ends - starts)
        first[inside] = last[inside] = False
        heads, tails = _lexed(buffer, starts, ends)
        first[heads] = last[tails] = True
    return first, last


def _hard_pieces(classes: UBytes) -> tuple[Ints, Ints]:
    """Return the spans of word, operator and non-ASCII bytes in which a token may be more than the byte classes say."""
    operator = (classes & _OPERATOR) != 0
    hard = (classes & _HIGH) != 0
    hard[1:] |= operator[1:] & operator[:-1]
    joins = np.flatnonzero((classes & _JOINER) != 0)  # never at either end: the buffer begins and ends with a line end
    hard[joins[(classes[joins - 1] & _WORD != 0) & (classes[joins + 1] & _DIGIT != 0)]] = True
    atom = (classes & _ATOM) != 0
    edges = np.flatnonzero(atom[1:] != atom[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    hard_spans = np.searchsorted(starts, np.flatnonzero(hard), side="right") - 1
    hard_spans = hard_spans[changes(hard_spans)]
    return starts[hard_spans], ends[hard_spans]


def _lexed(buffer: bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return the first and the last byte of each of the lexer's tokens in the spans."""
    numbers: dict[bytes, int] = {}
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    which = np.array([numbers.setdefault(buffer[start:end], len(numbers)) for start, end in spans])
    heads, tails, counts = _tokens_of_pieces(list(numbers))
    taken = ragged((np.cumsum(counts) - counts)[which], counts[which])
    base = np.repeat(starts, counts[which])
    return base + heads[taken], base + tails[taken]


def _tokens_of_pieces(pieces: list[bytes]) -> tuple[Ints, Ints, Ints]:
    """Return the first and the last byte of each of the lexer's tokens in its piece, and how many each piece has.

    No token goes beyond a line end, so all pieces are given to the lexer at once.

    Args:
        pieces: Text, without line ends, in UTF-8.
    """
    joined = b"\n".join(pieces)
    text = joined.decode("utf-8", "surrogatepass")
    spans = np.array(token_spans(text), np.int64).reshape(-1, 2)
    if len(text) < len(joined):
        spans = np.flatnonzero(np.frombuffer(joined + b"\n", np.uint8) & 0xC0 != 0x80)[spans]
    sizes = np.array([len(piece) for piece in pieces]) + 1
    begins = np.cumsum(sizes) - sizes
    cuts = np.searchsorted(spans[:, 0], np.append(begins, len(joined)))
    counts = np.diff(cuts)
    heads, tails = (spans - np.repeat(begins, counts)[:, np.newaxis]).T
    return heads, tails - 1, counts


def _span_hashes(buffer: bytes, starts: Ints, ends: Ints) -> UInts:
    """Hash the spans, eight bytes a round; nearly all have up to eight bytes and need one round."""
    eights = np.ndarray((len(buffer) - 7,), np.dtype("<u8"), buffer, strides=(1,))
    lengths = ends - starts
    hashes = (eights[starts] & _MASKS[np.minimum(lengths, 8)]) ^ (lengths.astype(np.uint64) * _ODD)
    hashes = mixed(hashes)
    rest = np.flatnonzero(lengths > 8)
    for done in range(8, _LONG, 8):
        rest = rest[lengths[rest] > done]
        if not rest.size:
            return hashes
        more = eights[starts[rest] + done] & _MASKS[np.minimum(lengths[rest] - done, 8)]
        hashes[rest] = mixed(hashes[rest] * _ODD ^ more)
    for index in rest[lengths[rest] > _LONG].tolist():
        digest = blake2b(buffer[starts[index] : ends[index]], digest_size=8).digest()
        hashes[index] = int.from_bytes(digest, "little")
    return hashes
