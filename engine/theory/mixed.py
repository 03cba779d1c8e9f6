"""Masks and uniform noise mixed (GIDD: von Rutte et al., arXiv 2503.04482).

A token is as it was with probability alpha; else it is the mask with probability m, or one of the N clean tokens, each
with probability u. At time t, with c = B sqrt(t (1 - t)), B = 2 p / (1 - p), C = 1 + c:

    alpha = (1 - t) / C,    m = t / C,    u = c / (N C),    sigma = -log alpha

so a token jumps at rate 1 per unit of sigma, as under any noise here, to a token drawn from psi, which depends on the
level: psi = (m, u) + d (m, u) / d sigma. The network is told t, and its softmax over the clean tokens is put into the
chain as if it were x0: it is the law of x0 given all other positions. Laws are (..., N), scores (..., V) with
V = N + 1, levels sigma (...).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import UserError
from engine.theory.graphs import Masking, per_state
from engine.theory.parametrisations import Parametrisation, Settings
from engine.theory.schedules import Noise

LEAST_SHARE = math.exp(-20)
"""Of uniform noise: without any, a clean token could never have been another."""
NO_RATES = "Where masks and uniform noise are mixed the rates depend on the level; choose the sampler ancestral."


class Shares(NamedTuple):
    """What has become of a token: `kept`, alpha; `mask`, m; `each`, u. And psi at the mask and at each clean token."""

    kept: Tensor
    mask: Tensor
    each: Tensor
    to_mask: Tensor
    to_each: Tensor


@dataclass(frozen=True)
class Mixing:
    """The schedule; its times run from `eps` to 1 - `eps` of the chain's own."""

    p_uniform: float
    eps: float = 1e-4

    @property
    def ratio(self) -> float:
        """B."""
        share = max(self.p_uniform, LEAST_SHARE)
        return 2 * share / (1 - share)

    def __call__(self, t: Tensor) -> Noise:
        own = self.eps + (1 - 2 * self.eps) * t
        c = self.ratio * (own * (1 - own)).sqrt()
        slope = 1 / (1 - own) + c * (1 - 2 * own) / (2 * own * (1 - own)) / (1 + c)
        return Noise(torch.log1p(c) - torch.log1p(-own), (1 - 2 * self.eps) * slope)

    def time(self, total: Tensor) -> Tensor:
        return (self.own_time(total) - self.eps) / (1 - 2 * self.eps)

    def own_time(self, total: Tensor) -> Tensor:
        """The chain's own t at noise sigma: 1 - t is the larger root of a square equation."""
        kept = torch.exp(-total.double())
        k = (kept * self.ratio).square()
        left = (2 * kept + k + (k * (k + 4 * kept * (1 - kept))).sqrt()) / (2 * (1 + k))
        return (1 - left).to(total.dtype)

    def shares(self, sigma: Tensor, tokens: int) -> Shares:
        """At noise sigma (...), float64, for N clean tokens."""
        sigma = sigma.double()
        t = self.own_time(sigma).clamp(min=1e-300)
        c = self.ratio * (t * (1 - t)).sqrt()
        growing = c / (2 * t)  # c + (1 - t) dc/dt
        total = 1 + growing
        return Shares(torch.exp(-sigma), t / (1 + c), c / (tokens * (1 + c)), 1 / total, growing / (tokens * total))


