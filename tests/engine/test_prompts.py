"""Prompts: what people write, as tokens and gaps."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.language.backends import END_OF_TEXT
from engine.language.prompts import (
    DEFAULT_GAP,
    format_ids,
    format_prompt,
    longest_prompt,
    parse_ids,
    parse_parts,
    parse_prompt,
)
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import FREE, UserError, frozen

LENGTH = 64
TOKENIZER: Tokenizer = train_tokenizer(iter(["Once upon a time the dragon slept. The end."] * 4), 300)


def test_a_number_in_brackets_is_a_gap_of_that_many_tokens() -> None:
    tokens = parse_prompt("Once upon a time [7] the dragon", TOKENIZER, LENGTH).tolist()
    first, last = TOKENIZER.encode("Once upon a time"), TOKENIZER.encode(" the dragon")
    assert tokens == [*first, *[FREE] * 7, *last]


def test_underscores_are_a_gap_of_the_usual_length() -> None:
    assert (parse_prompt("the ____ end", TOKENIZER, LENGTH) == FREE).sum() == DEFAULT_GAP
    assert (parse_prompt("the __ end", TOKENIZER, LENGTH) == FREE).sum() == 0


def test_gaps_may_stand_at_both_ends_and_side_by_side() -> None:
    prompt = parse_prompt("[2][3] dragon [4]", TOKENIZER, LENGTH)
    assert (prompt == FREE).sum() == 9
    assert prompt[0] == prompt[-1] == FREE


def test_the_end_of_text_marker_is_its_token() -> None:
    tokens = parse_prompt(f"The end.{END_OF_TEXT}Once [3]", TOKENIZER, LENGTH)
    assert tokens.tolist() == [*TOKENIZER.encode("The end."), TOKENIZER.eot_id, *TOKENIZER.encode("Once"), *[FREE] * 3]
    assert parse_prompt(format_prompt(tokens, TOKENIZER), TOKENIZER, LENGTH).tolist() == tokens.tolist()


def test_a_prompt_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        parse_prompt("dragon", TOKENIZER, LENGTH)[0] = 1


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
    again = parse_prompt(format_prompt(prompt, TOKENIZER), TOKENIZER, 256)
    assert again.tolist() == prompt.tolist()


SIGNS = ["[3]", "[12]", "____", "__", END_OF_TEXT, "\\", " ", "\t", "\n", "[", "]", "[[", "]]", "a", "é", "1"]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(SIGNS)).map("".join))


@given(TEXT.filter(bool))
def test_every_text_can_be_locked_as_it_is(text: str) -> None:
    ids = TOKENIZER.encode(text)
    again = parse_prompt(format_prompt(ids, TOKENIZER), TOKENIZER, 4096)
    assert again.tolist() == ids


@given(st.lists(st.one_of(TEXT, st.integers(1, 8), st.none()), min_size=1))
def test_every_text_can_stand_between_gaps_and_ends(parts: list[str | int | None]) -> None:
    tokens: list[int] = []
    for before, part in zip([None, *parts], parts, strict=False):
        if isinstance(part, str):
            tokens += [] if isinstance(before, str) else TOKENIZER.encode(part)  # two texts would be cut as one
        else:
            tokens += [0] if part is None else [FREE] * part
    assume(tokens)
    assert parse_prompt(format_prompt(tokens, TOKENIZER), TOKENIZER, 4096).tolist() == tokens


@given(TEXT)
def test_every_text_can_be_scored_as_it_is_when_its_signs_have_a_backslash(text: str) -> None:
    written = re.sub(r"(\\*)(\[\[|\]\]|<\|endoftext\|>)", r"\1\1\\\2", text)
    tokens, given = parse_parts(written, TOKENIZER)
    assert tokens.tolist() == TOKENIZER.encode(text)
    assert not given.any()


@given(TEXT, TEXT, TEXT)
def test_every_text_can_stand_in_and_beside_double_brackets(before: str, inside: str, after: str) -> None:
    first, part, last = (
        re.sub(r"(\\*)(\[\[|\]\]|<\|endoftext\|>)", r"\1\1\\\2", text) for text in (before, inside, after)
    )
    assume(not before.endswith(("[", " ", "\t", "\\")) and not inside.endswith(("]", "\\")))
    tokens, given = parse_parts(f"{first}[[{part}]]{last}", TOKENIZER)
    assert tokens.tolist() == [token for text in (before, inside, after) for token in TOKENIZER.encode(text)]
    assert TOKENIZER.decode(tokens[~given].tolist()) == inside


def test_a_backslash_that_stands_before_no_sign_is_text() -> None:
    text = r"C:\new [x] a\_b __init__ \\ \( \n"
    assert parse_prompt(text, TOKENIZER, 256).tolist() == TOKENIZER.encode(text)
    assert parse_prompt(r"\[3] [2]", TOKENIZER, 256).tolist() == [*TOKENIZER.encode("[3]"), FREE, FREE]
    assert parse_prompt(r"\\[2]", TOKENIZER, 256).tolist() == [*TOKENIZER.encode("\\"), FREE, FREE]


def test_double_brackets_that_do_not_match_are_text() -> None:
    for text in ("a [[b", "a]] b", "[[ \n", "x = a[[0, 1]"):
        tokens, given = parse_parts(text, TOKENIZER)
        assert tokens.tolist() == TOKENIZER.encode(text)
        assert not given.any()


@pytest.mark.parametrize("piece", [" ", "\\", "[", "[[", "_", " \\", "[1"])
def test_a_long_text_is_read_in_a_time_that_grows_with_its_length(piece: str) -> None:
    for parse in (lambda text: parse_prompt(text, TOKENIZER, 100_000), lambda text: parse_parts(text, TOKENIZER)):
        with suppress(UserError):
            parse("a" + piece * 100_000 + "a")


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


@pytest.mark.parametrize("text", ["once upon " * 500_000, " " * 5_000_000 + "a", "[1] " * 100_000, "\\" * 20_000])
def test_a_text_that_cannot_fit_is_refused_before_it_is_cut_into_tokens(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tokenizer, "encode_all", lambda *_: pytest.fail("it is cut into tokens"))
    with pytest.raises(UserError, match=rf"{len(text):,} characters"):
        parse_prompt(text, TOKENIZER, LENGTH)


def test_no_prompt_that_fits_is_taken_for_too_long() -> None:
    longest = max(range(TOKENIZER.vocabulary), key=lambda token: len(TOKENIZER.piece(token)))
    ids = [token for token in (longest, TOKENIZER.encode("\\")[0], FREE) for _ in range(2_000)]
    text = format_prompt(ids, TOKENIZER)
    assert len(text) <= longest_prompt(TOKENIZER, len(ids))
    assert (parse_prompt(f"{text} [1]", TOKENIZER, len(ids) + 1) == FREE).sum() == 2_001


@given(st.lists(st.integers(FREE, 299), min_size=1, max_size=LENGTH))
def test_token_ids_come_back_as_they_are(tokens: list[int]) -> None:
    assert parse_ids(format_ids(frozen(tokens)), 300, LENGTH).tolist() == tokens


@pytest.mark.parametrize(
    ("text", "said"),
    [("5 300", "numbers below 300"), ("5 -1", "no token"), ("", "this one 0"), ("[60] 1 1 1 1 1", "65")],
)
def test_ids_that_are_no_prompt_are_answered_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_ids(text, 300, LENGTH)
