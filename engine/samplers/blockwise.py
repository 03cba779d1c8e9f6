"""Chains that write a text block by block, each given those before: what is finished is computed once.

The steps of a run are shared out among the blocks, each of which goes through a grid of its own from full noise to
none; where there are fewer steps than blocks, a step writes several of them, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from engine.protocol import UserError
from engine.samplers.chain import AbsorbingChain, Chain, chain_class
from engine.samplers.draws import Rows
from engine.theory.blockwise import Finished, onward
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Spacing, Step, grid
from engine.theory.network import Features
from engine.theory.randomness import Indices


@dataclass(frozen=True)
class Turn:
    """A `step` of a chain in the block of this number; None where the text is written as a whole."""

    step: Step
    block: int | None = None


def turns(diffusion: Diffusion, length: int, steps: int, spacing: Spacing | Sequence[float]) -> list[list[Turn]]:
    """What each step of a run on texts of so many tokens consists of."""
    if not diffusion.block_size:
        return [[Turn(step)] for step in grid(diffusion.schedule, steps, spacing)]
    blocks, own = -(-length // diffusion.block_size), spacing if isinstance(spacing, str) else "time"
    if steps < blocks:
        (step,) = grid(diffusion.schedule, 1)
        return [[Turn(step, block) for block in range(*ends)] for ends in edges(blocks, steps)]
    grids = (grid(diffusion.schedule, last - first, own) for first, last in edges(steps, blocks))
    return [[Turn(step, block)] for block, steps_of_it in enumerate(grids) for step in steps_of_it]


def edges(things: int, parts: int) -> list[tuple[int, int]]:
    """Where nearly equal parts of so many things begin and end."""
    return list(pairwise(things * part // parts for part in range(parts + 1)))


def kind_of(diffusion: Diffusion) -> type[Chain]:
    """The chains that a model writes by."""
    return BlockChain if diffusion.block_size else chain_class(diffusion)


class BlockChain(AbsorbingChain):
    """Samples of which one block is written: positions of others neither move nor are asked about."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.pattern is not None:
            raise UserError(
                "This model writes block by block and is held to no pattern or banned words; leave them out."
            )
        self._everywhere, self._finished, self._block = self.free, Finished(), -1
        self.enter(0)

    @property
    def _here(self) -> slice:
        size = self.diffusion.block_size
        return slice(self._block * size, (self._block + 1) * size)

    def enter(self, block: int) -> None:
        """Goes on to the block of this number, and finishes those before it."""
        while self._block < block:
            if self._block >= 0:
                _, self._finished = self._ask(self.tokens, self._finished)
                self.calls += 1
            self._block, self._remembered = self._block + 1, None
        self.free = np.zeros_like(self._everywhere)
        self.free[:, self._here] = self._everywhere[:, self._here]

    def _ask(self, tokens: torch.Tensor, before: Finished) -> tuple[Features, Finished]:
        told = self.diffusion.told(torch.ones(len(tokens), device=tokens.device))
        return onward(self.diffusion.network, tokens[:, self._here], told, before)

    def features(self, rows: Rows, sigma: np.ndarray) -> Features:
        """The body's features of rows of the block."""
        return super().features(Rows(rows.sample, rows.position - self._here.start), sigma)

    def _body(self, samples: Indices, sigma: np.ndarray) -> Features:
        """Those of the block alone: the network is told no level."""
        key = (samples.tobytes(), b"")
        if self._remembered is None or self._remembered[0] != key:
            chosen = torch.from_numpy(samples)
            self._remembered = key, self._ask(self.tokens[chosen], self._finished.of(chosen))[0]
            self.calls[samples] += 1
        return self._remembered[1]
