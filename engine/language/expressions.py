"""Regular expressions as automata over bytes.

Python's own parser reads the expression, so it means what Python says it means, for a text as a whole. Its parts become
an automaton with choices (Thompson, Commun. ACM 11, 419), in which a character is its bytes in UTF-8, and sets of the
states of that become those of one without (the subset construction). The sets can be exponentially many: they are
counted while they are made.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from re import _constants as said  # type: ignore[attr-defined] # the names of what the parser finds
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np

from engine.language.automata import DEAD, Automaton, by_token, explore, used
from engine.language.characters import Ranges, points_of, spelled
from engine.language.tokenizers import Tokenizer
from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.stopping import look

LONGEST = 2_000
"""Characters of an expression."""
MOST_PARTS = 60_000
"""States before choices are resolved."""
MOST_WORK = 4_000_000
"""Members of all sets of states that are looked at, and moves from them; in large sets each counts for more."""
WORD = 2**12
"""States of a set that are worked on as fast as one."""

Items = Sequence[tuple[Any, Any]]


def expression_automaton(expression: str, tokenizer: Tokenizer) -> Automaton:
    """Texts that match a regular expression as a whole; a UserError if it cannot be read or is too large."""
    moves, accepting = byte_automaton(expression, tokenizer.vocabulary)
    automaton = by_token(moves, accepting, tokenizer)
    # Tokens that spell nothing, and only the end of text may, would be free everywhere.
    silent = [token for token in range(tokenizer.vocabulary) if not tokenizer.spelling(token)]
    columns, classes = automaton.moves.shape[1], automaton.classes.copy()
    classes[silent] = columns
    ended = len(moves)  # the state after an end-of-text token
    table = np.full((ended + 1, columns + 2), DEAD)
    table[:-1, :columns], table[-1] = automaton.moves, ended
    if tokenizer.eot_id is not None:
        classes[tokenizer.eot_id] = columns + 1
        table[:-1, columns + 1] = np.where(accepting, ended, DEAD)
    return Automaton(*used(table, classes), np.append(accepting, True))


def byte_automaton(expression: str, columns: int = 256, longest: int = LONGEST) -> tuple[np.ndarray, np.ndarray]:
    """Moves (S, 256) from each state by each byte, `DEAD` where there is none, and where a text may end, (S,).

    State 0 is the first. A UserError if the expression cannot be read, or if a table with so many `columns` would be
    too large.
    """
    if len(expression) > longest:
        raise UserError(f"The pattern has {len(expression):,} characters; at most {longest:,} can be used.")
    parts = _Parts(expression)
    begin, end = parts.part(), parts.part()
    parts.add(parts.tree, parts.flags, begin, end)
    edges, steps = parts.resolved()

    def following(states: int) -> list[int | None]:
        reached, done = [0] * (len(edges) - 1), 0
        while states:
            lowest = states & -states
            for column, target in steps[lowest.bit_length() - 1]:
                reached[column] |= target
                done += 1
            states ^= lowest
            done += 1
        parts.count(done * size)
        return [target or None for target in reached]

    ended, size = 1 << end, 1 + parts.size // WORD
    first = parts.reached(begin)
    moves, accepting = explore(first, following, lambda states: bool(states & ended), columns, _large(expression))
    return np.repeat(moves, np.diff(edges), axis=1), accepting


def _large(expression: str) -> str:
    """The sentence for an expression with too many states: what is repeated most often makes them."""
    counts = [(max(map(_number, match[2].split(","))), match[0]) for match in _COUNTED.finditer(expression)]
    blamed = f"{max(counts)[1]} asks for too many states" if counts else "its parts ask for too many states together"
    blamed = f"(…{blamed}" if blamed.startswith(")") else blamed
    return f"The pattern is too large for this model: {blamed}; make it shorter."


_COUNTED = re.compile(r"(\[[^\]]{1,20}\]|\\?.)\{([\d,]+)\}")


def _number(digits: str) -> int:
    return int(digits[:9] or 0)


@cache
def _bytes_of(points: Ranges) -> tuple[tuple[int, int, int, int], ...]:
    """One character of a set as an automaton over bytes without choices: from state 0 to state 1, each move its state,
    the first and the last of its bytes, and the state that follows."""
    begin, end = frozenset(spelled(points)), frozenset({()})
    numbers, moves = {begin: 0, end: 1}, []
    waiting = [begin]
    for rests in waiting:  # grows while it is read
        edges = sorted({edge for (low, high), *_ in rests for edge in (low, high + 1)})
        for low, above in pairwise(edges):
            following = frozenset(rest[1:] for rest in rests if rest[0][0] <= low <= rest[0][1])
            if following:
                if following not in numbers:
                    numbers[following] = len(numbers)
                    waiting.append(following)
                moves.append((numbers[rests], low, above - 1, numbers[following]))
    return tuple(moves)


class _Parts:
    """The automaton with choices. A state is a number, a set of states the bits of one."""

    def __init__(self, expression: str) -> None:
        self._said = _large(expression)
        shown = plain_line(expression, 60)
        self._refused = UserError(
            f"The pattern {shown} cannot be used: it is not a regular expression, or has a part, such as "
            "(?=...) or \\1, that looks around itself; simplify it."
        )
        if any(len(digits) > len(str(MOST_PARTS)) for digits in re.findall(r"\d+", expression)):
            raise UserError(self._said)
        try:
            with warnings.catch_warnings(action="ignore"):  # of what may mean something else one day
                tree = parser.parse(expression)
        except (re.error, OverflowError, RecursionError, ValueError) as error:
            raise self._refused from error
        self.flags: int = tree.state.flags
        self.tree: Items = [*tree]
        # All of a text is matched: its begin and its end may be written, and say nothing.
        if (
            self.tree
            and self.tree[0][0] is said.AT
            and self.tree[0][1] in (said.AT_BEGINNING, said.AT_BEGINNING_STRING)
        ):
            self.tree = self.tree[1:]
        if self.tree and self.tree[-1][0] is said.AT and self.tree[-1][1] in (said.AT_END, said.AT_END_STRING):
            self.tree = self.tree[:-1]
        self._work = 0
        self._free: list[list[int]] = []
        self._moves: list[list[tuple[int, int, int]]] = []

    def part(self) -> int:
        look()
        if len(self._free) == MOST_PARTS:
            raise UserError(self._said)
        self._free.append([])
        self._moves.append([])
        return len(self._free) - 1

    @property
    def size(self) -> int:
        return len(self._free)

    def count(self, work: int) -> None:
        """A UserError once all the work together is too much."""
        self._work += work
        if self._work > MOST_WORK:
            raise UserError(self._said)

    def add(self, items: Items, flags: int, begin: int, end: int) -> None:
        """What leads from `begin` to `end` by texts that match all items, one after the other."""
        for item in items:
            following = self.part()
            self._item(*item, flags, begin, following)
            begin = following
        self._free[begin].append(end)

    def _item(self, kind: Any, value: Any, flags: int, begin: int, end: int) -> None:
        if kind is said.SUBPATTERN:
            _, added, removed, items = value
            kept = flags & ~parser.TYPE_FLAGS if added & parser.TYPE_FLAGS else flags
            self.add(items, (kept | added) & ~removed, begin, end)
        elif kind is said.BRANCH:
            for items in value[1]:
                self.add(items, flags, begin, end)
        elif kind in (said.MAX_REPEAT, said.MIN_REPEAT):
            self._repeated(value, flags, begin, end)
        elif kind in (said.LITERAL, said.NOT_LITERAL, said.ANY, said.IN):
            self._character(points_of(kind, value, flags), begin, end)
        else:
            raise self._refused

    def _repeated(self, counted: tuple[int, Any, Items], flags: int, begin: int, end: int) -> None:
        least, most, items = counted
        latest = self.part()  # of its own: what is repeated goes back to it
        self._free[begin].append(latest)
        begin = latest
        for _ in range(least):
            latest, following = begin, self.part()
            self.add(items, flags, latest, following)
            begin = following
        if most is not said.MAXREPEAT:
            for _ in range(most - least):
                self._free[begin].append(end)
                following = self.part()
                self.add(items, flags, begin, following)
                begin = following
        elif least:
            self._free[begin].append(latest)
        else:
            again = self.part()
            self._free[begin].append(again)
            self.add(items, flags, again, again)
            begin = again
        self._free[begin].append(end)

    def _character(self, points: Ranges, begin: int, end: int) -> None:
        """One character of a set; characters whose last bytes are alike share the states before them."""
        states = {0: begin, 1: end}
        for number, low, high, following in _bytes_of(points):
            for each in (number, following):
                if each not in states:
                    states[each] = self.part()
            self._moves[states[number]].append((low, high, states[following]))

    def reached(self, state: int) -> int:
        """The states that are reached from one without a byte, itself among them."""
        look()
        reached, waiting = {state}, [state]
        while waiting:
            for other in self._free[waiting.pop()]:
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
        self.count(len(reached))
        members = np.zeros(len(self._free), np.bool_)
        members[list(reached)] = True
        return int.from_bytes(np.packbits(members, bitorder="little").tobytes(), "little")

    def resolved(self) -> tuple[list[int], list[list[tuple[int, int]]]]:
        """Where bytes begin to be told apart, from 0 to 256; and from each state, by the number of such a run of bytes,
        the sets of states that are reached then."""
        edges = sorted({0, 256} | {edge for moves in self._moves for low, high, _ in moves for edge in (low, high + 1)})
        runs, reached = {edge: run for run, edge in enumerate(edges)}, cache(self.reached)
        steps = [
            [(run, reached(target)) for low, high, target in moves for run in range(runs[low], runs[high + 1])]
            for moves in self._moves
        ]
        return edges, steps