@dataclass(frozen=True)
class Mixed(Masking):
    """The chain of a schedule."""

    schedule: Mixing
    noise = "mixed"

    def level_at(self, time: float) -> Tensor:
        """The noise sigma at the chain's own time; a number in float64."""
        own = torch.tensor((time - self.schedule.eps) / (1 - 2 * self.schedule.eps), dtype=torch.float64)
        return self.schedule(own).total

    def heard(self, level: Tensor) -> Tensor:
        """t, no smaller than it was in training."""
        return self.schedule.own_time(level).clamp(min=self.schedule.eps)

    def states_by(self, sigma: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """alpha (..., 1), the probabilities of what noise puts (..., V), and psi (..., V), at levels sigma (...)."""
        shares = self.schedule.shares(sigma, self.tokens)

        def by_state(each: Tensor, mask: Tensor) -> Tensor:
            return torch.cat((each[..., None].expand(*each.shape, self.tokens), mask[..., None]), dim=-1).to(dtype)

        put, jumps = by_state(shares.each, shares.mask), by_state(shares.to_each, shares.to_mask)
        return shares.kept[..., None].to(dtype), put, jumps

    # ---- the chain

    def rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        raise UserError(NO_RATES)

    def transp_rate(self, x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        raise UserError(NO_RATES)

    def staggered_score(self, score: Tensor, d: Tensor) -> Tensor:
        raise UserError(NO_RATES)

    def transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        kept, put, _ = self.states_by(per_state(sigma)[..., 0], torch.float64)
        return kept * F.one_hot(x, self.states) + put

    def transp_transition(self, x: Tensor, sigma: Tensor) -> Tensor:
        kept, put, _ = self.states_by(per_state(sigma)[..., 0], torch.float64)
        arrived = put.expand(*x.shape, self.states).gather(-1, x[..., None])
        return kept * F.one_hot(x, self.states) + arrived

    def put(self, sigma: Tensor, target: Tensor) -> Tensor:
        shares = self.schedule.shares(sigma, self.tokens)
        masked = (shares.mask / (shares.mask + self.tokens * shares.each))[:, None]
        clean = ((target - masked) / (1 - masked) * self.tokens).long().clamp(0, self.tokens - 1)
        return torch.where(target < masked, self.mask, clean)

    def limit(self, uniform: Tensor) -> Tensor:
        end = self.schedule(torch.ones(1, dtype=torch.float64)).total
        return self.put(end.to(uniform.device).expand(len(uniform)), uniform)

    def score_entropy(self, log_score: Tensor, sigma: Tensor, x: Tensor, x0: Tensor) -> Tensor:
        """psi_x sum over y of s_y - r_y log s_y + r_y (log r_y - 1) with the true ratios r; in float64."""
        law, (_, _, jumps) = self.transition(x0, sigma), self.states_by(sigma[:, None], torch.float64)
        ratio = law / law.gather(-1, x[..., None])
        log_score = log_score.double()
        terms = log_score.exp() - ratio * log_score + torch.special.xlogy(ratio, ratio) - ratio
        into = jumps.expand(*x.shape, self.states).gather(-1, x[..., None])[..., 0]
        entropy: Tensor = (into * terms.sum(-1)).clamp(min=0)
        return entropy

    # ---- laws of one token

    def log_scores(self, law: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        noised = self.noised(law, sigma).log()
        return (noised - noised.gather(-1, own[..., None])).scatter(-1, own[..., None], 0.0)

    def noised(self, law: Tensor, sigma: Tensor) -> Tensor:
        """The law (..., V) of the noised token whose clean one has `law`."""
        kept, put, _ = self.states_by(sigma, law.dtype)
        return kept * F.pad(law, (0, 1)) + put

    def seen(self, law: Tensor, own: Tensor, sigma: Tensor | float) -> Tensor:
        kept, put, _ = self.states_by(torch.as_tensor(sigma, device=law.device).expand(own.shape), law.dtype)
        arrived = put.gather(-1, own[..., None]) + kept * F.one_hot(own, self.states)[..., : self.tokens]
        product = law * arrived
        return product / product.sum(-1, keepdim=True)

    def prior_divergence(self, sigma: float) -> float:
        shares = self.schedule.shares(torch.tensor([sigma], dtype=torch.float64), self.tokens)
        kept, _, each, *_ = (float(share) for share in shares)
        return (kept + each) * math.log1p(kept / each) + math.log1p(-kept)


class PlugIn(Parametrisation):
    """The softmax over the clean tokens is the law of x0 given all other positions."""

    objectives = ("dse",)
    settings = Settings(scale_by_sigma=False)

    def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return self.graph.log_scores(self.law(output, sigma, own), sigma, own)

    def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return F.softmax(output[..., : self.graph.vocabulary], dim=-1)

    def log_law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return F.log_softmax(output[..., : self.graph.vocabulary], dim=-1)

    def clean_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return self.log_score(output, sigma, own)[..., : self.graph.vocabulary].exp()

    def cross_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        law = self.graph.seen(self.law(output, sigma, own), own, sigma)
        return -law.gather(-1, clean[..., None])[..., 0].log()
