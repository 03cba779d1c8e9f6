"""Requests whose options are drawn from the ranges of the table of options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.protocol import FREE, Generate, frozen
from engine.protocol.option_kinds import Kind, Limits, Numbers, OneOf, Real, Spacing, Whole, Words
from engine.protocol.options import OPTIONS

LENGTH = 8
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)
WORD = TEXT.map(lambda text: text.replace(",", "").strip()).filter(bool)
NUMBERS = st.floats(0.05, 0.95)
"""That any option of a sampler may be."""


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values of a kind, as they stand in a request."""
    match kind:
        case Whole():
            return st.integers(kind.low, kind.high)
        case Real():
            return st.floats(kind.low, kind.high)
        case Spacing():
            inner = st.lists(st.floats(0.01, 0.99), max_size=4, unique=True)
            times = inner.map(lambda between: (1.0, *sorted(between, reverse=True), 0.0))
            return st.sampled_from(list(kind.titles)) | times
        case OneOf():
            return st.sampled_from(list(kind.titles))
        case Words():
            return st.lists(WORD, max_size=3).map(tuple)
        case Numbers():
            return st.dictionaries(st.sampled_from(["theta", "spread", "gamma"]), NUMBERS).map(dict.items).map(tuple)
        case Limits():
            ends = st.lists(st.integers(0, LENGTH), min_size=4, max_size=4, unique=True).map(sorted)
            tokens = st.lists(st.integers(0, 99), min_size=1, max_size=3).map(tuple)
            both = st.tuples(ends, tokens, tokens).map(lambda d: ((*d[0][:2], d[1]), (*d[0][2:], d[2])))
            return st.tuples(both, st.integers(0, 2)).map(lambda drawn: drawn[0][: drawn[1]])
        case _:
            return TEXT


def requests() -> st.SearchStrategy[Generate]:
    """Requests for `LENGTH` free positions, with any value of every option that has an effect."""
    drawn = st.fixed_dictionaries({name: values(row.kind) for name, row in OPTIONS.items()})
    return drawn.map(lambda options: without_idle(Generate(frozen(np.full(LENGTH, FREE)), **options)))


def without_idle(request: Generate) -> Generate:
    """The same with options that are about another, and have no effect without that, as they usually are."""
    return replace(request, **{name: row.usual for name, row in OPTIONS.items() if row.idle(request)})
