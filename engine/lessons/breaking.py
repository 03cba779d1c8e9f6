"""Breaking a text: accidents strike each word as a Poisson process of rate 1 per unit of sigma.

Absorbing noise hides a word at the first; uniform noise puts a word there that is drawn from all of the alphabet, the
one that stood there among them, at each. So exp(sigma Q) is e^-sigma I + (1 - e^-sigma) times the noise's limit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.plain_text import plain_line
from engine.protocol import UserError, frozen
from engine.protocol.lessons import SIGMAS, numbers
from engine.protocol.lessons.breaking import LONGEST_WORD, MOST_WORDS, BreakingFigure, BreakingLesson

MOST_ACCIDENTS = 64
"""Of a word, up to the last level; more have a chance below 1e-40."""


def figures(lesson: BreakingLesson) -> Iterator[BreakingFigure]:
    """The one figure of a lesson. What strikes a word depends on its place and the seed, and not on the other words."""
    _check(lesson)
    names = tuple(dict.fromkeys((*lesson.words, *lesson.alphabet)))
    text = np.array([names.index(word) for word in lesson.words])
    draws = [np.random.default_rng((lesson.seed, place)) for place in range(len(text))]
    times = np.array([draw.exponential(size=MOST_ACCIDENTS) for draw in draws]).cumsum(1)
    put = np.array([(draw.random(MOST_ACCIDENTS) * len(names)).astype(np.int64) for draw in draws])
    accidents = (times[None] <= SIGMAS[:, None, None]).sum(2)
    last = np.take_along_axis(put[None], np.maximum(accidents - 1, 0)[..., None], axis=2)[..., 0]
    uniform = np.where(accidents > 0, last, text)
    kept = np.exp(-SIGMAS)
    yield BreakingFigure(
        names,
        frozen(text),
        SIGMAS,
        frozen(accidents),
        frozen(uniform),
        numbers(kept),
        numbers(kept + (1 - kept) / len(names)),
        numbers((accidents > 0).mean(1)),
        numbers((uniform != text).mean(1)),
        tuple(tuple(np.unique(read).tolist()) for read in uniform.T),
        numbers(np.where(times[:, 0] <= SIGMAS[-1], times[:, 0], np.inf)),
    )


def _check(lesson: BreakingLesson) -> None:
    count, others = len(lesson.words), len(lesson.alphabet)
    if not count:
        raise UserError("There is no word yet; write a sentence.")
    if count > MOST_WORDS:
        raise UserError(f"There is room for {MOST_WORDS} words, and these are {count}; write a shorter sentence.")
    if others > MOST_WORDS:
        raise UserError(f"There is room for {MOST_WORDS} other words, and these are {others}; write fewer.")
    for word in (*lesson.words, *lesson.alphabet):
        if len(word) > LONGEST_WORD:
            raise UserError(f"A word has {LONGEST_WORD} characters at most here; write a shorter one.")
        if not word or plain_line(word) != word:
            raise UserError("A word has characters that cannot be shown; write it without them.")
