"""ESM-2 (Lin et al., Science 379, 2023): a network of proteins, with rotary positions. Taught to fill in any share of
masks it is DPLM (Wang et al., arXiv 2402.18567)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.theory.backbones.backbone import Backbone, Decoder, Layer, Way, angles, heads
from engine.theory.layers import Asked, exact, linear
from engine.theory.network import Features, NetworkConfig

THETA = 10_000.0
LEFT = 1 - 0.15 * 0.8
"""The share of positions that was not masked when the embedding was learned."""


@dataclass(frozen=True, kw_only=True)
class EsmConfig(NetworkConfig):
    """`inner` is the width within a layer, `pad` a token that nothing attends to. With `token_dropout` masks have no
    embedding, and the others more of theirs the more masks there are."""

    inner: int
    epsilon: float
    pad: int
    token_dropout: bool
    tied: bool

    def build(self) -> Esm:
        return Esm(self)


class SelfAttention(nn.Module):
    """Queries, keys and values."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(d, d) for _ in range(3))


class Dense(nn.Module):
    """A linear layer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return linear(self.dense, x)


class Attention(nn.Module):
    """Attention behind a norm."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__()
        self.LayerNorm = nn.LayerNorm(config.hidden, config.epsilon)
        self.self = SelfAttention(config.hidden)
        self.output = Dense(config.hidden, config.hidden)


class Block(Layer):
    """One layer."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention = Attention(config)
        self.LayerNorm = nn.LayerNorm(config.hidden, config.epsilon)
        self.intermediate = Dense(config.hidden, config.inner)
        self.output = Dense(config.inner, config.hidden)

    def ask(self, x: Tensor, way: Way) -> Asked:
        x, own = self.attention.LayerNorm(x), self.attention.self
        q, k, v = (heads(linear(layer, x), self.heads) for layer in (own.query, own.key, own.value))
        return Asked(way.turned(q), way.turned(k), v)

    def answer(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.attention.output(attended)
        return x + self.output(F.gelu(self.intermediate(self.LayerNorm(x))))  # type: ignore[no-any-return]


class Head(nn.Module):
    """One more layer before the logits."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden)
        self.layer_norm = nn.LayerNorm(config.hidden, config.epsilon)
        self.decoder = Decoder(config.states, config.hidden, config.tied, bias=True)

    def forward(self, x: Tensor, embedding: nn.Embedding) -> Tensor:
        x = self.layer_norm(F.gelu(linear(self.dense, x)).to(x.dtype))
        return self.decoder(x, embedding)  # type: ignore[no-any-return]


class Esm(Backbone):
    """Embedding, layers, a last norm, and a head."""

    def __init__(self, config: EsmConfig) -> None:
        super().__init__()
        self.config: EsmConfig = config
        self.word_embeddings = nn.Embedding(config.states, config.hidden)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.emb_layer_norm_after = nn.LayerNorm(config.hidden, config.epsilon)
        self.lm_head = Head(config)
        own = () if config.tied else ("lm_head.decoder.weight",)
        self.by_state = ("word_embeddings.weight", "lm_head.decoder.bias", *own)

    def embed(self, tokens: Tensor) -> Tensor:
        x, masked, pads = (
            exact(self.word_embeddings(tokens)),
            tokens == self.config.states - 1,
            tokens == self.config.pad,
        )
        if not self.config.token_dropout:
            return x.masked_fill(pads[..., None], 0.0)
        known = (~(masked | pads)).sum(-1).to(x.dtype) / (~pads).sum(-1).clamp(min=1)
        scale = LEFT / torch.where(known > 0, known, LEFT)  # where nothing is known, nothing is scaled
        return x.masked_fill((masked | pads)[..., None], 0.0) * scale[:, None, None]

    def ways(self, tokens: Tensor) -> Sequence[Way]:
        like, pads = self.emb_layer_norm_after.weight, tokens == self.config.pad
        turned = angles(tokens.shape[1], self.config.hidden // self.config.heads, THETA, like)
        allowed = (~pads)[:, None, None].expand(-1, 1, tokens.shape[1], -1) if pads.any() else None
        return [Way(*turned, allowed)] * len(self.blocks)

    def output(self, features: Features) -> Tensor:
        return self.lm_head(self.emb_layer_norm_after(features.hidden), self.word_embeddings)  # type: ignore[no-any-return]
