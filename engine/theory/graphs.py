"""Token graphs: the continuous-time Markov chains that noise one token.

Column convention: Q[y, x] is the rate of the jump x -> y per unit of sigma, so dp/dsigma = Q p, and a token that
started at x is distributed as column x of exp(sigma Q) after noise sigma. Scores are the concrete scores
s_y = p_sigma(x with y at this position) / p_sigma(x), 1 at the token itself. Shapes: tokens (B, L) int64,
sigma (B,), scores and everything returned "over states" (B, L, V) with V = `states`. Sources: Lou, Meng, Ermon,
arXiv 2310.16834, sections 3 and 4 and appendix C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor


def _per_state(sigma: Tensor) -> Tensor:
    """(B,) to (B, 1, 1). Any other shape is refused: (B, L) against B == L would broadcast without an error."""
    if sigma.dim() != 1:
        raise ValueError(f"sigma must have shape (B,), not {tuple(sigma.shape)}")
    return sigma[:, None, None]


class Graph(Protocol):
    """A noising chain on single tokens, applied to every position on its own."""

    @property
    def name(self) -> str:
        """The noise type, as in a checkpoint's configuration."""

    @property
    def states(self) -> int:
        """Number of states V, the mask included where there is one."""

    @property
    def mask(self) -> int | None:
        """Index of the mask state, None where the chain has none."""

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Column Q[:, x] (B, L, V): forward rates out of x."""

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Row Q[x, :] (B, L, V): forward rates into x."""

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Column exp(sigma Q)[:, x] (B, L, V): law of the token after noise sigma."""

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Row exp(sigma Q)[x, :] (B, L, V): likelihood of every start y for arriving at x."""

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        """exp(-d Q) score (B, L, V): ratios p_{sigma - d}(y) / p_sigma(x) for noise decrements d (B,)."""

    def noise(self, x0: Tensor, sigma: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        """Tokens after noise sigma (B,), from two uniform draws in [0, 1) shaped like x0."""

    def limit(self, uniform: Tensor) -> Tensor:
        """Tokens of the limit distribution, from uniform draws in [0, 1) of the same shape."""

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """Denoising score entropy (B, L) in nats per unit of sigma, at least 0, 0 where the ratios are true."""


def reverse_rate(graph: Graph, x: Tensor, score: Tensor) -> Tensor:
    """Rates of the reverse chain out of x (B, L, V), per unit of sigma; the entry at x makes the sum zero."""
    rates = graph.transp_rate(x, score.dtype) * score
    rates = rates.scatter(-1, x[..., None], 0.0)
    return rates.scatter(-1, x[..., None], -rates.sum(-1, keepdim=True))


@dataclass(frozen=True)
class Absorbing:
    """Every token falls into one mask state, the last index, and stays there.

    exp(sigma Q): x -> x with probability exp(-sigma), x -> mask otherwise.
    """

    vocabulary: int
    name: str = "absorb"

    @property
    def states(self) -> int:
        return self.vocabulary + 1

    @property
    def mask(self) -> int:
        return self.vocabulary

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        to_mask = F.one_hot(torch.full_like(x, self.mask), self.states)
        return (to_mask - F.one_hot(x, self.states)).to(dtype)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return (x == self.mask)[..., None].to(dtype) - F.one_hot(x, self.states).to(dtype)

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        kept = torch.exp(-_per_state(sigma))
        return F.one_hot(x, self.states) * kept + F.one_hot(torch.full_like(x, self.mask), self.states) * (1 - kept)

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        sigma = _per_state(sigma)
        masked = (x == self.mask)[..., None]
        return torch.exp(-sigma) * F.one_hot(x, self.states) - torch.expm1(-sigma) * masked

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        d = _per_state(d)
        staggered = score * torch.exp(d)
        to_mask = -torch.expm1(d) * score.sum(-1, keepdim=True)
        staggered[..., self.mask :] += to_mask
        return staggered

    def noise(self, x0: Tensor, sigma: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        return torch.where(flip < -torch.expm1(-sigma)[:, None], self.mask, x0)

    def limit(self, uniform: Tensor) -> Tensor:
        return torch.full(uniform.shape, self.mask, dtype=torch.int64, device=uniform.device)

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """Masked positions alone count: sum_v s_v - r log s_x0 + r (log r - 1), r = 1 / (e^sigma - 1)."""
        ratio = 1 / torch.expm1(sigma)[:, None]
        positive = log_score[..., : self.mask].exp().sum(-1)
        negative = ratio * log_score.gather(-1, x0[..., None])[..., 0]
        return torch.where(x == self.mask, positive - negative + ratio * (ratio.log() - 1), 0.0)


@dataclass(frozen=True)
class Uniform:
    """Every token jumps to a uniformly drawn one at rate 1 (jumps to itself counted).

    Q[y, x] = 1/N off the diagonal; exp(sigma Q) = e^-sigma I + (1 - e^-sigma)/N 1 1^T; symmetric.
    """

    vocabulary: int
    name: str = "uniform"

    @property
    def states(self) -> int:
        return self.vocabulary

    @property
    def mask(self) -> None:
        return None

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return 1 / self.states - F.one_hot(x, self.states).to(dtype)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.rate(x, dtype)

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        sigma = _per_state(sigma)
        return torch.exp(-sigma) * F.one_hot(x, self.states) - torch.expm1(-sigma) / self.states

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.transition(x, sigma)

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        d = _per_state(d)
        return torch.exp(d) * score - torch.expm1(d) / self.states * score.sum(-1, keepdim=True)

    def noise(self, x0: Tensor, sigma: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        drawn = (target * self.states).long()
        return torch.where(flip < -torch.expm1(-sigma)[:, None], drawn, x0)

    def limit(self, uniform: Tensor) -> Tensor:
        return (uniform * self.states).long()

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """sum_y Q[x, y] (s_y - q_y log s_y + q_y (log q_y - 1)) with the true ratios q_y = q(y | x0) / q(x | x0).

        q_y takes three values: 1, r and 1/r with r = (e^sigma - 1) / (e^sigma - 1 + N). Written with expm1 and a
        difference of logarithms because 1 - N / (e^sigma - 1 + N) loses every digit in float32 when N is large.
        """
        n = self.states
        expm1 = torch.expm1(sigma)[:, None]
        ratio = expm1 / (expm1 + n)
        log_ratio = expm1.log() - (expm1 + n).log()
        at_x = log_score.gather(-1, x[..., None])[..., 0]
        at_x0 = log_score.gather(-1, x0[..., None])[..., 0]
        positive = log_score.exp().sum(-1) - at_x.exp()
        others = log_score.sum(-1) - at_x
        unchanged = (positive - ratio * others) / n + (n - 1) / n * ratio * (log_ratio - 1)
        changed = (positive - at_x0 / ratio - (others - at_x0)) / n + ((-log_ratio - 1) / ratio - (n - 2)) / n
        return torch.where(x == x0, unchanged, changed)


GRAPHS: dict[str, Callable[[int], Graph]] = {"absorb": Absorbing, "uniform": Uniform}
"""Noise names to graphs over a number of clean tokens."""
