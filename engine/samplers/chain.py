"""Samples in the midst of their chains, and what a sampler may do to them.

A `Chain` holds samples that share network calls. A sampler asks it for the law of single positions (`asking`), lets
`draws` decide, and places tokens; it never sees the loop.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
import torch
from torch import Tensor

from engine.protocol import FREE, Noise, UserError
from engine.samplers.asking import Asking, Level
from engine.samplers.draws import Draws, Flags, Rows
from engine.samplers.law import Law
from engine.theory.conditioning import Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.mixed import Mixed
from engine.theory.randomness import Indices
from engine.theory.uniform_law import noised

if TYPE_CHECKING:
    from engine.language.patterns import Pattern


Placed = tuple[Rows, Indices]
"""Rows, and the tokens (R,) that they get."""
LEAST = 1e-300
"""A chance for what the network rules out but a pattern may need."""


class Chain(Asking):
    """Samples in the midst of their chains. `stays`: a token moves once.

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
        super().__init__(diffusion, tokens, free, shaping or Shaping())
        self.draws = draws
        self.pattern = pattern
        self.log_weight = np.zeros(len(tokens))
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

    # ---- changing them

    def moves(self, rows: Rows, law: Tensor) -> Placed:
        """Which rows move by their unnormalised laws (R, V) over all states, and where to; what is negative counts
        as 0. A row without any weight stays.
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
        return self.drawn(rows.pick(moved), leaving[torch.from_numpy(moved).to(law.device)])

    def drawn(self, rows: Rows, weights: Tensor) -> Placed:
        """New tokens of rows, drawn from unnormalised weights (R, V)."""
        tokens = self.draws.draw(rows, weights.cpu().numpy()) if rows.size else np.empty(0, np.int64)
        return rows, tokens

    def jump(self, rows: Rows, law: Tensor) -> None:
        """Has rows move by laws, as above."""
        self.place(*self.moves(rows, law))

    def redraw(self, rows: Rows, weights: Tensor) -> None:
        """Draws new tokens of rows from unnormalised weights (R, V), and places them."""
        self.place(*self.drawn(rows, weights))

    def place_all(self, parts: Iterable[Placed]) -> None:
        """Writes the tokens of several parts of the rows."""
        for part in parts:
            self.place(*part)

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

    def reveal(self, rows: Rows, made: Callable[[slice, Law], Law] | None = None) -> None:
        """Draws the tokens of masked rows, each on its own, by the posterior or what is `made` of it."""
        if rows.size:
            tokens, _, gain = self.propose(rows, made)
            self.log_weight += gain
            self.place(rows, tokens)

    def remask(self, rows: Rows) -> None:
        """Puts the mask back at rows."""
        self.place(rows, np.full(rows.size, self.diffusion.graph.mask, np.int64))

    def propose(
        self, rows: Rows, made: Callable[[slice, Law], Law] | None = None
    ) -> tuple[Indices, np.ndarray, np.ndarray]:
        """Tokens (R,) for masked rows as `reveal` would place them, their probabilities (R,), and what they add to log
        weights (B,)."""
        gain, made = np.zeros(len(self.tokens)), made or (lambda _, law: law)
        if self.pattern:
            law = Law.joined(self.laws(rows, 1.0, made))
            tokens, gain = self._matching(rows, law)
            found = [(tokens, law.probability(tokens), law.gain(tokens))]
        else:
            found = self.laws(rows, 1.0, lambda cut, law: self._single(rows.pick(cut), made(cut, law)))
        tokens, probability, gains = (np.concatenate(of_parts) for of_parts in zip(*found, strict=True))
        possible = gain > -np.inf  # where no match is, some token of another text is drawn, of any weight
        gain[possible] += np.bincount(rows.sample, gains, len(gain))[possible]
        return tokens, probability, gain

    def _single(self, rows: Rows, law: Law) -> tuple[Indices, np.ndarray, np.ndarray]:
        tokens = self.draws.draw(rows, law.weights.cpu().numpy())
        return tokens, law.probability(tokens), law.gain(tokens)

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
        """The noise, by which these chains were chosen."""
        return cast(Mixed, self.diffusion.graph)

    def movable(self) -> Rows:
        return Rows.where(self.free)

    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        return self.graph.log_scores(self.law(rows, sigma).weights, self._levels(rows, sigma), self.own(rows)).exp()


CHAINS: dict[Noise, type[Chain]] = {"absorb": AbsorbingChain, "uniform": UniformChain, "mixed": MixedChain}


def chain_class(diffusion: Diffusion) -> type[Chain]:
    """The chains of a model's kind of noise."""
    return CHAINS[diffusion.config.noise]
