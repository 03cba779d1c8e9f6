"""Guidance without a classifier (Schiff et al., arXiv 2412.10193): a network that is told a class, and more than told.

    log g = strength log g(. | class) + (1 - strength) log g(. | no class), normalised

for the law g of a clean token. At strength 1 it is the law given the class; beyond, what tells the class from others
counts for more, and each answer takes two network calls.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.protocol import UserError
from engine.theory.diffusion import Diffusion
from engine.theory.network import Features, Network, NetworkConfig


def guided(diffusion: Diffusion, label: int, strength: float = 1.0) -> Diffusion:
    """The model that writes texts of the class `label`; a UserError if it does not know it."""
    known = diffusion.config.network.classes
    if not 0 <= label < known:
        numbers = f"its classes are 0 to {known - 1}" if known else "it knows no classes"
        raise UserError(f"This model does not know the class {label}; {numbers}.")
    network = Guided(diffusion.network, label, strength)
    return Diffusion(diffusion.config, network, diffusion.graph, len(network.labels))  # type: ignore[arg-type]


class Guided(nn.Module):
    """Answers with and, unless the strength is 1, without a class, side by side in the features, which the head mixes.

    It asks the network for each of the `labels` once.
    """

    def __init__(self, network: Network, label: int, strength: float) -> None:
        super().__init__()
        self.network, self.strength = network, strength
        self.labels = (label,) if strength == 1 else (label, network.config.classes)

    @property
    def config(self) -> NetworkConfig:
        """The sizes of the network."""
        return self.network.config

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.network.device

    def body(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        """Features of every position: hidden (B, L, k d), cond (B, 1, k c), for k labels."""
        labels = (torch.full_like(tokens[:, 0], label) for label in self.labels)
        answers = [self.network.body(tokens, sigma, locked, classes) for classes in labels]
        return Features(*(torch.cat(parts, dim=-1) for parts in zip(*answers, strict=True)))

    def head(self, features: Features) -> Tensor:
        """log g (..., V), but for a constant."""
        answers = zip(*(part.chunk(len(self.labels), dim=-1) for part in features), strict=True)
        given, *free = (F.log_softmax(self.network.head(Features(*answer)), dim=-1) for answer in answers)
        return self.strength * given + (1 - self.strength) * free[0] if free else given

    def forward(self, tokens: Tensor, sigma: Tensor) -> Tensor:
        return self.head(self.body(tokens, sigma))
