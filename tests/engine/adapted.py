"""Tiny checkpoints of networks that were adapted to fill in masks, in their published layouts, with random weights, and
what they compute, in float64.

Written from what is known of the layouts, with nothing of the engine. V states, texts of L tokens, width D.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

Weights = dict[str, Tensor]
LENGTH, WIDTH, INNER, LAYERS, HEADS, SHARED, HEAD_DIM = 12, 16, 24, 4, 4, 2, 6
PLACES = 80


class Draw:
    """Random weights by name."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.weights: Weights = {}

    def put(self, name: str, *shape: int, about: float = 0.0) -> None:
        self.weights[name] = about + 0.4 * torch.randn(shape, generator=self.generator)

    def layer(self, name: str, outputs: int, inputs: int, bias: bool = True) -> None:
        self.put(f"{name}.weight", outputs, inputs)
        if bias:
            self.put(f"{name}.bias", outputs)

    def norm(self, name: str, bias: bool = True, width: int = WIDTH) -> None:
        self.put(f"{name}.weight", width, about=1.0)
        if bias:
            self.put(f"{name}.bias", width)


def spun(x: Tensor, theta: float) -> Tensor:
    """Rotary positions on (B, L, H, D), pair by pair: entry k turns with entry k + D/2."""
    half = x.shape[-1] // 2
    place = torch.arange(x.shape[1], dtype=torch.float64)
    turn = place[:, None] * torch.tensor([theta ** (-k / half) for k in range(half)], dtype=torch.float64)
    plane = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(turn), turn)[:, None]
    return torch.cat((plane.real, plane.imag), dim=-1)


