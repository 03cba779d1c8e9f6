"""Whole characters among tokens that each hold some of their bytes."""

from __future__ import annotations

from itertools import accumulate, pairwise

import regex
from hypothesis import given
from hypothesis import strategies as st

from engine.language.graphemes import graphemes
from engine.language.tokenizers import train_tokenizer

LETTERS = "aé\u0301 \u00fcß你好あ👍🏽👨\u200d👩🇩🇪नमस्तेกำשل\u0600x1\n"


@st.composite
def spelled(draw: st.DrawFn) -> list[bytes]:
    """A text, its bytes cut into tokens anywhere."""
    whole = draw(st.text(st.sampled_from(LETTERS), max_size=12)).encode()
    cuts = sorted(draw(st.sets(st.integers(0, len(whole)))) | {0, len(whole)})
    return [whole[start:stop] for start, stop in pairwise(cuts)]


@given(spelled())
def test_tokens_are_divided_where_one_begins_with_a_new_character_and_nowhere_else(tokens: list[bytes]) -> None:
    text = b"".join(tokens).decode()
    characters = {0, *accumulate(len(one.encode()) for one in regex.findall(r"\X", text))}
    begins = [0, *accumulate(map(len, tokens))]
    found = graphemes(tokens)
    assert "".join(one.text or "" for one in found) == text
    assert [one.start for one in found] == [k for k, at in enumerate(begins[:-1]) if at in characters]
    assert [one.stop for one in found] == [*(one.start for one in found[1:]), len(tokens)] * bool(found)


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=8))
def test_bytes_that_are_no_text_are_never_shown_as_one(tokens: list[bytes]) -> None:
    found = graphemes(tokens)
    assert [position for one in found for position in range(one.start, one.stop)] == list(range(len(tokens)))
    for one in found:
        if one.text is not None:
            assert one.text.encode() == b"".join(tokens[one.start : one.stop])


def test_a_token_that_is_a_part_of_a_character_is_called_by_its_bytes() -> None:
    tokenizer = train_tokenizer(iter(["abc"]), 300)
    first, second = tokenizer.encode("é")
    assert (tokenizer.piece(first), tokenizer.piece(second)) == ("\\xc3", "\\xa9")
    assert tokenizer.graphemes([first, second, *tokenizer.encode("b")]) == [(0, 2, "é"), (2, 3, "b")]
    assert tokenizer.graphemes([second, first]) == [(0, 1, None), (1, 2, None)]


def test_each_character_of_a_script_without_spaces_is_a_word() -> None:
    tokenizer = train_tokenizer(iter(["从前有一只小猫住在森林里"] * 9), 257)  # every letter is three tokens
    ids = tokenizer.encode("从前 a fox 有")
    spelled = [tokenizer.decode(ids[start:stop]) for start, stop in tokenizer.words(ids)]
    assert spelled == ["从", "前", " a", " fox", " ", "有"]
