"""What the network says about a clean text with some of its positions noised: the loss of each position.

The loss is l_i = (e^sigma - 1) SE_i, nats. Scores are made consistent with the noise before it is taken, which costs
nothing and lowers the bound on average: under absorbing noise a masked position's scores are scaled to the sum
1 / (e^sigma - 1) that the truth has (lower by Z - 1 - log Z for every text, if Z was the relative sum); under uniform
noise they are written as those of a law g of the clean token given the others, s_y = c_y / c_x with
c = e^-sigma g + (1 - e^-sigma) / N, negative entries of g cut off and the rest scaled to 1. Scaling s to the sum 1 and
back changes nothing under uniform noise; it is the cut that helps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, gather, noised

SIGMA_LOW = 1e-4
"""The smallest noise level that networks are asked about under uniform noise."""
SMOOTHING = 1e-3
"""Share of the uniform law in a reconstruction, so that a token thought impossible costs a finite number of nats."""
MAX_ELEMENTS = 2**24
"""Numbers in one batch of network output."""


@dataclass(frozen=True, eq=False)
class Points:
    """Where the integrand is evaluated: B times the text with noise. The estimate is `weight` (B,) times its losses.

    `noised` (B, L) bool; under uniform noise those get the tokens of the uniform draws `target` (B, L) in [0, 1).
    `sigma` (B,). `scored` (B, L) bool, if given, are the only positions whose losses are wanted. With `raw` the
    scores are taken as the network gives them.
    """

    noised: np.ndarray
    target: np.ndarray
    sigma: np.ndarray
    weight: np.ndarray
    scored: np.ndarray | None = None
    raw: bool = False


@dataclass(frozen=True, eq=False)
class Text:
    """Clean `tokens` (L,) to be scored by a model; `free` (L,) bool marks those that are, the others are given."""

    diffusion: Diffusion
    tokens: np.ndarray
    free: np.ndarray

    @staticmethod
    def of(diffusion: Diffusion, tokens: np.ndarray, locked: np.ndarray | None = None) -> Text:
        """A text that the model can score, given the tokens that `locked` (L,) bool marks; else a UserError."""
        longest = diffusion.config.network.length
        if not 0 < len(tokens) <= longest:
            raise UserError(f"A text of {len(tokens)} tokens cannot be scored; this model takes 1 to {longest}.")
        free = np.ones(len(tokens), np.bool_) if locked is None else ~locked.astype(np.bool_)
        if not free.any():
            raise UserError("Every token of the text is given, so nothing is left to score; give fewer of them.")
        if diffusion.graph.mask is None and not free.all() and not diffusion.marks_locks:
            raise UserError(
                "Under uniform noise this model cannot tell given words from noised ones, so it has no bound on a part "
                "of a text given the rest; use a model that was trained to mark locks, or one with absorbing noise."
            )
        return Text(diffusion, np.array(tokens, np.int64), free)

    @property
    def count(self) -> int:
        """Number of tokens that are scored."""
        return int(self.free.sum())

    @property
    def masks(self) -> bool:
        """Whether noise masks tokens instead of replacing them."""
        return self.diffusion.graph.mask is not None

    @property
    def sigma_high(self) -> float:
        """The schedule's largest noise level."""
        return float(self.diffusion.schedule(torch.ones(1, dtype=torch.float64)).total)

    def losses(self, points: Points) -> np.ndarray:
        """l_i (B, L) float64, 0 at given positions and, under absorbing noise, at unmasked ones."""
        wanted = self.free & (points.noised if self.masks else np.True_)
        if points.scored is not None:
            wanted = wanted & points.scored
        wanted = np.array(np.broadcast_to(wanted, points.noised.shape))
        size = max(1, MAX_ELEMENTS // (len(self.tokens) * self.diffusion.graph.states))
        parts = [
            self._losses(points, slice(start, start + size), wanted) for start in range(0, len(points.sigma), size)
        ]
        return np.concatenate(parts)

    @torch.no_grad()
    def _losses(self, points: Points, rows: slice, wanted: np.ndarray) -> np.ndarray:
        device = self.diffusion.device
        clean = torch.from_numpy(self.tokens).to(device).expand(points.noised[rows].shape)
        x = self._noised(clean, points, rows)
        sigma = torch.from_numpy(points.sigma[rows]).to(device)
        kept = torch.from_numpy(wanted[rows]).to(device)
        if points.raw:
            losses = self.diffusion.score_entropy(x, sigma.float(), clean) * torch.expm1(sigma)[:, None]
        elif self.masks:
            losses = self._cross_entropies(x, sigma, clean, kept)
        else:
            losses = self._uniform_losses(x, sigma, clean)
        return torch.where(kept, losses.double(), 0.0).cpu().numpy()

    def _noised(self, clean: Tensor, points: Points, rows: slice) -> Tensor:
        """The tokens that the network sees (B, L)."""
        chosen = torch.from_numpy(points.noised[rows]).to(clean.device)
        if self.masks:
            return clean.masked_fill(chosen, self.diffusion.graph.states - 1)
        replacement = (points.target[rows] * self.diffusion.graph.states).astype(np.int64)
        return torch.where(chosen, torch.from_numpy(replacement).to(clean.device), clean)

    def _cross_entropies(self, x: Tensor, sigma: Tensor, clean: Tensor, wanted: Tensor) -> Tensor:
        features = gather(self.diffusion.features(x, sigma.float(), self._given(x)), wanted)
        log_posterior = self.diffusion.log_posterior_rows(features)
        entropies = -log_posterior.gather(-1, clean[wanted][:, None])[:, 0]
        return torch.zeros(x.shape, dtype=entropies.dtype, device=x.device).masked_scatter(wanted, entropies)

    def _uniform_losses(self, x: Tensor, sigma: Tensor, clean: Tensor) -> Tensor:
        """In float64: at high levels the score entropy is a small difference, and it is multiplied by e^sigma - 1."""
        levels = sigma[:, None].expand(x.shape)
        log_conditional = noised(self._leave_one_out(x, sigma), levels).log()
        log_score = log_conditional - log_conditional.gather(-1, x[..., None])
        return self.diffusion.graph.score_entropy(log_score, sigma, x, clean) * torch.expm1(sigma)[:, None]

    def _leave_one_out(self, x: Tensor, sigma: Tensor) -> Tensor:
        """g (B, L, N) float64, asked for at no level below `SIGMA_LOW`: it hardly depends on so little noise."""
        asked = sigma.clamp(min=SIGMA_LOW).float()
        features = self.diffusion.features(x, asked, self._given(x))
        return self.diffusion.leave_one_out_rows(features, asked[:, None].expand(x.shape), x).double()

    def _given(self, x: Tensor) -> Tensor | None:
        """The given positions (B, L), if there are any."""
        return None if self.free.all() else torch.from_numpy(~self.free).to(x.device).expand(x.shape)

    @torch.no_grad()
    def reconstruction(self, points: Points) -> np.ndarray:
        """-log p(x0_i | x) (B, L) at free positions under uniform noise: p(z | x) ~ g_z q(x_i | z), nats."""
        clean = torch.from_numpy(self.tokens).to(self.diffusion.device).expand(points.noised.shape)
        x = self._noised(clean, points, slice(None))
        sigma = torch.from_numpy(points.sigma).to(clean.device)
        denoised = (1 - SMOOTHING) * self._leave_one_out(x, sigma) + SMOOTHING / self.diffusion.graph.states
        own, start = (denoised.gather(-1, tokens[..., None])[..., 0] for tokens in (x, clean))
        other = -torch.expm1(-sigma)[:, None] / self.diffusion.graph.states
        kept = torch.exp(-sigma)[:, None]
        law = start * (kept * (x == clean) + other) / (kept * own + other)
        return np.where(self.free, -law.log().cpu().numpy(), 0.0)


def uniform_prior(sigma: float, states: int) -> float:
    """KL from a token noised by sigma to the uniform distribution over `states`, nats."""
    kept = math.exp(-sigma)
    own, other = kept + (1 - kept) / states, (1 - kept) / states
    return own * math.log(own * states) + (states - 1) * other * math.log(other * states)
