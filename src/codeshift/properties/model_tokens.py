"""Length in the tokens of a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import ManifestError, MissingExtraError, ParameterError
from codeshift.properties.base import TextProperty
from codeshift.properties.text_tokens import tokenize_plain
from codeshift.reaching_hub import hub_or_cache

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class ModelTokenCount(TextProperty):
    """Number of tokens of each row by a Hugging Face tokenizer, without the special tokens that a model adds.

    Text that looks like a special token in a program, such as ``</s>``, is text, as in fine-tuning.

    Attributes:
        tokenizer: Tokenizer's name on the hub, or the folder it was saved to. Code that comes with it is never run.
        digest: Digest of its vocabulary (``vocabulary_digest``); another vocabulary under that name is then an
            error. Empty to accept any.
        revision: Branch, tag or commit of a tokenizer of the hub; None for the newest.
    """

    title = "length in the model's tokens"
    dimension = "complexity"

    tokenizer: str
    digest: str = ""
    revision: str | None = None

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute numbers of shape ``(n,)``, cached by the vocabulary, since a name may lead to another one."""
        if self.digest:
            return super().evaluate(table)
        counts: np.ndarray = table.values(
            replace(self, digest=load_counting_tokenizer(self.tokenizer, self.revision)[1])
        )
        return counts

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``.

        Raises:
            ParameterError: if the tokenizer cannot be loaded.
            ManifestError: if its vocabulary does not match the digest.
            MissingExtraError: if transformers is not installed.
        """
        tokenizer, now = load_counting_tokenizer(self.tokenizer, self.revision)
        if self.digest and now != self.digest:
            raise ManifestError(
                f"the tokenizer {self.tokenizer!r} has a different vocabulary (digest {now}) than the one that lengths "
                f"were counted with ({self.digest}): fit the splitter again, with tokenizer_revision= for an older one"
            )
        return np.array([len(ids) for ids in tokenize_plain(tokenizer, texts)], dtype=np.float64)


@lru_cache(maxsize=4)
def load_counting_tokenizer(name: str, revision: str | None = None) -> tuple[Any, str]:
    """Load a tokenizer by name, at a branch, tag or commit, or folder; return it and the digest of its vocabulary.

    Raises:
        ParameterError: if there is none, or it needs code of its own.
        MissingExtraError: if transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtraError("transformers", "finetune") from None
    with hub_or_cache(name) as unreachable:
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, revision=revision or "main")
        except (OSError, ValueError) as error:
            first = unreachable or str(error).strip().split("\n")[0]
            remedy = f"it cannot be loaded ({first})"
            raise ParameterError("tokenizer", "the name or folder of a tokenizer", name, remedy) from error
    return tokenizer, vocabulary_digest(tokenizer)


def vocabulary_digest(tokenizer: Any) -> str:
    """Return a digest of a tokenizer's tokens and their numbers."""
    state = hashlib.blake2b(digest_size=8)
    for token, number in sorted(tokenizer.get_vocab().items()):
        state.update(f"{number} {token}\n".encode("utf-8", errors="surrogatepass"))
    return state.hexdigest()


def tokenizer_name(tokenizer: Any, revision: str | None = None) -> str:
    """Return the name that loads a tokenizer given by name, folder or object, at the revision if one is given.

    Raises:
        ParameterError: if an object is not a tokenizer, or no name loads one with its vocabulary.
    """
    if isinstance(tokenizer, str) and tokenizer:
        return tokenizer
    if hasattr(tokenizer, "__fspath__"):
        return str(tokenizer)
    if not callable(getattr(tokenizer, "get_vocab", None)):
        raise ParameterError("tokenizer", "a name, a folder or a Hugging Face tokenizer", tokenizer, 'such as "gpt2"')
    name = getattr(tokenizer, "name_or_path", "")
    try:
        saved = bool(name) and load_counting_tokenizer(name, revision)[1] == vocabulary_digest(tokenizer)
    except ParameterError:
        saved = False
    if not saved:
        raise ParameterError(
            "tokenizer",
            "one that its name loads again",
            name,
            'save it with tokenizer.save_pretrained("folder") and give the folder, so that the split can be made again',
        )
    return str(name)
