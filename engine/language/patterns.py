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

import numpy as np

from engine.language.automata import Automaton, words_automaton
from engine.language.expressions import expression_automaton
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, UserError

MOST_WORK = 2**28
"""Positions times moves: what a step takes is about that many operations, a second."""
Choose = Callable[[int, np.ndarray], int]
"""The number of a revealed token, from the left, and weights (V,) to a token drawn by them."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """An automaton for texts of any length."""

    automaton: Automaton

    @staticmethod
    def compile(
        expression: str,
        tokenizer: Tokenizer,
        words: tuple[str, ...] = (),
        named: Mapping[str, Callable[[Tokenizer], Automaton]] | None = None,
    ) -> Pattern:
        """A regular expression over the whole text ("" for none) and words that may not appear in it.

        In place of an expression stands the name of one of the patterns `named`; names begin with @.
        """
        if not expression:
            return Pattern(words_automaton(words, tokenizer))
        if expression.startswith("@"):
            whole = named_automaton(expression, tokenizer, named or {})
        else:
            whole = expression_automaton(expression, tokenizer)
        if words:
            whole = whole & words_automaton(words, tokenizer)
        return Pattern(whole)

    def check(self, tokens: np.ndarray) -> None:
        """A UserError unless the free places of tokens (L,), `FREE` there, can be filled to match."""
        work = len(tokens) * self.automaton.moves.size
        if work > MOST_WORK:
            raise UserError(
                f"The pattern is too large for {len(tokens)} tokens: a step would take {work:,} operations of at most "
                f"{MOST_WORK:,}; make it shorter, or ask for fewer tokens."
            )
        everything = np.ones((int((tokens == FREE).sum()), len(self.automaton.classes)))
        if self._backward(tokens, everything)[1] == -math.inf:
            raise UserError(
                f"No text of {len(tokens)} tokens around the locked ones matches the pattern and avoids the banned "
                "words; change the pattern, the locks or the length (an end-of-text token may end a text early)."
            )

    def draw(
        self, tokens: np.ndarray, laws: np.ndarray, revealed: np.ndarray, choose: Choose
    ) -> tuple[np.ndarray, float]:
        """Tokens (r,) at the r `revealed` of m free places, and log A - log A(v), nats; -inf if A is 0.

        `tokens` (L,) holds `FREE` at m places, `laws` (m, V) float64 the law of each, and `revealed` is (m,) bool.
        """
        after, before = self._backward(tokens, laws)
        if before == -math.inf:
            # The laws exclude every match, by temperature or nucleus for instance: any match will do.
            laws = np.ones_like(laws)
            after, _ = self._backward(tokens, laws)
        known = tokens.copy()
        drawn = self._forward(known, laws, revealed, choose, after)
        return drawn, before - self._backward(known, laws[~revealed])[1]

    def _by_class(self, laws: np.ndarray) -> np.ndarray:
        """The laws (m, V) of tokens as laws (m, C) of their classes."""
        order = np.argsort(self.automaton.classes, kind="stable")
        starts = np.searchsorted(self.automaton.classes[order], np.arange(self.automaton.moves.shape[1]))
        summed: np.ndarray = np.add.reduceat(laws[:, order], starts, axis=1)
        return summed

    def _backward(self, tokens: np.ndarray, laws: np.ndarray) -> tuple[np.ndarray, float]:
        """b (L + 1, S), each row up to a factor, and the log of the matching mass."""
        machine, by_class = self.automaton, self._by_class(laws)
        rows = np.empty((len(tokens) + 1, len(machine.moves)))
        rows[-1] = machine.accepting
        place, log_mass = len(laws), 0.0
        for i in range(len(tokens) - 1, -1, -1):
            reached = np.append(rows[i + 1], 0.0)  # index DEAD, the last, is never a match
            if tokens[i] == FREE:
                place -= 1
                row = reached[machine.moves] @ by_class[place]
            else:
                row = reached[machine.moves[:, machine.classes[tokens[i]]]]
            scale = row.max()
            if scale == 0:
                return rows, -math.inf
            rows[i] = row / scale
            log_mass += math.log(scale)
        start = rows[0, 0]
        return rows, log_mass + math.log(start) if start > 0 else -math.inf

    def _forward(
        self, tokens: np.ndarray, laws: np.ndarray, revealed: np.ndarray, choose: Choose, rows: np.ndarray
    ) -> np.ndarray:
        """The revealed tokens (r,) from left to right, also put into `tokens`.

        Tokens that stay masked are summed over: `here` (S,) is the law of the state before each token.
        """
        machine, by_class = self.automaton, self._by_class(laws)
        here = np.eye(len(machine.moves))[0]
        free = np.nonzero(tokens == FREE)[0]
        place_of = dict(zip(free.tolist(), range(len(free)), strict=True))
        drawn: list[int] = []
        for i in range(len(tokens)):
            place = place_of.get(i)
            if place is not None and revealed[place]:
                chance = here @ np.append(rows[i + 1], 0.0)[machine.moves]  # (C,) of a match, by class
                tokens[i] = choose(len(drawn), laws[place] * chance[machine.classes])
                drawn.append(tokens[i])
            if tokens[i] == FREE:
                weights = here[:, None] * by_class[place] * np.append(rows[i + 1] > 0, False)[machine.moves]
                here = np.bincount((machine.moves % (len(here) + 1)).ravel(), weights.ravel(), len(here) + 1)[:-1]
            else:
                column = machine.moves[:, machine.classes[tokens[i]]]
                here = np.bincount(column % (len(here) + 1), here, len(here) + 1)[:-1]
            here = here / here.sum()
        return np.array(drawn, np.int64)


def named_automaton(
    name: str, tokenizer: Tokenizer, named: Mapping[str, Callable[[Tokenizer], Automaton]]
) -> Automaton:
    """The pattern of that name; a UserError says which ones there are."""
    if name not in named:
        known = f"the model's kind has {', '.join(named)}" if named else "the model's kind has none"
        raise UserError(f"There is no pattern {name}; {known}, and an expression for a text with @ first begins [@].")
    return named[name](tokenizer)
