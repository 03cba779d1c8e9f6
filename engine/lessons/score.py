"""The concrete score: s_i(x)_y = p_sigma(x with y at place i) / p_sigma(x)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from engine.lessons.worlds import table
from engine.protocol import frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.levels import NOISY
from engine.protocol.lessons.score import ScoreFigure, ScoreLesson


def figures(lesson: ScoreLesson) -> Iterator[ScoreFigure]:
    """The one figure of a lesson."""
    toy = table(lesson.world, lesson.noise)
    texts, levels = toy.sequences(), torch.from_numpy(NOISY.copy())
    probability = toy.marginal(levels).reshape(len(levels), -1).numpy()
    each = texts.repeat(len(levels), 1)
    score = toy.log_score(each, levels.repeat_interleave(len(texts))).exp().numpy()
    score = score.reshape(len(levels), len(texts), toy.length, -1)
    yield ScoreFigure(
        lesson.world.words,
        frozen(texts.numpy()),
        NOISY,
        numbers(probability),
        numbers(score),
        numbers(score[..., : len(lesson.world.words)].sum(-1)),
        numbers(1 / np.expm1(NOISY)),
        lesson.noise,
    )
