"""What a sampler is held to: locked tokens, and what may be drawn where.

Locked tokens are given, and no sampler may change them. Under absorbing noise clamping them from the first step on is
exact: the law of the masked tokens given the others does not depend on the noise level. Under uniform noise it is
an approximation, unless the network was trained with given tokens marked: a clean token looks to it like a noisy
one that happens to read the same. `engine.samplers.locking` has the remedies.

`Shaping` acts on the law of one clean token (the posterior p under absorbing noise, the leave-one-out posterior g
under uniform noise), never on the rates: raising a score to a power would also change when tokens are revealed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.protocol import FREE, Generate, Tokens, UserError


@dataclass(frozen=True)
class Locks:
    """`tokens` (L,) int64 holds the given token where `locked` (L,) bool is set."""

    tokens: Tensor
    locked: Tensor

    @staticmethod
    def of(tokens: Tokens, vocabulary: int, length: int) -> Locks:
        """From a request's tokens, `FREE` where the sampler fills; a UserError if they do not fit the model."""
        if tokens.ndim != 1 or not 0 < tokens.size <= length:
            raise UserError(f"The text has {tokens.size} tokens, and this model takes 1 to {length}; shorten it.")
        if tokens.min() < FREE or tokens.max() >= vocabulary:
            raise UserError("A locked token is not in this model's vocabulary; enter the prompt again for this model.")
        given = torch.from_numpy(tokens.copy())
        return Locks(given, given != FREE)

    def clamp(self, x: Tensor) -> Tensor:
        """x (B, L) with every locked position set to its token."""
        return torch.where(self.locked.to(x.device), self.tokens.to(x.device), x)


@dataclass(frozen=True)
class Shaping:
    """Temperature, nucleus and allowed tokens.

    `allowed` is (V,) or (L, V) bool over the clean tokens, None where all are. Probabilities are masked, then raised to
    1 / `temperature` (0: the most probable token alone), then cut to the smallest set of tokens that holds `top_p`
    of the mass, the token that crosses it included.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    allowed: Tensor | None = None

    @staticmethod
    def of(request: Generate, vocabulary: int) -> Shaping:
        """What a request asks of the law of each of `vocabulary` tokens."""
        return Shaping(request.temperature, request.top_p, _allowed(request, vocabulary))

    def __post_init__(self) -> None:
        if self.allowed is not None and not self.allowed.any(-1).all():
            raise UserError("No token is allowed at a position; allow at least one.")

    @property
    def sharpens(self) -> bool:
        """Whether laws are changed where every token is allowed."""
        return self.temperature != 1 or self.top_p != 1

    @property
    def active(self) -> bool:
        return self.sharpens or self.allowed is not None

    def restrict(self, law: Tensor, position: Tensor) -> Tensor:
        """Laws (R, V) at positions (R,) given that the token is allowed."""
        if self.allowed is None:
            return law
        allowed = self.allowed.to(law.device)
        allowed = allowed.expand(len(law), -1) if allowed.dim() == 1 else allowed[position]
        law = law * allowed
        total = law.sum(-1, keepdim=True)
        even = allowed / allowed.sum(-1, keepdim=True)  # where the model expects no allowed token
        return torch.where(total > 0, law / total.clamp(min=torch.finfo(law.dtype).tiny), even.to(law.dtype))

    def sharpen(self, law: Tensor, kept: Tensor | None = None) -> Tensor:
        """Laws (R, V) at the temperature, cut to the nucleus and what is `kept` (R, V) bool, each summing to 1."""
        if self.temperature == 0:
            law = torch.zeros_like(law).scatter(-1, law.argmax(-1, keepdim=True), 1.0)
        elif self.temperature != 1:
            law = (law.log() / self.temperature).softmax(-1)
        if self.top_p < 1:
            ranked, order = law.sort(-1, descending=True)
            nucleus = torch.zeros_like(law, dtype=torch.bool).scatter(
                -1, order, ranked.cumsum(-1) - ranked < self.top_p
            )
            law = law * (nucleus if kept is None else nucleus | kept)
            law = law / law.sum(-1, keepdim=True)
        return law


def _allowed(request: Generate, vocabulary: int) -> Tensor | None:
    """(V,) bool, or (L, V) where positions are limited; None where every token may stand everywhere."""
    limits = request.token_limits
    if not request.banned and not limits:
        return None
    named = {*request.banned, *(token for *_, tokens in limits for token in tokens)}
    if named and not 0 <= min(named) <= max(named) < vocabulary:
        raise UserError("A banned or allowed token is not in this model's vocabulary; name tokens of this model.")
    allowed = torch.ones(vocabulary, dtype=torch.bool)
    allowed[list(request.banned)] = False
    if not limits:
        return allowed
    each = allowed.repeat(len(request.tokens), 1)
    for start, stop, tokens in limits:
        if not 0 <= start < stop <= len(each):
            raise UserError(f"There are no positions {start} to {stop - 1} to limit; choose others.")
        only = torch.zeros(vocabulary, dtype=torch.bool)
        only[list(tokens)] = True
        each[start:stop] &= only
    return each
