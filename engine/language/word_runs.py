"""Runs of positions that hold whole words of a list: one word, or several with spaces between them.

A word may be cut into tokens in any way, so one of four letters can fill one to four positions. A run begins with a
space where a word could stand before it, and what follows it begins no letter, so no word grows beyond its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from engine.language.automata import DEAD, Automaton, by_token, used
from engine.language.expressions import byte_automaton
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Generate, UserError


@dataclass(frozen=True, eq=False)
class Stretch:
    """Positions start .. stop - 1, and what they must spell together."""

    start: int
    stop: int
    automaton: Automaton


def stretches(request: Generate, tokenizer: Tokenizer) -> tuple[Stretch, ...]:
    """What a request's soft locks that name words ask for, from left to right.

    A UserError where no words of a list fill its run.
    """
    found, tokens = [], request.tokens
    asked = sorted(request.word_runs)
    begins = [start for start, *_ in asked] + [len(tokens)]
    for (start, stop, words), next_start in zip(asked, begins[1:], strict=True):
        if not 0 <= start < stop <= len(tokens):
            raise UserError(f"There are no positions {start + 1} to {stop} to put words at; choose others.")
        if stop > next_start:
            raise UserError("Two lists of words are for the same positions; leave out one.")
        run = Stretch(start, stop, _words(words, tokens[start - 1] if start else None, tokenizer))
        _check(run, tokens)
        found.append(run)
        if stop < next_start and tokens[stop] == FREE:
            found.append(Stretch(stop, stop + 1, _no_letter(tokenizer)))
    return tuple(found)


def _words(words: tuple[str, ...], before: int | None, tokenizer: Tokenizer) -> Automaton:
    """Texts of one or more of the words, after the token `before`: None at the beginning, `FREE` if not known."""
    forms = [tokenizer.forms(word) for word in words]
    tokenizer.encode_all([form for each in forms for form in each])  # a UserError names what it cannot write
    bare, following = ("|".join(re.escape(each[k]) for each in forms) for k in (0, -1))
    ended = before is not None and before != FREE and not _is_letter(tokenizer.spelling(before)[-1:])
    first = bare if before is None else f"{bare}|{following}" if ended else following
    moves, may_end = byte_automaton(f"(?:{first})(?:{following})*", tokenizer.vocabulary)
    spelled = by_token(moves, may_end, tokenizer)
    silent = [token for token in range(tokenizer.vocabulary) if not tokenizer.spelling(token)]
    classes = spelled.classes.copy()
    classes[silent] = spelled.moves.shape[1]
    table = np.hstack((spelled.moves, np.full((len(spelled.moves), 1), DEAD)))
    return Automaton(*used(table, classes), may_end)


def _no_letter(tokenizer: Tokenizer) -> Automaton:
    """One token that does not begin with a letter."""
    begins = [_is_letter(tokenizer.spelling(token)[:1]) for token in range(tokenizer.vocabulary)]
    moves = used(np.array([[1, DEAD], [DEAD, DEAD]]), np.array(begins, np.int64))
    return Automaton(*moves, np.array([False, True]))


def _is_letter(byte: bytes) -> bool:
    return byte >= b"\x80" or byte.isalnum()


def _check(run: Stretch, tokens: np.ndarray) -> None:
    """A UserError unless the run can be filled."""
    machine = run.automaton
    here = np.zeros(len(machine.moves), bool)
    here[0] = True
    for token in tokens[run.start : run.stop]:
        reached = machine.moves[here] if token == FREE else machine.moves[here, machine.classes[token]]
        here = np.zeros(len(machine.moves), bool)
        here[reached[reached != DEAD]] = True
    if not (here & machine.accepting).any():
        raise UserError(
            f"None of the words fills positions {run.start + 1} to {run.stop} exactly; name longer or shorter words, "
            "or make the run longer or shorter."
        )
