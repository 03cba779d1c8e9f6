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
from engine.language.word_tokens import has_spaces, is_letter, word_runs
from engine.protocol import FREE, Generate, UserError

LONGEST = 40_000
"""Characters of the expression for a list of words."""
SHOWN, SHOWN_WORDS = 20, 3
"""Characters of a word, and words of a list, that are said again."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Positions start .. stop - 1, and what they must spell together."""

    start: int
    stop: int
    automaton: Automaton
    words: tuple[str, ...] = ()


def stretches(request: Generate, tokenizer: Tokenizer) -> tuple[Stretch, ...]:
    """What a request's soft locks that name words ask for, from left to right.

    A UserError where no words of a list fill its run, or where a word would grow beyond its end.
    """
    found, tokens = [], request.tokens
    made: dict[tuple[tuple[str, ...], bytes | None], Automaton] = {}
    spaced, after = has_spaces(tokenizer), None
    for start, stop, words, next_start in word_runs(request):
        before = _before(tokens, start, tokenizer)
        if (words, before) not in made:
            made[words, before] = _words(words, before, tokenizer)
        run = Stretch(start, stop, made[words, before], words)
        _check(run, tokens)
        found.append(run)
        if not spaced or stop == min(next_start, len(tokens)):
            continue
        if tokens[stop] == FREE:
            after = after or _no_letter(tokenizer)
            found.append(Stretch(stop, stop + 1, after))
        elif is_letter(tokenizer.spelling(int(tokens[stop]))[:1]):
            raise UserError(
                f"The locked text after a run of {_listed(words)} begins with a letter, so a word there would grow; "
                "begin it with a space."
            )
    return tuple(found)


def _before(tokens: np.ndarray, start: int, tokenizer: Tokenizer) -> bytes | None:
    """The last byte before a run: None at the beginning of the text, a letter where it is not known."""
    if start == 0:
        return None
    known = tokens[start - 1] != FREE
    return tokenizer.spelling(int(tokens[start - 1]))[-1:] if known else b"a"


def _words(words: tuple[str, ...], before: bytes | None, tokenizer: Tokenizer) -> Automaton:
    """Texts of one or more of the words, after the byte `before`: None at the beginning."""
    forms = [tokenizer.forms(word) for word in words]
    tokenizer.encode_all([form for each in forms for form in each])  # a UserError names what it cannot write
    bare, following = ("|".join(re.escape(each[k]) for each in forms) for k in (0, -1))
    first = bare if before is None else following if is_letter(before) else f"{bare}|{following}"
    try:
        moves, may_end = byte_automaton(f"(?:{first})(?:{following})*", tokenizer.vocabulary, LONGEST)
    except UserError as error:
        raise UserError("The list of words is too long for this model; name fewer or shorter ones.") from error
    spelled = by_token(moves, may_end, tokenizer)
    silent = [token for token in range(tokenizer.vocabulary) if not tokenizer.spelling(token)]
    classes = spelled.classes.copy()
    classes[silent] = spelled.moves.shape[1]
    table = np.hstack((spelled.moves, np.full((len(spelled.moves), 1), DEAD)))
    return Automaton(*used(table, classes), may_end)


def _no_letter(tokenizer: Tokenizer) -> Automaton:
    """One token that does not begin with a letter."""
    begins = [is_letter(tokenizer.spelling(token)[:1]) for token in range(tokenizer.vocabulary)]
    moves = used(np.array([[1, DEAD], [DEAD, DEAD]]), np.array(begins, np.int64))
    return Automaton(*moves, np.array([False, True]))


def _listed(words: tuple[str, ...]) -> str:
    """The first of some words. They name a run: the window counts positions from 1, a command line from 0."""
    named = ", ".join(f'"{word[:SHOWN]}{"..." * (len(word) > SHOWN)}"' for word in words[:SHOWN_WORDS])
    return named if len(words) <= SHOWN_WORDS else f"{named} and {len(words) - SHOWN_WORDS:,} more"


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
        places = "one position" if run.stop == run.start + 1 else f"{run.stop - run.start} positions"
        raise UserError(
            f"No words of {_listed(run.words)} fill {places} exactly, with what is locked there; name other words, "
            "unlock some, or choose more or fewer positions."
        )
