"""What the user has written and locked: one immutable record, replaced by every edit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.language.prompts import format_prompt, parse_prompt
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Limit, Tokens, frozen
from engine.runs.trajectory import Trajectory


@dataclass(frozen=True, eq=False)
class Document:
    """`tokens` (L,) int64 holds what is known of each position, `FREE` for nothing; `locked` (L,) bool.

    A token that is known but not locked is shown, and the next run replaces it. `trajectory` is the run that goes
    with these positions; while there is one, it says what the free positions show. `limits` are soft locks, as in
    `engine.protocol.Generate`: runs of positions with the only tokens that may stand there. `edited` is the run that
    the words came from before they were edited, and which of its samples they were.
    """

    tokens: Tokens
    locked: np.ndarray
    trajectory: Trajectory | None = None
    limits: tuple[Limit, ...] = ()
    edited: tuple[Trajectory, int] | None = None

    @staticmethod
    def from_text(text: str, tokenizer: Tokenizer, length: int) -> Document:
        """The document of a prompt; a UserError if it does not fit into `length` tokens."""
        tokens = parse_prompt(text, tokenizer, length)
        return Document(tokens, tokens != FREE)

    @property
    def request(self) -> Tokens:
        """What a run is asked for: the locked tokens, `FREE` elsewhere."""
        return frozen(np.where(self.locked, self.tokens, FREE))

    def answers(self, asked: Tokens) -> bool:
        """Whether a run asked for with the locks `asked` belongs here: the same positions, no lock contradicted."""
        if len(asked) != len(self.tokens):
            return False
        both = self.locked & (asked != FREE)
        return bool((self.tokens[both] == asked[both]).all())

    def text(self, tokenizer: Tokenizer) -> str:
        return format_prompt(self.request, tokenizer)

    def visible(self, step: int, sample: int) -> Tokens:
        """What each position shows after `step` of the run, `FREE` where it is masked or unknown."""
        if self.trajectory is None:
            return self.tokens
        running, _ = self.trajectory.at(step, sample)
        return frozen(np.where(self.locked, self.tokens, self.trajectory.shown(running)))

    def with_locks(self, positions: np.ndarray, locked: bool, visible: Tokens) -> Document:
        """The same with `positions` locked to what they show, or unlocked; masked ones cannot be locked."""
        chosen = positions[visible[positions] != FREE] if locked else positions
        tokens, locks = self.tokens.copy(), self.locked.copy()
        tokens[chosen] = visible[chosen]
        locks[chosen] = locked
        return replace(self, tokens=frozen(tokens), locked=locks)

    def with_token(self, position: int, token: int) -> Document:
        """The same with a token put at a position, and locked there."""
        tokens, locks = self.tokens.copy(), self.locked.copy()
        tokens[position], locks[position] = token, True
        return replace(self, tokens=frozen(tokens), locked=locks)

    def with_range(self, start: int, stop: int, tokens: Tokens) -> Document:
        """The same with positions start .. stop - 1 replaced by locked `tokens` and gaps (`FREE`)."""
        known = np.concatenate([self.tokens[:start], tokens, self.tokens[stop:]])
        locked = np.concatenate([self.locked[:start], tokens != FREE, self.locked[stop:]])
        limits = shifted(self.limits, start, stop, len(tokens))
        return Document(frozen(known), locked, limits=limits, edited=self.edited)

    def cleared(self, start: int, stop: int) -> Document:
        """The same with nothing known of positions start .. stop - 1; soft locks stay."""
        known = self.with_range(start, stop, frozen(np.full(stop - start, FREE)))
        return replace(known, limits=self.limits)

    def with_limit(self, start: int, stop: int, named: tuple[int | str, ...]) -> Document:
        """The same with positions start .. stop - 1 softly locked to what is `named`; free if nothing is."""
        kept = tuple(part for limit in self.limits for part in without(limit, start, stop))
        return replace(self, limits=tuple(sorted((*kept, (start, stop, named)))) if named else kept)

    def with_gap(self, start: int, stop: int, length: int) -> Document:
        """The same with positions start .. stop - 1 replaced by a gap of `length`; its run no longer fits."""
        made, kept = self.with_range(start, stop, frozen(np.full(length, FREE))), min(length, stop - start)
        return replace(made, limits=shifted(self.limits, start + kept, stop, length - kept))


def shifted(limits: tuple[Limit, ...], start: int, stop: int, length: int) -> tuple[Limit, ...]:
    """Soft locks after positions start .. stop - 1 gave way to `length` others, which have none."""
    by = length - (stop - start)
    found = []
    for limit in limits:
        for first, last, tokens in without(limit, start, stop):
            moved = by if first >= stop else 0
            found.append((first + moved, last + moved, tokens))
    return tuple(found)


def without(limit: Limit, start: int, stop: int) -> tuple[Limit, ...]:
    """What is left of a soft lock outside positions start .. stop - 1."""
    first, last, tokens = limit
    parts = ((first, min(last, start), tokens), (max(first, stop), last, tokens))
    return tuple(part for part in parts if part[0] < part[1])


def words_of(tokens: Tokens, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Half-open runs of positions that belong together, covering all: words, and single unknown positions."""
    words: list[tuple[int, int]] = []
    for start, ids in known_runs(tokens):
        free = range(words[-1][1] if words else 0, start)
        words += [(position, position + 1) for position in free]
        words += [(start + first, start + stop) for first, stop in tokenizer.words(ids)]
    return words + [(position, position + 1) for position in range(words[-1][1] if words else 0, len(tokens))]


def known_runs(tokens: Tokens) -> Iterator[tuple[int, list[int]]]:
    """The known tokens that follow each other without a gap: where they begin, and which they are."""
    edges = np.flatnonzero(np.diff(tokens == FREE, prepend=True, append=True))
    for start, stop in edges.reshape(-1, 2).tolist():
        yield start, tokens[start:stop].tolist()
