"""How often a spoilt word comes back where a text is noised, and the noise undone.

Nothing is locked and every token is noised alike: a model that were told where the typo is would not have to find it.
The forward process takes the spoilt text to a level, a share of noised tokens, and the reverse chain goes on from there
(as Meng et al., arXiv 2108.01073, edit pictures): the higher the level, the more is mended, and the more else is lost.
Under absorbing noise a word that is not masked stays, so what is right is drawn anew as often as what is wrong; where
tokens turn into others each may change, and a model can find what does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.language.quality import mean
from engine.language.spans import Laid
from engine.language.tokenizers import Tokenizer
from engine.performing.fitting import check_run
from engine.performing.performer import Performer
from engine.protocol import FREE, Event, Finished, Frame, Generate, Mend, Mended, Started, Tokens, UserError, frozen
from engine.protocol.option_kinds import Real
from engine.protocol.options import check_options

LEVEL = Real(0.01, 0.99)
AT_ONCE = 8
"""Texts that are noised together."""


class Words:
    """The words of a spoilt text, as a tokenizer cuts it, and what became of them."""

    def __init__(self, request: Mend, tokenizer: Tokenizer) -> None:
        if not 0 <= request.spoilt < len(request.words):
            raise UserError("The spoilt word is none of the text's; choose another.")
        self._tokenizer = tokenizer
        self.laid = Laid.of(request.text, tokenizer)
        self._places = [self.laid.touching(run) for run in request.words]
        self._spoilt = request.spoilt
        start, stop = request.words[request.spoilt]
        place = self._places[request.spoilt]
        left, right = (int(self.laid.edges[edge]) for edge in (place.start, place.stop))
        first, last = self.laid.bytes_of((start, stop))
        text = request.text.encode()
        self._wanted = text[left:first] + request.original.encode() + text[last:right]
        whole = Laid.of(request.text[:start] + request.original + request.text[stop:], tokenizer)
        self.tokens = place.stop - place.start
        self.before = self.tokens + len(whole.tokens) - len(self.laid.tokens)

    def mended(self, row: Tokens) -> bool:
        """Whether tokens (L,) spell the original where the spoilt word stood."""
        return self._spelled(row, self._places[self._spoilt]) == self._wanted

    def damaged(self, row: Tokens) -> float:
        """The share of the other words that tokens (L,) spell otherwise; NaN where there are none."""
        others = [place for number, place in enumerate(self._places) if number != self._spoilt]
        changed = [self._spelled(row, place) != self._spelled(self.laid.tokens, place) for place in others]
        return float(np.mean(changed)) if others else math.nan

    def _spelled(self, row: Tokens, place: slice) -> bytes:
        return b"".join(map(self._tokenizer.spelling, row[place].tolist()))


def mend(run_id: int, request: Mend, performer: Performer) -> Iterator[Event]:
    """`Mended` of each level, as more and more texts are through, then `Finished`."""
    words = Words(request, performer.tokenizer)
    calls, seconds = 0, 0.0
    for level in request.levels:
        LEVEL.check("Each noise level", level)
        mended: list[bool] = []
        damaged: list[float] = []
        for first in range(0, request.chain.samples, AT_ONCE):
            count = min(AT_ONCE, request.chain.samples - first)
            chain = chain_of(request, words, performer, level, first, count)
            check_options(chain)
            check_run(chain, performer)
            for event in performer.generate(run_id, chain):
                match event:
                    case Started(tokens=tokens):
                        rows = tokens.copy()
                    case Frame():
                        rows[event.sample, event.position] = event.token
                    case Finished():
                        calls, seconds = calls + event.evaluations, seconds + event.seconds
            mended += map(words.mended, rows)
            damaged += map(words.damaged, rows)
            share, error = proportion(sum(mended), len(mended))
            others = mean(np.array(damaged))
            sizes = words.tokens, words.before
            yield Mended(run_id, level, len(mended), share, error, others.value, others.error, *sizes)
    yield Finished(run_id, calls, seconds, calls)


def chain_of(request: Mend, words: Words, performer: Performer, level: float, first: int, count: int) -> Generate:
    """The run that takes `count` texts from `level` to no noise, in steps as far apart as those from full noise."""
    tokens, asked = words.laid.tokens, request.chain
    first += asked.first_sample
    start, time = performer.noised(tokens, level, asked.seed, first, count)
    steps = max(1, math.ceil(asked.steps * time))
    times = (1.0, *np.linspace(time, 0.0, steps + 1).tolist())
    return replace(
        asked,
        tokens=frozen(np.full(len(tokens), FREE)),
        steps=steps + 1,
        spacing=times,
        samples=count,
        first_sample=first,
        start=start,
        first_step=2,
    )


def proportion(hits: int, count: int) -> tuple[float, float]:
    """A share and its standard error, by Wilson's interval of one standard error, which is never 0."""
    share = hits / count
    return share, math.sqrt(share * (1 - share) * count + 0.25) / (count + 1)
