"""Finite automata over tokens: which texts match a regular expression, and which are free of banned words.

An expression reads the text up to its first end-of-text token, or all of it; what follows that token is free. A table
of moves would have one column a token; tokens that move every state alike share a column, their class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.protocol import UserError
from engine.protocol.extras import brought_by

State = TypeVar("State", bound=Hashable)
Symbol = TypeVar("Symbol")

DEAD = -1
LARGEST_EXPRESSION = 2_000
MOST_REPETITIONS = 3_000
LARGEST_TABLE = 2**26
_TOO_LARGE = "The pattern is too large for this model's vocabulary; make it shorter."


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
        numbers = {(0, 0): 0}
        waiting, rows = [(0, 0)], []
        for a, b in waiting:  # grows while it is read
            row = np.full(pairs.shape[1], DEAD)
            alive = (first[a] != DEAD) & (second[b] != DEAD)
            for column in np.nonzero(alive)[0]:
                target = int(first[a, column]), int(second[b, column])
                if target not in numbers:
                    numbers[target] = len(numbers)
                    waiting.append(target)
                row[column] = numbers[target]
            rows.append(row)
        accepting = np.array([self.accepting[a] and other.accepting[b] for a, b in waiting])
        return Automaton(np.stack(rows), classes.reshape(-1), accepting)


def expression_automaton(expression: str, tokenizer: Tokenizer) -> Automaton:
    """Texts that match a regular expression as a whole; a UserError if it cannot be read or is too large."""
    with brought_by("patterns"):
        from outlines_core import Index, Vocabulary
    counts = [max(int(n) for n in group if n) for group in re.findall(r"\{(\d+)(?:,(\d*))?\}", expression)]
    if len(expression) > LARGEST_EXPRESSION or np.prod([max(1, n) for n in counts], dtype=float) > MOST_REPETITIONS:
        raise UserError(_TOO_LARGE)
    spelled: dict[str | bytes, list[int]] = {}
    for token in range(tokenizer.vocabulary):
        if token != tokenizer.eot_id:
            spelled.setdefault(tokenizer.spelling(token), []).append(token)
    end = tokenizer.vocabulary if tokenizer.eot_id is None else tokenizer.eot_id
    begin = tokenizer.vocabulary + 1
    spelled.setdefault(b"\0", []).append(begin)
    try:
        # Without the final $ the library's automaton ends at the first match and misses longer ones, and with it
        # needs a first character that is known.
        index = Index(f"\\x00(?:{expression})$", Vocabulary(end, spelled))
    except ValueError as error:
        raise UserError(
            f"The pattern {expression} cannot be used: it is not a regular expression, or has a part, such as "
            "(?=...) or \\1, that looks around itself. Simplify it."
        ) from error
    transitions = index.get_transitions()
    start = transitions[index.get_initial_state()][begin]
    numbers = {state: k for k, state in enumerate([start, *sorted({*transitions} - {start})])}
    if len(numbers) * tokenizer.vocabulary > LARGEST_TABLE:
        raise UserError(_TOO_LARGE)
    table = np.full((len(numbers) + 1, tokenizer.vocabulary), DEAD, np.int32)
    for state, row in transitions.items():
        for token, target in row.items():
            if token < tokenizer.vocabulary and token != tokenizer.eot_id:
                table[numbers[state], token] = numbers[target]
    accepting = np.zeros(len(table), np.bool_)
    accepting[[numbers[state] for state in index.get_final_states() if state in numbers]] = True
    if tokenizer.eot_id is not None:
        table[:, tokenizer.eot_id] = np.where(accepting, len(numbers), DEAD)
    table[-1], accepting[-1] = len(numbers), True  # the state after an end-of-text token
    return Automaton.of(table, accepting)


def words_automaton(words: tuple[str, ...], tokenizer: Tokenizer) -> Automaton:
    """Texts without the given words or phrases, upper or lower case; "cat" does not ban "catch".

    Read byte by byte: a state is the set of begun words with how far each has come, and whether a word may begin.
    """
    phrases = [word.strip().lower().encode() for word in words]
    if b"" in phrases:
        raise UserError("A banned word is empty; write the word to ban, or none.")
    begin: _Progress = (frozenset(), True)
    moves, ends = explore(
        begin,
        range(256),
        lambda state, byte: _after(state, byte, phrases),
        lambda state: not any(place == len(phrases[k]) for k, place in state[0]),
    )
    if len(ends) * tokenizer.vocabulary > LARGEST_TABLE:
        raise UserError("There are too many banned words for this model's vocabulary; ban fewer.")
    table = _by_token(moves, tokenizer)
    if tokenizer.eot_id is not None:
        table[:, tokenizer.eot_id] = np.where(ends, 0, DEAD)
    return Automaton.of(table, ends)


def explore(
    begin: State,
    symbols: Sequence[Symbol],
    after: Callable[[State, Symbol], State | None],
    may_end: Callable[[State], bool],
) -> tuple[np.ndarray, np.ndarray]:
    """All states that can be reached from `begin`, which is number 0.

    The moves (S, K) from each by each of K symbols, `DEAD` where `after` gives none, and where a text may end (S,).
    """
    numbers, waiting, rows = {begin: 0}, [begin], []
    for state in waiting:  # grows while it is read
        row = []
        for symbol in symbols:
            reached = after(state, symbol)
            if reached is not None and reached not in numbers:
                numbers[reached] = len(numbers)
                waiting.append(reached)
            row.append(DEAD if reached is None else numbers[reached])
        rows.append(row)
    return np.array(rows), np.array([may_end(state) for state in waiting])


_Progress = tuple[frozenset[tuple[int, int]], bool]


def _after(state: _Progress, byte: int, phrases: list[bytes]) -> _Progress | None:
    """The state after a byte; None where a banned word is complete."""
    begun, may_begin = state
    lower = ord(chr(byte).lower()) if byte < 128 else byte
    letter = _is_letter(byte)
    progress = set()
    for k, place in begun:
        if place == len(phrases[k]):
            if not letter:
                return None  # the word ended here
        elif phrases[k][place] == lower:
            progress.add((k, place + 1))
    for k, phrase in enumerate(phrases):
        if phrase[0] == lower and (may_begin or not _is_letter(phrase[0])):
            progress.add((k, 1))
    if any(place == len(phrases[k]) and not _is_letter(phrases[k][-1]) for k, place in progress):
        return None
    return frozenset(progress), not letter


def _is_letter(byte: int) -> bool:
    """Whether a byte is part of a word: letters, digits, and all of UTF-8 beyond ASCII."""
    return byte >= 128 or chr(byte).isalnum()


def _by_token(moves: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
    """The table (S, V) of moves by tokens, from that by bytes (S, 256)."""
    spelled = [tokenizer.spelling(token) for token in range(tokenizer.vocabulary)]
    longest = max(map(len, spelled))
    padded = np.array([list(s) + [256] * (longest - len(s)) for s in spelled])
    states = len(moves)
    # Beyond a token's last byte nothing changes; the dead state, last here, stays dead.
    table = np.full((states + 1, 257), states)
    table[:states, :256] = np.where(moves == DEAD, states, moves)
    table[:, 256] = np.arange(states + 1)
    now = np.repeat(np.arange(states)[:, None], len(spelled), axis=1)
    for column in padded.T:
        now = table[now, column]
    return np.where(now == states, DEAD, now)
