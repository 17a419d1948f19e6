"""Checks before the first step that a model has room for the tokens and the positions of its rows."""

from __future__ import annotations

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedModel

from codeshift.errors import ParameterError
from codeshift.finetune.encoded_part import AnyEncodedPart, PartEncoder, Vocabulary
from codeshift.finetune.encoding import Encoded
from codeshift.finetune.models import Model, base_model, pad_id
from codeshift.properties.text_tokens import special_tokens
from codeshift.wording import Verbatim


def check_vocabulary(model: Model, encoder: Vocabulary) -> None:
    """Check that the model has an embedding and an output for each token that the tokenizer can produce.

    Special tokens are counted only if a text can hold them: a padded vocabulary does no harm.

    Raises:
        ParameterError: a token has none.
    """
    tokenizer, rows = encoder.tokenizer, _vocabulary_rows(model)
    if rows is None:
        return
    used = {*encoder.frame_ids, pad_id(model, tokenizer)}
    unused = frozenset(special_tokens(tokenizer).values()) - used
    highest = max((n for n in {*tokenizer.get_vocab().values(), *used} if n not in unused), default=0)
    if highest >= rows:
        token = tokenizer.convert_ids_to_tokens(highest)
        token_beyond = Verbatim(f"one of {len(tokenizer)} tokens, among them {token!r} with the id {highest}")
        remedy = (
            "give the tokenizer that the model was trained with, or make room for the new tokens with "
            "model.resize_token_embeddings(len(tokenizer))"
        )
        raise ParameterError("tokenizer", f"within the model's embedding of {rows} tokens", token_beyond, remedy)


def encode_part(model: Model, encoder: PartEncoder[AnyEncodedPart], rows: Dataset, part: str) -> AnyEncodedPart:
    """Encode a part for a model, and warn of what is cut or lost.

    Raises:
        ParameterError: the model has no room for a token, or a column is missing.
        DataError: a value cannot be used, or there is no row.
    """
    check_vocabulary(model, encoder)
    data = encoder.encode(rows, part)
    encoder.warn_of(data, part)
    return data


def check_positions(model: Model, data: Encoded, part: str, *, generated: int | None = None) -> None:
    """Check that the model has enough positions for the rows after truncation.

    Args:
        model: Model of any family; one whose attention sees only distances, such as T5, has no limit.
        data: Encoded rows.
        part: Name of the part, for the message.
        generated: Largest number of tokens of an output; None if the targets are given.

    Raises:
        ParameterError: a row is longer; the message names the arguments that shorten it.
    """
    base, prompt = base_model(model), _virtual_tokens(model)
    longest = int(data.sources.lengths.max())
    written = int(data.targets.lengths.max()) if generated is None else generated
    shorter = "max_target_length" if generated is None else "max_new_tokens"
    if not base.config.is_encoder_decoder:
        if generated is None:
            longest = int((data.sources.lengths + data.targets.lengths).max())
        else:
            longest += written - 1  # the last token is not read any more
        _check_positions(base, longest + prompt, part, f"lower max_source_length or {shorter}")
        return
    _check_positions(base.get_encoder(), longest + prompt, part, "lower max_source_length")
    _check_positions(base.get_decoder(), written + prompt, part, f"lower {shorter}")


def check_source_positions(model: Model, longest: int, part: str) -> None:
    """Check that a classifier has enough positions for a row of ``longest`` tokens, which every stack of layers reads.

    Raises:
        ParameterError: it has fewer.
    """
    base, prompt = base_model(model), _virtual_tokens(model)
    stacks = (base.get_encoder(), base.get_decoder()) if base.config.is_encoder_decoder else (base,)
    for stack in stacks:
        _check_positions(stack, longest + prompt, part, "lower max_source_length")


def _check_positions(stack: PreTrainedModel, needed: int, part: str, remedy: str) -> None:
    limit, is_table = _position_limit(stack)
    if limit is not None and needed > limit:
        if not is_table:
            remedy += ", or raise config.max_position_embeddings to let the model go beyond its length"
        longest_row = Verbatim(f"a row of {needed} tokens in {part}")
        raise ParameterError("model", f"given no more than its {limit} positions", longest_row, remedy)


def _position_limit(stack: PreTrainedModel) -> tuple[int | None, bool]:
    """Return the number of positions of a stack of layers (None without a limit), and whether they are in a table."""
    tables = [
        module.num_embeddings - _offset(module)
        for name, module in stack.named_modules()
        if isinstance(module, torch.nn.Embedding) and _is_position(name)
    ]
    tables += [
        buffer.shape[0]
        for name, buffer in stack.named_buffers()
        if _is_position(name) and buffer.ndim == 2 and len(buffer) > 1
    ]
    if tables:
        return min(tables), True
    config = stack.config.get_text_config()
    stated = getattr(config, "max_position_embeddings", None)
    stated = stated if isinstance(stated, int) and stated > 0 else None
    return stated, False


def _is_position(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last in ("wpe", "pos_emb") or ("position" in last and "embed" in last) or last == "embed_positions"


def _offset(table: torch.nn.Embedding) -> int:
    """Return the number of rows before the first position: two in BART; RoBERTa's positions follow its padding row."""
    offset = getattr(table, "offset", None)
    if isinstance(offset, int):
        return offset
    return 0 if table.padding_idx is None else int(table.padding_idx) + 1


def _virtual_tokens(model: Model) -> int:
    """Return the number of tokens that an adapter puts before each row."""
    if not isinstance(model, PeftModel) or not model.active_peft_config.is_prompt_learning:
        return 0
    return int(model.active_peft_config.num_virtual_tokens)


def _vocabulary_rows(model: Model) -> int | None:
    """Return the number of tokens for which every embedding and the output layer have a row."""
    base = base_model(model)
    layers = [base.get_input_embeddings(), base.get_output_embeddings()]
    decoder = getattr(base, "decoder", None)
    if decoder is not None and hasattr(decoder, "get_input_embeddings"):
        layers.append(decoder.get_input_embeddings())
    sizes = [size for layer in layers if layer is not None if (size := _embedding_rows(layer)) is not None]
    return min(sizes, default=None)


def _embedding_rows(layer: torch.nn.Module) -> int | None:
    for name in ("num_embeddings", "out_features"):
        if isinstance(getattr(layer, name, None), int):
            return int(getattr(layer, name))
    weight = getattr(layer, "weight", None)
    return int(weight.shape[0]) if weight is not None and weight.ndim == 2 else None
