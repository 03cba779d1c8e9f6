"""Many at once: the whole law of each sampler, by following every choice that its own code can make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.exact.sampler_law import exact_law
from engine.exact.toy import GEOMETRIC, diffusion
from engine.lessons.worlds import table
from engine.protocol import FREE, frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.many import STEPS, ManyFigure, ManyLesson
from engine.protocol.sampler_table import samplers_for
from engine.samplers import sampler_named
from engine.stopping import look

NOT_STEPWISE = ("uniformization",)
"""They choose in continuous time, which cannot be followed; they are exact whatever the number of steps."""
AFFORDABLE = {("gibbs", "uniform"): 4, ("trapezoidal", "uniform"): 16}
"""The most steps that are followed where each can go very many ways."""


def figures(lesson: ManyLesson) -> Iterator[ManyFigure]:
    """With every number of steps for one sampler more, those with few steps first."""
    toy = table(lesson.world, lesson.noise)
    model = diffusion(toy, geometric=GEOMETRIC[lesson.noise])
    names = [row.name for row in samplers_for(lesson.noise) if row.name not in NOT_STEPWISE]
    true = toy.joint.reshape(-1).numpy()
    clean = np.array(lesson.world.texts())
    law = np.full((len(names), len(STEPS), len(true)), np.nan)
    words = (slice(len(lesson.world.words)),) * toy.length
    for number, steps in enumerate(STEPS):
        for row, name in enumerate(names):
            look()
            if steps <= AFFORDABLE.get((name, lesson.noise), steps):
                free = np.full(toy.length, FREE)
                whole = exact_law(model, sampler_named(name, lesson.noise), steps, free)
                law[row, number] = whole[words].reshape(-1).numpy()
        left = 1 - law.sum(2, keepdims=True)  # what is still hidden at the end, which no sampler here leaves
        distance = (np.abs(law - true).sum(2) + np.abs(left[..., 0])) / 2
        yield ManyFigure(
            tuple(names),
            STEPS,
            frozen(clean),
            numbers(true),
            numbers(law),
            numbers(distance),
            numbers(np.where(true == 0, law, 0.0).sum(2)),
            lesson.noise,
        )
