"""Noise schedules: how much noise there is at time t.

t runs from 0 (data) to 1 (noise). `total` is sigma(t), the noise accumulated since 0, and `rate` its derivative
d sigma / d t. A token survives unchanged with probability exp(-sigma) under absorbing noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Noise(NamedTuple):
    """The schedule at some times: `total` sigma(t) and `rate` sigma'(t), both shaped like t."""

    total: Tensor
    rate: Tensor


class Schedule(Protocol):
    """Maps times in [0, 1], any shape, to their noise, and noise back to times."""

    def __call__(self, t: Tensor) -> Noise: ...

    def time(self, total: Tensor) -> Tensor:
        """The t at which the total noise is `total`, any shape."""


@dataclass(frozen=True)
class LogLinear:
    """sigma(t) = -log(1 - (1 - eps) t): the fraction of noised tokens grows linearly in t.

    `eps` keeps sigma(1) finite; 1 - exp(-sigma(t)) = (1 - eps) t.
    """

    eps: float = 1e-3

    def __call__(self, t: Tensor) -> Noise:
        kept = 1 - self.eps
        return Noise(-torch.log1p(-kept * t), kept / (1 - kept * t))

    def time(self, total: Tensor) -> Tensor:
        return -torch.expm1(-total) / (1 - self.eps)


@dataclass(frozen=True)
class Geometric:
    """sigma(t) = sigma_min^(1 - t) sigma_max^t: log sigma grows linearly in t."""

    sigma_min: float = 1e-4
    sigma_max: float = 20.0

    def __call__(self, t: Tensor) -> Noise:
        total = self.sigma_min ** (1 - t) * self.sigma_max**t
        return Noise(total, total * math.log(self.sigma_max / self.sigma_min))

    def time(self, total: Tensor) -> Tensor:
        return torch.log(total / self.sigma_min) / math.log(self.sigma_max / self.sigma_min)
