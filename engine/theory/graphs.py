"""Token graphs: the continuous-time Markov chains that noise one token.

Column convention: Q[y, x] is the rate of the jump x -> y per unit of sigma, so dp/dsigma = Q p, and a token that
started at x is distributed as column x of exp(sigma Q) after noise sigma. Scores are the concrete scores
s_y = p_sigma(x with y at this position) / p_sigma(x), 1 at the token itself. Shapes: tokens (B, L) int64,
sigma (B,), scores and everything returned "over states" (B, L, V) with V = `states`. Sources: Lou, Meng, Ermon,
arXiv 2310.16834, sections 3 and 4 and appendix C.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import FREE, Noise, Tokens, UserError
from engine.theory import uniform_law


def per_state(sigma: Tensor) -> Tensor:
    """(B,) to (B, 1, 1). Any other shape is refused: (B, L) against B == L would broadcast without an error."""
    if sigma.dim() != 1:
        raise ValueError(f"sigma must have shape (B,), not {tuple(sigma.shape)}")
    return sigma[:, None, None]


class Graph(ABC):
    """A noising chain on single tokens, applied to every position on its own. Without a mask, unless a class says so:
    a token that noise has changed reads like any other."""

    noise: Noise
    """The noise type, as in a checkpoint's configuration."""
    shows_noise = False
    """Whether a noised token can be told from a clean one."""

    @property
    @abstractmethod
    def states(self) -> int:
        """Number of states V, the mask included where there is one."""

    @property
    def vocabulary(self) -> int:
        """Number of clean tokens, the first of the states."""
        return self.states

    @property
    def mask(self) -> int | None:
        """Index of the mask state, None where the chain has none."""
        return None

    def need_mask(self, refusal: str) -> int:
        """The mask state; where there is none a UserError that says `refusal`."""
        raise UserError(refusal)

    def need_absorbing(self, refusal: str) -> None:
        """A UserError that says `refusal` unless tokens fall into a mask alone, and stay there."""
        raise UserError(refusal)

    # ---- the chain

    @abstractmethod
    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Column Q[:, x] (B, L, V): forward rates out of x."""

    @abstractmethod
    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Row Q[x, :] (B, L, V): forward rates into x."""

    @abstractmethod
    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Column exp(sigma Q)[:, x] (B, L, V): law of the token after noise sigma."""

    @abstractmethod
    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Row exp(sigma Q)[x, :] (B, L, V): likelihood of every start y for arriving at x."""

    @abstractmethod
    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        """exp(-d Q) score (B, L, V): ratios p_{sigma - d}(y) / p_sigma(x) for noise decrements d (B,)."""

    def put(self, sigma: Tensor, target: Tensor) -> Tensor:
        """What noise sigma (B,) puts at a token that it changes, from uniform draws (B, L) in [0, 1)."""
        return self.limit(target)

    def perturb(self, x0: Tensor, sigma: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        """Tokens after noise sigma (B,), from two uniform draws in [0, 1) shaped like x0."""
        return torch.where(flip < -torch.expm1(-sigma)[:, None], self.put(sigma, target), x0)

    @abstractmethod
    def limit(self, uniform: Tensor) -> Tensor:
        """Tokens of the limit distribution, from uniform draws in [0, 1) of the same shape."""

    @abstractmethod
    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """Denoising score entropy (B, L) in nats per unit of sigma, at least 0, 0 where the ratios are true."""

    # ---- what is known of a text

    def states_of(self, tokens: Tokens, refusal: str) -> Tokens:
        """A request's tokens (any shape) with the mask where they are `FREE`; see `need_mask`."""
        free = tokens == FREE
        return np.where(free, self.need_mask(refusal), tokens) if free.any() else tokens

    def tokens_of(self, states: Tokens) -> Tokens:
        """The other way: states (any shape) with `FREE` where they are the mask."""
        return states

    def hide(self, tokens: Tokens, position: int) -> Tokens:
        """Tokens (L,) with the one at `position` taken away, if only that keeps it from being read off."""
        return tokens

    def unknown(self, x: Tensor, locked: Tensor | None = None) -> Tensor:
        """Where x (B, L) may differ from the clean tokens, bool; `locked` (B, L) bool marks those that are given."""
        return torch.ones_like(x, dtype=torch.bool) if locked is None else ~locked

    def prior_divergence(self, sigma: float) -> float:
        """KL of a token after noise sigma, the most there is, from what is there whatever it was, nats."""
        return uniform_law.prior_divergence(sigma, self.states)

    def told(self, x: Tokens, sigma: np.ndarray) -> np.ndarray:
        """The level (B,) that goes with x (B, L), where it is not the sigma (B,) of the chain itself."""
        return sigma

    def seen(self, law: Tensor, own: Tensor, sigma: Tensor | float) -> Tensor:
        """Laws (R, N) of clean tokens given all others, once the noised tokens `own` (R,) are seen themselves, too."""
        return uniform_law.seen(law, own, sigma)

    def log_scores(self, law: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """log s (..., V) from the law of the clean token given all others; 0 at the own token (...)."""
        return uniform_law.log_scores(law, sigma, own)

    def heard(self, level: Tensor) -> Tensor:
        """By which number a network is told a level (B,)."""
        return level

    def widened(self, sigma: Tensor, more: int) -> Tensor:
        """The level (B,) on `more` states, too, of a chain that keeps to these and has the level sigma (B,) on them."""
        return sigma + torch.log1p(-torch.expm1(-sigma) * (more / self.states))

    def lengthened(self, x: Tensor, rest: int) -> Tensor:
        """x (B, L) with `rest` more tokens of which nothing is known, if there can be such."""
        return x


def reverse_rate(graph: Graph, x: Tensor, score: Tensor) -> Tensor:
    """Rates of the reverse chain out of x (B, L, V), per unit of sigma; the entry at x makes the sum zero."""
    rates = graph.transp_rate(x, score.dtype) * score
    rates = rates.scatter(-1, x[..., None], 0.0)
    return rates.scatter(-1, x[..., None], -rates.sum(-1, keepdim=True))


@dataclass(frozen=True)
class Masking(Graph):
    """A chain of `tokens` clean tokens and a mask, the last state."""

    tokens: int

    @property
    def states(self) -> int:
        return self.tokens + 1

    @property
    def vocabulary(self) -> int:
        return self.tokens

    @property
    def mask(self) -> int:
        return self.tokens

    def need_mask(self, refusal: str) -> int:
        return self.mask

    def tokens_of(self, states: Tokens) -> Tokens:
        return np.where(states == self.mask, FREE, states)


@dataclass(frozen=True)
class Absorbing(Masking):
    """Every token falls into the mask, and stays there.

    exp(sigma Q): x -> x with probability exp(-sigma), x -> mask otherwise.
    """

    noise = "absorb"
    shows_noise = True

    @staticmethod
    def of_states(states: int) -> Absorbing:
        return Absorbing(states - 1)

    def need_absorbing(self, refusal: str) -> None:
        """They do."""

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        to_mask = F.one_hot(torch.full_like(x, self.mask), self.states)
        return (to_mask - F.one_hot(x, self.states)).to(dtype)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return (x == self.mask)[..., None].to(dtype) - F.one_hot(x, self.states).to(dtype)

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        kept = torch.exp(-per_state(sigma))
        return F.one_hot(x, self.states) * kept + F.one_hot(torch.full_like(x, self.mask), self.states) * (1 - kept)

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        sigma = per_state(sigma)
        masked = (x == self.mask)[..., None]
        return torch.exp(-sigma) * F.one_hot(x, self.states) - torch.expm1(-sigma) * masked

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        d = per_state(d)
        staggered = score * torch.exp(d)
        to_mask = -torch.expm1(d) * score.sum(-1, keepdim=True)
        staggered[..., self.mask :] += to_mask
        return staggered

    def limit(self, uniform: Tensor) -> Tensor:
        return torch.full(uniform.shape, self.mask, dtype=torch.int64, device=uniform.device)

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """Masked positions alone count: sum_v s_v - r log s_x0 + r (log r - 1), r = 1 / (e^sigma - 1)."""
        ratio = 1 / torch.expm1(sigma)[:, None]
        positive = log_score[..., : self.mask].exp().sum(-1)
        negative = ratio * log_score.gather(-1, x0[..., None])[..., 0]
        constant = -ratio * (uniform_law.log_expm1(sigma)[:, None] + 1)  # 0 where e^sigma is too large for a float
        return torch.where(x == self.mask, positive - negative + constant, 0.0)

    def hide(self, tokens: Tokens, position: int) -> Tokens:
        return np.where(np.arange(len(tokens)) == position, self.mask, tokens)

    def unknown(self, x: Tensor, locked: Tensor | None = None) -> Tensor:
        return x == self.mask

    def told(self, x: Tokens, sigma: np.ndarray) -> np.ndarray:
        """That which goes with the number of masked tokens, which locked tokens would otherwise belie."""
        return matched_sigma((x == self.mask).sum(-1), x.shape[-1])

    def seen(self, law: Tensor, own: Tensor, sigma: Tensor | float) -> Tensor:
        """The same: every token would have become the same mask."""
        return law

    def widened(self, sigma: Tensor, more: int) -> Tensor:
        return sigma

    def lengthened(self, x: Tensor, rest: int) -> Tensor:
        return F.pad(x, (0, rest), value=self.mask)


def matched_sigma(masked: np.ndarray, length: int) -> np.ndarray:
    """The noise level that goes with a number of masked tokens (any shape): the posterior mean of the noised fraction.

    With m of L masked that fraction has the law Beta(m + 1, L - m + 1). The law of a masked token does not depend
    on the level, but a network that is told one has learned what goes with it.
    """
    sigma: np.ndarray = -np.log1p(-(np.asarray(masked) + 1.0) / (length + 2.0))
    return sigma


@dataclass(frozen=True)
class Uniform(Graph):
    """Every token jumps to a uniformly drawn one at rate 1 (jumps to itself counted).

    Q[y, x] = 1/N off the diagonal; exp(sigma Q) = e^-sigma I + (1 - e^-sigma)/N 1 1^T; symmetric.
    """

    tokens: int
    noise = "uniform"

    @staticmethod
    def of_states(states: int) -> Uniform:
        return Uniform(states)

    @property
    def states(self) -> int:
        return self.tokens

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return 1 / self.states - F.one_hot(x, self.states).to(dtype)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.rate(x, dtype)

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        sigma = per_state(sigma)
        return torch.exp(-sigma) * F.one_hot(x, self.states) - torch.expm1(-sigma) / self.states

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.transition(x, sigma)

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        d = per_state(d)
        return torch.exp(d) * score - torch.expm1(d) / self.states * score.sum(-1, keepdim=True)

    def limit(self, uniform: Tensor) -> Tensor:
        return (uniform * self.states).long()

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """sum over y != x of Q[x, y] (s_y - q_y log s_y + q_y (log q_y - 1)) with the true ratios q_y."""
        at_x = log_score.gather(-1, x[..., None])[..., 0]
        at_x0 = log_score.gather(-1, x0[..., None])[..., 0]
        positive, others = log_score.exp().sum(-1) - at_x.exp(), log_score.sum(-1) - at_x
        return uniform_law.score_entropy(positive, others, at_x0, x == x0, torch.expm1(sigma)[:, None], self.states)


GRAPHS: dict[Noise, type[Absorbing | Uniform]] = {"absorb": Absorbing, "uniform": Uniform}
"""Noise names to graphs over a number of clean tokens."""
