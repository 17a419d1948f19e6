"""Conversion of texts to a model's tokens and back, with a special token in a text treated as text.

A program may contain ``</s>`` or ``<pad>`` in a string. A tokenizer of transformers reads these as control tokens, and
drops them when it decodes. ``split_special_tokens`` is meant for that, but a tokenizer whose model is a unigram or a
list of words finds the same entry again in its vocabulary. So a text that contains one is tokenised by a copy in which
special tokens have names that occur in no text.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

Pieces: TypeAlias = tuple[str, ...]
"""A text in pieces: text, special token, text, special token, ..., text."""

_SAMPLE = "a"
_COPIES: WeakKeyDictionary[Any, tuple[dict[str, int], Any]] = WeakKeyDictionary()


class Frame(NamedTuple):
    """Special tokens that a tokenizer puts before and after a text."""

    before: list[int]
    after: list[int]


def special_tokens(tokenizer: Any) -> dict[str, int]:
    """Return the special tokens of a tokenizer and their ids, without plain words added to the vocabulary.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> special_tokens(tiny_tokenizer(["a"]))
    {'<pad>': 0, '<s>': 1, '</s>': 2, '<unk>': 3, '<mask>': 4}
    """
    added = getattr(tokenizer, "added_tokens_decoder", None) or {}
    numbered = {token.content: number for number, token in added.items() if token.special}
    named = [token for token in getattr(tokenizer, "all_special_tokens", ()) if token not in numbered]
    numbers = tokenizer.convert_tokens_to_ids(named) if named else []
    return numbered | dict(zip(named, numbers, strict=True))


def tokenize_plain(
    tokenizer: Any, texts: Sequence[str], *, special: Mapping[str, int] | None = None
) -> list[list[int]]:
    """Return the ids of texts, whatever they contain, without the special tokens that a tokenizer adds.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["a"])
    >>> tokenizer.convert_ids_to_tokens(tokenize_plain(tokenizer, ["a</s>"])[0])
    ['a', '<', '/', 's', '>']
    """
    if not texts:
        return []
    ids = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]
    return as_text(tokenizer, [(text,) for text in texts], ids, special=special)


def as_text(
    tokenizer: Any, rows: Sequence[Pieces], row_ids: Sequence[list[int]], *, special: Mapping[str, int] | None = None
) -> list[list[int]]:
    """Return the ids of ``rows``, in which the only special tokens are those of the pieces.

    Args:
        tokenizer: Tokenizer, of transformers.
        rows: Texts in pieces.
        row_ids: Ids that the tokenizer gives to the pieces together, without special tokens of its own.
        special: ``special_tokens`` of the tokenizer, if available.
    """
    special = special_tokens(tokenizer) if special is None else special
    numbers = frozenset(special.values())
    ids = list(row_ids)
    wrong = [
        i
        for i, row in enumerate(rows)
        if [number for number in ids[i] if number in numbers] != [special[token] for token in row[1::2]]
    ]
    for i, right in zip(wrong, _tokenized(tokenizer, [rows[i] for i in wrong], special), strict=True):
        ids[i] = right
    return ids


def frame_of(tokenizer: Any, of: str) -> Frame:
    """Return what a tokenizer puts around a text: ``of`` is "text" or, for one to be generated, "text_target".

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> frame_of(tiny_tokenizer(["a"]), "text")
    Frame(before=[], after=[2])
    """
    options = {"truncation": False, "padding": False, "verbose": False}
    bare = tokenizer(**{of: _SAMPLE}, add_special_tokens=False, **options)["input_ids"]
    framed = tokenizer(**{of: _SAMPLE}, **options)["input_ids"]
    for start in range(len(framed) - len(bare) + 1):
        if framed[start : start + len(bare)] == bare:
            return Frame(framed[:start], framed[start + len(bare) :])
    return Frame([], [])


def detokenize(
    tokenizer: Any, ids: Sequence[int], *, kept: Collection[int] = (), special: Mapping[str, int] | None = None
) -> str:
    """Return the text of ids, without special tokens except ``kept`` ones and the one for unknown text.

    >>> from codeshift.finetune.testing import tiny_tokenizer
    >>> tokenizer = tiny_tokenizer(["a"])
    >>> detokenize(tokenizer, [*tokenize_plain(tokenizer, ["</s> a"])[0], 2])
    '</s> a'
    """
    special = special_tokens(tokenizer) if special is None else special
    left_out = frozenset(special.values()) - frozenset(kept) - {getattr(tokenizer, "unk_token_id", None)}
    options: dict[str, Any] = {} if getattr(tokenizer, "is_fast", False) else {"spaces_between_special_tokens": False}
    text: str = tokenizer.decode(
        [number for number in ids if number not in left_out],
        skip_special_tokens=False,
        clean_up_tokenization_spaces=False,
        **options,
    )
    return text


def _tokenized(tokenizer: Any, rows: Sequence[Pieces], special: Mapping[str, int]) -> list[list[int]]:
    if not rows:
        return []
    renamed = renamed_backend(tokenizer, special)
    if renamed is not None:
        texts = ["".join(_token_name(special[p]) if i % 2 else p for i, p in enumerate(row)) for row in rows]
        return [encoding.ids for encoding in renamed.encode_batch(texts, add_special_tokens=False)]
    options = {"add_special_tokens": False, "split_special_tokens": True, "verbose": False}
    ids = []
    for row in rows:
        texts_of_row = [piece for piece in row[::2] if piece]
        parts = iter(tokenizer(texts_of_row, **options)["input_ids"] if texts_of_row else [])
        ids.append([n for i, p in enumerate(row) for n in ([special[p]] if i % 2 else next(parts) if p else [])])
    return ids


def _token_name(number: int) -> str:
    """Return the name of a special token in the copy: characters of a private-use plane."""
    return f"\U0010f8e0{number}\U0010f8e1"


def renamed_backend(tokenizer: Any, special: Mapping[str, int]) -> Any:
    """Return a copy of a fast tokenizer's backend in which no text is a special token; None if it cannot be made."""
    if getattr(tokenizer, "backend_tokenizer", None) is None or not getattr(tokenizer, "is_fast", False):
        return None
    state = {"size": len(tokenizer), **special}
    if tokenizer not in _COPIES or _COPIES[tokenizer][0] != state:
        _COPIES[tokenizer] = (state, _copied(tokenizer, special))
    return _COPIES[tokenizer][1]


