"""What the network says of single positions, as probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.samplers.draws import Flags


@dataclass(frozen=True)
class Law:
    """Laws of R rows, `weights` (R, V), and the log of the mass that constraints left of them, (R,).

    `unsharpened` (R, V) is the same before temperature and top-p, which hide what the network is unsure of.
    """

    weights: Tensor
    log_allowed: Tensor
    unsharpened: Tensor

    def pick(self, chosen: Flags) -> Law:
        """Those of some rows, by a mask (R,)."""
        index = torch.from_numpy(chosen).to(self.weights.device)
        return Law(self.weights[index], self.log_allowed[index.to(self.log_allowed.device)], self.unsharpened[index])

    def entropy(self) -> np.ndarray:
        """How unsure the network is of each row, (R,), nats."""
        entropy: np.ndarray = torch.special.entr(self.unsharpened.double()).sum(-1).cpu().numpy()
        return entropy
