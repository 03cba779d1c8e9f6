"""Texts held to a pattern: a regular expression, banned words, or both, under absorbing noise.

At each step the masked tokens are drawn together from the product of their laws p_i, given that the text matches:
backwards through the text go the probabilities b_i(s) that a match is still reached from state s before token i, and
forwards each token is drawn with weights p_i(v) b_{i+1}(move(s, v)). What this step reveals is kept, the rest is masked
again, so every state can be completed. The draw of revealed tokens v is likelier than the model's by
A(v) / A, the matching mass after and before it; log A - log A(v), summed over a run, is its log importance weight,
and exp of it has the model's probability of a match as its mean. (The forward-filtering, backward-sampling of hidden
Markov models, over the automaton's states.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.language.automata import TOO_LARGE, Automaton, words_automaton
from engine.language.expressions import expression_automaton
from engine.language.tokenizers import Tokenizer
from engine.language.word_runs import Stretch
from engine.protocol import FREE, UserError
from engine.stopping import look

MOST_WORK = 2**28
"""Positions times moves: what a step takes is about that many operations, a second."""
MOST_JOINT = 2**24
"""Moves of all automata of runs beside that of the text."""
Choose = Callable[[int, np.ndarray], int]
"""The number of a revealed token, from the left, and weights (V,) to a token drawn by them."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Positions start .. stop - 1 and the automaton for them: that of the text, beside that of a run of words.

    The state is that of the text times `width`, plus that of the run; `may_end` (width,) is where the run may end.
    """

    start: int
    stop: int
    machine: Automaton
    may_end: np.ndarray

    @property
    def width(self) -> int:
        return len(self.may_end)


@dataclass(frozen=True, eq=False)
class Pattern:
    """An automaton for texts of any length, and runs of positions that spell something of their own."""

    automaton: Automaton
    runs: tuple[Stretch, ...] = ()

    @staticmethod
    def compile(
        expression: str,
        tokenizer: Tokenizer,
        words: tuple[str, ...] = (),
        named: Mapping[str, Callable[[Tokenizer], Automaton]] | None = None,
        runs: tuple[Stretch, ...] = (),
    ) -> Pattern:
        """A regular expression over the whole text ("" for none), words that may not appear in it, and `runs`.

        In place of an expression stands the name of one of the patterns `named`; names begin with @.
        """
        if not expression and not words:
            return Pattern(anything(tokenizer.vocabulary), runs)
        if not expression:
            return Pattern(words_automaton(words, tokenizer), runs)
        if expression.startswith("@"):
            whole = named_automaton(expression, tokenizer, named or {})
        else:
            whole = expression_automaton(expression, tokenizer)
        if words:
            whole = whole & words_automaton(words, tokenizer)
        return Pattern(whole, runs)

    def _pieces(self, length: int) -> list[Piece]:
        """Texts of `length` tokens, from left to right."""
        found, here = [], 0
        for run in self.runs:
            found.append(Piece(here, run.start, self.automaton, np.ones(1)))
            joint = self._joint[id(run.automaton)]
            found.append(Piece(run.start, run.stop, joint, run.automaton.accepting.astype(float)))
            here = run.stop
        return [*found, Piece(here, length, self.automaton, np.ones(1))]

    @cached_property
    def _joint(self) -> dict[int, Automaton]:
        """By the automaton of a run, that beside the text's; a UserError where all of them are too much."""
        found: dict[int, Automaton] = {}
        for run in self.runs:
            if id(run.automaton) not in found:
                found[id(run.automaton)] = self.automaton.beside(run.automaton)
            if sum(joint.moves.size for joint in found.values()) > MOST_JOINT:
                raise UserError(TOO_LARGE)
        return found

    def check(self, tokens: np.ndarray, allowed: np.ndarray | None = None) -> None:
        """A UserError unless the free places of tokens (L,), `FREE` there, can be filled to match.

        With tokens that are `allowed`, (V,) or (L, V) bool; all if None.
        """
        work = sum((piece.stop - piece.start) * piece.machine.moves.size for piece in self._pieces(len(tokens)))
        if work > MOST_WORK:
            raise UserError(
                f"The pattern is too large for {len(tokens)} tokens: a step would take {work:,} operations of at most "
                f"{MOST_WORK:,}; make it shorter, or ask for fewer tokens."
            )
        free = tokens == FREE
        everything = np.ones((int(free.sum()), len(self.automaton.classes)))
        if allowed is not None:
            everything *= allowed if allowed.ndim == 1 else allowed[free]
        if self._backward(tokens, everything)[1] == -math.inf:
            raise UserError(
                f"No text of {len(tokens)} tokens around the locked ones matches the pattern and avoids the banned "
                "words, with the words asked for at their places; change one of these, the locks or the length (an "
                "end-of-text token may end a text early)."
            )

    def draw(
        self, tokens: np.ndarray, laws: np.ndarray, wide: np.ndarray, revealed: np.ndarray, choose: Choose
    ) -> tuple[np.ndarray, float]:
        """Tokens (r,) at the r `revealed` of m free places, and log A - log A(v), nats; -inf if A is 0.

        `tokens` (L,) holds `FREE` at m places, `laws` (m, V) float64 the law of each, and `revealed` is (m,) bool.
        Where the laws exclude every match, as a low temperature or a nucleus may, the `wide` ones (m, V) stand in for
        them: in the runs, and if that is not enough everywhere. They are positive wherever a token is allowed.
        """
        after, before = self._backward(tokens, laws)
        if before == -math.inf:
            listed = np.zeros(len(tokens), bool)
            for run in self.runs:
                listed[run.start : run.stop] = True
            laws = np.where(listed[tokens == FREE, None], wide, laws)
            after, possible = self._backward(tokens, laws)
            if possible == -math.inf:
                laws = wide
                after, _ = self._backward(tokens, laws)
        known = tokens.copy()
        drawn = self._forward(known, laws, revealed, choose, after)
        return drawn, before - self._backward(known, laws[~revealed])[1]

    def _backward(self, tokens: np.ndarray, laws: np.ndarray) -> tuple[list[np.ndarray], float]:
        """What follows each token: b (S,) for the states after it, up to a factor; and the log of the matching mass."""
        rows: list[np.ndarray] = [np.empty(0)] * len(tokens)
        row, place, log_mass = self.automaton.accepting.astype(float), len(laws), 0.0
        for piece in reversed(self._pieces(len(tokens))):
            row = np.outer(row, piece.may_end).ravel()
            machine, free = piece.machine, int((tokens[piece.start : piece.stop] == FREE).sum())
            by_class, place = _by_class(machine, laws[place - free : place]), place - free
            for i in range(piece.stop - 1, piece.start - 1, -1):
                look()
                rows[i] = row
                reached = np.append(row, 0.0)  # index DEAD, the last, is never a match
                if tokens[i] == FREE:
                    free -= 1
                    row = reached[machine.moves] @ by_class[free]
                else:
                    row = reached[machine.moves[:, machine.classes[tokens[i]]]]
                scale = row.max()
                if scale == 0:
                    return rows, -math.inf
                row = row / scale
                log_mass += math.log(scale)
            row = row[:: piece.width]
        return rows, log_mass + math.log(row[0]) if row[0] > 0 else -math.inf

    def _forward(
        self, tokens: np.ndarray, laws: np.ndarray, revealed: np.ndarray, choose: Choose, rows: list[np.ndarray]
    ) -> np.ndarray:
        """The revealed tokens (r,) from left to right, also put into `tokens`.

        Tokens that stay masked are summed over: `here` (S,) is the law of the state before each token.
        """
        here, place = np.eye(len(self.automaton.moves))[0], 0
        drawn: list[int] = []
        for piece in self._pieces(len(tokens)):
            machine, first = piece.machine, place
            here = np.outer(here, np.eye(piece.width)[0]).ravel()
            free = int((tokens[piece.start : piece.stop] == FREE).sum())
            by_class = _by_class(machine, laws[first : first + free])
            for i in range(piece.start, piece.stop):
                look()
                if tokens[i] == FREE:
                    place += 1
                    if revealed[place - 1]:
                        chance = here @ np.append(rows[i], 0.0)[machine.moves]  # (C,) of a match, by class
                        tokens[i] = choose(len(drawn), laws[place - 1] * chance[machine.classes])
                        drawn.append(tokens[i])
                if tokens[i] == FREE:
                    weights = here[:, None] * by_class[place - 1 - first]
                    weights = weights * np.append(rows[i] > 0, False)[machine.moves]
                    here = np.bincount((machine.moves % (len(here) + 1)).ravel(), weights.ravel(), len(here) + 1)[:-1]
                else:
                    column = machine.moves[:, machine.classes[tokens[i]]]
                    here = np.bincount(column % (len(here) + 1), here, len(here) + 1)[:-1]
                here = here / here.sum()
            here = here.reshape(-1, piece.width) @ piece.may_end
        return np.array(drawn, np.int64)


def anything(vocabulary: int) -> Automaton:
    """The automaton that accepts every text."""
    return Automaton(np.zeros((1, 1), np.int64), np.zeros(vocabulary, np.int64), np.ones(1, bool))


def _by_class(machine: Automaton, laws: np.ndarray) -> np.ndarray:
    """The laws (m, V) of tokens as laws (m, C) of their classes."""
    order = np.argsort(machine.classes, kind="stable")
    starts = np.searchsorted(machine.classes[order], np.arange(machine.moves.shape[1]))
    summed: np.ndarray = np.add.reduceat(laws[:, order], starts, axis=1)
    return summed


def named_automaton(
    name: str, tokenizer: Tokenizer, named: Mapping[str, Callable[[Tokenizer], Automaton]]
) -> Automaton:
    """The pattern of that name; a UserError says which ones there are."""
    if name not in named:
        known = f"the model's kind has {', '.join(named)}" if named else "the model's kind has none"
        raise UserError(f"There is no pattern {name}; {known}, and an expression for a text with @ first begins [@].")
    return named[name](tokenizer)
