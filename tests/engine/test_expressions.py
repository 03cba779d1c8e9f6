"""Which expressions are read, and that what cannot be used or takes too much is refused in time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import count, product

import numpy as np
import pytest

from engine.language.automata import DEAD, PIECE, words_automaton
from engine.language.expressions import byte_automaton, expression_automaton
from engine.language.patterns import Pattern
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import FREE, UserError
from engine.stopping import Stopped, stoppable
from tests.engine.test_patterns import TEXTS


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(TEXTS * 4), 300)


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        "a(?=b)",
        r"(a)\1",
        ".{5000}",
        "(x{300}){300}",
        "a" * 3000,
        "x{" + "9" * 5000 + "}",
        "(" * 500,
        "a*+",
        "(a?){9000}",
        r"a\b",
    ],
)
def test_expressions_that_cannot_be_used_are_answered_in_a_sentence(expression: str, tokenizer: Tokenizer) -> None:
    with pytest.raises(UserError, match="pattern"):
        Pattern.compile(expression, tokenizer)


CHARACTERS = "aZ5_ \n\x00éßñ\u02bc中あ😀\u2028\u0660\u017f\u212ai\u0130\u0131\u03a3\u03c2"


@pytest.mark.parametrize(
    "expression",
    [
        r"\w+",
        r"[^\W\d]*",
        r"\s|\S\d",
        "[à-ÿ]é?",
        "(?i)[a-z]",
        "(?i)ÉSS?",
        "(?a)\\w.",
        "(?i)[i\u03c3]*",
        "(?ai)[i\u03c3s][^k\u0130]",
        "(?ai)\u03c2|ß",
        "(?a)\\w(?u:\\w)",
        "[^é]",
        ".+",
        "[\U0001f000-\U0010ffff]",
    ],
)
def test_characters_are_told_apart_as_python_does(expression: str) -> None:
    moves, accepting = byte_automaton(expression)
    for length in (0, 1, 2):
        for characters in product(CHARACTERS, repeat=length):
            text, state = "".join(characters), 0
            for byte in text.encode():
                state = moves[state, byte] if state != DEAD else DEAD
            assert (state != DEAD and bool(accepting[state])) == bool(re.fullmatch(expression, text)), repr(text)


def test_bytes_that_are_no_character_never_match() -> None:
    moves, accepting = byte_automaton("(?s).*")
    for spelled in (b"\xff", b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        state = 0
        for byte in spelled:
            state = moves[state, byte] if state != DEAD else DEAD
        assert state == DEAD or not accepting[state]


def test_an_expression_that_may_mean_something_else_one_day_is_read_without_a_warning() -> None:
    moves, accepting = byte_automaton("[[a]&&b]")
    assert moves.shape[1] == 256
    assert len(accepting) == len(moves)


@pytest.mark.parametrize("expression", ["[^a]{400}", ".{150}", "([a-z]{1,30} ?){9}"])
def test_counted_parts_need_few_states(expression: str, tokenizer: Tokenizer) -> None:
    assert len(expression_automaton(expression, tokenizer).moves) < 10_000


def looks(work: Callable[[], object], most: int | None = None) -> int:
    """How often work looks whether to go on; it is stopped after `most`."""
    seen = count()

    def enough() -> bool:
        return next(seen) == most

    with stoppable(enough):
        work()
    return next(seen)


@pytest.mark.parametrize("expression", [".*a.{20}", "(.*a){12}.{12}"])
def test_states_are_counted_while_they_are_made(expression: str) -> None:
    """One look at whether to go on comes with each state; too many are refused with what makes them."""
    with pytest.raises(UserError, match=r"\.\{(20|12)\} asks for too many states"):
        byte_automaton(expression, 2**12)
    with pytest.raises(Stopped):
        looks(lambda: byte_automaton(expression, 2**12), 1_000)


def test_what_its_states_take_is_counted_too(tokenizer: Tokenizer) -> None:
    """Few states of large sets, or of many words that are begun, are refused long before there are too many states."""
    with pytest.raises(UserError, match=r"\{500\} asks for too many states"):
        looks(lambda: byte_automaton("([a-z]+ ?){500}", 2**11), 20_000)
    draw = random.Random(0)
    word = "".join(chr(draw.randint(33, 120)) for _ in range(30_000))
    with pytest.raises(UserError, match="too long"):
        looks(lambda: words_automaton((word,), tokenizer), 20_000)


def test_what_is_wrong_with_a_pattern_of_several_lines_is_one_sentence() -> None:
    with pytest.raises(UserError) as refused:
        byte_automaton("(\n\x1b[2J" + "x\n" * 100)
    assert re.fullmatch(r"The pattern \( ␛\[2Jx .{1,60}\.\.\. cannot be used: [ -~]+", str(refused.value))


def test_many_letters_of_any_alphabet_are_a_pattern() -> None:
    moves, accepting = byte_automaton(r"\w{40}", 2**11)
    for letters, matches in ((39, False), (40, True), (41, False)):
        state = 0
        for byte in ("aß語𐐀" * 11)[:letters].encode():
            state = moves[state, byte] if state != DEAD else DEAD
        assert (state != DEAD and bool(accepting[state])) == matches


def test_a_table_of_many_tokens_is_made_in_pieces(tokenizer: Tokenizer) -> None:
    moves, _ = byte_automaton("[^a]{400}")
    made = looks(lambda: expression_automaton("[^a]{400}", tokenizer))
    assert made > len(moves) + len(moves) * tokenizer.vocabulary // PIECE


def test_a_step_looks_at_each_token_whether_to_go_on(tokenizer: Tokenizer) -> None:
    pattern, tokens, laws = Pattern.compile(".*", tokenizer), np.full(50, FREE), np.ones((50, tokenizer.vocabulary))
    revealed = np.ones(50, np.bool_)
    assert looks(lambda: pattern.check(tokens)) >= 50
    assert looks(lambda: pattern.draw(tokens, laws, laws, revealed, lambda _, law: int(law.argmax()))) >= 150


def test_a_pattern_that_a_step_would_take_too_long_for_is_refused(tokenizer: Tokenizer) -> None:
    pattern = Pattern.compile(".{3000}", tokenizer)
    with pytest.raises(UserError, match="too large for 100000 tokens"):
        pattern.check(np.full(100_000, FREE))


def test_an_empty_banned_word_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(UserError, match="empty"):
        Pattern.compile("", tokenizer, ("cat", " "))


@pytest.mark.parametrize("word", ["a " * 15_000, "aaa b " * 5000])
def test_a_banned_word_that_is_very_long_is_refused_before_much_is_made_of_it(word: str, tokenizer: Tokenizer) -> None:
    with pytest.raises(UserError, match=r"ban (shorter|fewer)"):
        Pattern.compile("", tokenizer, (word,))
