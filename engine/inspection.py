"""What a model would put at one position of a text as it stands, given everything else in it: one network call."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from engine.conditioning import Locks, matched_sigma
from engine.diffusion import Diffusion, gather
from engine.messages import FREE, Inspect, UserError

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
