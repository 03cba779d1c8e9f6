"""A text as each tokenizer cuts it: which tokens lie wholly in a run of its characters, and which it touches.

Runs are half-open and in characters, so that they mean the same to every tokenizer; tokens are laid beside them by the
bytes that they spell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from engine.language.backends import END_OF_TEXT
from engine.language.tokenizers import Tokenizer
from engine.protocol import Run, Tokens, UserError, frozen
from engine.stopping import look

_WORDS = re.compile(re.escape(END_OF_TEXT) + r"|\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)*")
LONGEST_WORD = 32
"""Characters; a longer run of letters is a sequence of symbols, each a word of its own."""


@dataclass(frozen=True, eq=False)
class Laid:
    """The tokens (L,) of a text; token i spells its bytes `edges[i]` .. `edges[i + 1]` - 1, `edges` (L + 1,)."""

    text: str
    tokens: Tokens
    edges: np.ndarray

    @staticmethod
    def of(text: str, tokenizer: Tokenizer) -> Laid:
        """A UserError where the tokenizer does not know all of the text, or where there is nothing in it."""
        if not text.strip():
            raise UserError("There is no text; give at least one word.")
        end = tokenizer.eot_id
        if END_OF_TEXT in text and end is None:
            raise UserError(f"This model has no token for the end of a text; leave {END_OF_TEXT} out.")
        ids: list[int] = []
        sizes: list[int] = []
        for number, words in enumerate(text.split(END_OF_TEXT)):
            if number and end is not None:
                ids.append(end)
                sizes.append(len(END_OF_TEXT))
            found = tokenizer.encode(words)
            ids += found
            sizes += [len(tokenizer.spelling(token)) for token in found]
        return Laid(text, frozen(np.array(ids, np.int64)), np.array([0, *accumulate(sizes)], np.int64))

    @cached_property
    def places(self) -> np.ndarray:
        """The byte at which each character begins, and where the last ends, (C + 1,)."""
        text = np.frombuffer(self.text.encode(), np.uint8)
        return np.append(np.flatnonzero((text & 0xC0) != 0x80), len(text))

    def bytes_of(self, run: Run) -> Run:
        """The bytes of a run of characters."""
        start, stop = self.places[list(run)].tolist()
        return start, stop

    def inside(self, runs: Sequence[Run]) -> np.ndarray:
        """Which tokens (L,) bool lie wholly inside one of the runs; runs that touch are one."""
        covered = self._covered(runs)
        whole: np.ndarray = covered[self.edges[1:]] - covered[self.edges[:-1]] == np.diff(self.edges)
        return whole

    def within(self, runs: Sequence[Run]) -> int:
        """Bytes that the runs cover."""
        return int(self._covered(runs)[-1])

    def shared(self, runs: Sequence[Run]) -> int:
        """Characters in the runs that are in no token wholly inside."""
        whole = np.repeat(self.inside(runs), np.diff(self.edges))
        left_over = np.diff(self._covered(runs)).astype(np.bool_) & ~whole
        return int(left_over[self.places[:-1]].sum())

    def touching(self, run: Run) -> slice:
        """The tokens that spell some of a run's bytes."""
        start, stop = self.bytes_of(run)
        return slice(int(np.searchsorted(self.edges, start, "right")) - 1, int(np.searchsorted(self.edges, stop)))

    def _covered(self, runs: Sequence[Run]) -> np.ndarray:
        """How many bytes before each place (N + 1,) are in the runs."""
        flags = np.zeros(self.places[-1], np.int64)
        for run in runs:
            flags[slice(*self.bytes_of(run))] = 1
        return np.append(0, flags.cumsum())


def words_in(text: str) -> list[Run]:
    """The words of a text: letters, digits and apostrophes between them, or single symbols of a sequence."""
    runs: list[Run] = []
    for match in _WORDS.finditer(text):
        start, stop = match.span()
        if match.group() == END_OF_TEXT:
            continue
        one = stop - start <= LONGEST_WORD
        runs += [(start, stop)] if one else [(at, at + 1) for at in range(start, stop)]
    return runs


def runs_of(tokens: Sequence[int], chosen: np.ndarray, tokenizer: Tokenizer) -> tuple[str, tuple[Run, ...]]:
    """The text of tokens (L,), and the runs of its characters of which all tokens are `chosen` (L,) bool."""
    parts: list[str] = []
    runs: list[Run] = []
    at = 0
    for start, stop, text in tokenizer.graphemes(tokens):
        look()
        parts.append(text or "\N{REPLACEMENT CHARACTER}")
        end = at + len(parts[-1])
        if chosen[start:stop].all():
            joins = bool(runs) and runs[-1][1] == at
            runs[-1:] = [(runs[-1][0], end)] if joins else [*runs[-1:], (at, end)]
        at = end
    return "".join(parts), tuple(runs)
