"""Finite automata over tokens: which texts match a regular expression, and which are free of banned words.

An expression reads the text up to its first end-of-text token, or all of it; what follows that token is free. A table
of moves would have one column a token; tokens that move every state alike share a column, their class.

What is made state by state looks at every state whether to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.protocol import UserError
from engine.stopping import look

State = TypeVar("State", bound=Hashable)

DEAD = -1
MOST_STATES = 2**15
LARGEST_TABLE = 2**26
"""Moves by tokens."""
MOST_MOVES = 2**22
"""From all states together, by bytes or symbols that are told apart."""
MOST_BEGUN = 2**21
"""Banned words that are begun, or may begin, in all states together, for each symbol."""
TOO_LARGE = "The pattern and the words of the runs are too large together; make one of them smaller."
PIECE = 2**20
"""Moves that are worked on between two looks at whether to go on."""


@dataclass(frozen=True, eq=False)
class Automaton:
    """`moves` (S, C) is the state after a token of a class, or `DEAD`; `classes` (V,) is the class of each token.

    It starts in state 0. `accepting` (S,) bool marks where a text may end.
    """

    moves: np.ndarray
    classes: np.ndarray
    accepting: np.ndarray

    @staticmethod
    def of(table: np.ndarray, accepting: np.ndarray) -> Automaton:
        """From a table (S, V) of moves with a column for each token."""
        moves, classes = np.unique(table, axis=1, return_inverse=True)
        return Automaton(moves, classes.reshape(-1), accepting)

    def __and__(self, other: Automaton) -> Automaton:
        """What both accept: the product, as far as it can be reached."""
        pairs, classes = np.unique(np.stack((self.classes, other.classes)), axis=1, return_inverse=True)
        first, second = self.moves[:, pairs[0]], other.moves[:, pairs[1]]

        def following(states: tuple[int, int]) -> list[tuple[int, int] | None]:
            reached = zip(first[states[0]].tolist(), second[states[1]].tolist(), strict=True)
            return [None if DEAD in pair else pair for pair in reached]

        moves, accepting = explore(
            (0, 0),
            following,
            lambda states: bool(self.accepting[states[0]] and other.accepting[states[1]]),
            pairs.shape[1],
            "The pattern and the banned words together are too large for this model; make one of them smaller.",
        )
        return Automaton(moves, classes.reshape(-1), accepting)

    def beside(self, other: Automaton) -> Automaton:
        """Both read the same tokens, from any state of this one: states are its states times the other's, plus those.

        A UserError where that is too much.
        """
        pairs, classes = np.unique(np.stack((self.classes, other.classes)), axis=1, return_inverse=True)
        first, second = self.moves[:, None, pairs[0]], other.moves[None, :, pairs[1]]
        if len(self.moves) * len(other.moves) * pairs.shape[1] > MOST_MOVES:
            raise UserError(TOO_LARGE)
        joint = np.where((first == DEAD) | (second == DEAD), DEAD, first * len(other.moves) + second)
        ends = np.outer(self.accepting, other.accepting).ravel()
        return Automaton(joint.reshape(len(ends), -1), classes.reshape(-1), ends)


def words_automaton(words: tuple[str, ...], tokenizer: Tokenizer) -> Automaton:
    """Texts without the given words or phrases, upper or lower case; "cat" does not ban "catch".

    Read byte by byte: a state is the set of begun words with how far each has come, and whether a word may begin.
    """
    phrases = [word.strip().lower().encode() for word in words]
    if b"" in phrases:
        raise UserError("A banned word is empty; write the word to ban, or none.")
    begin: _Progress = (frozenset(), True)
    by_first: dict[int, list[int]] = {}
    for number, phrase in enumerate(phrases):
        by_first.setdefault(phrase[0], []).append(number)
    lower = {byte for phrase in phrases for byte in phrase}
    alike = [byte if _lower(byte) in lower else -1 - _is_letter(byte) for byte in range(256)]
    symbols = sorted({alike.index(kind) for kind in alike})  # bytes in no phrase differ only in being letters
    members = 0

    def following(state: _Progress) -> list[_Progress | None]:
        nonlocal members
        members += (1 + len(state[0])) * len(symbols)
        if members > MOST_BEGUN:
            raise UserError("The banned words are too long, or too like each other; ban shorter ones, or fewer.")
        return [_after(state, byte, phrases, by_first) for byte in symbols]

    moves, ends = explore(
        begin,
        following,
        lambda state: not any(place == len(phrases[k]) for k, place in state[0]),
        tokenizer.vocabulary,
        "There are too many banned words for this model's vocabulary; ban fewer.",
    )
    by_byte = moves[:, [symbols.index(alike.index(kind)) for kind in alike]]
    automaton = by_token(by_byte, ends, tokenizer)
    if tokenizer.eot_id is None:
        return automaton
    classes = automaton.classes.copy()
    classes[tokenizer.eot_id] = automaton.moves.shape[1]
    again = np.where(ends, 0, DEAD)[:, None]
    return Automaton(*used(np.hstack((automaton.moves, again)), classes), ends)


def explore(
    begin: State,
    following: Callable[[State], Sequence[State | None]],
    may_end: Callable[[State], bool],
    columns: int,
    too_many: str,
) -> tuple[np.ndarray, np.ndarray]:
    """All states that can be reached from `begin`, which is number 0.

    The moves (S, K) from each by each of K symbols, `DEAD` where `following` has none, and where a text may end (S,).
    A UserError says `too_many` where a table with so many `columns` would be too large.
    """
    numbers, waiting, rows = {begin: 0}, [begin], []
    most = min(MOST_STATES, LARGEST_TABLE // columns)
    for state in waiting:  # grows while it is read
        row = []
        for reached in following(state):
            if reached is None:
                row.append(DEAD)
                continue
            number = numbers.setdefault(reached, len(waiting))  # looked up once: a large state is hashed anew each time
            if number == len(waiting):
                waiting.append(reached)
            row.append(number)
        rows.append(row)
        if len(waiting) > most or len(rows) * len(row) > MOST_MOVES:
            raise UserError(too_many)
        look()
    return np.array(rows), np.array([may_end(state) for state in waiting])


_Progress = tuple[frozenset[tuple[int, int]], bool]


def _after(state: _Progress, byte: int, phrases: list[bytes], by_first: dict[int, list[int]]) -> _Progress | None:
    """The state after a byte; None where a banned word is complete."""
    begun, may_begin = state
    lower, letter = _lower(byte), _is_letter(byte)
    progress = set()
    for k, place in begun:
        if place == len(phrases[k]):
            if not letter:
                return None  # the word ended here
        elif phrases[k][place] == lower:
            progress.add((k, place + 1))
    if may_begin or not _is_letter(lower):
        progress |= {(k, 1) for k in by_first.get(lower, ())}
    if any(place == len(phrases[k]) and not _is_letter(phrases[k][-1]) for k, place in progress):
        return None
    return frozenset(progress), not letter


def _lower(byte: int) -> int:
    return ord(chr(byte).lower()) if byte < 128 else byte


def _is_letter(byte: int) -> bool:
    """Whether a byte is part of a word: letters, digits, and all of UTF-8 beyond ASCII."""
    return byte >= 128 or chr(byte).isalnum()


def by_token(moves: np.ndarray, accepting: np.ndarray, tokenizer: Tokenizer) -> Automaton:
    """The automaton that reads tokens, from moves (S, 256) by bytes.

    Tokens are told apart by what their bytes do, and no further; those that begin alike share the moves by that.
    """
    states = len(moves)
    first, kinds = _kinds(moves, np.zeros(256, np.int64))
    # The dead state, last here, stays dead.
    by_kind = np.vstack((np.where(moves == DEAD, states, moves)[:, first], np.full(len(first), states)))
    levels, ends = _beginnings([tokenizer.spelling(token) for token in range(tokenizer.vocabulary)], kinds)
    reached, of_token = np.unique(ends, return_inverse=True)
    classes = np.zeros(len(reached), np.int64)
    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    rows = max(1, PIECE // (1 + sum(len(begun) for begun, _ in levels)))
    for start in range(0, states, rows):
        after = [np.arange(start, min(start + rows, states))[:, None]]
        for begun, symbols in levels:
            after.append(by_kind[after[-1][:, begun], symbols])
            look()
        # Tokens are told apart by all rows so far; of each kind one column is kept.
        now = np.hstack(after)[:, reached]
        first, classes = _kinds(now, classes)
        pieces.append((now[:, first], classes))
        look()
    _, last = np.unique(classes, return_index=True)
    table = np.vstack([piece[:, of_then[last]] for piece, of_then in pieces])
    table, numbers = np.unique(table, axis=1, return_inverse=True)
    return Automaton(np.where(table == states, DEAD, table), numbers.reshape(-1)[classes[of_token]], accepting)


def _kinds(table: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which columns are alike, where `before` had them alike: the first of each kind, and the kind of each."""
    known: dict[tuple[int, bytes], int] = {}
    columns = zip(before.tolist(), np.ascontiguousarray(table.T), strict=True)
    kinds = np.array([known.setdefault((kind, column.tobytes()), len(known)) for kind, column in columns])
    return np.unique(kinds, return_index=True)[1], kinds


def _beginnings(spelled: list[bytes], kinds: np.ndarray) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """How tokens begin, told apart by the kinds of their bytes: those of k + 1 bytes, in `levels[k]`, by the number of
    what they begin with in the level before, and the kind of their last byte. With the number of each token, through
    all levels, after the empty beginning."""
    levels: list[tuple[np.ndarray, np.ndarray]] = []
    ends, here, before = np.zeros(len(spelled), np.int64), [0] * len(spelled), 1
    kind_of, depth, tokens = kinds.tolist(), 0, [*range(len(spelled))]
    while tokens := [token for token in tokens if len(spelled[token]) > depth]:
        numbers: dict[tuple[int, int], int] = {}
        for token in tokens:
            beginning = here[token], kind_of[spelled[token][depth]]
            here[token] = numbers.setdefault(beginning, len(numbers))
            ends[token] = before + here[token]
        begun, symbols = np.array(list(numbers)).T
        levels.append((begun, symbols))
        before, depth = before + len(numbers), depth + 1
    return levels, ends


def used(moves: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without the columns that are no token's class."""
    kept, numbers = np.unique(classes, return_inverse=True)
    return moves[:, kept], numbers.reshape(-1)
