"""What these networks have in common: a stack of layers, each attention and a network of two layers behind norms.

The residual stream, norms and the output are in float32; matrices and embeddings may be stored in bfloat16.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.stopping import look
from engine.theory.block_mask import block_mask
from engine.theory.lanes import parts, share
from engine.theory.layers import Asked, rotate
from engine.theory.network import Features, Network


class Way(NamedTuple):
    """What a layer is told beside its input: rotary angles (L, D/2), and which positions may attend to which, bool
    (B or 1, 1, L, L); None where there are none, or all may."""

    cos: Tensor | None = None
    sin: Tensor | None = None
    allowed: Tensor | None = None

    def at(self, cut: slice) -> Way:
        """The same for a part of the positions."""
        cos, sin = (None if angles is None else angles[cut] for angles in (self.cos, self.sin))
        return Way(cos, sin, None if self.allowed is None else self.allowed[..., cut, :])

    def in_blocks(self, length: int, size: int, doubled: bool) -> Way:
        """The same where a text of a length is cut into blocks of a size; `doubled`, with the clean text behind it."""
        times = 2 if doubled else 1
        cos, sin = (None if angles is None else angles.repeat(times, 1) for angles in (self.cos, self.sin))
        device = torch.device("cpu") if cos is None else cos.device
        return Way(cos, sin, block_mask(length, size, doubled, device)[None, None])

    def turned(self, x: Tensor) -> Tensor:
        """Queries or keys x (B, H, l, D) at their rotary positions."""
        if self.cos is None or self.sin is None:
            return x
        return rotate(x, self.cos.to(x.dtype), self.sin.to(x.dtype))


class Layer(nn.Module, ABC):
    """Attention, and a network of two layers."""

    @abstractmethod
    def ask(self, x: Tensor, way: Way) -> Asked:
        """Queries, keys and values of positions x (B, l, d)."""

    @abstractmethod
    def answer(self, x: Tensor, attended: Tensor) -> Tensor:
        """Positions x (B, l, d) after the layer, given what their heads attended to, (B, l, H D)."""


class Decoder(nn.Module):
    """Features to logits (..., V): by weights of its own or, where they are `tied`, by those of the embedding."""

    def __init__(self, states: int, hidden: int, tied: bool, bias: bool = False) -> None:
        super().__init__()
        self.weight = None if tied else nn.Parameter(torch.zeros(states, hidden))
        self.bias = nn.Parameter(torch.zeros(states)) if bias else None

    def forward(self, x: Tensor, embedding: nn.Embedding) -> Tensor:
        weight = embedding.weight if self.weight is None else self.weight
        output = F.linear(x.to(weight.dtype), weight).to(x.dtype)
        return output if self.bias is None else output + self.bias


class Backbone(Network):
    """Tokens (B, L) to one number for each state, (B, L, V); told no noise level and no given tokens.

    `seen`, bool (L, L) or larger, says which positions each may attend to, where that is not all: while a network that
    wrote from left to right is adapted.
    """

    seen: Tensor | None = None

    @abstractmethod
    def embed(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) to (B, L, d)."""

    def ways(self, tokens: Tensor) -> Sequence[Way]:
        """What each layer is told beside tokens (B, L)."""
        return [Way()] * len(self.blocks)

    def body(
        self,
        tokens: Tensor,
        sigma: Tensor,
        locked: Tensor | None = None,
        classes: Tensor | None = None,
        clean: Tensor | None = None,
    ) -> Features:
        x, ways, length = self.embed(tokens), self.ways(tokens), tokens.shape[1]
        if self.seen is not None:
            ways = [way._replace(allowed=self.seen[:length, :length]) for way in ways]
        if size := self.config.block_size:
            ways = [way.in_blocks(length, size, clean is not None) for way in ways]
        if clean is not None:
            x = torch.cat((x, self.embed(clean)), dim=1)
        cuts = parts(x.shape[1])
        pieces, numbers = [x[:, cut] for cut in cuts], range(len(cuts))
        for layer, way in zip(self.layers, ways, strict=True):
            look()
            own = [way.at(cut) for cut in cuts]
            asked = share(partial(_ask, layer, pieces, own), numbers)
            k, v = torch.cat([part.k for part in asked], dim=2), torch.cat([part.v for part in asked], dim=2)
            pieces = share(partial(_answer, layer, pieces, own, [Asked(part.q, k, v) for part in asked]), numbers)
        return Features(torch.cat(pieces, dim=1)[:, :length], x.new_zeros(len(tokens), 1, 1))

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the first to the last."""
        return list(self.blocks)  # type: ignore[arg-type]

    def store(self, dtype: torch.dtype) -> Backbone:
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Embedding):
                layer.to(dtype)
            elif isinstance(layer, Decoder) and layer.weight is not None:
                layer.weight.data = layer.weight.data.to(dtype)
        return self


def _ask(layer: Layer, pieces: Sequence[Tensor], ways: Sequence[Way], n: int) -> Asked:
    return layer.ask(pieces[n], ways[n])


def _answer(layer: Layer, pieces: Sequence[Tensor], ways: Sequence[Way], asked: Sequence[Asked], n: int) -> Tensor:
    return layer.answer(pieces[n], attended(asked[n], ways[n].allowed))


def attended(asked: Asked, allowed: Tensor | None = None) -> Tensor:
    """What heads attend to, (B, l, H D); groups of them may share keys and values."""
    groups = asked.q.shape[1] // asked.k.shape[1]
    k, v = (part.repeat_interleave(groups, dim=1) if groups > 1 else part for part in (asked.k, asked.v))
    mixed = F.scaled_dot_product_attention(asked.q, k, v, attn_mask=allowed)
    return mixed.transpose(1, 2).flatten(2)


def heads(x: Tensor, count: int) -> Tensor:
    """(B, l, count D) to (B, count, l, D)."""
    return x.view(*x.shape[:2], count, -1).transpose(1, 2)


def angles(length: int, dim: int, theta: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines (L, D/2) of rotary positions 0 .. L - 1, on the device of `like` and in its dtype."""
    frequencies = 1 / theta ** (torch.arange(0, dim, 2, dtype=like.dtype, device=like.device) / dim)
    turned = torch.arange(length, dtype=like.dtype, device=like.device)[:, None] * frequencies
    return turned.cos(), turned.sin()
