"""What a model thinks of the tokens of a run afterwards, and what one word does to the laws of others.

All laws here are those of one clean token given all other positions, as `inspection.look` has them: the posterior of a
masked position under absorbing noise, the leave-one-out law g under uniform noise.

Regret of the token v at position i, chosen from the state x of noise sigma: the log ratio

    log p(v | x'_{-i}; sigma') - log p(v | x_{-i}; sigma)

with the text x' as it stands now, at its own noise sigma'. Below 0 the model thinks less of the token now, all else
given, than when it chose it. Under absorbing noise position i is hidden in x', one network call each; under uniform
noise the law leaves out what stands there, and one call tells of all.

Influence of a word w on position j: the divergence

    KL( p(x_j | R, w) || p(x_j | R) ),

R all else that is given. Under absorbing noise "without the word" is the word masked. Under uniform noise no state says
that a token is unknown, but the law without it follows from calls with others in its place: with c the laws of noised
tokens given all others, a the token at the place i of the word, and x_j what stands at j,

    p(a | R) is proportional to c_i(a | x_j, R) / c_j(x_j | a, R),
    g_j( . | R) = sum over a of p(a | R) g_j( . | a, R).

The first is Bayes' rule for the pair, p(a | R) c_j(x_j | a, R) = p(x_j | R) c_i(a | x_j, R); the second adds up over
what could stand there. The sum goes over the vocabulary, or over draws from c_i, weighted by what is left of p(a | R).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor

from engine.protocol import FREE, Influence, Influenced, Review, Reviewed, Run, Tokens, UserError, frozen
from engine.theory import uniform_law
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion
from engine.theory.inspection import NO_MASK, features_at, level_of

LEAST = -700.0
"""Nats: the log of a probability that is 0 in the numbers of a computer."""
DO = "ask for others."


def review(diffusion: Diffusion, request: Review, run_id: int = 0) -> Iterator[Reviewed]:
    """The log probabilities of tokens now and then, as they come; a UserError where the request does not fit."""
    _check(diffusion, request.tokens, request.locked, request.positions)
    rows = len(request.states)
    if request.states.shape != (rows, len(request.tokens)) or len(request.levels) != rows:
        raise UserError(f"The states from which tokens were chosen have another size than the text; {DO}")
    if len(request.chosen) != len(request.positions) or not np.isin(request.chosen, np.arange(rows)).all():
        raise UserError(f"It is not said of every position from which state its token was chosen; {DO}")
    if (request.tokens[request.positions] == FREE).any():
        raise UserError(f"A masked position has no token that was chosen; {DO}")
    asked, now = _Asked(diffusion, request.locked), np.array(request.tokens)
    then: dict[int, tuple[float, float]] = {}
    own = request.tokens
    hides = diffusion.graph.shows_noise  # of a masked token alone it is known that it is none
    used = np.unique(request.chosen).tolist()
    of = asked.each * (len(used) + (len(request.positions) if hides else 1))
    for row in used:
        here = request.positions[request.chosen == row]
        state = diffusion.graph.states_of(request.states[row], NO_MASK + DO)
        for group in _apart(here, state[here] == diffusion.graph.mask) if hides else (here,):
            laws = asked.laws(asked.hidden(state, group), group, request.levels[row])
            told = zip(_log(laws, own[group]), _entropy(laws), strict=True)
            then.update(zip(group.tolist(), told, strict=True))
            yield _reviewed(run_id, here[:0], [], then, asked.calls, of)
    stands = diffusion.graph.states_of(now, NO_MASK + DO)
    groups = request.positions[:, None] if hides else request.positions[None]
    for here in groups:
        laws = asked.laws(asked.hidden(stands, here), here, request.sigma)
        yield _reviewed(run_id, here, _log(laws, own[here]), then, asked.calls, of)


def _reviewed(
    run_id: int, here: Tokens, now: list[float], then: dict[int, tuple[float, float]], calls: int, of: int
) -> Reviewed:
    before, entropy = np.array([then[position] for position in here.tolist()]).reshape(-1, 2).T
    return Reviewed(run_id, frozen(here), np.array(now), before, entropy, calls, of)


def _apart(positions: Tokens, together: np.ndarray) -> list[Tokens]:
    """Those of the positions (K,) that one call can answer `together` (K,) bool, and each other one alone."""
    groups = [positions[together], *positions[~together][:, None]]
    return [group for group in groups if len(group)]


def influence(diffusion: Diffusion, request: Influence, run_id: int = 0) -> Iterator[Influenced]:
    """The divergences that each word makes, as they come; a UserError where the request does not fit."""
    asked = np.array(request.positions or np.flatnonzero(~np.asarray(request.locked)), np.int64)
    _check(diffusion, request.tokens, request.locked, asked)
    if not len(asked):
        raise UserError("Every token of the text is locked, so no law is asked about; unlock some.")
    for start, stop in request.words:
        if not 0 <= start < stop <= len(request.tokens):
            raise UserError(f"There are no positions {start} to {stop - 1} in the text; {DO}")
    if diffusion.graph.mask is None:
        yield from _by_draws(diffusion, request, asked, run_id)
    elif request.given == "locks":
        yield from _given_locks(diffusion, request, asked, run_id)
    else:
        yield from _given_text(diffusion, request, asked, run_id)


def _given_locks(diffusion: Diffusion, request: Influence, positions: Tokens, run_id: int) -> Iterator[Influenced]:
    """All that is not locked is hidden: the locks alone are known, less a word at a time."""
    asked, length, mask = (
        _Asked(diffusion, request.locked),
        len(request.tokens),
        diffusion.graph.need_mask(NO_MASK + DO),
    )
    if np.asarray(request.locked)[positions].any():
        raise UserError("A locked position has no law of its own while the locks are given; ask about the text.")
    known = np.where(request.locked, request.tokens, FREE)
    stands = diffusion.graph.states_of(known, NO_MASK + DO)
    base = asked.laws(stands, positions, request.sigma)
    for start, stop in request.words:
        inside = (np.arange(length) >= start) & (np.arange(length) < stop)
        without = np.where(inside, mask, stands)
        nats = np.zeros(len(positions))
        if (without != stands).any():
            nats = _divergence(base, asked.laws(without, positions, request.sigma))
        beside = ~inside[positions]
        found = frozen(positions[beside]), nats[beside]
        yield Influenced(run_id, (start, stop), *found, asked.calls, asked.each * (1 + len(request.words)))


def _given_text(diffusion: Diffusion, request: Influence, positions: Tokens, run_id: int) -> Iterator[Influenced]:
    """All that stands in the text is known but the position itself, less a word at a time.

    What there is more of comes in order: all positions of one word after another, or all words of one position.
    """
    asked, length, mask = (
        _Asked(diffusion, request.locked),
        len(request.tokens),
        diffusion.graph.need_mask(NO_MASK + DO),
    )
    stands = diffusion.graph.states_of(request.tokens, NO_MASK + DO)
    of, by_word = asked.each * len(positions) * (1 + len(request.words)), len(request.words) > len(positions)
    pairs = product(request.words, positions.tolist()) if by_word else _turned(positions.tolist(), request.words)
    bases: dict[int, Tensor] = {}
    for (start, stop), position in pairs:
        if start <= position < stop:
            continue
        here = np.array([position])
        hidden = asked.hidden(stands, here)
        if position not in bases:
            if not by_word:
                bases.clear()  # of many positions they are much
            bases[position] = asked.laws(hidden, here, request.sigma)
        inside = (np.arange(length) >= start) & (np.arange(length) < stop)
        without = np.where(inside, mask, hidden)
        nats = _divergence(bases[position], asked.laws(without, here, request.sigma))
        yield Influenced(run_id, (start, stop), frozen(here), nats, asked.calls, of)


def _turned(positions: list[int], words: tuple[Run, ...]) -> Iterator[tuple[Run, int]]:
    return ((word, position) for position in positions for word in words)


def _by_draws(diffusion: Diffusion, request: Influence, positions: Tokens, run_id: int) -> Iterator[Influenced]:
    """Under uniform noise: the law without a token is a mean over what else could stand there."""
    asked = _Asked(diffusion, request.locked)
    stands = diffusion.graph.states_of(request.tokens, NO_MASK + DO)
    if any(stop - start != 1 for start, stop in request.words):
        raise UserError("Under uniform noise influence is that of single tokens; ask about each of a word's tokens.")
    base, of = asked.laws(stands, positions, request.sigma), asked.each * (1 + len(request.words) * (1 + request.draws))
    for number, (place, _) in enumerate(request.words):
        free = np.asarray(request.locked, bool) & (np.arange(len(stands)) != place)
        noised = asked.noised(asked.laws(stands, np.array([place]), request.sigma, free), request.sigma)[0]
        beside = positions[positions != place]
        rows = torch.from_numpy(np.flatnonzero(positions != place))
        mean = torch.zeros_like(base[rows])
        weights = mean.new_zeros(len(beside))
        for token, share in _others(noised, request.draws, np.random.default_rng((request.seed, place))):
            put = np.where(np.arange(len(stands)) == place, token, stands)
            law = asked.laws(put, beside, request.sigma, free)
            seen = asked.noised(law, request.sigma).gather(-1, torch.from_numpy(stands[beside])[:, None])[:, 0]
            weight = share / seen.clamp(min=torch.finfo(seen.dtype).tiny)
            mean += weight[:, None] * law
            weights += weight
            yield Influenced(run_id, (place, place + 1), frozen(beside[:0]), np.empty(0), asked.calls, of)
        nats = _divergence(base[rows], mean / weights[:, None])
        left = asked.each * (len(request.words) - number - 1) * (1 + request.draws)
        yield Influenced(run_id, (place, place + 1), frozen(beside), nats, asked.calls, min(of, asked.calls + left))


def _others(law: Tensor, draws: int, generator: np.random.Generator) -> list[tuple[int, float]]:
    """Tokens with their shares of a law (V,): all of them if they are no more than `draws`, else those drawn."""
    if len(law) <= draws:
        return list(enumerate(law.tolist()))
    shares = law.double().numpy()
    drawn = generator.choice(len(law), draws, p=shares / shares.sum())
    tokens, counts = np.unique(drawn, return_counts=True)
    return list(zip(tokens.tolist(), (counts / draws).tolist(), strict=True))


class _Asked:
    """A model and which tokens are given, how many network calls were made, and how many `each` answer takes."""

    def __init__(self, diffusion: Diffusion, locked: np.ndarray) -> None:
        self.diffusion, self.locked, self.calls = diffusion, np.asarray(locked, bool), 0
        self.each = diffusion.calls

    def hidden(self, state: Tokens, here: Tokens) -> Tokens:
        """A state (L,) in which what would give these positions away is hidden."""
        for position in here.tolist():
            state = self.diffusion.graph.hide(state, position)
        return state

    @torch.no_grad()
    def laws(self, state: Tokens, here: Tokens, sigma: float, locked: np.ndarray | None = None) -> Tensor:
        """The laws (K, V) of clean tokens at positions here (K,) of a state (L,), on the CPU: a network call."""
        chosen = np.isin(np.arange(len(state)), here)
        sigma, diffusion = level_of(sigma), self.diffusion
        given = (self.locked if locked is None else locked) & (~chosen if diffusion.graph.shows_noise else True)
        features, own = features_at(diffusion, state, given, chosen, sigma)
        law = diffusion.law_rows(features, torch.full(own.shape, sigma, dtype=torch.float64, device=own.device), own)
        self.calls += self.each
        law = (law if law.dtype == torch.float64 else law.float()).cpu()
        return law[torch.from_numpy(np.argsort(np.argsort(here)))]

    def noised(self, law: Tensor, sigma: float) -> Tensor:
        """The laws (K, V) of noised tokens whose clean ones have these laws, under uniform noise."""
        return uniform_law.noised(law, torch.full(law.shape[:-1], level_of(sigma), dtype=torch.float64))


def _log(laws: Tensor, tokens: Tokens) -> list[float]:
    found: list[float] = laws.gather(-1, torch.from_numpy(tokens)[:, None])[:, 0].log().clamp(min=LEAST).tolist()
    return found


def _entropy(laws: Tensor) -> list[float]:
    """Of laws (K, V), nats."""
    law = laws.double()
    found: list[float] = (-torch.special.xlogy(law, law).sum(-1)).tolist()
    return found


def _divergence(one: Tensor, other: Tensor) -> np.ndarray:
    """KL(one || other) (K,) of laws (K, V), nats; not below 0, which rounding alone could make it."""
    p, q = one.double(), other.double().clamp(min=torch.finfo(torch.float64).tiny)
    nats: np.ndarray = (torch.special.xlogy(p, p) - p * q.log()).sum(-1).clamp(min=0).numpy()
    return nats


def _check(diffusion: Diffusion, tokens: Tokens, locked: np.ndarray, positions: Tokens) -> None:
    Locks.of(tokens, diffusion.vocabulary, diffusion.config.network.length)
    if diffusion.block_size:
        raise UserError("This model writes block by block and sees no text as a whole; choose another model.")
    if len(positions) and not 0 <= positions.min() <= positions.max() < len(tokens):
        raise UserError(f"There are no such positions in a text of {len(tokens)} tokens; {DO}")
    if len(np.unique(positions)) < len(positions):
        raise UserError("A position is named twice; name each once.")
    marked = diffusion.marks_locks and not diffusion.graph.shows_noise  # a token that is given is told so, for good
    if marked and np.asarray(locked, bool)[positions].any():
        raise UserError("A locked position has no law of its own in this model; ask about others.")
