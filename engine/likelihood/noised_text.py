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
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.protocol import Noise, UserError
from engine.stopping import look
from engine.theory.diffusion import Diffusion, gather
from engine.theory.graphs import matched_sigma
from engine.theory.lanes import pieces
from engine.theory.network import Features

LAMBDA_LOW = 1e-3
"""The smallest noised share of the estimators by level under absorbing noise, and the smallest published time."""
SIGMA_LOW = 1e-4
"""The smallest noise level that networks are asked about under uniform noise."""
SMOOTHING = 1e-3
"""Share of the uniform law in a reconstruction, so that a token thought impossible costs a finite number of nats."""
MAX_ELEMENTS = 2**24
"""Numbers in one batch of network output."""
LAWS = 2**22
"""Of these so many are held at once on a CPU."""
MAX_POSITIONS = 2**11
"""Positions in one batch on a CPU, where more are no faster and only make it longer until the work can be stopped."""


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
class Text(ABC):
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
        if not free.all() and not diffusion.knows_locks:
            raise UserError(
                "Under uniform noise, mixed in or not, this model cannot tell given words from noised ones, so it "
                "has no bound on a part of a text given the rest; use a model that marks locks, or absorbing noise."
            )
        if (size := diffusion.block_size) and free.argmax() // size < np.flatnonzero(~free).max(initial=-1) // size:
            raise UserError(
                f"This model writes blocks of {size} tokens and sees nothing of those that follow, so it has no bound "
                "on a part given words after it; give only the beginning of the text."
            )
        return TEXTS[diffusion.config.noise](diffusion, np.array(tokens, np.int64), free)

    @property
    def count(self) -> int:
        """Number of tokens that are scored."""
        return int(self.free.sum())

    @property
    def sigma_high(self) -> float:
        """The schedule's largest noise level."""
        return float(self.diffusion.schedule(torch.ones(1, dtype=torch.float64)).total)

    # ---- the integral

    always: ClassVar[bool]
    """Whether positions have losses that are not noised, too, so that something is lost before any is."""

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """The noised shares between which estimators by level look."""

    @abstractmethod
    def levels_at(self, k: np.ndarray, share: np.ndarray, law: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Noise levels and weights (B,) of draws by `law` (count + 1,) of k (B,) noised positions.

        The k-th of them is noised at the noised `share` (B,).
        """

    def prior(self) -> np.ndarray:
        """What the end of the noise adds to each position (L,), nats."""
        return np.zeros(len(self.tokens))

    def reconstruction(self, groups: int, generator: np.random.Generator) -> tuple[np.ndarray, int]:
        """What the beginning of the noise adds by level: an estimate (groups, L) for each group, nats; and calls."""
        return np.zeros((groups, len(self.tokens))), 0

    # ---- the losses

    def losses(self, points: Points) -> np.ndarray:
        """l_i (B, L) float64, 0 at given positions and where it is known to be."""
        wanted = self.free & (points.noised | self.always)
        if points.scored is not None:
            wanted = wanted & points.scored
        most = MAX_ELEMENTS // self.diffusion.graph.states
        if self.diffusion.device.type == "cpu":
            most = min(most, MAX_POSITIONS)
        size = max(1, most // len(self.tokens))
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
        else:
            losses = self._consistent(x, sigma, clean, kept)
        return torch.where(kept, losses.double(), 0.0).cpu().numpy()

    @abstractmethod
    def _consistent(self, x: Tensor, sigma: Tensor, clean: Tensor, wanted: Tensor) -> Tensor:
        """l_i (B, L) where `wanted`, of scores that are consistent with the noise."""

    def _noised(self, clean: Tensor, points: Points, rows: slice) -> Tensor:
        """The tokens that the network sees (B, L)."""
        chosen, target, sigma = (
            torch.from_numpy(a[rows]).to(clean.device) for a in (points.noised, points.target, points.sigma)
        )
        return torch.where(chosen, self.diffusion.graph.put(sigma, target), clean)

    def _pieces(self, count: int, times: int = 1) -> Iterator[slice]:
        """So many positions, each `times`, in pieces whose laws are computed together."""
        most = LAWS if self.diffusion.device.type == "cpu" else MAX_ELEMENTS
        for cut in pieces(count, times * self.diffusion.graph.states, most):
            look()
            yield cut

    def _given(self, x: Tensor) -> Tensor | None:
        """The given positions (B, L), if there are any."""
        return None if self.free.all() else torch.from_numpy(~self.free).to(x.device).expand(x.shape)


class AbsorbingText(Text):
    """Masked positions alone have losses. The integral runs from no mask to masks alone, and nothing is left over."""

    always = False
    ends = (LAMBDA_LOW, 1.0)

    def levels_at(self, k: np.ndarray, share: np.ndarray, law: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return matched_sigma(k, len(self.tokens)), 1 / (k * law[k])

    def _consistent(self, x: Tensor, sigma: Tensor, clean: Tensor, wanted: Tensor) -> Tensor:
        """Cross entropies."""
        hidden, cond = gather(self.diffusion.features(x, sigma.float(), self._given(x), clean), wanted)
        level, own, tokens = sigma[:, None].expand(x.shape)[wanted], x[wanted], clean[wanted][:, None]
        entropies = torch.empty(len(own), dtype=hidden.dtype, device=x.device)
        for cut in self._pieces(len(own)):
            laws = self.diffusion.log_law_rows(Features(hidden[cut], cond[cut]), level[cut], own[cut])
            entropies[cut] = -laws.gather(-1, tokens[cut])[:, 0]
        return torch.zeros(x.shape, dtype=entropies.dtype, device=x.device).masked_scatter(wanted, entropies)


class UniformText(Text):
    """Every free position has a loss; masks may be among what noise puts. The integral ends at the largest sigma."""

    always = True

    def levels_at(self, k: np.ndarray, share: np.ndarray, law: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        highest = self.ends[1]
        before = np.where(k > 0, 1 / np.maximum(k, 1), (1 - share) / (share * self.count))
        return -np.log1p(-np.minimum(share, highest)), np.where(share <= highest, before / law[k], 0.0)

    @property
    def ends(self) -> tuple[float, float]:
        return -math.expm1(-SIGMA_LOW), -math.expm1(-self.sigma_high)

    def prior(self) -> np.ndarray:
        return self.free * self.diffusion.graph.prior_divergence(self.sigma_high)

    @torch.no_grad()
    def reconstruction(self, groups: int, generator: np.random.Generator) -> tuple[np.ndarray, int]:
        """-log p(x0_i | x) at free positions, p(z | x) ~ g_z q(x_i | z)."""
        flip, target = (generator.random((groups, len(self.tokens))) for _ in range(2))
        noised = (flip < -math.expm1(-SIGMA_LOW)) & self.free
        points = Points(noised, target, np.full(groups, SIGMA_LOW), np.ones(groups))
        clean = torch.from_numpy(self.tokens).to(self.diffusion.device).expand(noised.shape)
        x = self._noised(clean, points, slice(None))

        def seen(g: Tensor, cut: slice) -> Tensor:
            smooth = (1 - SMOOTHING) * g + SMOOTHING / g.shape[-1]
            return self.diffusion.graph.seen(smooth, x[:, cut], SIGMA_LOW).gather(-1, clean[:, cut, None])[..., 0]

        law = self._of_laws(x, torch.from_numpy(points.sigma).to(clean.device), seen)
        return np.where(self.free, -law.log().cpu().numpy(), 0.0), groups

    def _consistent(self, x: Tensor, sigma: Tensor, clean: Tensor, wanted: Tensor) -> Tensor:
        """In float64: at high levels the score entropy is a small difference, and it is multiplied by e^sigma - 1."""
        graph = self.diffusion.graph

        def entropy(law: Tensor, cut: slice) -> Tensor:
            here = x[:, cut]
            log_score = graph.log_scores(law, sigma[:, None].expand(here.shape), here)
            return graph.score_entropy(log_score, sigma, here, clean[:, cut]) * torch.expm1(sigma)[:, None]

        return self._of_laws(x, sigma, entropy)

    def _of_laws(self, x: Tensor, sigma: Tensor, work: Callable[[Tensor, slice], Tensor]) -> Tensor:
        """What `work` makes (B, L) of g (B, l, N) float64, some positions at a time. It is asked for at no level below
        `SIGMA_LOW`: it hardly depends on so little noise."""
        asked = sigma.clamp(min=SIGMA_LOW).float()
        hidden, cond = self.diffusion.features(x, asked, self._given(x))
        found = []
        for cut in self._pieces(x.shape[1], len(x)):
            here = x[:, cut]
            law = self.diffusion.law_rows(Features(hidden[:, cut], cond), asked[:, None].expand(here.shape), here)
            found.append(work(law.double(), cut))
        return torch.cat(found, dim=1)


TEXTS: dict[Noise, type[Text]] = {"absorb": AbsorbingText, "uniform": UniformText, "mixed": UniformText}