def attention(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Of (B, L, H, D); `allowed` (L, L) or (B, 1, L, L) bool."""
    k, v = (x.repeat_interleave(q.shape[2] // x.shape[2], dim=2) for x in (k, v))
    scores = torch.einsum("bihd,bjhd->bhij", q, k) / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    return torch.einsum("bhij,bjhd->bihd", scores.softmax(-1), v).flatten(2)


def normed(x: Tensor, w: Weights, name: str, eps: float = 1e-5) -> Tensor:
    x = x - x.mean(-1, keepdim=True)
    x = x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * w[f"{name}.weight"]
    return x + w.get(f"{name}.bias", torch.zeros(1))


def rms(x: Tensor, w: Weights, name: str, eps: float = 1e-6) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * w[f"{name}.weight"]


def affine(x: Tensor, w: Weights, name: str) -> Tensor:
    return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", torch.zeros(1))


def gelu(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def gelu_tanh(x: Tensor) -> Tensor:
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def in_heads(x: Tensor, count: int) -> Tensor:
    return x.view(*x.shape[:2], count, -1)


# ---- GPT-2


def gpt2_weights(states: int) -> Weights:
    draw, d = Draw(1), WIDTH
    draw.put("embed_tokens.weight", states, d)
    draw.put("denoise_model.wpe.weight", PLACES, d)
    for k in range(LAYERS):
        name = f"denoise_model.h.{k}"
        draw.norm(f"{name}.ln_1")
        draw.norm(f"{name}.ln_2")
        for layer, inputs, outputs in (
            ("attn.c_attn", d, 3 * d),
            ("attn.c_proj", d, d),
            ("mlp.c_fc", d, 4 * d),
            ("mlp.c_proj", 4 * d, d),
        ):
            draw.put(f"{name}.{layer}.weight", inputs, outputs)
            draw.put(f"{name}.{layer}.bias", outputs)
        draw.weights[f"{name}.attn.bias"] = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    draw.norm("denoise_model.ln_f")
    return draw.weights


def gpt2_forward(w: Weights, tokens: Tensor, states: int) -> Tensor:
    def conv(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["embed_tokens.weight"][tokens] + w["denoise_model.wpe.weight"][: tokens.shape[1]]
    for k in range(LAYERS):
        name = f"denoise_model.h.{k}"
        q, key, v = conv(normed(x, w, f"{name}.ln_1"), f"{name}.attn.c_attn").chunk(3, dim=-1)
        x = x + conv(attention(*(in_heads(part, HEADS) for part in (q, key, v))), f"{name}.attn.c_proj")
        x = x + conv(gelu_tanh(conv(normed(x, w, f"{name}.ln_2"), f"{name}.mlp.c_fc")), f"{name}.mlp.c_proj")
    return normed(x, w, "denoise_model.ln_f") @ w["embed_tokens.weight"].T


GPT2 = {
    "model_type": "gpt2",
    "n_embd": WIDTH,
    "n_layer": LAYERS,
    "n_head": HEADS,
    "n_positions": PLACES,
    "layer_norm_epsilon": 1e-5,
    "activation_function": "gelu_new",
}


# ---- ModernBERT


def modernbert_weights(states: int) -> Weights:
    draw, d = Draw(2), WIDTH
    draw.put("model.embeddings.tok_embeddings.weight", states, d)
    draw.norm("model.embeddings.norm", bias=False)
    for k in range(LAYERS):
        name = f"model.layers.{k}"
        if k:
            draw.norm(f"{name}.attn_norm", bias=False)
        draw.norm(f"{name}.mlp_norm", bias=False)
        draw.layer(f"{name}.attn.Wqkv", 3 * d, d, bias=False)
        draw.layer(f"{name}.attn.Wo", d, d, bias=False)
        draw.layer(f"{name}.mlp.Wi", 2 * INNER, d, bias=False)
        draw.layer(f"{name}.mlp.Wo", d, INNER, bias=False)
    draw.norm("model.final_norm", bias=False)
    draw.layer("head.dense", d, d, bias=False)
    draw.norm("head.norm", bias=False)
    draw.put("decoder.bias", states)
    return draw.weights


def modernbert_forward(w: Weights, tokens: Tensor, states: int) -> Tensor:
    embedding = w["model.embeddings.tok_embeddings.weight"]
    x = normed(embedding[tokens], w, "model.embeddings.norm")
    place = torch.arange(tokens.shape[1])
    near = (place[:, None] - place).abs() <= 2
    for k in range(LAYERS):
        name, everywhere = f"model.layers.{k}", k % 3 == 0
        theta = 160_000.0 if everywhere else 10_000.0
        before = normed(x, w, f"{name}.attn_norm") if k else x
        qkv = affine(before, w, f"{name}.attn.Wqkv").view(*tokens.shape, 3, HEADS, -1)
        q, key, v = spun(qkv[:, :, 0], theta), spun(qkv[:, :, 1], theta), qkv[:, :, 2]
        x = x + affine(attention(q, key, v, None if everywhere else near), w, f"{name}.attn.Wo")
        a, b = affine(normed(x, w, f"{name}.mlp_norm"), w, f"{name}.mlp.Wi").chunk(2, dim=-1)
        x = x + affine(gelu(a) * b, w, f"{name}.mlp.Wo")
    x = normed(gelu(affine(normed(x, w, "model.final_norm"), w, "head.dense")), w, "head.norm")
    return x @ embedding.T + w["decoder.bias"]


MODERNBERT = {
    "model_type": "modernbert",
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "norm_eps": 1e-5,
    "global_attn_every_n_layers": 3,
    "global_rope_theta": 160_000.0,
    "local_rope_theta": 10_000.0,
    "local_attention": 4,
    "decoder_bias": True,
    "tie_word_embeddings": True,
    "hidden_activation": "gelu",
}


# ---- ESM


def esm_weights(states: int) -> Weights:
    draw, d = Draw(3), WIDTH
    draw.put("esm.embeddings.word_embeddings.weight", states, d)
    draw.put("esm.embeddings.position_embeddings.weight", PLACES, d)
    for k in range(LAYERS):
        name = f"esm.encoder.layer.{k}"
        for part in ("query", "key", "value"):
            draw.layer(f"{name}.attention.self.{part}", d, d)
        draw.layer(f"{name}.attention.output.dense", d, d)
        draw.norm(f"{name}.attention.LayerNorm")
        draw.layer(f"{name}.intermediate.dense", INNER, d)
        draw.layer(f"{name}.output.dense", d, INNER)
        draw.norm(f"{name}.LayerNorm")
        turns = 1 / 10_000 ** (torch.arange(0, d // HEADS, 2) / (d // HEADS))
        draw.weights[f"{name}.attention.self.rotary_embeddings.inv_freq"] = turns
    draw.norm("esm.encoder.emb_layer_norm_after")
    draw.layer("esm.contact_head.regression", 1, LAYERS * HEADS)
    draw.layer("lm_head.dense", d, d)
    draw.norm("lm_head.layer_norm")
    draw.put("lm_head.bias", states)
    return draw.weights


def esm_forward(w: Weights, tokens: Tensor, states: int, pad: int = 1) -> Tensor:
    embedding, mask = w["esm.embeddings.word_embeddings.weight"], states - 1
    real = tokens != pad
    share = (tokens == mask).sum(-1, keepdim=True).double() / real.sum(-1, keepdim=True)
    x = embedding[tokens] * (real & (tokens != mask))[..., None] * (0.88 / (1 - share))[..., None]
    for k in range(LAYERS):
        name = f"esm.encoder.layer.{k}"
        before = normed(x, w, f"{name}.attention.LayerNorm")
        parts = (affine(before, w, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        q, key, v = (in_heads(part, HEADS) for part in parts)
        mixed = attention(spun(q, 10_000.0), spun(key, 10_000.0), v, real[:, None, None])
        x = x + affine(mixed, w, f"{name}.attention.output.dense")
        widened = gelu(affine(normed(x, w, f"{name}.LayerNorm"), w, f"{name}.intermediate.dense"))
        x = x + affine(widened, w, f"{name}.output.dense")
    x = normed(x, w, "esm.encoder.emb_layer_norm_after")
    return normed(gelu(affine(x, w, "lm_head.dense")), w, "lm_head.layer_norm") @ embedding.T + w["lm_head.bias"]


DPLM = {
    "model_type": "esm",
    "dplm_type": "dplm",
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": INNER,
    "position_embedding_type": "rotary",
    "token_dropout": True,
    "emb_layer_norm_before": False,
    "layer_norm_eps": 1e-5,
    "max_position_embeddings": PLACES,
}


# ---- Llama and Qwen


def llama_weights(kind: str) -> Callable[[int], Weights]:
    def weights(states: int) -> Weights:
        draw, d = Draw(4), WIDTH
        draw.put("model.embed_tokens.weight", states, d)
        for k in range(LAYERS):
            name = f"model.layers.{k}"
            for part, count in (("q", HEADS), ("k", SHARED), ("v", SHARED)):
                draw.layer(f"{name}.self_attn.{part}_proj", count * HEAD_DIM, d, bias=kind == "qwen2")
            draw.layer(f"{name}.self_attn.o_proj", d, HEADS * HEAD_DIM, bias=False)
            if kind == "qwen3":
                draw.norm(f"{name}.self_attn.q_norm", bias=False, width=HEAD_DIM)
                draw.norm(f"{name}.self_attn.k_norm", bias=False, width=HEAD_DIM)
            for part, outputs, inputs in (("gate", INNER, d), ("up", INNER, d), ("down", d, INNER)):
                draw.layer(f"{name}.mlp.{part}_proj", outputs, inputs, bias=False)
            draw.norm(f"{name}.input_layernorm", bias=False)
            draw.norm(f"{name}.post_attention_layernorm", bias=False)
        draw.norm("model.norm", bias=False)
        draw.put("lm_head.weight", states, d)
        return draw.weights

    return weights


def llama_forward(w: Weights, tokens: Tensor, states: int, allowed: Tensor | None = None) -> Tensor:
    x = w["model.embed_tokens.weight"][tokens]
    for k in range(LAYERS):
        name = f"model.layers.{k}"
        before = rms(x, w, f"{name}.input_layernorm")
        q = in_heads(affine(before, w, f"{name}.self_attn.q_proj"), HEADS)
        key, v = (in_heads(affine(before, w, f"{name}.self_attn.{part}_proj"), SHARED) for part in "kv")
        if f"{name}.self_attn.q_norm.weight" in w:
            q, key = rms(q, w, f"{name}.self_attn.q_norm"), rms(key, w, f"{name}.self_attn.k_norm")
        x = x + affine(attention(spun(q, 1e6), spun(key, 1e6), v, allowed), w, f"{name}.self_attn.o_proj")
        before = rms(x, w, f"{name}.post_attention_layernorm")
        gate, up = (affine(before, w, f"{name}.mlp.{part}_proj") for part in ("gate", "up"))
        x = x + affine(gate * gate.sigmoid() * up, w, f"{name}.mlp.down_proj")
    return rms(x, w, "model.norm") @ w["lm_head.weight"].T


def in_blocks_of_4(w: Weights, tokens: Tensor, states: int) -> Tensor:
    """A position sees its own block and those before."""
    block = torch.arange(tokens.shape[1]) // 4
    return llama_forward(w, tokens, states, block[:, None] >= block)


LLAMA = {
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": SHARED,
    "head_dim": HEAD_DIM,
    "rope_theta": 1e6,
    "rms_norm_eps": 1e-6,
    "hidden_act": "silu",
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
}


@dataclass(frozen=True)
class Family:
    """Configuration, weights of V states, and logits (B, L, V) of weights in float64 and tokens (B, L)."""

    config: dict[str, Any]
    weights: Callable[[int], Weights]
    forward: Callable[[Weights, Tensor, int], Tensor]


ADAPTED: dict[str, Family] = {
    "diffugpt": Family(GPT2, gpt2_weights, gpt2_forward),
    "modernbert": Family(MODERNBERT, modernbert_weights, modernbert_forward),
    "dplm": Family(DPLM, esm_weights, esm_forward),
    **{
        f"a2d-{kind}": Family(LLAMA | {"model_type": f"a2d-{kind}"}, llama_weights(kind), llama_forward)
        for kind in ("qwen3", "qwen2", "llama")
    },
    "sdar": Family(LLAMA | {"model_type": "sdar", "block_size": 4}, llama_weights("qwen3"), in_blocks_of_4),
}


PROTEINS = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
"""The tokens of proteins, in their order."""


def make(folder: Path, family: str, states: int = 11, **entries: Any) -> Weights:
    """Writes a checkpoint of V states, with more `entries` of its configuration; its weights in float64."""
    kind = ADAPTED[family]
    folder.mkdir(exist_ok=True)
    weights = kind.weights(states)
    (folder / "config.json").write_text(json.dumps(kind.config | {"vocab_size": states} | entries))
    save_file(weights, folder / "model.safetensors")
    return {name: value.double() for name, value in weights.items()}
