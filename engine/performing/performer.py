"""What a model that is opened does, whichever kind it is: it answers four questions with events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.language.tokenizers import Tokenizer
from engine.protocol import Event, Generate, Guess, Guessed, Insight, Inspect, ModelInfo, Score, UserError
from engine.protocol.options import check_options

FRAME_BYTES = 24
MEMORY_CAP = 2 * 2**30


class Performer(Protocol):
    """A model with its description and its tokenizer. All that it answers raises a UserError where it cannot."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    def generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        """`Started`, the frames, `Finished`; the request has passed `check`."""

    def inspect(self, run_id: int, request: Inspect) -> Insight:
        """What may stand at one position."""

    def guess(self, run_id: int, request: Guess) -> Guessed:
        """What the model would say of the whole text."""

    def score(self, run_id: int, request: Score) -> Iterator[Event]:
        """-log p of a text as the request wants it, tightening."""


def check(request: Generate) -> None:
    """Refuses a request that makes no sense or would not fit into memory."""
    check_options(request)
    # At worst every position of every sample changes in every step (uniform noise).
    needed = FRAME_BYTES * request.steps * request.samples * len(request.tokens)
    if needed > MEMORY_CAP:
        raise UserError(
            f"Recording this run could take {needed / 2**30:.1f} GiB, more than the {MEMORY_CAP / 2**30:.0f} GiB "
            "allowed; choose fewer steps or samples."
        )
