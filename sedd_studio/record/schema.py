"""What may stand in what the studio keeps of a session, checked as what stands in a run is (`engine.runs.schema`)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from engine.protocol import ModelInfo
from engine.runs.schema import MOST_POSITIONS, MOST_SAMPLES, Limits, Position, Step, Text, Token

LONGEST_PROMPT = 20 * MOST_POSITIONS
MOST_QUEUED, MOST_PROMPTS = 10_000, 500
"""Runs that are kept waiting, and prompts that they are of."""


class AsideState(Struct, frozen=True):
    """A document that was put aside, as text without its run, for models with a tokenizer that take so long a text.

    Earlier versions kept two entries of its `form` beside it.
    """

    tokenizer: Text
    length: Position
    tokens: Annotated[tuple[Token, ...], Meta(min_length=1, max_length=MOST_POSITIONS)]
    locked: Annotated[tuple[bool, ...], Meta(max_length=MOST_POSITIONS)]
    limits: Limits
    file: Text
    form: dict[str, Any] = {}
    banned: Annotated[str, Meta(max_length=LONGEST_PROMPT)] = ""
    pattern: Annotated[str, Meta(max_length=LONGEST_PROMPT)] = ""


class QueuedState(Struct, frozen=True):
    """Runs of one prompt that wait: what each of `runs` has otherwise than `form`."""

    tokens: Annotated[tuple[Token, ...], Meta(min_length=1, max_length=MOST_POSITIONS)]
    limits: Limits
    prompt: Annotated[str, Meta(max_length=LONGEST_PROMPT)]
    model: ModelInfo
    form: dict[str, Any]
    runs: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=MOST_QUEUED)]


class SessionState(Struct, frozen=True):
    """How a session stood when it was kept."""

    model: Text | None
    prompt: Annotated[str, Meta(max_length=LONGEST_PROMPT)]
    tokens: Annotated[tuple[Token, ...], Meta(max_length=MOST_POSITIONS)]
    locked: Annotated[tuple[bool, ...], Meta(max_length=MOST_POSITIONS)]
    playhead: Step
    sample: Annotated[int, Meta(ge=0, lt=MOST_SAMPLES)]
    limits: Limits = ()
    under_way: bool = True
    tokenizer: Text = ""
    length: Position = 0
    file: Text = ""
    form: dict[str, Any] | None = None
    aside: Any = ()
    """What should be a list of `AsideState`, each read for itself."""
    queue: Any = ()
    """What should be a list of `QueuedState`."""
