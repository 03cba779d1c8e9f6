"""What a model makes of a text as it stands, at one position or at all: one network call."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from engine.protocol import FREE, Guess, Inspect, UserError
from engine.theory.conditioning import Locks, matched_sigma
from engine.theory.diffusion import Diffusion, gather

SMALLEST_SIGMA = 1e-4
"""A finished text has no noise; a network that is told the level has not seen less than this."""


@dataclass(frozen=True, eq=False)
class Look:
    """The `tokens` (K,) of the largest `probability` (K,), largest first, under the law of the clean token given all
    others; `entropy` of that law, nats; probability `own` of the token that stands there, None where none does.

    `score` (K,) is the concrete score p(x with the token there) / p(x) at the asked noise, None where that is not known
    or the score not defined: under absorbing noise a token that is known only becomes a mask.
    """

    tokens: np.ndarray
    probability: np.ndarray
    score: np.ndarray | None
    entropy: float
    own: float | None


@torch.no_grad()
def look(diffusion: Diffusion, request: Inspect) -> Look:
    """Answers the request; a UserError where it does not fit the model."""
    Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)  # checks size and tokens
    length, position = len(request.tokens), request.position
    if not 0 <= position < length:
        raise UserError(f"There is no position {position} in a text of {length} tokens; point at another.")
    mask, own = diffusion.graph.mask, int(request.tokens[position])
    if mask is None and (request.tokens == FREE).any():
        raise UserError("Under uniform noise no token is masked; run first, and point at a token then.")
    x = np.where(request.tokens == FREE, -1 if mask is None else mask, request.tokens)
    noisy = not math.isnan(request.sigma)
    sigma = max(request.sigma, SMALLEST_SIGMA) if noisy else 1.0
    if mask is not None:
        x[position] = mask
        told = float(matched_sigma(np.array((x == mask).sum()), length))
    else:
        told = sigma
    device = diffusion.device
    tokens = torch.from_numpy(x)[None].to(device)
    locked = torch.from_numpy(np.array(request.locked, bool))[None].to(device)
    locked[0, position] = False
    chosen = torch.zeros(1, length, dtype=torch.bool, device=device)
    chosen[0, position] = True
    features = gather(diffusion.features(tokens, torch.tensor([told], device=device), locked), chosen)
    if mask is not None:
        law = diffusion.log_posterior_rows(features)[0].exp()
        score = law / np.expm1(sigma) if own == FREE and noisy else None
    else:
        level, here = torch.tensor([sigma], device=device), tokens[:, position]
        law = diffusion.leave_one_out_rows(features, level, here)[0]
        score = diffusion.log_score_rows(features, level, here)[0].exp()
    law = law.double()
    top = law.topk(min(request.most, diffusion.vocabulary))
    entropy = -torch.special.xlogy(law, law).sum()
    return Look(
        top.indices.cpu().numpy(),
        top.values.cpu().numpy(),
        None if score is None else score[top.indices].double().cpu().numpy(),
        float(entropy),
        None if own == FREE else float(law[own]),
    )


@dataclass(frozen=True, eq=False)
class Outlook:
    """The likeliest clean token of each position (L,), its probability, and the entropy of the position's law, nats.

    Where the token is known already it stands there itself, and the numbers are NaN.
    """

    tokens: np.ndarray
    probability: np.ndarray
    entropy: np.ndarray


@torch.no_grad()
def outlook(diffusion: Diffusion, request: Guess) -> Outlook:
    """The law of each clean token given all of the text, itself included; a UserError where the text does not fit.

    Under absorbing noise it is known where the text is not masked. Under uniform noise, where every token may be
    noise, it is known where it is locked.
    """
    length, mask = len(request.tokens), diffusion.graph.mask
    Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)  # checks size and tokens
    if mask is None and (request.tokens == FREE).any():
        raise UserError("Under uniform noise no token is masked; run first, and look at the guess then.")
    unknown = request.tokens == FREE if mask is not None else ~np.asarray(request.locked, bool)
    guess = Outlook(np.array(request.tokens), np.full(length, math.nan), np.full(length, math.nan))
    if not unknown.any():
        return guess
    level = 1.0 if math.isnan(request.sigma) else max(request.sigma, SMALLEST_SIGMA)
    told = level if mask is None else float(matched_sigma(np.array(unknown.sum()), length))
    device = diffusion.device
    tokens = torch.from_numpy(np.where(request.tokens == FREE, -1 if mask is None else mask, request.tokens))[None]
    locked, chosen = (torch.from_numpy(np.array(a, bool))[None].to(device) for a in (request.locked, unknown))
    tokens = tokens.to(device)
    features = gather(diffusion.features(tokens, torch.tensor([told], device=device), locked), chosen)
    if mask is not None:
        law = diffusion.log_posterior_rows(features).exp()
    else:
        here = tokens[chosen]
        law = diffusion.leave_one_out_rows(features, torch.full(here.shape, level, device=device), here)
        law = seen_too(law, here, level)
    law = law.double()
    probability, best = law.max(-1)
    guess.tokens[unknown] = best.cpu().numpy()
    guess.probability[unknown] = probability.cpu().numpy()
    guess.entropy[unknown] = -torch.special.xlogy(law, law).sum(-1).cpu().numpy()
    return guess


def seen_too(law: torch.Tensor, here: torch.Tensor, sigma: float) -> torch.Tensor:
    """Laws (R, N) of clean tokens given all others, once the tokens `here` (R,) are seen under uniform noise sigma."""
    kept, states = math.exp(-sigma), law.shape[-1]
    reach = torch.full_like(law, (1 - kept) / states).scatter_add(-1, here[:, None], torch.full_like(law[:, :1], kept))
    product = law * reach
    return product / product.sum(-1, keepdim=True)
