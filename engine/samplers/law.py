"""The law of single tokens, given all else, as a request shapes it."""

from __future__ import annotations

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
