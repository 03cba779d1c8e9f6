"""Any noising chain, by its matrix of rates: what the named graphs are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.theory.graphs import Graph, per_state


@dataclass(frozen=True, eq=False)
class General(Graph):
    """Any chain: `matrix` (V, V) holds the rates Q[y, x] of x -> y, its columns sum to 0. For small V only.

    Clean data may use some of the states only. Everything comes from the matrix exponential, in the precision of
    `matrix`. A model on it is configured as one of uniform noise.
    """

    matrix: Tensor
    noise = "uniform"

    @property
    def states(self) -> int:
        return len(self.matrix)

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.matrix.T[x].to(dtype)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.matrix[x].to(dtype)

    def exponential(self, sigma: Tensor) -> Tensor:
        """exp(sigma Q) (B, V, V) for sigma (B,) of either sign; entry [y, x] is the law of x -> y."""
        matrix: Tensor = torch.linalg.matrix_exp(per_state(sigma).to(self.matrix.dtype) * self.matrix)
        return matrix

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.stack([column[tokens] for column, tokens in zip(self.exponential(sigma).mT, x, strict=True)])

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.stack([row[tokens] for row, tokens in zip(self.exponential(sigma), x, strict=True)])

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        return score @ self.exponential(-d).mT.to(score.dtype)

    def perturb(self, x0: Tensor, sigma: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        """By inverting the cumulative law of the transition at `flip`; `target` is not needed."""
        cumulative = self.transition(x0, sigma).cumsum(-1)
        return (cumulative < flip[..., None] * cumulative[..., -1:]).sum(-1).clamp(max=self.states - 1)

    def limit(self, uniform: Tensor) -> Tensor:
        """The law after infinite noise, which must not depend on the start: the null vector of Q."""
        law = torch.linalg.svd(self.matrix).Vh[-1]
        cumulative = (law / law.sum()).cumsum(-1)
        return torch.searchsorted(cumulative, uniform.to(cumulative.dtype)).clamp(max=self.states - 1)

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """sum over y != x of Q[x, y] (s_y - q_y log s_y + q_y (log q_y - 1)), q_y = q(y | x0) / q(x | x0)."""
        reach = self.transition(x0, sigma).to(log_score.dtype)
        truth = reach / reach.gather(-1, x[..., None])
        rates = self.transp_rate(x, log_score.dtype).scatter(-1, x[..., None], 0.0)
        terms = log_score.exp() - truth * log_score + torch.special.xlogy(truth, truth) - truth
        return torch.where(rates > 0, rates * terms, 0.0).sum(-1)
