"""GPT-2 without its causal mask: every position attends to all. Adapted to masked diffusion as DiffuGPT
(Gong et al., arXiv 2410.17891), whose law of a token is in the features of the position before (`framing`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.theory.backbones.backbone import Backbone, Decoder, Layer, Way, heads
from engine.theory.layers import Asked, exact
from engine.theory.network import Features, NetworkConfig


@dataclass(frozen=True, kw_only=True)
class GPT2Config(NetworkConfig):
    """`inner` is the width within a layer, `positions` the number of places, `epsilon` that of the norms; with `tied`
    the embedding gives the logits, too."""

    inner: int
    positions: int
    epsilon: float
    tied: bool

    def build(self) -> GPT2:
        return GPT2(self)


class Conv1D(nn.Linear):
    """A linear layer whose weight is stored (in, out)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(outputs, inputs)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x.to(self.weight.dtype) @ self.weight + self.bias


class Attention(nn.Module):
    """The matrices of attention."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.c_attn = Conv1D(d, 3 * d)
        self.c_proj = Conv1D(d, d)


class MLP(nn.Module):
    """The network of two layers."""

    def __init__(self, d: int, inner: int) -> None:
        super().__init__()
        self.c_fc = Conv1D(d, inner)
        self.c_proj = Conv1D(inner, d)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))  # type: ignore[no-any-return]


class Block(Layer):
    """One layer of GPT-2."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.ln_1 = nn.LayerNorm(config.hidden, config.epsilon)
        self.attn = Attention(config.hidden)
        self.ln_2 = nn.LayerNorm(config.hidden, config.epsilon)
        self.mlp = MLP(config.hidden, config.inner)

    def ask(self, x: Tensor, way: Way) -> Asked:
        return Asked(*(heads(part, self.heads) for part in self.attn.c_attn(self.ln_1(x)).chunk(3, dim=-1)))

    def answer(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.attn.c_proj(attended)
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]


class GPT2(Backbone):
    """Tokens and places, summed; layers; a last norm."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.states, config.hidden)
        self.wpe = nn.Embedding(config.positions, config.hidden)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.ln_f = nn.LayerNorm(config.hidden, config.epsilon)
        self.lm_head = Decoder(config.states, config.hidden, config.tied)
        self.by_state = ("embed_tokens.weight", *(() if config.tied else ("lm_head.weight",)))

    def embed(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return exact(self.embed_tokens(tokens)) + exact(self.wpe(places))

    def output(self, features: Features) -> Tensor:
        return self.lm_head(self.ln_f(features.hidden), self.embed_tokens)  # type: ignore[no-any-return]
