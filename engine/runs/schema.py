"""What may stand in what is read: types, ranges, lengths. Nothing is built of a file before it has passed.

A file can hold anything, so whatever is read as JSON is read here, and refused with a ValueError.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from engine.protocol import ModelInfo, option_kinds, options

T = TypeVar("T")
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What JSON can spell and no name of a file can hold."""
LONGEST_TEXT = option_kinds.LONGEST_TEXT
"""Characters of any one text."""
DEEPEST = 32
"""Lists in lists."""
LARGEST_NUMBER = option_kinds.SEED.high
MOST_SAMPLES = options.MOST_SAMPLES
MOST_STEPS = option_kinds.STEPS.high
MOST_POSITIONS = option_kinds.MOST_POSITIONS
MOST_TOKENS = option_kinds.MOST_TOKENS
MOST_ENTRIES = 1_000
"""Of a list of words, facts or options."""

Steps = Annotated[int, Meta(ge=1, le=MOST_STEPS)]
Step = Annotated[int, Meta(ge=0, le=MOST_STEPS)]
Count = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]
Amount = Annotated[float, Meta(ge=0, le=LARGEST_NUMBER)]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Token = Annotated[int, Meta(ge=-1, lt=MOST_TOKENS)]
Position = Annotated[int, Meta(ge=0, le=MOST_POSITIONS)]
Word = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
Named = Annotated[tuple[Token | Word, ...], Meta(max_length=MOST_TOKENS)]
Limits = Annotated[tuple[tuple[Position, Position, Named], ...], Meta(max_length=MOST_POSITIONS)]


class Array(Struct, frozen=True):
    """An array in a table of safetensors: where it lies among the data, in bytes."""

    dtype: Literal["I32", "U8", "F64"]
    shape: Annotated[tuple[Count, ...], Meta(max_length=2)]
    data_offsets: tuple[Count, Count]


class Ending(Struct, frozen=True):
    """How a run ended."""

    calls: Count
    seconds: Amount
    evaluations: Count = 0
    run_id: Count = 0
    log_weights: Annotated[tuple[float | None, ...], Meta(max_length=MOST_SAMPLES)] = ()


class Descent(Struct, frozen=True):
    """What a run came from."""

    key: Text
    step: Step
    change: Text


class About(Struct, frozen=True):
    """What a run file tells beside its arrays. The `request` lacks its arrays."""

    request: dict[str, Any]
    model: ModelInfo
    made: Text
    sampler: Text
    first_step: Steps
    steps: Steps
    result: Ending | None
    came: Descent | None = None


def read_json(content: bytes | bytearray | str, kind: type[T], texts: int = LONGEST_TEXT) -> T:
    """The JSON as what it should be; entries that are not known here are left out.

    NaN, which earlier versions wrote, is read as null.
    """
    try:
        values = json.loads(content, parse_constant=lambda _: None)
        check_modest(values, texts)
        return msgspec.convert(values, kind)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def converted(values: dict[str, Any], kind: type[T]) -> T:
    """A message from its entries, some of which may be arrays already."""
    return msgspec.convert(values, kind, dec_hook=lambda _, value: value)


def check_modest(values: Any, texts: int, level: int = 0) -> None:
    """A ValueError where a number is beyond reason, a text is longer than `texts` characters or none at all, or lists
    stand in lists without end."""
    if isinstance(values, str) and (len(values) > texts or NO_TEXT.search(values)):
        raise ValueError("a text is too long, or none")
    if isinstance(values, int | float) and not abs(values) <= LARGEST_NUMBER:
        raise ValueError("a number is too large")
    if level > DEEPEST:
        raise ValueError("it is nested too deeply")
    inner = [*values, *values.values()] if isinstance(values, dict) else values if isinstance(values, list) else ()
    for value in inner:
        check_modest(value, texts, level + 1)


def check_limits(limits: Limits, length: int, vocabulary: int) -> None:
    """A ValueError unless the soft locks lie within `length` positions, apart from each other, and name tokens, or
    words."""
    known = all(named and (all_words(named) or all_tokens(named, vocabulary)) for _, _, named in limits)
    edges = [place for start, stop, _ in sorted(limits, key=lambda limit: limit[:2]) for place in (start, stop)]
    apart = edges == sorted(edges) and all(start < stop for start, stop, _ in limits)
    if not known or not apart or (edges and edges[-1] > length):
        raise ValueError("the limits do not fit")


def all_words(named: tuple[int | str, ...]) -> bool:
    """Whether a soft lock names words that are not empty."""
    return all(isinstance(each, str) and each.strip() != "" for each in named)


def all_tokens(named: tuple[int | str, ...], vocabulary: int) -> bool:
    """Whether a soft lock names token ids of a vocabulary."""
    return all(isinstance(each, int) and 0 <= each < vocabulary for each in named)


def check_date(text: str) -> None:
    """A ValueError unless the text is a time in ISO 8601 that a calendar can show."""
    if not 1970 <= datetime.fromisoformat(text).year < 9999:
        raise ValueError("the time is out of range")


def check_range(array: np.ndarray, low: float, high: float) -> None:
    """A ValueError unless every entry is at least `low` and at most `high`."""
    if array.size and not low <= array.min() <= array.max() <= high:
        raise ValueError("an entry is out of range")


def number(value: float | None) -> float:
    """A number that may be unknown, which JSON has no word for."""
    return math.nan if value is None else value
