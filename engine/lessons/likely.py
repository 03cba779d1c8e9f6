"""How likely: bounds by every set of hidden words, and likelihoods by every order in which words can be written.

The score is spoilt by a share of what knows nothing of the world: p(y | rest) becomes (1 - e) p(y | rest) + e / N. A
model like that contradicts itself a little, so its bound is above what it gives a text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import torch
from torch import Tensor

from engine.exact.toy import ToyWorld, diffusion
from engine.lessons.worlds import table
from engine.likelihood.noised_text import Points, Text
from engine.likelihood.reveal_order import block_sizes, chain_nats
from engine.likelihood.running import bound
from engine.protocol import UserError, frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.likely import DRAWS, MOST_CALLS, SPOILT, LikelyFigure, LikelyLesson
from engine.stopping import look
from engine.theory.diffusion import Diffusion
from engine.theory.graphs import Graph, matched_sigma

NEVER = 1e-12
"""Half of an interval that is never reached: estimates go on until the calls are used up."""


@dataclass(frozen=True, eq=False)
class Spoilt:
    """A world whose scores are spoilt by a `share`, under absorbing noise."""

    world: ToyWorld
    share: float

    @property
    def graph(self) -> Graph:
        return self.world.graph

    @property
    def length(self) -> int:
        return self.world.length

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        score = self.world.log_score(tokens, sigma, locked).exp()
        total = 1 / torch.expm1(sigma.double())[:, None, None]
        words = self.world.joint.shape[0]
        score[..., :words] = (1 - self.share) * score[..., :words] + self.share * total / words
        return score.log()


def figures(lesson: LikelyLesson) -> Iterator[LikelyFigure]:
    """The one figure of a lesson."""
    toy, texts = table(lesson.world, "absorb"), lesson.world.texts()
    law = np.array(lesson.world.law)
    if not -1 <= lesson.text < len(texts):
        raise UserError("There is no text of this number in the world; choose one of its texts.")
    if lesson.text >= 0 and law[lesson.text] == 0:
        raise UserError("This text never occurs in the world, so it has no likelihood; choose another one.")
    weights = law if lesson.text < 0 else np.eye(len(law))[lesson.text]
    kept = np.flatnonzero(weights)
    levels, parts, means, halves = [], [], list[Numbers](), list[Numbers]()
    for share in SPOILT:
        model = diffusion(Spoilt(toy, float(share)))
        told = [_told(model, np.array(texts[text]), float(law[text])) for text in kept]
        levels.append(sum(weights[text] * own for text, (own, _) in zip(kept, told, strict=True)))
        parts.append(sum(weights[text] * part for text, (_, part) in zip(kept, told, strict=True)))
        mean, half = _estimates(model, _sequences(lesson, texts, law), lesson.seed)
        means.append(mean)
        halves.append(half)
    yield LikelyFigure(
        lesson.world.words,
        () if lesson.text < 0 else texts[lesson.text],
        math.nan if lesson.text < 0 else float(law[lesson.text]),
        numbers(levels),
        numbers(parts),
        frozen(np.arange(DRAWS, MOST_CALLS + 1, DRAWS)),
        numbers(means),
        numbers(halves),
    )


def _told(model: Diffusion, tokens: np.ndarray, chance: float) -> tuple[Numbers, Numbers]:
    """The levels (5,) of a text and the parts (L,) of its bound."""
    text = Text.of(model, tokens)
    parts = numbers([_cost_of(text, count) for count in range(1, text.count + 1)])
    own = [_written(text, steps) for steps in (text.count, 2, 1)]
    return numbers([-math.log(chance), own[0], parts.mean(), *own[1:]]), parts


def _cost_of(text: Text, count: int) -> float:
    """What so many hidden words cost, times L / count, on average over all sets of them."""
    length = len(text.tokens)
    hidden = np.array([np.isin(np.arange(length), chosen) for chosen in combinations(range(length), count)])
    level = matched_sigma(np.full(len(hidden), count), length)
    losses = text.losses(Points(hidden, np.zeros(hidden.shape), level, np.ones(len(hidden))))
    return float(losses.sum(-1).mean()) * length / count


def _written(text: Text, steps: int) -> float:
    """-log of the chance that "subset" writes the text in so many steps: over all orders in which it may."""
    sizes = block_sizes(text.diffusion.schedule, text.count, steps)
    orders = [np.array(order) for order in permutations(range(len(text.tokens)))]
    nats = np.array([chain_nats(text, order, sizes).sum() for order in orders])
    return float(nats.min() - np.log(np.exp(nats.min() - nats).mean()))


def _sequences(lesson: LikelyLesson, texts: list[tuple[int, ...]], law: Numbers) -> list[np.ndarray]:
    """What is scored: the text, or texts that are drawn from the world."""
    if lesson.text >= 0:
        return [np.array(texts[lesson.text])]
    drawn = np.random.default_rng(lesson.seed).choice(len(texts), MOST_CALLS // DRAWS, p=law)
    return [np.array(texts[text]) for text in drawn]


def _estimates(model: Diffusion, sequences: list[np.ndarray], seed: int) -> tuple[Numbers, Numbers]:
    """Running means and halves of intervals, nats of a text."""
    mean, half = (np.full(MOST_CALLS // DRAWS, np.nan) for _ in range(2))
    length = len(sequences[0])
    for at, now in enumerate(bound(model, sequences, DRAWS, seed, precision=NEVER, max_calls=MOST_CALLS)):
        look()
        mean[at:], half[at:] = length * now.nats, length * now.half_width
    return numbers(mean), numbers(half)
