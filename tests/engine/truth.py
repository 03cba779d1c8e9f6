"""What is known of toy worlds without any model.

`MarkovWorld` draws its tokens from a Markov chain; the forward-backward algorithm gives what `ToyWorld` has in tables,
at any length, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.exact.toy import ToyWorld
from engine.protocol import Noise
from engine.theory.graphs import GRAPHS, Graph


@dataclass(frozen=True, eq=False)
class MarkovWorld:
    """Tokens of a Markov chain: `initial` (N,), `step` (N, N) with step[a, b] = p(b follows a); any length."""

    initial: Tensor
    step: Tensor
    length: int
    graph: Graph

    @staticmethod
    def random(noise: Noise, vocabulary: int, length: int, concentration: float, seed: int) -> MarkovWorld:
        """A chain whose first token and whose transitions are drawn from symmetric Dirichlet laws."""
        generator = torch.Generator().manual_seed(seed)
        alpha = torch.full((vocabulary + 1, vocabulary), concentration, dtype=torch.float64)
        gamma = torch._standard_gamma(alpha, generator=generator) + 1e-12
        laws = gamma / gamma.sum(-1, keepdim=True)
        return MarkovWorld(laws[0], laws[1:], length, GRAPHS[noise](vocabulary))

    def table(self) -> ToyWorld:
        """The same world by enumeration; for short lengths."""
        joint = self.initial
        for _ in range(self.length - 1):
            joint = joint[..., None] * self.step
        return ToyWorld(joint, self.graph)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Clean sequences (count, L)."""
        tokens = torch.multinomial(self.initial.expand(count, -1), 1, generator=generator)
        for _ in range(self.length - 1):
            following = torch.multinomial(self.step[tokens[:, -1]], 1, generator=generator)
            tokens = torch.cat((tokens, following), dim=1)
        return tokens

    def leave_one_out(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        """Law (B, L, N) of each clean token given all other noised positions (B, L) at sigma (B,)."""
        emission = self._emission(tokens, sigma, locked)
        before = [self.initial.expand(len(tokens), -1)]
        for i in range(self.length - 1):
            before.append(_normalise(before[-1] * emission[:, i]) @ self.step)
        after = [torch.ones_like(before[0])]
        for i in range(self.length - 1, 0, -1):
            after.append(_normalise((after[-1] * emission[:, i]) @ self.step.T))
        return _normalise(torch.stack(before, 1) * torch.stack(after[::-1], 1))

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        others = self.leave_one_out(tokens, sigma, locked)  # (B, L, N)
        law = others @ self._forward(sigma).mT  # of the noised token given the others, (B, L, V)
        return (law / law.gather(-1, tokens[..., None])).log()

    def _forward(self, sigma: Tensor) -> Tensor:
        """q(y | x0) (B, V, N)."""
        states = torch.arange(self.graph.states)[None].expand(len(sigma), -1)
        return self.graph.transition(states, sigma.double()).mT[..., : len(self.initial)]

    def _emission(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None) -> Tensor:
        """q(x_i | x0_i = z) (B, L, N): certain at locked positions."""
        rows = self._forward(sigma).gather(1, tokens[..., None].expand(-1, -1, len(self.initial)))
        if locked is None:
            return rows
        certain = F.one_hot(tokens.clamp(max=len(self.initial) - 1), len(self.initial)).to(rows)
        return torch.where(locked[..., None], certain, rows)


def _normalise(law: Tensor) -> Tensor:
    return law / law.sum(-1, keepdim=True)


def negative_log_likelihood(world: ToyWorld | MarkovWorld, tokens: Tensor) -> float:
    """-log p (nats) of a clean sequence (L,)."""
    if isinstance(world, ToyWorld):
        return -float(world.joint[tuple(tokens.tolist())].log())
    return -float(world.initial[tokens[0]].log() + world.step[tokens[:-1], tokens[1:]].log().sum())
