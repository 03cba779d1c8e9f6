"""Learning the score: a table of log ratios, trained on batches by three objectives with one shape.

For a text x with noise, and every text y that differs from it in one word, of which Q says how fast noise leads back to
x, each loss is a sum of

    Q[x, y] (w(x) s - b(x, y) log s),        w(x) the share of x in the batch.

Score entropy takes b = w(x) p(y) / p(x), the truth; denoising score entropy the mean over the clean texts x0 of the
batch of q(y | x0) / q(x | x0); implicit score entropy b = w(y), with no clean text and no ratio in it. On average all
three are w(x) p(y) / p(x), so all have their least value where s is true. (Lou, Meng, Ermon, arXiv 2310.16834, 3.)

Adam moves log s; its rate falls to 0, so that the table settles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from engine.exact.toy import ToyWorld
from engine.lessons.worlds import moves, table
from engine.protocol import frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.training import OBJECTIVES, TOLD, TrainingFigure, TrainingLesson
from engine.protocol.tokens import Tokens
from engine.stopping import look

RATE, FIRST, SECOND, SMALL = 0.03, 0.9, 0.99, 1e-12
"""Adam's: its rate to begin with, what it keeps of its means, and what keeps it from dividing by 0."""
TOGETHER = 20
"""Of the tables that are told of, how many a figure has more than the one before."""


@dataclass(frozen=True, eq=False)
class Ratios:
    """The A ratios that there are to learn: `start`, `end` and `place` (A,), their `true` values, the `weight` (A,)
    Q[x, y] of each; `seen` (T,) are the chances of the texts, `pairs` (C, T) those of a clean text and what noise made
    of it, and `back` (C, A) the ratios q(y | x0) / q(x | x0)."""

    start: Tokens
    end: Tokens
    place: Tokens
    true: Numbers
    weight: Numbers
    seen: Numbers
    pairs: Numbers
    back: Numbers

    def wanted(self, pairs: Numbers) -> tuple[Numbers, Numbers]:
        """w (A,) and b (3, A), from the shares (C, T) of clean texts and what noise made of them."""
        seen = pairs.sum(0)
        here = seen[self.start]
        denoised = (pairs[:, self.start] * self.back).sum(0)
        return here, np.stack([here * self.true, seen[self.end], denoised])

    def loss(self, log_score: Numbers) -> Numbers:
        """On average over all texts, (..., 3) from log ratios (..., 3, A)."""
        here, wanted = self.wanted(self.pairs)
        each: Numbers = (self.weight * (here * np.exp(log_score) - wanted * log_score)).sum(-1)
        return each + self.constants

    @property
    def constants(self) -> Numbers:
        """What the losses (3,) have beside that: two of them are 0 where each ratio is what it is taken for."""
        here, back = self.seen[self.start], np.where(self.back > 0, self.back, 1.0)
        explicit = (self.weight * here * self.true * (np.log(self.true) - 1)).sum()
        denoising = (self.weight * self.pairs[:, self.start] * self.back * (np.log(back) - 1)).sum()
        return numbers([explicit, 0.0, denoising])


def figures(lesson: TrainingLesson) -> Iterator[TrainingFigure]:
    """The table before it learns, and then more and more of its training."""
    toy = table(lesson.world, lesson.noise)
    ratios = ratios_of(toy, lesson.sigma)
    log_score = np.zeros((len(OBJECTIVES), len(ratios.true)))
    mean, square = np.zeros_like(log_score), np.zeros_like(log_score)
    generator = np.random.default_rng(lesson.seed)
    law = ratios.pairs.ravel() / ratios.pairs.sum()
    kept, steps = [log_score.copy()], [0]
    yield _figure(lesson, toy, ratios, steps, kept)
    for step in range(1, lesson.steps + 1):
        shares = generator.multinomial(lesson.batch, law).reshape(ratios.pairs.shape) / lesson.batch
        here, wanted = ratios.wanted(shares)
        slope = ratios.weight * (here * np.exp(log_score) - wanted)
        mean = FIRST * mean + (1 - FIRST) * slope
        square = SECOND * square + (1 - SECOND) * slope**2
        steady = np.sqrt(square / (1 - SECOND**step)) + SMALL
        log_score -= RATE * (1 - (step - 1) / lesson.steps) * mean / (1 - FIRST**step) / steady
        if step in TOLD or step == lesson.steps:
            look()
            kept.append(log_score.copy())
            steps.append(step)
            if len(steps) % TOGETHER == 0 or step == lesson.steps:
                yield _figure(lesson, toy, ratios, steps, kept)


def ratios_of(toy: ToyWorld, sigma: float) -> Ratios:
    """Those of a world at a level, between texts that can be."""
    level = torch.tensor([sigma], dtype=torch.float64)
    texts, states = toy.sequences(), toy.graph.states
    seen = toy.marginal(level).reshape(-1).numpy()
    rates = toy.graph.transp_rate(texts, torch.float64).numpy()  # Q[x_i, y], (T, L, V)
    reach = states ** np.arange(toy.length - 1, -1, -1)
    found = []
    for start, text in enumerate(texts.tolist()):
        for place, own in enumerate(text):
            for state in range(states):
                end = start + (state - own) * int(reach[place])
                if state != own and rates[start, place, state] > 0 and seen[start] > 0 and seen[end] > 0:
                    found.append((start, end, place, rates[start, place, state]))
    starts, ends, places, weights = (np.array(column) for column in zip(*found, strict=True))
    single = moves(toy, np.array([sigma]))[0].T  # (C, T)
    pairs = toy.joint.reshape(-1, 1).numpy() * single
    reached = single[:, starts] > 0
    back = np.where(reached, single[:, ends] / np.where(reached, single[:, starts], 1.0), 0.0)
    return Ratios(
        frozen(starts),
        frozen(ends),
        frozen(places),
        numbers(seen[ends] / seen[starts]),
        numbers(weights),
        numbers(seen),
        numbers(pairs),
        numbers(back),
    )


def _figure(
    lesson: TrainingLesson, toy: ToyWorld, ratios: Ratios, steps: list[int], kept: list[Numbers]
) -> TrainingFigure:
    log_scores = np.stack(kept)
    return TrainingFigure(
        lesson.world.words,
        lesson.noise,
        frozen(toy.sequences().numpy()),
        ratios.start,
        ratios.end,
        ratios.place,
        ratios.true,
        frozen(np.array(steps)),
        numbers(np.exp(log_scores).swapaxes(0, 1)),
        numbers(ratios.loss(log_scores).T),
        numbers(ratios.loss(np.broadcast_to(np.log(ratios.true), (len(OBJECTIVES), len(ratios.true))))),
    )
