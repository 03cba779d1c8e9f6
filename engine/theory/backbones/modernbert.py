"""ModernBERT (Warner et al., arXiv 2412.13663): rotary positions; every so many layers attend to all positions, the
others to those near by. Taught to fill in any share of masks it writes and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.theory.backbones.backbone import Backbone, Decoder, Layer, Way, angles, heads
from engine.theory.layers import Asked, exact, linear
from engine.theory.network import Features, NetworkConfig


@dataclass(frozen=True, kw_only=True)
class ModernBertConfig(NetworkConfig):
    """`inner` is the width within a layer. Layers that are `far` (blocks,) attend to all positions, turned by
    `far_theta`, the others to those at most `near` away, turned by `near_theta`. With `tied` the embedding gives the
    logits, too; `decoder_bias` is added to them."""

    inner: int
    far: tuple[bool, ...]
    near: int
    far_theta: float
    near_theta: float
    epsilon: float
    tied: bool
    decoder_bias: bool

    def build(self) -> ModernBert:
        return ModernBert(self)


class Attention(nn.Module):
    """The matrices of attention."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.Wqkv = nn.Linear(d, 3 * d, bias=False)
        self.Wo = nn.Linear(d, d, bias=False)


class MLP(nn.Module):
    """The network of two layers, half of whose width gates the other half."""

    def __init__(self, d: int, inner: int) -> None:
        super().__init__()
        self.Wi = nn.Linear(d, 2 * inner, bias=False)
        self.Wo = nn.Linear(inner, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        widened, gate = linear(self.Wi, x).chunk(2, dim=-1)
        return linear(self.Wo, F.gelu(widened) * gate)


class Block(Layer):
    """One layer; the first one of all has no norm before its attention, since the embedding has one."""

    def __init__(self, config: ModernBertConfig, first: bool) -> None:
        super().__init__()
        d = config.hidden
        self.heads = config.heads
        self.attn_norm = nn.Identity() if first else nn.LayerNorm(d, config.epsilon, bias=False)
        self.attn = Attention(d)
        self.mlp_norm = nn.LayerNorm(d, config.epsilon, bias=False)
        self.mlp = MLP(d, config.inner)

    def ask(self, x: Tensor, way: Way) -> Asked:
        q, k, v = (heads(part, self.heads) for part in linear(self.attn.Wqkv, self.attn_norm(x)).chunk(3, dim=-1))
        return Asked(way.turned(q), way.turned(k), v)

    def answer(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + linear(self.attn.Wo, attended)
        return x + self.mlp(self.mlp_norm(x))  # type: ignore[no-any-return]


class Embeddings(nn.Module):
    """Tokens to vectors, behind a norm."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(config.states, config.hidden)
        self.norm = nn.LayerNorm(config.hidden, config.epsilon, bias=False)


class PredictionHead(nn.Module):
    """One more layer before the logits."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden, bias=False)
        self.norm = nn.LayerNorm(config.hidden, config.epsilon, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(F.gelu(linear(self.dense, x)).to(x.dtype))  # type: ignore[no-any-return]


class ModernBert(Backbone):
    """Embedding, layers, a last norm, and a head."""

    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.config: ModernBertConfig = config
        self.embeddings = Embeddings(config)
        self.blocks = nn.ModuleList(Block(config, first=k == 0) for k in range(config.blocks))
        self.final_norm = nn.LayerNorm(config.hidden, config.epsilon, bias=False)
        self.prediction = PredictionHead(config)
        self.decoder = Decoder(config.states, config.hidden, config.tied, config.decoder_bias)
        own = (() if config.tied else ("decoder.weight",)) + (("decoder.bias",) if config.decoder_bias else ())
        self.by_state = ("embeddings.tok_embeddings.weight", *own)

    def embed(self, tokens: Tensor) -> Tensor:
        return self.embeddings.norm(exact(self.embeddings.tok_embeddings(tokens)))  # type: ignore[no-any-return]

    def ways(self, tokens: Tensor) -> Sequence[Way]:
        config, length = self.config, tokens.shape[1]
        like, dim = self.final_norm.weight, config.hidden // config.heads
        places = torch.arange(length, device=tokens.device)
        near = None  # also where nothing is further away
        if length > config.near + 1:
            near = ((places[:, None] - places).abs() <= config.near)[None, None]
        everywhere = Way(*angles(length, dim, config.far_theta, like))
        around = Way(*angles(length, dim, config.near_theta, like), near)
        return [everywhere if far else around for far in config.far]

    def output(self, features: Features) -> Tensor:
        x = self.prediction(self.final_norm(features.hidden))
        return self.decoder(x, self.embeddings.tok_embeddings)  # type: ignore[no-any-return]
