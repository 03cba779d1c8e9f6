"""What a text costs a model, whatever its tokenizer, and how well that model writes: a row of a comparison.

Models cut a text into different tokens, so it is given in characters, and its bound is in bits a byte of the characters
that are asked about. Tokens that lie wholly in what is given are given. One that reaches over an edge is scored whole:
the bound is then on more than was asked about, given less, so it holds, and is a little looser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.language.domains import NO_JUDGE, domain_named, is_in_words
from engine.language.quality import mean, unigram_entropy
from engine.language.spans import Laid
from engine.performing.fitting import check_run, check_score
from engine.performing.judging import Judges
from engine.performing.performer import Performer
from engine.protocol import (
    FREE,
    Bounded,
    Evaluate,
    Evaluated,
    Event,
    Finished,
    Frame,
    Judge,
    Score,
    Started,
    UserError,
    frozen,
)
from engine.protocol.options import USUAL, check_options

HALF = 0.5
"""Of the work is the bound; the rest are the texts."""
BOUNDS = 8
"""Estimates that go into a bound."""


def evaluate(run_id: int, request: Evaluate, performer: Performer, judges: Judges) -> Iterator[Event]:
    """`Evaluated` again and again, the last one `done`."""
    info, domain = performer.info, domain_named(performer.info.domain)
    laid = Laid.of(request.text, performer.tokenizer)
    given = laid.inside(request.given)
    if given.all():
        raise UserError("Every word of this text is given, so there is nothing to score; unlock some.")
    free = Evaluated(run_id, int((~given).sum()), laid.shared(request.given))
    tokens = domain.filled(laid.tokens, performer.tokenizer, max(info.length, len(given)))
    given = np.append(given, np.full(len(tokens) - len(given), bool(given.any())))
    asked = len(request.text.encode()) - laid.within(request.given)
    for found in _bounded(free, request, performer, frozen(tokens), given, asked):
        yield found
        free = found
    # Asked of models of every kind at once: what means nothing to this one is not for it.
    chain = replace(request.chain, **{name: USUAL[name] for name in info.kind.idle})
    chain = replace(chain, tokens=frozen(np.where(given, tokens, FREE)))
    check_options(chain)
    check_run(chain, performer)
    rows = tokens[None]
    for event in performer.generate(run_id, chain):
        match event:
            case Started():
                rows = event.tokens.copy()
            case Frame():
                rows[event.sample, event.position] = event.token
                share = HALF + HALF * event.step / max(event.step, chain.steps)
                yield replace(free, share=min(share, 0.99))
            case Finished():
                break
    texts = tuple(performer.tokenizer.decode(row.tolist()) for row in rows)
    yield replace(_judged(free, request, performer, judges, texts, rows), samples=len(texts), share=1.0, done=True)


def _bounded(
    free: Evaluated, request: Evaluate, performer: Performer, tokens: np.ndarray, given: np.ndarray, size: int
) -> Iterator[Evaluated]:
    """The bound in bits for each of `size` bytes as it tightens; where a model has none a note says why."""
    chain = request.chain
    score = Score(tokens, given, None, None, chain.seed, by_token=False, draws=request.draws, label=chain.label)
    check_score(score, performer)
    try:
        for number, event in enumerate(performer.score(free.run_id, score), start=1):
            if isinstance(event, Bounded):
                factor = event.tokens / max(size, 1) / math.log(2)
                bits, error = event.nats * factor, event.standard_error * factor
                yield replace(free, bits=bits, bits_error=error, share=HALF * min(1, number / BOUNDS))
    except UserError as error:
        yield replace(free, note=str(error), share=HALF)


def _judged(
    free: Evaluated, request: Evaluate, performer: Performer, judges: Judges, texts: tuple[str, ...], rows: np.ndarray
) -> Evaluated:
    """With what the judge makes of texts, whose tokens are `rows` (B, L); without one their own entropy alone."""
    wordy = is_in_words(performer.info.domain, performer.tokenizer)
    if request.judge and wordy:
        said = judges.judge(free.run_id, Judge(request.judge, texts), performer)
        judged = replace(free, perplexity=said.perplexity, perplexity_error=said.error)
        return replace(judged, entropy=said.entropy, entropy_error=said.entropy_error)
    own = mean(np.array([unigram_entropy(row) for row in rows]))
    note = " ".join(filter(None, (free.note, "" if wordy else NO_JUDGE)))
    return replace(free, entropy=own.value, entropy_error=own.error, note=note)
