"""Worlds so small that everything is known exactly: scores, densities, likelihoods, conditionals.

`ToyWorld` is a table of the joint law of L tokens, under any graph. Noise acts on each position on its own, so
p_sigma is the table with exp(sigma Q) applied along every axis, in float64. A world can stand in for a trained network:
`diffusion` wraps it as a model whose network knows the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.protocol import Noise
from engine.theory.diffusion import Diffusion, DiffusionConfig, parametrisation_of
from engine.theory.graphs import GRAPHS, Graph
from engine.theory.network import Features, NetworkConfig
from engine.theory.parametrisations import Parametrisation, ParametrisationName


class World(Protocol):
    """What is known exactly about sequences of `length` tokens, noised by `graph`."""

    @property
    def graph(self) -> Graph: ...

    @property
    def length(self) -> int: ...

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        """Exact log ratios (B, L, V) at tokens (B, L) and sigma (B,). With `locked` (B, L) bool: given that the
        tokens there are clean; ratios at locked positions mean nothing."""


@dataclass(frozen=True, eq=False)
class ToyWorld:
    """`joint` (N,) * L sums to 1: the probability of every clean sequence. N may be less than the graph's states."""

    joint: Tensor
    graph: Graph

    @staticmethod
    def random(noise: Noise, vocabulary: int, length: int, concentration: float, seed: int) -> ToyWorld:
        """A joint law drawn from a symmetric Dirichlet; a small concentration makes it peaked."""
        generator = torch.Generator().manual_seed(seed)
        shape = (vocabulary,) * length
        gamma = torch._standard_gamma(torch.full(shape, concentration, dtype=torch.float64), generator=generator)
        return ToyWorld(gamma / gamma.sum(), GRAPHS[noise](vocabulary))

    @property
    def length(self) -> int:
        return int(self.joint.dim())

    def sequences(self) -> Tensor:
        """Every sequence of states, (V^L, L), in the order of a flattened table."""
        states = torch.arange(self.graph.states)
        return torch.cartesian_prod(*[states] * self.length).reshape(-1, self.length)

    def condition(self, tokens: Tensor) -> ToyWorld:
        """The world given clean tokens (L,), -1 where nothing is given: sequences that differ have probability 0."""
        joint = self.joint
        for axis, token in enumerate(tokens.tolist()):
            if token >= 0:
                keep = F.one_hot(torch.tensor(token), joint.shape[axis]).to(joint)
                joint = joint * keep.reshape([-1 if k == axis else 1 for k in range(self.length)])
        return ToyWorld(joint / joint.sum(), self.graph)

    def transition_matrix(self, sigma: Tensor) -> Tensor:
        """exp(sigma Q) (S, V, V) for sigma (S,), by the matrix exponential; entry [y, x] is the law of x -> y."""
        states = torch.arange(self.graph.states)
        rates = self.graph.rate(states[None], torch.float64)[0].T
        matrix: Tensor = torch.linalg.matrix_exp(sigma.double()[:, None, None] * rates)
        return matrix

    def marginal(self, sigma: Tensor, noised: tuple[bool, ...] | None = None) -> Tensor:
        """p_sigma (S, V, ..., V) for sigma (S,); with `noised`, only those of the L positions are noised."""
        missing = self.graph.states - self.joint.shape[0]  # states without mass in clean data, such as the mask
        table = F.pad(self.joint, (0, missing) * self.length).expand(len(sigma), *[self.graph.states] * self.length)
        matrix = self.transition_matrix(sigma)
        for axis in range(self.length):
            if noised is None or noised[axis]:
                moved = table.movedim(axis + 1, 1)
                table = torch.einsum("syx,sx...->sy...", matrix, moved).movedim(1, axis + 1)
        return table

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        scores = torch.empty(*tokens.shape, self.graph.states, dtype=torch.float64)
        for world, noised, rows in self._by_lock(tokens, locked):
            levels, index = sigma[rows].double().unique(return_inverse=True)  # type: ignore[no-untyped-call]
            scores[rows] = world._log_ratios(tokens[rows], world.marginal(levels, noised).log(), index)
        return scores

    def _by_lock(self, tokens: Tensor, locked: Tensor | None) -> list[tuple[ToyWorld, tuple[bool, ...] | None, Tensor]]:
        """The batch parted by what is given: conditioned world, noised positions, rows (R,)."""
        if locked is None or not locked.any():
            return [(self, None, torch.arange(len(tokens)))]
        given, index = torch.where(locked, tokens, -1).unique(dim=0, return_inverse=True)  # type: ignore[no-untyped-call]
        return [
            (self.condition(row), tuple((row < 0).tolist()), (index == k).nonzero()[:, 0])
            for k, row in enumerate(given)
        ]

    def _log_ratios(self, tokens: Tensor, log_p: Tensor, level: Tensor) -> Tensor:
        """Ratios (B, L, V) at tokens (B, L) from tables (S, V, ..., V), row b from table level[b]."""
        here = log_p[(level, *tokens.unbind(-1))]
        ratios = []
        for i in range(self.length):
            neighbours = [column[:, None] for column in tokens.unbind(-1)]
            neighbours[i] = torch.arange(self.graph.states)[None]
            ratios.append(log_p[(level[:, None], *neighbours)] - here[:, None])
        return torch.stack(ratios, dim=1)


GEOMETRIC: dict[Noise, bool] = {"absorb": False, "uniform": True}
"""Whether the schedule that is usual with a noise is the geometric one."""


def diffusion(
    world: World, parametrisation: ParametrisationName = "log_score", marks_locks: bool = False, geometric: bool = False
) -> Diffusion:
    """A model whose network is the world itself. `geometric` noise runs from 1e-4 to 20, log-linear to 6.9."""
    network = NetworkConfig(world.graph.states, world.length, hidden=2, blocks=0, heads=1, cond_dim=1)
    config = DiffusionConfig(
        replace(network, marks_locks=marks_locks),
        world.graph.noise,
        "geometric" if geometric else "loglinear",
        parametrisation=parametrisation,
        scale_by_sigma=False,
    )
    oracle = Oracle(world, parametrisation_of(config, world.graph))
    return Diffusion(config, oracle, world.graph)  # type: ignore[arg-type]


class Oracle(nn.Module):
    """Stands in for a score network: body and head, exact. Its features are its output."""

    def __init__(self, world: World, parametrisation: Parametrisation) -> None:
        super().__init__()
        self.world = world
        self.parametrisation = parametrisation

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def body(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        """What stands for the true scores, (B, L, V)."""
        output = self.parametrisation.output_of(self.world.log_score(tokens, sigma, locked), sigma[:, None])
        return Features(output, torch.zeros(len(tokens), 1, 1))

    def head(self, features: Features) -> Tensor:
        return features.hidden
