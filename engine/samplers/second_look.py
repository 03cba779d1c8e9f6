"""Second look: half of the steps fill the text, as `surest` does, and the other half look at what was drawn again.

Up to 16 steps all fill: with fewer, more is drawn at once than looking could mend. So they do in gaps of up to 16
tokens, which are drawn one by one.

A look hides what is drawn at every eighth free position, and asks the network for the laws there, given all the others;
the next look takes the next positions. A token is odd if its surprise, -log p, is above the entropy of its law by more
than `surprise` nats: the network is much more surprised by it than by what it would draw itself. Odd tokens are drawn
anew, the others come back. So what was drawn early, and does not fit what came later, is mended, at one call for an
eighth of the text. To have the model itself say what to mend is the idea of the informed correctors of Zhao et al.,
arXiv 2407.21243; by laws of hidden tokens any model of masks can.

Biased whatever the number of steps: tokens are kept for what they are, which makes odd ones rarer than they should be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.samplers.chain import AbsorbingChain
from engine.samplers.draws import Flags, Rows
from engine.samplers.law import Law
from engine.samplers.surest import SPREAD, Surest, reveal_surest
from engine.theory.grid import Step
from engine.theory.randomness import Indices

LEAST = 16
"""Steps that fill at least."""
PARTS, FEWEST = 8, 4
"""Looks that see every token once, and where there are few: of a text that is hidden in larger parts too little is
known."""
SURPRISE = 1.0
"""Nats. At 0 and at 1 sixteen stories of the bundled model are equally good within a standard error."""


@dataclass(frozen=True)
class SecondLook:
    """`surprise` (nats) is by how much a token's surprise may be above the entropy of its law."""

    surprise: float = SURPRISE

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        if min(step.steps, int(chain.free[0].sum())) <= LEAST:
            Surest().step(chain, step)
            return
        masked, drawn = chain.masked(), chain.revealed()
        if masked.size:
            reveal_surest(chain, masked, filling(step).even_share(masked.companions()), SPREAD)
        if step.number > halfway(step):
            self.look(chain, drawn.pick(~np.isin(drawn.sample, masked.sample)), step)

    def look(self, chain: AbsorbingChain, drawn: Rows, step: Step) -> None:
        """Hides a part of the `drawn` tokens, and draws those anew that are odd."""
        parts = int(np.clip(step.steps - halfway(step), FEWEST, PARTS))
        turn = (np.cumsum(chain.free, axis=1) - 1) % parts
        rows = drawn.pick(turn[drawn] == step.number % parts)
        if not rows.size:
            return
        own = chain.own(rows).cpu().numpy()
        chain.remask(rows)
        chain.unweighed()
        chain.draws.number(rows, step.number)
        if chain.pattern is None:

            def mended(cut: slice, law: Law) -> Indices:
                tokens, odd = own[cut].copy(), self.odd(law, own[cut])
                weights = law.weights[torch.from_numpy(odd).to(law.weights.device)]
                tokens[odd] = chain.drawn(rows.pick(cut).pick(odd), weights)[1]
                return tokens

            chain.place(rows, np.concatenate(chain.laws(rows, 1.0, mended)))
            return
        odd = np.concatenate(chain.laws(rows, 1.0, lambda cut, law: self.odd(law, own[cut])))
        chain.place(rows.pick(~odd), own[~odd])
        chain.reveal(rows.pick(odd))  # so that all matches; the network is asked again, given what came back

    def odd(self, law: Law, tokens: np.ndarray) -> Flags:
        """Which tokens (R,) are too surprising under their laws."""
        weights = law.weights.double()
        weights = weights / weights.sum(-1, keepdim=True)
        entropy = torch.special.entr(weights).sum(-1).cpu().numpy()
        with np.errstate(divide="ignore"):
            surprise = -np.log(Law(weights, weights, weights).probability(tokens))
        flags: Flags = surprise > entropy + self.surprise
        return flags


def halfway(step: Step) -> int:
    """How many steps of a run fill."""
    return max((step.steps + 1) // 2, LEAST)


def filling(step: Step) -> Step:
    """The same step of a run that only fills, and has the first steps of this one, or half of what is left where more
    was masked since then."""
    fill = halfway(step)
    return replace(step, steps=fill if step.number <= fill else step.number + max(1, step.steps_left // 2) - 1)
