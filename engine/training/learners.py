"""What a trainer teaches: a network, its loss on a batch of clean tokens, and how well it does on held-out text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from engine.language.tokenizers import Tokenizer
from engine.likelihood.result import Bound
from engine.likelihood.running import bound
from engine.models.own_layout import save
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion
from engine.training.objectives import OBJECTIVES
from engine.training.settings import Recipe

SMALLEST_TIME = 1e-4


class Learner(Protocol):
    """A network of `length` tokens that can be trained. Its `layers` are its blocks, all alike and worth compiling; its
    likelihoods are `exact`, or bounds. What it `told` of itself stands among the facts of the model."""

    network: nn.Module
    length: int
    layers: Sequence[nn.Module]
    exact: bool
    told: Mapping[str, str]

    def draw(self, clean: Tensor, generator: np.random.Generator) -> tuple[Tensor, ...]:
        """What the loss of clean tokens (B, L) is taken of: tensors (B, ...); all that is random is drawn here."""

    def loss(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """The mean loss of the sequences, nats per token."""

    def reach(self, step: int, falling: bool) -> None:
        """So many steps are done, and the learning rate has begun to fall or not: what a recipe changes in the course
        of a run changes now."""

    def validate(self, sequences: Sequence[np.ndarray], seed: int) -> Bound:
        """An upper bound on the negative log-likelihood of sequences, each (L,)."""

    def save(self, folder: Path, tokenizer: Tokenizer, card: str | None, facts: Mapping[str, str]) -> None:
        """Writes a model folder with a card, Markdown, or leaves the one there, and with facts where its layout has a
        place for them."""


class DiffusionLearner:
    """A diffusion model learning by a recipe."""

    exact = False
    told: Mapping[str, str] = {}

    def __init__(self, diffusion: Diffusion, recipe: Recipe | None = None) -> None:
        self.diffusion = diffusion
        self.recipe = recipe or Recipe()
        self.network: nn.Module = diffusion.network
        self.length = diffusion.config.network.length
        self.layers: Sequence[nn.Module] = list(diffusion.network.blocks)
        self.reach(0, False)
        fits = diffusion.parametrisation.objectives
        self.objective = fits[0] if self.recipe.objective == "auto" else self.recipe.objective
        self._objective = OBJECTIVES[self.objective]
        if self.objective not in fits:
            raise UserError(self._objective.refusal)

    def draw(self, clean: Tensor, generator: np.random.Generator) -> tuple[Tensor, ...]:
        """Clean tokens, times, noised tokens, and what the objective asks for: choices or locks."""
        device, recipe = clean.device, self.recipe
        t = torch.from_numpy(draw_times(len(clean), recipe.times, generator)).to(device)
        flip, target = (torch.from_numpy(generator.random(clean.shape, np.float32)).to(device) for _ in range(2))
        x = self.diffusion.graph.perturb(clean, self.diffusion.schedule(t).total, flip, target)
        return clean, t, *self._objective.noised(self.diffusion, clean, x, recipe.locks, generator)

    def loss(self, inputs: tuple[Tensor, ...]) -> Tensor:
        clean, t, *noised = inputs
        noise = self.diffusion.schedule(t)
        weight = noise.rate
        if not self._by_bound:
            weight = weight * -torch.expm1(-noise.total)
        losses = self._objective.losses(self.diffusion, clean, noise.total, *noised)
        return (weight * losses).sum() / clean.numel()

    def reach(self, step: int, falling: bool) -> None:
        self._by_bound = self.recipe.weighting == "bound" or (falling and self.recipe.weighting == "annealed")

    def validate(self, sequences: Sequence[np.ndarray], seed: int) -> Bound:
        *_, last = bound(self.diffusion, sequences, draws=4, seed=seed)
        return last

    def save(self, folder: Path, tokenizer: Tokenizer, card: str | None, facts: Mapping[str, str]) -> None:
        save(folder, self.diffusion, tokenizer, card, facts)


def draw_times(count: int, times: Literal["systematic", "iid"], generator: np.random.Generator) -> np.ndarray:
    """Times (B,) float32, uniform in (0, 1): each alone is, but systematic ones lie one in each of B strata."""
    strata = (generator.random() + np.arange(count) / count) % 1
    drawn = generator.random(count) if times == "iid" else strata
    return drawn.astype(np.float32).clip(min=SMALLEST_TIME)
