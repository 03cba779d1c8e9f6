"""All texts at once: p_sigma(y) = sum over clean texts x of p(x) times, at each place, exp(sigma Q)[y, x]."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from engine.lessons.worlds import moves, table
from engine.protocol import UserError, frozen
from engine.protocol.lessons import SIGMAS, numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.texts import TextsFigure, TextsLesson

WHOLE = 100
"""Hundredths, in which chances are edited."""


def figures(lesson: TextsLesson) -> Iterator[TextsFigure]:
    """The one figure of a lesson."""
    toy = table(lesson.world, lesson.noise)
    if not 0 <= lesson.edited < len(lesson.world.law):
        raise UserError("There is no text of this number in the world; choose one of its texts.")
    laws = np.array([edited(np.array(lesson.world.law), lesson.edited, share) for share in range(WHOLE + 1)])
    probability = np.einsum("stc,hc->hst", moves(toy, SIGMAS), laws)
    texts, words = toy.sequences().numpy(), lesson.world.words
    clean = np.flatnonzero((texts < len(words)).all(1))
    single = toy.transition_matrix(torch.from_numpy(SIGMAS.copy())).numpy()
    differ = ((texts[:, None] != texts[None, clean]) & (texts[:, None] < len(words))).sum(2)  # (T, C)
    apart = differ[..., None] == np.arange(lesson.world.places + 1)
    yield TextsFigure(
        words,
        frozen(texts),
        frozen(clean),
        SIGMAS,
        numbers(single[:, 0, 0]),
        numbers(single[:, -1, 0]),
        numbers(laws),
        numbers(np.einsum("hc,tcd->htd", laws, apart)),
        numbers(probability),
        lesson.noise,
    )


def edited(law: Numbers, text: int, share: int) -> Numbers:
    """A law (C,) whose entry `text` is made so many hundredths; the others are hundredths that share the rest as
    before, alike where they had nothing. As it was, where it has so many hundredths already."""
    if round(WHOLE * float(law[text])) == share and np.abs(WHOLE * law - np.round(WHOLE * law)).max() < 1e-9:
        return law
    others = np.where(np.arange(len(law)) == text, 0.0, law)
    if others.sum() == 0:
        others = np.where(np.arange(len(law)) == text, 0.0, 1.0)
    wanted = (WHOLE - share) * others / others.sum()
    whole = np.floor(wanted + 1e-9)
    missing = WHOLE - share - int(whole.sum())
    whole[np.argsort(whole - wanted, kind="stable")[:missing]] += 1  # those that lost most by rounding
    whole[text] = share
    return numbers(whole / WHOLE)
