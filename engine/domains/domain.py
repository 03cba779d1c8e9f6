"""What makes a kind of discrete sequence: its symbols, its files, how it is shown, what is worth measuring.

Imports no torch: the window reads domains, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.datasets import documents
from engine.tokenizers import Tokenizer, train_tokenizer

View = Literal["text", "molecule", "image", "sequence"]


@dataclass(frozen=True)
class Measure:
    """One figure about samples: `value`, or `note` where it cannot be had; `data`, if known, is that of real data."""

    name: str
    value: float | None
    data: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Curve:
    """A figure at each position, (L,): `values` of samples, `data` of real data."""

    name: str
    values: tuple[float, ...]
    data: tuple[float, ...]


@dataclass(frozen=True)
class Domain:
    """A kind of sequence.

    `length` is in tokens. `rows`: each record of a file is a sequence of its own, filled up with end-of-text tokens;
    otherwise records are joined and cut. `measure` takes texts and, if there is one, a file or folder of real data;
    `curves` takes both and draws the two beside each other.
    """

    name: str
    title: str
    view: View
    length: int
    examples: tuple[str, ...]
    rows: bool
    read: Callable[[Path], Iterator[str]] = documents
    tokenizer: Callable[[Iterator[str], int], Tokenizer] = train_tokenizer
    measure: Callable[[Sequence[str], Path | None], tuple[Measure, ...]] = lambda texts, reference: ()
    curves: Callable[[Sequence[str], Path], tuple[Curve, ...]] = lambda texts, reference: ()
