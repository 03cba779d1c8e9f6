"""The law of single tokens, given all else, as a request shapes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.theory.randomness import Indices


@dataclass(frozen=True)
class Law:
    """What the network says of R rows: `weights` (R, V), by which they are drawn.

    `unsharpened` (R, V) is the same before temperature and top-p, which hide what the network is unsure of, and
    `unconstrained` (R, V) the same if every token were allowed.
    """

    weights: Tensor
    unsharpened: Tensor
    unconstrained: Tensor

    def part(self, cut: slice) -> Law:
        """Those of some rows."""
        weights, free = self.weights[cut], self.unconstrained is self.weights
        return Law(weights, self.unsharpened[cut], weights if free else self.unconstrained[cut])

    @staticmethod
    def joined(parts: Sequence[Law]) -> Law:
        """Those of all rows."""
        weights, free = (
            torch.cat([law.weights for law in parts]),
            all(law.unconstrained is law.weights for law in parts),
        )
        unsharpened = torch.cat([law.unsharpened for law in parts])
        return Law(weights, unsharpened, weights if free else torch.cat([law.unconstrained for law in parts]))

    def probability(self, tokens: Indices) -> np.ndarray:
        """How probable tokens (R,) are by the weights, (R,)."""
        chosen = torch.from_numpy(tokens).to(self.weights.device)[:, None]
        probability: np.ndarray = self.weights.gather(-1, chosen)[:, 0].cpu().numpy()
        return probability

    def gain(self, tokens: Indices) -> np.ndarray:
        """By how much likelier tokens (R,) would be without constraints, (R,), nats; -inf where they could not be."""
        if self.unconstrained is self.weights:
            return np.zeros(len(tokens))
        chosen = torch.from_numpy(tokens).to(self.weights.device)[:, None]
        without, drawn = (
            (law.gather(-1, chosen)[:, 0].double() / law.sum(-1, dtype=torch.float64)).log()
            for law in (self.unconstrained, self.weights)
        )
        gain: np.ndarray = (without - drawn).cpu().numpy()
        return gain
