"""Surest first: the positions whose token the network is surest of, far apart from each other.

In which order positions are filled does not matter to a network that knows the true conditional laws. To a trained one
it does: some of the laws that it was asked to learn are much harder than others (Kim et al., arXiv 2502.06768). So the
position with the least entropy comes first. Tokens that are revealed together are drawn independently, which hurts
most where they stand close to each other (Luxembourg et al., arXiv 2506.19037), and the surest positions are often
neighbours. So the distance to the nearest one of the same step counts, too.

The choice does not look at the drawn tokens: with a step for each token the sampler is exact, as `subset` is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.samplers.draws import Rows
from engine.theory.grid import Step
from engine.theory.randomness import Indices

SPREAD = 20.0
"""Nats. From 10 to 50 the stories of the bundled model are equally good; at 0, with four tokens a step, useless."""


@dataclass(frozen=True)
class Surest:
    """As many tokens as the schedule expects. `spread` (nats) is what it costs to stand next to a token that is
    revealed in the same step; at a distance d it is spread / d."""

    spread: float = SPREAD

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        reveal_surest(chain, rows, step.quota(rows.companions()), self.spread)


def reveal_surest(chain: AbsorbingChain, rows: Rows, counts: np.ndarray, spread: float) -> None:
    """Reveals so many of each sample's masked rows, `counts` (R,), as `spread_out` chooses them."""
    if not counts.any():
        return
    entropy = chain.entropy(rows)
    chosen = np.zeros(rows.size, np.bool_)
    for here in rows.by_sample():
        count = int(counts[here[0]])
        chosen[here[spread_out(entropy[here], rows.position[here], count, spread)]] = True
    chain.reveal(rows.pick(chosen))


def spread_out(entropy: np.ndarray, position: Indices, count: int, spread: float) -> Indices:
    """`count` of m positions, one after the other: indices into `entropy` (m,), nats, and `position` (m,).

    Each is the one with the least entropy + `spread` / distance to the nearest one chosen before.
    """
    chosen: list[int] = []
    cost = entropy.astype(np.float64)
    nearest = np.full(len(entropy), np.inf)
    for _ in range(min(count, len(entropy))):
        best = int(np.argmin(cost))
        chosen.append(best)
        nearest = np.minimum(nearest, np.abs(position - position[best]))
        cost = np.where(nearest > 0, entropy + spread / np.maximum(nearest, 1), np.inf)
    return np.array(chosen, np.int64)
