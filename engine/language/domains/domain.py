"""What makes a kind of discrete sequence: its symbols, its files, how it is shown, what is worth measuring.

Imports no torch: the window reads domains, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from engine.language.documents import Record, Tell, documents, refuse
from engine.language.tokenizers import Tokenizer, symbol_tokenizer, train_tokenizer

if TYPE_CHECKING:
    from engine.language.automata import Automaton


def each_symbol(symbols: Sequence[str]) -> Callable[[Iterator[str], int], Tokenizer]:
    """One token for each of the symbols: texts and a size have no say."""
    return lambda texts, vocabulary: symbol_tokenizer(symbols)


class Reader(Protocol):
    """Reads the records of a file, or of the *.txt files in a folder, and tells of what is none."""

    def __call__(self, path: Path, tell: Tell = refuse) -> Iterator[Record]: ...


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

    `examples` are prompts, and `writes` says what a model of the kind writes that does not say so itself. `length` is
    in tokens. `rows`: each record of a file is a sequence of its own, filled up with end-of-text tokens; otherwise
    records are joined and cut. `measure` takes texts and, if there is one, a file or folder of real data; `curves`
    takes both and draws the two beside each other. `patterns` are rules of the kind that no regular expression says
    well: a text may be held to one by its name, which begins with @. `drawn_with` is a module that drawings need and
    that is not imported with this one.
    """

    name: str
    title: str
    view: View
    length: int
    examples: tuple[str, ...]
    writes: str
    rows: bool
    read: Reader = documents
    tokenizer: Callable[[Iterator[str], int], Tokenizer] = train_tokenizer
    measure: Callable[[Sequence[str], Path | None], tuple[Measure, ...]] = lambda texts, reference: ()
    curves: Callable[[Sequence[str], Path], tuple[Curve, ...]] = lambda texts, reference: ()
    patterns: Mapping[str, Callable[[Tokenizer], Automaton]] = field(default_factory=dict)
    drawn_with: str = ""

    def filled(self, tokens: np.ndarray, tokenizer: Tokenizer, length: int) -> np.ndarray:
        """A record's tokens (at most `length`,) as models learn them: filled up to (length,) where each is a row."""
        if not self.rows or tokenizer.eot_id is None:
            return tokens
        return np.append(tokens, np.full(length - len(tokens), tokenizer.eot_id)).astype(np.int64)


TEXT = Domain(
    "text",
    "Text",
    "text",
    256,
    (
        "Once upon a time [24] the dragon [40] The end.",
        '[50] "I am not a cat," said the cat. [30]',
        "[70] So the fish learned to ride a bicycle.",
    ),
    "texts like those that it has learned from",
    rows=False,
)
"""Text in words, by byte-level pairs."""
