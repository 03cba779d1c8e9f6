"""What a model makes of a text as it stands, at one position or at all: one network call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine import stopping
from engine.protocol import FREE, Guess, Guessed, Insight, Inspect, Tokens, UserError, frozen
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion, gather
from engine.theory.lanes import pieces
from engine.theory.network import Features

if TYPE_CHECKING:
    from engine.language.patterns import Pattern

SMALLEST_SIGMA = 1e-4
"""A finished text has no noise; a network that is told the level has not seen less than this."""
LAWS = 2**22
"""Numbers of laws that are looked at together."""
NO_MASK = "Under uniform noise no token is masked; run first, and "


@torch.no_grad()
def look(
    diffusion: Diffusion,
    request: Inspect,
    run_id: int = 0,
    shaping: Shaping | None = None,
    pattern: Pattern | None = None,
) -> Insight:
    """The law of the clean token at one position given all others, and given what `shaping` allows and that the text
    matches the `pattern`, which it must be able to; a UserError where the request does not fit.

    The score p(x with the token there) / p(x) is that at the asked noise. It is None where that is not known, or the
    score not defined: under absorbing noise a token that is known only becomes a mask.
    """
    Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)  # checks size and tokens
    length, position = len(request.tokens), request.position
    if not 0 <= position < length:
        raise UserError(f"There is no position {position} in a text of {length} tokens; point at another.")
    own = int(request.tokens[position])
    stands = diffusion.graph.states_of(request.tokens, NO_MASK + "point at a token then.")
    x = diffusion.graph.hide(stands, position)
    here = np.arange(length) == position
    sigma = level_of(request.sigma)
    rows = here if pattern is None else here | (x == diffusion.graph.mask)
    all_features, tokens = features_at(diffusion, x, np.asarray(request.locked, bool) & ~here, rows, sigma)
    place = int(rows[:position].sum())
    features, token = Features(*(part[place : place + 1] for part in all_features)), tokens[place : place + 1]
    level = torch.tensor([sigma], device=diffusion.device)
    laws = diffusion.law_rows(all_features, level.expand(len(tokens)), tokens).double()
    if shaping is not None:
        laws = shaping.restrict(laws, torch.from_numpy(np.flatnonzero(rows)).to(laws.device))
    law = laws[place] if pattern is None else matching(pattern, np.where(rows, FREE, request.tokens), laws, place)
    top = law.topk(min(request.most, int((law > 0).sum())))
    score = None
    if x[position] == stands[position] and not math.isnan(request.sigma):
        scores = diffusion.parametrisation.clean_score(diffusion.output(features), level, token)[0]
        score = scores[top.indices].double().cpu().numpy()
    likely, probability = frozen(top.indices.cpu().numpy()), top.values.cpu().numpy()
    entropy = float(-torch.special.xlogy(law, law).sum())
    return Insight(run_id, position, likely, probability, score, entropy, None if own == FREE else float(law[own]))


def matching(pattern: Pattern, tokens: Tokens, laws: Tensor, place: int) -> Tensor:
    """The law (V,) at the free place number `place` of tokens (L,), given that a text drawn from the laws (m, V) of the
    free places matches."""
    found, revealed = [], np.arange(len(laws)) == place

    def note(number: int, weights: np.ndarray) -> int:
        found.append(weights / weights.sum())
        return int(weights.argmax())

    own = laws.cpu().numpy()
    pattern.draw(tokens, own, own, revealed, note)
    return torch.from_numpy(found[0])


@torch.no_grad()
def outlook(diffusion: Diffusion, request: Guess, run_id: int = 0) -> Guessed:
    """The law of each clean token given all of the text, itself included; a UserError where the text does not fit.

    Under absorbing noise it is known where the text is not masked. Under uniform noise, where every token may be
    noise, it is known where it is locked.
    """
    Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)  # checks size and tokens
    length, locked = len(request.tokens), np.array(request.locked, bool)
    x = diffusion.graph.states_of(request.tokens, NO_MASK + "look at the guess then.")
    unknown = diffusion.graph.unknown(torch.from_numpy(np.array(x)), torch.from_numpy(locked)).numpy()
    tokens, probability, entropy = np.array(request.tokens), np.full(length, math.nan), np.full(length, math.nan)
    if not unknown.any():
        return Guessed(run_id, frozen(tokens), probability, entropy)
    sigma = level_of(request.sigma)
    features, here = features_at(diffusion, x, locked, unknown, sigma)
    level, places = torch.full(here.shape, sigma, device=here.device), np.flatnonzero(unknown)
    for cut in pieces(len(here), diffusion.graph.states, LAWS):
        stopping.look()
        law = diffusion.law_rows(Features(*(part[cut] for part in features)), level[cut], here[cut])
        law = diffusion.graph.seen(law, here[cut], sigma).double()
        highest, best = law.max(-1)
        tokens[places[cut]] = best.cpu().numpy()
        probability[places[cut]] = highest.cpu().numpy()
        entropy[places[cut]] = torch.special.entr(law).sum(-1).cpu().numpy()
    return Guessed(run_id, frozen(tokens), probability, entropy)


def level_of(sigma: float) -> float:
    """The noise level to ask at; some level where none is known."""
    return 1.0 if math.isnan(sigma) else max(sigma, SMALLEST_SIGMA)


def features_at(
    diffusion: Diffusion, x: Tokens, locked: np.ndarray, chosen: np.ndarray, sigma: float
) -> tuple[Features, Tensor]:
    """Features of R positions `chosen` in x (L,), and the tokens (R,) there; `locked`, `chosen` (L,) bool."""
    device = diffusion.device
    told = torch.from_numpy(diffusion.graph.told(x[None], np.array([sigma]))).float()
    tokens, given, at = (torch.from_numpy(np.array(values))[None].to(device) for values in (x, locked, chosen))
    return gather(diffusion.features(tokens, told.to(device), given), at), tokens[at]
