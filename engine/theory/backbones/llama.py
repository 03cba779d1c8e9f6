"""Llama, Qwen2 and Qwen3 without their causal mask: rotary positions, keys and values shared by groups of heads, gated
layers. Adapted to masked diffusion by continued training, without a shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from engine.theory.backbones.backbone import Backbone, Decoder, Layer, Way, angles, heads
from engine.theory.layers import Asked, exact, linear
from engine.theory.network import Features, NetworkConfig


@dataclass(frozen=True, kw_only=True)
class LlamaConfig(NetworkConfig):
    """`inner` is the width within a layer, `head_dim` that of a head; groups of heads share `shared` keys and values.
    Qwen2 has a `bias` on queries, keys and values, Qwen3 norms of queries and keys. With `tied` the embedding gives
    the logits, too."""

    inner: int
    head_dim: int
    shared: int
    theta: float
    epsilon: float
    bias: bool
    normed: bool
    tied: bool

    def build(self) -> Llama:
        return Llama(self)


class SelfAttention(nn.Module):
    """The matrices of attention."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        d, wide, narrow = config.hidden, config.heads * config.head_dim, config.shared * config.head_dim
        self.q_proj = nn.Linear(d, wide, bias=config.bias)
        self.k_proj, self.v_proj = (nn.Linear(d, narrow, bias=config.bias) for _ in range(2))
        self.o_proj = nn.Linear(wide, d, bias=False)
        if config.normed:
            self.q_norm, self.k_norm = (nn.RMSNorm(config.head_dim, config.epsilon) for _ in range(2))


class MLP(nn.Module):
    """The network of two layers, with a gate."""

    def __init__(self, d: int, inner: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(d, inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(inner, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return linear(self.down_proj, F.silu(linear(self.gate_proj, x)) * linear(self.up_proj, x))


class Block(Layer):
    """One layer."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.input_layernorm = nn.RMSNorm(config.hidden, config.epsilon)
        self.self_attn = SelfAttention(config)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden, config.epsilon)
        self.mlp = MLP(config.hidden, config.inner)

    def ask(self, x: Tensor, way: Way) -> Asked:
        x, own = self.input_layernorm(x), self.self_attn
        q = heads(linear(own.q_proj, x), self.config.heads)
        k, v = (heads(linear(layer, x), self.config.shared) for layer in (own.k_proj, own.v_proj))
        if self.config.normed:
            q, k = own.q_norm(q.to(x.dtype)).to(v.dtype), own.k_norm(k.to(x.dtype)).to(v.dtype)
        return Asked(way.turned(q), way.turned(k), v)

    def answer(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + linear(self.self_attn.o_proj, attended)
        return x + self.mlp(self.post_attention_layernorm(x))  # type: ignore[no-any-return]


class Llama(Backbone):
    """Embedding, layers, a last norm."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config: LlamaConfig = config
        self.embed_tokens = nn.Embedding(config.states, config.hidden)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.RMSNorm(config.hidden, config.epsilon)
        self.lm_head = Decoder(config.states, config.hidden, config.tied)
        self.by_state = ("embed_tokens.weight", *(() if config.tied else ("lm_head.weight",)))

    def embed(self, tokens: Tensor) -> Tensor:
        return exact(self.embed_tokens(tokens))

    def ways(self, tokens: Tensor) -> Sequence[Way]:
        config = self.config
        return [Way(*angles(tokens.shape[1], config.head_dim, config.theta, self.norm.weight))] * config.blocks

    def output(self, features: Features) -> Tensor:
        return self.lm_head(self.norm(features.hidden), self.embed_tokens)  # type: ignore[no-any-return]
