"""What a model that is opened does, whichever kind it is: it answers seven questions with events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.language.tokenizers import Tokenizer
from engine.protocol import (
    Event,
    Generate,
    Guess,
    Guessed,
    Influence,
    Insight,
    Inspect,
    ModelInfo,
    Review,
    Score,
    Tokens,
)


class Performer(Protocol):
    """A model with its description and its tokenizer. All that it answers raises a UserError where it cannot."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    def run_memory(self, request: Generate) -> int:
        """Bytes that a run takes, about."""

    def score_memory(self, request: Score) -> tuple[int, int]:
        """Bytes that a score takes, about, and how many draws of each text are made at a time."""

    def identify(self) -> ModelInfo:
        """`info` with the hash of the weights; takes as long as reading them all."""

    def generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        """`Started`, the frames, `Finished`; the request has been checked, and fits."""

    def inspect(self, run_id: int, request: Inspect) -> Insight:
        """What may stand at one position."""

    def guess(self, run_id: int, request: Guess) -> Guessed:
        """What the model would say of the whole text."""

    def review(self, run_id: int, request: Review) -> Iterator[Event]:
        """What it thinks of tokens now, and thought when it chose them: `Reviewed`, `Finished`."""

    def influence(self, run_id: int, request: Influence) -> Iterator[Event]:
        """What words do to the laws of other positions: `Influenced`, `Finished`."""

    def score(self, run_id: int, request: Score) -> Iterator[Event]:
        """-log p of a text as the request wants it, tightening."""

    def noised(self, tokens: Tokens, level: float, seed: int, first: int, samples: int) -> tuple[Tokens, float]:
        """A text (L,) noised until a share `level` of its tokens are, masks as `FREE`: (B, L), and the time then.

        Sample k of the batch draws from the streams of (`seed`, `first` + k)."""
