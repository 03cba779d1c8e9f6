"""Samples in the midst of their chains, and what a sampler may do to them.

A `Chain` holds samples that share network calls. A sampler asks it for the law of single positions, lets `draws`
decide, and places tokens; it never sees the loop. The network's body runs only on samples that have something to
ask, and not again until a token changes (or the noise level, if the network is told it); the head runs on the rows
asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.protocol import FREE, Noise, UserError
from engine.samplers.draws import Draws, Flags, Rows
from engine.samplers.law import Law
from engine.theory.conditioning import Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.lanes import parts, share
from engine.theory.mixed import Mixed
from engine.theory.network import Features
from engine.theory.randomness import Indices
from engine.theory.uniform_law import noised

if TYPE_CHECKING:
    from engine.language.patterns import Pattern


Level = float | np.ndarray
"""A noise level sigma: one for all samples of a chain, or one for each, (B,)."""

LEAST = 1e-300
"""A chance for what the network rules out but a pattern may need."""
LARGEST = 80.0
"""Noise beyond which e^sigma and e^-sigma are no float32 numbers."""


class Chain(ABC):
    """Samples in the midst of their chains: `tokens` (B, L) int64 on the model's device, `free` (B, L) bool.

    `calls` (B,) counts network evaluations of each sample. `stays`: a token moves once.

    `log_weight` (B,) is 0 without constraints. With them exp of it is by how much likelier the tokens would be drawn at
    the same places without: its mean is the chance to keep to the constraints unasked, and weighted samples have the
    law of those that do. NaN where that is not known.
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
        if not self.stays:
            self.unweighed()

    @property
    def constrained(self) -> bool:
        """Whether some texts are ruled out."""
        return self.pattern is not None or self.shaping.allowed is not None

    def unweighed(self) -> None:
        """Says that no weight is known to make up for constraints.

        Where a token moves more than once, or is kept for what it is, a text can come to be without constraints in ways
        in which it cannot with them.
        """
        if self.constrained:
            self.log_weight[:] = np.nan

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
            return Law(law, law, law)
        unconstrained = self._sharpened(law, None)
        if self.shaping.allowed is None:
            return Law(unconstrained, law, unconstrained)
        restricted = self.shaping.restrict(law, torch.from_numpy(rows.position).to(law.device))
        # What could be drawn without the constraints must not be cut off for them: no weight would make up for it.
        return Law(self._sharpened(restricted, unconstrained > 0), restricted, unconstrained)

    def _sharpened(self, law: Tensor, kept: Tensor | None) -> Tensor:
        def some(cut: slice) -> Tensor:
            return self.shaping.sharpen(law[cut], None if kept is None else kept[cut])

        return torch.cat(share(some, parts(len(law))))

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
        self.calls[samples] += self.diffusion.calls
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
        self.unweighed()
        clean = score[:, : self.diffusion.vocabulary]
        total = clean.sum(-1, keepdim=True)
        shaped = self._shaped(clean / total, rows).weights * total
        return torch.cat((shaped, score[:, self.diffusion.vocabulary :]), dim=-1)

    def reveal(self, rows: Rows, law: Law | None = None) -> None:
        """Draws the tokens of masked rows, each on its own, by `law` or the posterior, and places them."""
        if rows.size:
            tokens, gain = self.propose(rows, law or self.posterior(rows))
            self.log_weight += gain
            self.place(rows, tokens)

    def remask(self, rows: Rows) -> None:
        """Puts the mask back at rows."""
        self.place(rows, np.full(rows.size, self.diffusion.graph.mask, np.int64))

    def propose(self, rows: Rows, law: Law) -> tuple[Indices, np.ndarray]:
        """Tokens (R,) for masked rows as `reveal` would place them, and what they add to log weights (B,)."""
        tokens, gain = self._matching(rows, law) if self.pattern else self._single(rows, law)
        possible = gain > -np.inf  # where no match is, some token of another text is drawn, of any weight
        gain[possible] += np.bincount(rows.sample, law.gain(tokens), len(gain))[possible]
        return tokens, gain

    def _single(self, rows: Rows, law: Law) -> tuple[Indices, np.ndarray]:
        return self.draws.draw(rows, law.weights.cpu().numpy()), np.zeros(len(self.tokens))

    def _matching(self, rows: Rows, law: Law) -> tuple[Indices, np.ndarray]:
        """The same, given that all masked tokens, drawn together, can make the text match the pattern.

        What stays masked is looked at as the network sees it: top-p rules out what may be drawn when more is known.
        """
        assert self.pattern is not None
        tokens, gain = np.empty(rows.size, np.int64), np.zeros(len(self.tokens))
        everything = self.masked()
        full = self.posterior(everything).unsharpened.double().cpu().numpy()
        drawn = law.weights.double().cpu().numpy()
        for members in rows.by_sample():
            here, sample = members[np.argsort(rows.position[members])], rows.sample[members[0]]
            position, laws = everything.position[everything.sample == sample], full[everything.sample == sample]
            wide = laws + self._floor(everything.position[everything.sample == sample])
            revealed = np.isin(position, rows.position[here])
            laws[revealed] = drawn[here]
            known = self.tokens[sample].cpu().numpy().copy()
            known[position] = FREE
            choose = partial(self._choose, rows.pick(here))
            tokens[here], gain[sample] = self.pattern.draw(known, laws, wide, revealed, choose)
        return tokens, gain

    def _floor(self, position: Indices) -> np.ndarray:
        """Next to nothing (m, V), or (V,), for each token that is allowed at positions (m,)."""
        allowed = self.shaping.allowed
        if allowed is None:
            return np.full(self.diffusion.vocabulary, LEAST)
        kept: np.ndarray = (allowed if allowed.dim() == 1 else allowed[torch.from_numpy(position)]).numpy()
        return LEAST * kept

    def _choose(self, rows: Rows, number: int, weights: np.ndarray) -> int:
        return int(self.draws.draw(rows.pick(np.array([number])), weights[None])[0])


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


class MixedChain(Chain):
    """Samples in which any free position may hold noise, masks among it, and may move any number of times."""

    stays = False

    @property
    def graph(self) -> Mixed:
        """The noise."""
        assert isinstance(self.diffusion.graph, Mixed)
        return self.diffusion.graph

    def movable(self) -> Rows:
        return Rows.where(self.free)

    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        return self.graph.log_scores(self.law(rows, sigma).weights, self._levels(rows, sigma), self.own(rows)).exp()


CHAINS: dict[Noise, type[Chain]] = {"absorb": AbsorbingChain, "uniform": UniformChain, "mixed": MixedChain}


def chain_class(diffusion: Diffusion) -> type[Chain]:
    """The chains of a model's kind of noise."""
    return CHAINS[diffusion.config.noise]
