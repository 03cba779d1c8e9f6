"""Locked tokens: positions whose token is given and which no sampler may change.

Under absorbing noise clamping them from the first step on is exact: the law of the masked tokens given the
others does not depend on the noise level. Under uniform noise it is an approximation: a clean token looks to the
network like a noisy one that happens to read the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.messages import FREE, Tokens, UserError


@dataclass(frozen=True)
class Locks:
    """`tokens` (L,) int64 holds the given token where `locked` (L,) bool is set."""

    tokens: Tensor
    locked: Tensor

    @staticmethod
    def of(tokens: Tokens, vocabulary: int, length: int) -> Locks:
        """From a request's tokens, `FREE` where the sampler fills; a UserError if they do not fit the model."""
        if tokens.ndim != 1 or not 0 < tokens.size <= length:
            raise UserError(f"The text has {tokens.size} tokens, and this model takes 1 to {length}; shorten it.")
        if tokens.min() < FREE or tokens.max() >= vocabulary:
            raise UserError("A locked token is not in this model's vocabulary; enter the prompt again for this model.")
        given = torch.from_numpy(tokens.copy())
        return Locks(given, given != FREE)

    def clamp(self, x: Tensor) -> Tensor:
        """x (B, L) with every locked position set to its token."""
        return torch.where(self.locked.to(x.device), self.tokens.to(x.device), x)
