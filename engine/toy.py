"""A world so small that everything is known exactly: scores, densities, likelihoods, conditionals, by enumeration.

The joint law of L tokens over N clean values is given as a table. Noise acts on each position on its own, so
p_sigma is the table with exp(sigma Q) applied along every axis. All in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.diffusion import Diffusion, DiffusionConfig
from engine.graphs import GRAPHS, Graph
from engine.messages import Noise
from engine.network import Features, NetworkConfig


@dataclass(frozen=True)
class ToyWorld:
    """`joint` (N,) * L sums to 1: the probability of every clean sequence."""

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

    def transition_matrix(self, sigma: float) -> Tensor:
        """exp(sigma Q) (V, V) by the matrix exponential of the rates; entry [y, x] is the law of x -> y."""
        rates = self.graph.rate(torch.arange(self.graph.states)[None])[0].double().T
        matrix: Tensor = torch.linalg.matrix_exp(sigma * rates)
        return matrix

    def marginal(self, sigma: float) -> Tensor:
        """p_sigma (V,) * L."""
        table = self.joint
        if self.graph.mask is not None:  # the mask state has no mass in clean data
            table = nn.functional.pad(table, (0, 1) * self.length)
        matrix = self.transition_matrix(sigma)
        for axis in range(self.length):
            table = torch.movedim(torch.tensordot(matrix, table, dims=([1], [axis])), 0, axis)
        return table

    def log_score(self, tokens: Tensor, sigma: float) -> Tensor:
        """Exact log ratios (B, L, V) at tokens (B, L)."""
        log_p = self.marginal(sigma).log()
        ratios = []
        for i in range(self.length):
            neighbours = tokens[:, None, :].repeat(1, self.graph.states, 1)  # (B, V, L)
            neighbours[:, :, i] = torch.arange(self.graph.states)
            ratios.append(log_p[tuple(neighbours.unbind(-1))] - log_p[tuple(tokens.unbind(-1))][:, None])
        return torch.stack(ratios, dim=1)

    def diffusion(self) -> Diffusion:
        """A model whose network is this oracle; its output is the exact log score."""
        network = NetworkConfig(self.graph.states, self.length, hidden=2, blocks=0, heads=1, cond_dim=1)
        config = DiffusionConfig(network, self.graph.name, "loglinear", scale_by_sigma=False)  # type: ignore[arg-type]
        return Diffusion(config, Oracle(self))  # type: ignore[arg-type]


class Oracle(nn.Module):
    """Stands in for a score network: body and head, exact."""

    def __init__(self, world: ToyWorld) -> None:
        super().__init__()
        self.world = world

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def body(self, tokens: Tensor, sigma: Tensor) -> Features:
        """The log scores themselves as features, (B, L, V); one sigma for the whole batch is looked up once."""
        scores = torch.empty(*tokens.shape, self.world.graph.states, dtype=torch.float64)
        for level in set(sigma.tolist()):
            here = sigma == level
            scores[here] = self.world.log_score(tokens[here], level)
        return Features(scores, torch.zeros(len(tokens), 1, 1))

    def head(self, features: Features) -> Tensor:
        return features.hidden