def _copied(tokenizer: Any, special: Mapping[str, int]) -> Any:
    from tokenizers import Tokenizer

    content = json.loads(copy.deepcopy(tokenizer.backend_tokenizer).to_str())
    content["truncation"] = content["padding"] = None
    _rename_added(content["added_tokens"], special)
    _rename_vocabulary(content["model"], special)
    plain = Tokenizer.from_str(json.dumps(content))
    plain.encode_special_tokens = False
    return plain if all(plain.token_to_id(_token_name(n)) == n for n in special.values()) else None


def _rename_added(added: list[dict[str, Any]], special: Mapping[str, int]) -> None:
    """Give special tokens their new names, which are searched before a text is normalised."""
    for token in added:
        if token["content"] in special:
            token |= {"content": _token_name(special[token["content"]]), "normalized": False, "special": True}
    there = {token["id"] for token in added}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added += [{"id": n, "content": _token_name(n), **plain} for n in special.values() if n not in there]
    added.sort(key=lambda token: int(token["id"]))


def _rename_vocabulary(model: dict[str, Any], special: Mapping[str, int]) -> None:
    """Rename special tokens in the model's vocabulary, a dict or (unigram) a list; no merge of BPE may make one."""

    def name(token: str) -> str:
        return _token_name(special[token]) if token in special else token

    vocabulary = model["vocab"]
    if isinstance(vocabulary, list):
        model["vocab"] = [[name(token), score] for token, score in vocabulary]
    else:
        model["vocab"] = {name(token): number for token, number in vocabulary.items()}
    if isinstance(model.get("unk_token"), str):
        model["unk_token"] = name(model["unk_token"])
    if "merges" in model:
        pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
        model["merges"] = [pair for pair in pairs if not {*pair, "".join(pair)} & special.keys()]
