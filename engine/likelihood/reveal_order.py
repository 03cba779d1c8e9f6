"""The bound of the sampler "subset" in N even steps, and one token at a time the exact likelihood of one order.

The positions are put in a random order and cut into the blocks that "subset" reveals. The tokens of a block are drawn
independently given those before it, so

    -log p_N(x) <= E over orders of [ sum over blocks of sum_{i in block} -log p(x_i | earlier blocks) ]

by Jensen's inequality, with equality if every order gives x the same probability. It is the bound of that sampler and
of no other, without temperature or top-p: looser than that of the model, which has no steps. One order takes N network
calls, or as many as there are tokens if they are fewer, and varies little.

Orders give a text different probabilities where the network contradicts itself, and Jensen's inequality loses what
they differ by. One token at a time, the model's own law p is the mean over orders of p(x | order); with K of them

    -log p(x) <= E[ -log of the mean of K p(x | order) ] <= E[ mean of K -log p(x | order) ] = the model's bound,

nearer to the truth the larger K is (Burda, Grosse, Salakhutdinov, arXiv 1509.00519, theorem 1). The difference of the
last two, the slack, is never negative and varies much less from text to text than either of them.
"""

from __future__ import annotations

import math

import numpy as np

from engine.likelihood.noised_text import Points, Text
from engine.theory.graphs import matched_sigma
from engine.theory.grid import grid
from engine.theory.schedules import Schedule


def block_sizes(schedule: Schedule, count: int, steps: int) -> np.ndarray:
    """How many of `count` positions each step of "subset" reveals, (steps,). There are steps that reveal nothing."""
    sizes: list[int] = []
    for step in grid(schedule, steps):
        sizes.append(int(step.quota(np.array(count - sum(sizes)))))
    return np.array(sizes)


def chain_nats(text: Text, order: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """-log p (n,) of the n blocks that `order`, a list of the free positions, is cut into; nats, n network calls."""
    ends = sizes[sizes > 0].cumsum()
    starts = np.concatenate(([0], ends[:-1]))
    place = np.full(len(text.tokens), -1)
    place[order] = np.arange(len(order))
    masked = place >= starts[:, None]
    level = matched_sigma(masked.sum(-1), len(text.tokens))
    points = Points(masked, np.zeros(masked.shape), level, np.ones(len(level)), scored=masked & (place < ends[:, None]))
    nats: np.ndarray = text.losses(points).sum(-1)
    return nats


def one_order(text: Text, sizes: np.ndarray, generator: np.random.Generator) -> tuple[float, int]:
    """-log p (nats) of a text along one random order, in blocks of these sizes, and the network calls."""
    nats = chain_nats(text, generator.permutation(np.nonzero(text.free)[0]), sizes)
    return float(nats.sum()), len(nats)


def slack_of_orders(text: Text, orders: int, generator: np.random.Generator) -> tuple[float, int]:
    """By how much (nats) `orders` random orders tighten the bound of a text, and the network calls."""
    found = [one_order(text, np.ones(text.count, np.int64), generator) for _ in range(orders)]
    nats = np.array([value for value, _ in found])
    together = nats.min() - math.log(np.exp(nats.min() - nats).mean())
    return float(nats.mean() - together), sum(calls for _, calls in found)
