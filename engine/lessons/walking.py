"""Walking back: the reverse chain jump by jump, in continuous time.

A text x jumps to y, which differs from it in one word, at the rate Q[x_i, y_i] s_i(x)_{y_i} per unit of sigma. Under
absorbing noise the rates of all jumps together are K / (e^sigma - 1), where K depends on the text alone: so the noised
share at the next jump is the present one times U^(1 / K), exactly. Under uniform noise candidates come at a rate that
no text exceeds in w = log(e^sigma - 1), and are taken as often as they must (`engine.samplers.uniformization`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from engine.exact.sampler_law import expected_distance
from engine.exact.toy import ToyWorld
from engine.lessons.worlds import table
from engine.protocol import Noise, Tokens, frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.walking import SHOWN, WALKS, WalkingFigure, WalkingLesson
from engine.stopping import look

TOGETHER = 11_000
"""Walks that are made at once after the first ones."""
MOST, LEAST = 8.0, 1e-5
"""Sigma at which walks of uniform noise begin and end: what is left out changes a law by less than 1e-3."""
EVERY = 1_000
"""Walks between two rows of the counts, after the first ones."""


@dataclass
class Walks:
    """Some walks: where each begins, and its jumps in their order, as the number of the walk, the noised share and the
    number of the text."""

    start: Tokens
    began: float
    events: list[tuple[Tokens, Numbers, Tokens]]

    def ends(self) -> Tokens:
        now = self.start.copy()
        for walk, _, text in self.events:
            now[walk] = text
        return now


class Walker:
    """Makes walks in a world. `following` (T, T) are the jumps that change one word in a way that the noise undoes."""

    began = 1.0

    def __init__(self, toy: ToyWorld, factor: float) -> None:
        self.toy, texts = toy, toy.sequences().numpy()
        self.texts, self.words = texts, int(toy.joint.shape[0])
        apart = texts[:, None] != texts[None]
        place, one = apart.argmax(2), apart.sum(2) == 1
        rows = np.arange(len(texts))
        before, after = texts[rows[:, None], place], texts[rows[None], place]
        free = toy.graph.unknown(torch.from_numpy(before)).numpy()
        self.following = one & (after < self.words) & free
        self.factor = np.where(after == 0, factor, 1.0)  # of each jump's score

    def law(self, moment: Numbers) -> Numbers:
        """The chances (R, T) of all texts at noised shares (R,)."""
        kept = 1 - moment
        table = np.zeros((len(moment),) + (self.toy.graph.states,) * self.toy.length)
        table[(slice(None), *[slice(self.words)] * self.toy.length)] = self.toy.joint.numpy()
        for axis in range(1, self.toy.length + 1):
            total, share = table.sum(axis, keepdims=True), kept.reshape(-1, *[1] * self.toy.length)
            table = share * table + (1 - share) * total * self._limit(axis)
        return table.reshape(len(moment), len(self.texts))

    def _limit(self, axis: int) -> Numbers:
        states = self.toy.graph.states
        drawn = self.toy.graph.limit((torch.arange(states) + 0.5) / states).numpy()
        limit = np.bincount(drawn, minlength=states) / states
        return limit.reshape([-1 if each == axis else 1 for each in range(self.toy.length + 1)])

    def rates(self, text: Tokens, moment: Numbers) -> Numbers:
        """Of each jump (R, T) from texts (R,) at noised shares (R,), in a unit that all jumps of a text share."""
        law = self.law(moment)
        here = np.take_along_axis(law, text[:, None], 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(here > 0, law / here, 0.0)
        return ratio * np.where(self.following[text], self.factor[text], 0.0)

    def walk(self, count: int, draw: np.random.Generator) -> Walks:
        raise NotImplementedError


class AbsorbingWalker(Walker):
    """Every hidden word becomes a word once: as many jumps as there are places."""

    def __init__(self, toy: ToyWorld, factor: float) -> None:
        super().__init__(toy, factor)
        hidden = (self.texts == self.words).any(1)
        half = np.full(len(self.texts), 0.5)  # where e^sigma - 1 is 1, and times that they never change
        self._rates = super().rates(np.arange(len(self.texts)), half) * hidden[:, None]

    def rates(self, text: Tokens, moment: Numbers) -> Numbers:
        rates: Numbers = self._rates[text]
        return rates

    def walk(self, count: int, draw: np.random.Generator) -> Walks:
        text, moment = np.full(count, len(self.texts) - 1), np.ones(count)
        walks, every = Walks(text, 1.0, []), np.arange(count)
        for _ in range(self.toy.length):
            rates = self._rates[text]
            total = rates.sum(1)
            moment = moment * draw.random(count) ** (1 / total)
            text = _drawn(rates / total[:, None], draw)
            walks.events.append((every, moment, text))
        return walks


class UniformWalker(Walker):
    """Any word may become another, again and again."""

    began = float(-np.expm1(-MOST))

    def walk(self, count: int, draw: np.random.Generator) -> Walks:
        states = self.toy.graph.states
        bound = self.toy.length * max(1.0, float(self.factor.max()))
        text = draw.integers(len(self.texts), size=count)
        odds, last = np.full(count, np.log(np.expm1(MOST))), float(np.log(np.expm1(LEAST)))
        walks, going = Walks(text.copy(), self.began, []), np.arange(count)
        while len(going):
            look()
            odds[going] -= draw.exponential(1 / bound, len(going))
            going = going[odds[going] > last]
            moment = -np.expm1(-np.logaddexp(0, odds[going]))
            chances = self.rates(text[going], moment) * (moment / states / bound)[:, None]
            stays = np.maximum(0.0, 1 - chances.sum(1, keepdims=True))
            found = _drawn(np.concatenate([chances, stays], 1), draw)
            jumps = found < len(self.texts)
            walk, target = going[jumps], found[jumps]
            text[walk] = target
            walks.events.append((walk, moment[jumps], target))
        return walks


WALKERS: dict[Noise, type[Walker]] = {"absorb": AbsorbingWalker, "uniform": UniformWalker}


def figures(lesson: WalkingLesson) -> Iterator[WalkingFigure]:
    """After the first walks, and then as more and more have ended."""
    toy = table(lesson.world, lesson.noise)
    walker = WALKERS[lesson.noise](toy, lesson.factor)
    first = walker.walk(SHOWN, np.random.default_rng((lesson.seed, 0)))
    told = _told(walker, first)
    ends = [first.ends()]
    yield _figure(lesson, walker, told, ends[0])
    for number in range(1, (WALKS - SHOWN) // TOGETHER + 1):
        look()
        ends.append(walker.walk(TOGETHER, np.random.default_rng((lesson.seed, number))).ends())
        yield _figure(lesson, walker, told, np.concatenate(ends))


def _drawn(chances: Numbers, draw: np.random.Generator) -> Tokens:
    """One number a row, by its chances (R, K), which sum up to 1."""
    passed = chances.cumsum(1)
    below = passed < draw.random(len(chances))[:, None] * passed[:, -1:]
    drawn: Tokens = np.minimum(below.sum(1), chances.shape[1] - 1)
    return drawn


def _told(walker: Walker, walks: Walks) -> tuple[Tokens, Numbers, Tokens]:
    """Texts and noised shares after each jump, (M, J + 1), and how many jumps there are, (M,)."""
    count = len(walks.start)
    jumps = np.bincount(np.concatenate([walk for walk, *_ in walks.events]), minlength=count)
    visited = np.empty((count, int(jumps.max()) + 1), np.int64)
    moment = np.empty(visited.shape)
    visited[:], moment[:] = walks.start[:, None], walks.began
    made = np.zeros(count, np.int64)
    for walk, at, text in walks.events:
        made[walk] += 1
        later = np.arange(visited.shape[1])[None] >= made[walk][:, None]
        visited[walk] = np.where(later, text[:, None], visited[walk])
        moment[walk] = np.where(later, at[:, None], moment[walk])
    return visited, moment, jumps


def _figure(lesson: WalkingLesson, walker: Walker, told: tuple[Tokens, Numbers, Tokens], ends: Tokens) -> WalkingFigure:
    visited, moment, jumps = told
    clean = np.flatnonzero((walker.texts < walker.words).all(1))
    rates = walker.rates(visited.ravel(), moment.ravel()).reshape(*visited.shape, -1)
    over = np.arange(visited.shape[1])[None] >= jumps[:, None]
    rates[over] = 0.0
    total = rates.sum(2, keepdims=True)
    law = np.array(lesson.world.law)
    rows = np.array([*range(SHOWN + 1), *range(SHOWN + EVERY, len(ends) + 1, EVERY)])
    passed = np.concatenate([np.zeros((1, len(clean)), np.int64), (ends[:, None] == clean).cumsum(0)])[rows]
    shares = passed[1:] / rows[1:, None]
    far = [expected_distance(torch.from_numpy(law), int(count)) for count in rows[1:]]
    nothing = [np.nan]
    return WalkingFigure(
        lesson.world.words,
        frozen(walker.texts),
        frozen(clean),
        lesson.noise,
        frozen(visited),
        numbers(moment),
        numbers(rates / np.where(total > 0, total, 1.0)),
        numbers(walker.law(moment.ravel()).reshape(*visited.shape, -1)),
        frozen(jumps),
        frozen(rows),
        frozen(passed),
        numbers(law),
        numbers(np.concatenate([nothing, np.abs(shares - law).sum(1) / 2])),
        numbers([*nothing, *(mean for mean, _ in far)]),
        numbers([*nothing, *(spread for _, spread in far)]),
    )
