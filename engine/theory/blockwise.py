"""A text block by block: keys and values of the blocks that are finished are computed once.

A finished block sees itself and the blocks before and never what follows, so nothing that is written later changes its
keys and values: keeping them is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.stopping import look
from engine.theory.backbones.backbone import Backbone, attended
from engine.theory.layers import Asked
from engine.theory.network import Block, Features, Network, ScoreTransformer


@dataclass(frozen=True)
class Finished:
    """Keys and values (B, H, l, D) of the l positions that are finished, for each of the network's blocks."""

    keys: tuple[Tensor, ...] = ()
    values: tuple[Tensor, ...] = ()

    @property
    def length(self) -> int:
        """Positions that are finished."""
        return self.keys[0].shape[2] if self.keys else 0

    def of(self, samples: Tensor) -> Finished:
        """Those of some samples (R,)."""
        return Finished(tuple(k[samples] for k in self.keys), tuple(v[samples] for v in self.values))


def onward(network: Network, tokens: Tensor, sigma: Tensor, before: Finished) -> tuple[Features, Finished]:
    """Features of the next block of tokens (B, l) behind those that are finished, and what is finished with it."""
    if isinstance(network, Backbone):
        return _onward(network, tokens, before)
    if not isinstance(network, ScoreTransformer):
        raise TypeError("networks of this kind write no blocks")
    cond, x = network.sigma_map(sigma), network.vocab_embed(tokens)
    start = before.length
    cos, sin = (wave[start:] for wave in network.rotary_emb(start + tokens.shape[1]))
    blocks: list[Block] = list(network.blocks)  # type: ignore[arg-type]
    keys, values = [], []
    for number, block in enumerate(blocks):
        look()
        shifts = block.shifts(cond)
        asked = block.ask(x, shifts, cos, sin)
        keys.append(torch.cat((*before.keys[number : number + 1], asked.k), dim=2))
        values.append(torch.cat((*before.values[number : number + 1], asked.v), dim=2))
        x = block.answer(x, Asked(asked.q, keys[-1], values[-1]), shifts)
    return Features(x, cond[:, None]), Finished(tuple(keys), tuple(values))


def _onward(network: Backbone, tokens: Tensor, before: Finished) -> tuple[Features, Finished]:
    """The same of a network that was adapted from another use."""
    x, start = network.embed(tokens), before.length
    ways = network.ways(tokens.new_zeros(1, start + tokens.shape[1]))
    keys, values = [], []
    for number, (layer, way) in enumerate(zip(network.layers, ways, strict=True)):
        look()
        asked = layer.ask(x, way.at(slice(start, None)))
        keys.append(torch.cat((*before.keys[number : number + 1], asked.k), dim=2))
        values.append(torch.cat((*before.values[number : number + 1], asked.v), dim=2))
        x = layer.answer(x, attended(Asked(asked.q, keys[-1], values[-1])))
    return Features(x, x.new_zeros(len(tokens), 1, 1)), Finished(tuple(keys), tuple(values))
