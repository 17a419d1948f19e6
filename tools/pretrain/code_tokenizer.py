"""A byte-level BPE tokenizer for code, trained on the texts at hand, with the special tokens that T5 needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from codeshift.errors import DataError, ParameterError

PAD, END = "<pad>", "</s>"
SENTINELS = tuple(f"<extra_id_{i}>" for i in range(100))  # as many as T5 has
_SMALLEST = len(SENTINELS) + 2 + 256  # the special tokens, and each byte


def train_code_tokenizer(texts: Sequence[str], *, vocabulary: int = 4096) -> PreTrainedTokenizerFast:
    r"""A tokenizer of ``vocabulary`` entries: any text is tokenised without loss, and ``</s>`` ends it.

    Byte-level BPE (Sennrich et al. 2016, arXiv 1508.07909, on bytes as GPT-2 does); the result depends on the texts
    alone, not on their order.

    Args:
        texts: what to learn merges from.
        vocabulary: entries in all, the 102 special tokens and the 256 bytes included; fewer where the texts run out of
            pairs to merge.

    Raises:
        ParameterError: ``vocabulary`` has no room for bytes and special tokens.
        DataError: no text.

    >>> tokenizer = train_code_tokenizer(["def add(a, b):\n    return a + b"], vocabulary=400)
    >>> ids = tokenizer("return größe")["input_ids"]
    >>> tokenizer.decode(ids)
    'return größe</s>'
    """
    if vocabulary < _SMALLEST:
        raise ParameterError("vocabulary", f"at least {_SMALLEST}", vocabulary, "4096 suits a small code model")
    if not any(texts):
        raise DataError("texts", "texts to learn from", list(texts), "give the code that the model will read")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END, *SENTINELS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return _as_transformers(tokenizer)


def _as_transformers(tokenizer: Tokenizer) -> Any:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=list(SENTINELS),
        clean_up_tokenization_spaces=False,  # it would eat the space before a full stop, which code may need
    )
