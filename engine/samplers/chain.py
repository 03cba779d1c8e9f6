"""Samples in the midst of their chains, and what a sampler may do to them.

A `Chain` holds samples that share network calls. A sampler asks it for the law of single positions, lets `draws`
decide, and places tokens; it never sees the loop. The network's body runs only on samples that have something to
ask, and not again until a token changes (or the noise level, if the network is told it); the head runs on the rows
asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.protocol import FREE, Noise, UserError
from engine.samplers.draws import Clocks, Draws, Flags, Indices, Rows
from engine.theory.conditioning import Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.lanes import parts, share
from engine.theory.network import Features
from engine.theory.uniform_law import noised

if TYPE_CHECKING:
    from engine.language.patterns import Pattern


Level = float | np.ndarray
"""A noise level sigma: one for all samples of a chain, or one for each, (B,)."""

LARGEST = 80.0
"""Noise beyond which e^sigma and e^-sigma are no float32 numbers."""


@dataclass(frozen=True)
class Law:
    """What the network says of R rows: `weights` (R, V), and the log of the mass that constraints left of them, (R,).

    `unsharpened` (R, V) is the same before temperature and top-p, which hide what the network is unsure of.
    """

    weights: Tensor
    log_allowed: Tensor
    unsharpened: Tensor

    def pick(self, chosen: Flags) -> Law:
        """Those of some rows, by a mask (R,)."""
        index = torch.from_numpy(chosen).to(self.weights.device)
        return Law(self.weights[index], self.log_allowed[index.to(self.log_allowed.device)], self.unsharpened[index])

    def entropy(self) -> np.ndarray:
        """How unsure the network is of each row, (R,), nats."""
        entropy: np.ndarray = torch.special.entr(self.unsharpened.double()).sum(-1).cpu().numpy()
        return entropy


class Chain(ABC):
    """Samples in the midst of their chains: `tokens` (B, L) int64 on the model's device, `free` (B, L) bool.

    `calls` (B,) counts network evaluations of each sample. `log_weight` (B,) is the log importance weight towards
    the model's law restricted to what the constraints allow; 0 without constraints. `stays`: a token moves once.
    """

    stays: ClassVar[bool]

    def __init__(
        self,
        diffusion: Diffusion,
        tokens: Tensor,
        free: np.ndarray,
        draws: Draws,
        shaping: Shaping | None = None,
        pattern: Pattern | None = None,
    ) -> None:
        self.diffusion = diffusion
        self.tokens = tokens
        self.free = free
        self.draws = draws
        self.shaping = shaping or Shaping()
        self.pattern = pattern
        self.calls = np.zeros(len(tokens), np.int64)
        self.log_weight = np.zeros(len(tokens))
        self._remembered: tuple[tuple[bytes, bytes], Features] | None = None

    # ---- which positions

    @abstractmethod
    def movable(self) -> Rows:
        """Positions that a reverse step may change."""

    def own(self, rows: Rows) -> Tensor:
        """The tokens (R,) that rows hold now."""
        return self.tokens[torch.from_numpy(rows.sample), torch.from_numpy(rows.position)]

    # ---- what the model says of them

    def law(self, rows: Rows, sigma: Level) -> Law:
        """The law (R, V clean) of the clean token given all others, at level sigma, shaped."""
        told = self.diffusion.graph.told(self.tokens.cpu().numpy(), self._level_of_each(sigma))
        law = self.diffusion.law_rows(self.features(rows, told), self._levels(rows, sigma), self.own(rows))
        return self._shaped(law, rows)

    def score(self, rows: Rows, sigma: Level) -> Tensor:
        """Concrete scores (R, V) at level sigma as the model gives them; the law of a clean token in them shaped."""
        level = self._levels(rows, sigma)
        features = self.features(rows, self._level_of_each(sigma))
        log_score = self.diffusion.log_score_rows(features, level, self.own(rows))
        if level.numel() and float(level.max()) > LARGEST:
            log_score = log_score.double()
        score = log_score.exp()
        return self._shaped_score(score, rows, sigma) if self.shaping.active else score

    @abstractmethod
    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        """Scores (R, V) with the law of a clean token in them shaped."""

    def _shaped(self, law: Tensor, rows: Rows) -> Law:
        if not self.shaping.active:
            return Law(law, torch.zeros(len(law)), law)
        restricted, log_allowed = self.shaping.restrict(law, torch.from_numpy(rows.position).to(law.device))
        sharpened = share(self.shaping.sharpen, [restricted[cut] for cut in parts(len(restricted))])
        return Law(torch.cat(sharpened), log_allowed, restricted)

    def _levels(self, rows: Rows, sigma: Level) -> Tensor:
        return torch.from_numpy(self._level_of_each(sigma)[rows.sample]).to(self.tokens.device)

    def _level_of_each(self, sigma: Level) -> np.ndarray:
        return np.array(np.broadcast_to(sigma, len(self.tokens)), np.float64)

    def features(self, rows: Rows, sigma: np.ndarray) -> Features:
        """The body's features of rows: hidden (R, d), cond (R, c), at noise levels sigma (B,)."""
        samples, at = np.unique(rows.sample, return_inverse=True)
        features = self._body(samples, sigma[samples])
        index = torch.from_numpy(at), torch.from_numpy(rows.position)
        return Features(features.hidden[index], features.cond[index[0], 0])

    def _body(self, samples: Indices, sigma: np.ndarray) -> Features:
        level = torch.from_numpy(sigma)
        key = (samples.tobytes(), self.diffusion.told(level).numpy().tobytes())
        if self._remembered is not None and self._remembered[0] == key:
            return self._remembered[1]
        chosen = torch.from_numpy(samples)
        locked = torch.from_numpy(~self.free[samples])
        device = self.tokens.device
        features = self.diffusion.features(self.tokens[chosen], level.to(device), locked.to(device))
        self.calls[samples] += 1
        self._remembered = key, features
        return features

    # ---- changing them

    def jump(self, rows: Rows, law: Tensor) -> None:
        """Moves rows by their unnormalised laws (R, V) over all states; what is negative counts as 0.

        A row without any weight stays.
        """
        if self.pattern is not None:
            raise UserError(
                "A pattern needs absorbing noise and a sampler that reveals tokens; choose another sampler."
            )
        law = law.clamp(min=0)
        own = self.own(rows)[:, None]
        staying = law.gather(-1, own)[:, 0].double().cpu().numpy()
        leaving = law.scatter(-1, own, 0.0)
        mass = leaving.sum(-1, dtype=torch.float64).cpu().numpy()
        chance = np.divide(mass, mass + staying, out=np.zeros_like(mass), where=mass > 0).clip(max=1)
        moved = self.draws.toss(rows, chance) & (mass > 0)
        self.redraw(rows.pick(moved), leaving[torch.from_numpy(moved).to(law.device)])

    def redraw(self, rows: Rows, weights: Tensor) -> None:
        """Draws new tokens of rows from unnormalised weights (R, V), and places them."""
        if rows.size:
            self.place(rows, self.draws.draw(rows, weights.cpu().numpy()))

    def place(self, rows: Rows, tokens: Indices) -> None:
        """Writes tokens (R,) at rows."""
        if rows.size == 0:
            return
        at = torch.from_numpy(rows.sample), torch.from_numpy(rows.position)
        self.tokens[at] = torch.from_numpy(tokens).to(self.tokens.device)
        self._remembered = None


