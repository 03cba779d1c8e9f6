"""Tiny causal models with random weights, as the `transformers` library keeps them and in GGUF files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import transformers

import engine.causal.causal_folder  # noqa: F401 - has the library show no bars, which leave a thread
from engine.language.tokenizers import Tokenizer, train_tokenizer

STORY = "Once upon a time there was a dragon. The dragon lived on a hill."
VOCABULARY, PLACES = 280, 64
SIZES: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": PLACES},
    **{
        kind: {
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "max_position_embeddings": PLACES,
        }
        for kind in ("llama", "qwen2", "qwen3")
    },
}
OWN_MATRIX = "qwen3"
"""The type of the one whose logits are by a matrix of their own."""


def tiny_tokenizer() -> Tokenizer:
    return train_tokenizer(iter([STORY] * 4), VOCABULARY)


def tiny_network(kind: str, states: int = VOCABULARY, **entries: Any) -> Any:
    """A network of `states` tokens, drawn with a seed."""
    torch.manual_seed(0)
    given = SIZES[kind] | {"vocab_size": states, "bos_token_id": 0, "eos_token_id": 0} | entries
    config: Any = transformers.CONFIG_MAPPING[kind](**{"tie_word_embeddings": kind != OWN_MATRIX} | given)
    kind_of: Any = transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    network = kind_of(config).eval()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    network.tie_weights()
    return network


def make(folder: Path, kind: str, states: int = VOCABULARY, tokenizer: Tokenizer | None = None, **entries: Any) -> Any:
    """Writes a folder as the library does; its network."""
    network = tiny_network(kind, states, **entries)
    network.save_pretrained(folder)
    (tokenizer or tiny_tokenizer()).save(folder)
    return network


def make_gguf(path: Path, kind: str) -> Any:
    """Writes a GGUF file in float32; its network."""
    entries = {"n_positions": 1024} if kind == "gpt2" else {}  # the library knows no other number
    network = tiny_network(kind, **entries)
    config, writer = network.config, gguf.GGUFWriter(path, kind)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if kind == "gpt2":
        writer.add_feed_forward_length(4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_dimension_count(config.head_dim)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    described = json.loads(tiny_tokenizer().to_json())["model"]
    pieces = sorted(described["vocab"], key=described["vocab"].__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(pieces)
    writer.add_token_types([3 if piece.startswith("<|") else 1 for piece in pieces])
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in described["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[kind.upper()], config.num_hidden_layers)
    for name, tensor in network.state_dict().items():
        if name != "lm_head.weight":
            writer.add_tensor(
                str(names.get_name(name, try_suffixes=(".weight", ".bias"))), in_gguf(name, tensor.numpy(), config)
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return network


def in_gguf(name: str, weight: np.ndarray, config: Any) -> np.ndarray:
    """A weight as such files keep it: pairs that turn lie beside each other, matrices are (out, in)."""
    if name.endswith(("q_proj.weight", "k_proj.weight")):
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
        weight = weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
    elif config.model_type == "gpt2" and weight.ndim == 2 and ".h." in name:
        weight = weight.T
    return np.ascontiguousarray(weight)
