"""Words that stay: the whole law of what a sampler writes around a word that is held, by every choice it can make.

One word is free. So Tweedie steps make no error of their own, whatever their number, and what is off is due to the
lock: under uniform noise the model reads it as a word that noise may have put there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.exact.sampler_law import exact_law
from engine.exact.toy import GEOMETRIC, diffusion
from engine.lessons.worlds import table
from engine.protocol import FREE, Noise, UserError, frozen
from engine.protocol.lessons import SIGMAS, numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.locks import STEPS, WAYS, LocksFigure, LocksLesson
from engine.samplers import sampler_named
from engine.samplers.locking import METHODS
from engine.stopping import look

SAMPLER = "tweedie"


@dataclass(frozen=True)
class Held:
    """A way to hold a word: under which `noise`, whether the model is told so, and what is done in the chain."""

    noise: Noise = "uniform"
    marks_locks: bool = False
    method: str = "clamp"


CHEAP = {"absorb": Held("absorb"), "marked": Held(marks_locks=True), "uniform": Held(), "redraw": Held(method="gibbs")}
"""Those of `WAYS`, in the order of what they take."""


def figures(lesson: LocksLesson) -> Iterator[LocksFigure]:
    """What is known at once, and then more and more of it."""
    joint = _kept(lesson)
    exact = joint / joint.sum()
    found = np.full((len(WAYS), len(STEPS), len(joint)), np.nan)
    for way, how in CHEAP.items():
        for number, steps in enumerate(STEPS):
            look()
            found[[*WAYS].index(way), number] = _written(lesson, how, steps)
            if way != "absorb" and steps >= 8:
                yield _figure(lesson, joint, exact, found)


def _figure(lesson: LocksLesson, joint: Numbers, exact: Numbers, found: Numbers) -> LocksFigure:
    return LocksFigure(
        lesson.world.words,
        lesson.place,
        lesson.word,
        numbers(joint),
        numbers(exact),
        frozen(np.array(STEPS)),
        numbers(found),
        numbers(np.abs(found - exact).sum(-1) / 2),
        SIGMAS,
        numbers(believed(float(joint.sum()), len(joint))),
    )


def believed(chance: float, words: int) -> Numbers:
    """The chance (S,), under uniform noise, that a word which reads like one of this `chance` was that one."""
    same = np.exp(-SIGMAS) - np.expm1(-SIGMAS) / words
    other = -np.expm1(-SIGMAS) / words
    return numbers(same * chance / (same * chance + other * (1 - chance)))


def _kept(lesson: LocksLesson) -> Numbers:
    """The chances (N,) of the texts that keep the lock."""
    lesson.world.check()
    if lesson.world.places != 2:
        raise UserError("Locks are shown in worlds of two places; choose such a world.")
    if lesson.place not in (0, 1) or not 0 <= lesson.word < len(lesson.world.words):
        raise UserError("There is no such word to lock in the world; lock one of its words.")
    law = np.array(lesson.world.law).reshape(len(lesson.world.words), -1)
    kept = law[lesson.word] if lesson.place == 0 else law[:, lesson.word]
    if kept.sum() <= 0:
        raise UserError("This word never stands there in the world; lock another one.")
    return numbers(kept)


def _written(lesson: LocksLesson, way: Held, steps: int) -> Numbers:
    """The law (N,) of the free word after so many steps."""
    geometric = GEOMETRIC[way.noise]
    model = diffusion(table(lesson.world, way.noise), marks_locks=way.marks_locks, geometric=geometric)
    tokens = np.full(2, FREE)
    tokens[lesson.place] = lesson.word
    law = exact_law(model, sampler_named(SAMPLER, way.noise), steps, tokens, METHODS[way.method])
    held = law.select(lesson.place, lesson.word)
    return numbers(held[: len(lesson.world.words)].numpy())