class AbsorbingChain(Chain):
    """Samples whose noised positions hold the mask. A token moves once: it is revealed."""

    stays = True

    def movable(self) -> Rows:
        return self.masked()

    def masked(self) -> Rows:
        """Free positions that hold the mask."""
        return Rows.where(self.free & self._is_mask())

    def revealed(self) -> Rows:
        """Free positions that hold a token."""
        return Rows.where(self.free & ~self._is_mask())

    def _is_mask(self) -> Flags:
        flags: Flags = self.tokens.cpu().numpy() == self.diffusion.graph.mask
        return flags

    def posterior(self, rows: Rows) -> Law:
        """p(x0_i | x) (R, V clean) of masked rows, shaped; it does not depend on the level."""
        return self.law(rows, 1.0)

    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        clean = score[:, : self.diffusion.vocabulary]
        total = clean.sum(-1, keepdim=True)
        shaped = self._shaped(clean / total, rows).weights * total
        return torch.cat((shaped, score[:, self.diffusion.vocabulary :]), dim=-1)

    def reveal(self, rows: Rows, law: Law | None = None) -> None:
        """Draws the tokens of masked rows, each on its own, by `law` or the posterior, and places them."""
        if rows.size:
            law = law or self.posterior(rows)
            np.add.at(self.log_weight, rows.sample, law.log_allowed.cpu().numpy())
            self.place(rows, self.propose(rows, law))

    def propose(self, rows: Rows, law: Law) -> Indices:
        """Tokens (R,) for masked rows as `reveal` would place them."""
        if self.pattern is not None:
            return self._propose_matching(rows, law)
        return self.draws.draw(rows, law.weights.cpu().numpy())

    def _propose_matching(self, rows: Rows, law: Law) -> Indices:
        """The same, given that all masked tokens, drawn together, can make the text match the pattern."""
        assert isinstance(self.draws, Clocks)  # the laws of toy worlds are enumerated without patterns
        assert self.pattern is not None
        tokens = np.empty(rows.size, np.int64)
        everything = self.masked()
        full = self.posterior(everything).weights
        for members in rows.by_sample():
            here, sample = members[np.argsort(rows.position[members])], rows.sample[members[0]]
            open_ = everything.pick(everything.sample == sample)
            weights = full[torch.from_numpy(everything.sample == sample)].double().cpu().numpy()
            revealed = np.isin(open_.position, rows.position[here])
            weights[revealed] = law.weights[torch.from_numpy(here)].double().cpu().numpy()
            known = self.tokens[sample].cpu().numpy().copy()
            known[open_.position] = FREE
            uniform = self.draws.targets(rows.pick(here))
            tokens[here], log_weight = self.pattern.draw(known, weights, revealed, uniform)
            self.log_weight[sample] += log_weight
        return tokens

    def remask(self, rows: Rows) -> None:
        """Puts the mask back at rows."""
        self.place(rows, np.full(rows.size, self.diffusion.graph.mask, np.int64))


class UniformChain(Chain):
    """Samples in which any free position may hold noise, and may move any number of times."""

    stays = False

    def movable(self) -> Rows:
        return Rows.where(self.free)

    def conditional(self, rows: Rows, sigma: Level) -> Tensor:
        """Law (R, N) of a position given all others at level sigma: s / sum s."""
        return noised(self.law(rows, sigma).weights, self._levels(rows, sigma))

    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        conditional = self.conditional(rows, sigma)
        return conditional / conditional.gather(-1, self.own(rows)[:, None])


CHAINS: dict[Noise, type[Chain]] = {"absorb": AbsorbingChain, "uniform": UniformChain}


def chain_class(diffusion: Diffusion) -> type[Chain]:
    """The chains of a model's kind of noise."""
    return CHAINS[diffusion.config.noise]
