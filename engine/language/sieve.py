"""What becomes of a writer's documents before a model learns from them: none twice, and none that shares a run of words
with texts that are kept for measuring.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

RUN = 20
"""Words in the runs that two texts must not share."""
MULTIPLIER = 6_364_136_223_846_793_005
"""Of Knuth's MMIX generator: odd, with well spread bits."""


@dataclass
class Sieve:
    """Passes documents on that are new, have at least `RUN` words, and share no `RUN` words in a row with kept texts.

    `repeated`, `shared`, `short` and `unreadable` count what was dropped, and why: a NUL character is in no text.
    """

    kept: frozenset[int] = frozenset()
    repeated: int = 0
    shared: int = 0
    short: int = 0
    unreadable: int = 0
    _seen: set[bytes] = field(default_factory=set)
    _words: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def dropped(self) -> str:
        """What was dropped, in words."""
        return (
            f"{self.repeated:,} repeated, {self.shared:,} too near, {self.short:,} short, "
            f"{self.unreadable:,} unreadable ones"
        )

    @staticmethod
    def apart_from(texts: Iterable[str]) -> Sieve:
        """A sieve for documents that must share no run of words with `texts`."""
        sieve = Sieve()
        sieve.kept = frozenset(run for text in texts for run in sieve._runs(text.split()).tolist())
        return sieve

    def pass_on(self, documents: Iterable[str]) -> Iterator[str]:
        """Those of the documents that pass, without surrounding blank space."""
        for document in documents:
            words = document.split()
            digest = hashlib.blake2b(" ".join(words).encode(), digest_size=16).digest()
            if "\0" in document:
                self.unreadable += 1
            elif len(words) < RUN:
                self.short += 1
            elif digest in self._seen:
                self.repeated += 1
            elif not self.kept.isdisjoint(self._runs(words).tolist()):
                self.shared += 1
            else:
                self._seen.add(digest)
                yield document.strip()

    def _runs(self, words: list[str]) -> np.ndarray:
        """A 64-bit number for each run of words: equal runs have equal numbers, and others hardly ever."""
        if len(words) < RUN:
            return np.empty(0, np.uint64)
        known = self._words
        numbers = np.fromiter((known.setdefault(word, len(known)) for word in words), np.uint64, len(words))
        numbers = (numbers + np.uint64(1)) * np.uint64(MULTIPLIER)
        numbers ^= numbers >> np.uint64(29)
        result = np.zeros(len(words) - RUN + 1, np.uint64)
        for place in range(RUN):
            result = result * np.uint64(MULTIPLIER) + numbers[place : place + len(result)]
            result ^= result >> np.uint64(31)
        return result
