"""How a text is put before a network that was adapted from another use, and where its answers are found.

Networks that were trained on whole documents know a text by the tokens at its ends. Adapted from writing left to right,
they keep to the habit that the feature of a position is about the next one (Gong et al., arXiv 2410.17891).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.theory.network import Features

NEVER = -1e4
"""The logit of what is never written: its probability is 0, and a text that has it all the same a finite bound."""


@dataclass(frozen=True)
class Framing:
    """`before` and `after` are tokens that stand around a text, unless it begins with `before` itself.

    With `shift` the law of a token is in the features of the position before; the first then wants a `before`. Tokens
    `never` are not drawn.
    """

    before: int | None = None
    after: int | None = None
    shift: bool = False
    never: tuple[int, ...] = ()

    @property
    def room(self) -> int:
        """Positions that the frame takes."""
        return sum(token is not None for token in (self.before, self.after))

    def read(self, body: Callable[[Tensor, Tensor], Features], tokens: Tensor, told: Tensor) -> Features:
        """Features of the positions of tokens (B, L), where their laws are found, by a network's `body`."""
        if self.before is None:
            return self._features(body, tokens, told, False)
        begun = tokens[:, 0] == self.before
        groups = [(rows, framed) for framed in (False, True) if len(rows := (begun != framed).nonzero()[:, 0])]
        found = [self._features(body, tokens[rows], told[rows], framed) for rows, framed in groups]
        back = torch.cat([rows for rows, _ in groups]).argsort()
        return Features(*(torch.cat(parts)[back] for parts in zip(*found, strict=True)))

    def _features(
        self, body: Callable[[Tensor, Tensor], Features], tokens: Tensor, told: Tensor, framed: bool
    ) -> Features:
        ends = [torch.full_like(tokens[:, :1], end) for end in (self.before, self.after) if end is not None]
        read = torch.cat((ends[0], tokens, *ends[1:]), dim=1) if framed else tokens
        hidden, cond = body(read, told)
        if self.shift:  # what stands first, unframed, is given
            hidden = torch.cat((hidden[:, :1], hidden[:, :-1]), dim=1)
        return Features(hidden[:, framed : framed + tokens.shape[1]], cond)

    def restrict(self, output: Tensor) -> Tensor:
        """A network's output (..., V) with what is never written ruled out."""
        if not self.never:
            return output
        return output.index_fill(-1, torch.tensor(self.never, device=output.device), NEVER)


UNFRAMED = Framing()
