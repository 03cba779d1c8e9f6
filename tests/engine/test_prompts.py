"""Prompts: what people write, as tokens and gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.prompts import DEFAULT_GAP, format_ids, format_prompt, parse_ids, parse_prompt
from engine.language.tokenizers import END_OF_TEXT, Tokenizer, train_tokenizer
from engine.protocol import FREE, UserError, frozen

LENGTH = 64
TOKENIZER: Tokenizer = train_tokenizer(iter(["Once upon a time the dragon slept. The end."] * 4), 300)


def test_a_number_in_brackets_is_a_gap_of_that_many_tokens() -> None:
    tokens = parse_prompt("Once upon a time [7] the dragon", TOKENIZER, LENGTH).tokens.tolist()
    first, last = TOKENIZER.encode("Once upon a time"), TOKENIZER.encode(" the dragon")
    assert tokens == [*first, *[FREE] * 7, *last]


def test_underscores_are_a_gap_of_the_usual_length() -> None:
    assert parse_prompt("the ____ end", TOKENIZER, LENGTH).free == DEFAULT_GAP
    assert parse_prompt("the __ end", TOKENIZER, LENGTH).free == 0


def test_gaps_may_stand_at_both_ends_and_side_by_side() -> None:
    prompt = parse_prompt("[2][3] dragon [4]", TOKENIZER, LENGTH)
    assert prompt.free == 9
    assert prompt.tokens[0] == prompt.tokens[-1] == FREE


def test_the_end_of_text_marker_is_its_token() -> None:
    tokens = parse_prompt(f"The end.{END_OF_TEXT}Once [3]", TOKENIZER, LENGTH).tokens
    assert tokens.tolist() == [*TOKENIZER.encode("The end."), TOKENIZER.eot_id, *TOKENIZER.encode("Once"), *[FREE] * 3]
    assert parse_prompt(format_prompt(tokens, TOKENIZER), TOKENIZER, LENGTH).tokens.tolist() == tokens.tolist()


def test_a_prompt_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        parse_prompt("dragon", TOKENIZER, LENGTH).tokens[0] = 1


@given(
    st.lists(
        st.one_of(st.integers(1, 8), st.sampled_from(["Once upon", "the dragon", "end.", "é☃", "a\nb"])),
        min_size=1,
        max_size=6,
    )
)
def test_a_prompt_written_out_and_read_again_is_the_same(parts: list[int | str]) -> None:
    text = " ".join(f"[{part}]" if isinstance(part, int) else part for part in parts)
    prompt = parse_prompt(text, TOKENIZER, 256)
    again = parse_prompt(format_prompt(prompt.tokens, TOKENIZER), TOKENIZER, 256)
    assert again.tokens.tolist() == prompt.tokens.tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("a [0] b", "gap of 0"),
        ("a [000] b", "gap of 0"),
        ("a [100000] b", "gap of 100000"),
        ("a [" + "9" * 5000 + "] b", "longer than"),
        ("dragon " * 70, "locked words take"),
        ("a [40] b [40] c", "more than the 64 positions"),
    ],
)
def test_what_does_not_fit_is_answered_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        parse_prompt(text, TOKENIZER, LENGTH)
    assert len(str(error.value)) < 200


@given(st.lists(st.integers(FREE, 299), min_size=1, max_size=LENGTH))
def test_token_ids_come_back_as_they_are(tokens: list[int]) -> None:
    assert parse_ids(format_ids(frozen(tokens)), 300, LENGTH).tokens.tolist() == tokens


@pytest.mark.parametrize(
    ("text", "said"),
    [("5 300", "numbers below 300"), ("5 -1", "no token"), ("", "this one 0"), ("[60] 1 1 1 1 1", "65")],
)
def test_ids_that_are_no_prompt_are_answered_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_ids(text, 300, LENGTH)
