"""Precision: the law of what is written where a draw is a race of clocks that were read off coarse numbers.

A clock of weight w rings at -log(u) / w, and the first that rings is drawn. A number u of b bits is a multiple of
2^-b, so no clock rings before 2^-b / w. Against ideal clocks of weight 1 - w in all that one wins with the chance

    q = sum over j = 1..2^b of 2^-b (1 - j 2^-b)^((1 - w) / w),

which falls short of w once w is near 2^-b: q / w is nearly x / (e^x - 1) with x = 2^-b / w. (Only one clock at a time
is coarse here. Where all are, a rare word's chance changes by another share of 1 / steps at most.) In each of N even
steps a hidden word is shown with the chance 1 / m, m being the steps left, so the weights are p / m, and 1 - 1 / m for
hidden to stay. See Zheng et al., arXiv 2409.02908.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.protocol import frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.precision import BITS, STEPS, PrecisionFigure, PrecisionLesson
from engine.stopping import look

SMOOTH = 0.05
"""x up to which the sum is its integral with four corrections, within 1e-16."""
GONE = 40.0
"""Terms below e^-40 of the first are nothing."""
COLDEST = 1e-3
"""The lowest temperature that is told."""


def figures(lesson: PrecisionLesson) -> Iterator[PrecisionFigure]:
    """The one figure of a lesson."""
    sizes = 2 ** np.arange(lesson.groups)
    should = 1 / (lesson.groups * sizes)
    left = np.arange(1, STEPS[-1] + 1)
    weight = should / left[:, None]  # (M, G)
    share, first = [], []
    for bits in BITS.values():
        look()
        chance = drawn(weight, bits)
        share.append(written(chance * sizes)[STEPS - 1])
        first.append((chance / weight)[STEPS - 1])
    entropy = np.array([[entropy_of(row, sizes) for row in rows] for rows in share])
    yield PrecisionFigure(
        frozen(sizes),
        numbers(should),
        STEPS,
        numbers(share),
        numbers(first),
        numbers(entropy),
        entropy_of(should * sizes, sizes),
        numbers(temperatures(entropy, should, sizes)),
    )


def drawn(weight: Numbers, bits: int) -> Numbers:
    """The chance q that a clock of each weight, below 1 / 6, rings first."""
    grain, power = 0.5**bits, (1 - weight) / weight
    rough = power * grain >= SMOOTH
    smooth = np.where(rough, 1.0, power)
    chance = np.asarray(
        1 / (smooth + 1)
        - grain / 2
        + grain**2 * smooth / 12
        - grain**4 * smooth * (smooth - 1) * (smooth - 2) / 720
        + grain**6 * smooth * (smooth - 1) * (smooth - 2) * (smooth - 3) * (smooth - 4) / 30240
    )
    order = np.sort(power[rough])
    total = np.zeros(len(order))
    for number in range(1, min(2**bits, int(GONE / SMOOTH) + 2)):
        kept = int(np.searchsorted(order, GONE / (grain * number)))
        if kept == 0:
            break
        total[:kept] += grain * np.exp(order[:kept] * np.log1p(-number * grain))
    chance[rough] = total[np.searchsorted(order, power[rough])]
    return chance


def written(chance: Numbers) -> Numbers:
    """The law (M, G) of what is written in 1..M steps, from the chances (M, G) of a step with so many steps left."""
    law = np.empty_like(chance)
    law[0] = chance[0] / chance[0].sum()
    for left in range(1, len(chance)):
        law[left] = chance[left] + (1 - chance[left].sum()) * law[left - 1]
    return law


def entropy_of(share: Numbers, sizes: np.ndarray) -> float:
    """Of words, nats, from the shares (G,) of their groups."""
    there = share > 0
    return float((share[there] * np.log(sizes[there] / share[there])).sum())


def temperatures(entropy: Numbers, should: Numbers, sizes: np.ndarray) -> Numbers:
    """At which right draws have each entropy: between `COLDEST` and 1, by bisection."""
    low, high = np.full(entropy.shape, COLDEST), np.ones(entropy.shape)
    for _ in range(50):
        middle = (low + high) / 2
        log = np.log(sizes) + np.log(should) / middle[..., None]
        share = np.exp(log - log.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        warm = (share * (np.log(sizes) - np.log(np.maximum(share, 1e-300)))).sum(-1) > entropy
        low, high = np.where(warm, low, middle), np.where(warm, middle, high)
    return numbers((low + high) / 2)
