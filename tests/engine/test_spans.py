"""Locks by characters: which tokens lie wholly inside, what they share with a gap, and what typos are planted."""

from __future__ import annotations

import numpy as np
import pytest

from engine.language.prompts import given_parts
from engine.language.spans import Laid, runs_of, words_in
from engine.language.tokenizers import Tokenizer, symbol_tokenizer, train_tokenizer
from engine.language.typos import TypoKind, plant
from engine.protocol import UserError

TEXT = "The dragon lived on a hill. One day a girl came up the hill, and the d\u00e9j\u00e0 vu was gone."
TOKENIZER = train_tokenizer(iter([TEXT] * 8), 330)


def test_tokens_that_lie_wholly_in_a_lock_are_given_and_what_others_share_with_it_is_counted() -> None:
    laid = Laid.of("The dragon lived", TOKENIZER)
    pieces = [TOKENIZER.piece(token) for token in laid.tokens.tolist()]
    assert pieces == ["The", " dragon", " lived"]
    assert laid.inside([(0, 10)]).tolist() == [True, True, False]
    assert laid.shared([(0, 10)]) == 0
    assert laid.inside([(0, 3), (3, 7)]).tolist() == [True, False, False]  # runs that touch are one
    assert laid.shared([(0, 7)]) == 4  # " dra"
    assert laid.inside([(0, 5), (5, 10)]).tolist() == [True, True, False]
    assert laid.inside([]).tolist() == [False] * 3
    assert (laid.within([(0, 10)]), laid.touching((4, 10)), laid.touching((11, 16))) == (10, slice(1, 2), slice(2, 3))


def test_characters_of_several_bytes_are_one_character() -> None:
    laid = Laid.of("d\u00e9j\u00e0", TOKENIZER)
    assert b"".join(map(TOKENIZER.spelling, laid.tokens.tolist())) == "d\u00e9j\u00e0".encode()
    assert laid.bytes_of((1, 2)) == (1, 3)
    assert laid.shared([(1, 2)]) == (0 if laid.inside([(1, 2)]).any() else 1)


def test_the_end_of_a_text_is_one_token_of_the_locks() -> None:
    laid = Laid.of("The hill.<|endoftext|>The girl", TOKENIZER)
    end = laid.tokens.tolist().index(TOKENIZER.eot_id)
    assert laid.inside([(9, 22)]).nonzero()[0].tolist() == [end]
    with pytest.raises(UserError, match="no token for the end"):
        Laid.of("ab<|endoftext|>", train_without_end())
    with pytest.raises(UserError, match="There is no text"):
        Laid.of(" ", TOKENIZER)


def train_without_end() -> Tokenizer:
    tokenizer = symbol_tokenizer("ab")
    tokenizer.eot_id = None
    return tokenizer


def test_parts_are_the_same_characters_for_every_tokenizer() -> None:
    text, given = given_parts("The [[dragon lived]] on a hill.")
    assert text == "The dragon lived on a hill."
    assert [text[slice(*run)] for run in given] == ["The", " on a hill."]
    assert given_parts("The dragon") == ("The dragon", ())


def test_words_are_runs_of_letters_and_symbols_of_long_sequences() -> None:
    text = "The girl's dog,<|endoftext|> 2 cats"
    assert [text[slice(*run)] for run in words_in(text)] == ["The", "girl's", "dog", "2", "cats"]
    assert words_in("ACGT" * 10) == [(at, at + 1) for at in range(40)]


@pytest.mark.parametrize("kind", ["word", "letter", "swap"])
def test_a_typo_is_the_same_for_a_seed_and_changes_one_word(kind: TypoKind) -> None:
    typo = plant(TEXT, TOKENIZER, kind, "girl", 3)
    assert typo == plant(TEXT, TOKENIZER, kind, "girl", 3)
    assert (typo.original, len(typo.words)) == ("girl", len(words_in(TEXT)))
    assert typo.word not in ("girl", "")
    start, stop = typo.words[typo.spoilt]
    assert typo.text[:start] + "girl" + typo.text[stop:] == TEXT
    assert typo.words == tuple(words_in(typo.text))
    if kind == "swap":
        assert sorted(typo.word) == sorted("girl")
    if kind == "letter":
        assert sum(one != other for one, other in zip(typo.word, "girl", strict=True)) == 1


def test_a_wrong_word_takes_as_many_tokens_as_the_word_did() -> None:
    for seed in range(8):
        typo = plant(TEXT, TOKENIZER, "word", "", seed)
        sizes = [len(TOKENIZER.encode(text)) for text in (TEXT, typo.text)]
        assert sizes[0] == sizes[1]


def test_what_cannot_be_spoilt_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match='"castle" is no word of this text'):
        plant(TEXT, TOKENIZER, "word", "castle")
    with pytest.raises(UserError, match="no word in this text"):
        plant("...", TOKENIZER)
    with pytest.raises(UserError, match='"a" cannot be spoilt so'):
        plant("a b", TOKENIZER, "swap", "a")
    assert np.isin(plant("ACGTACGT" * 5, symbol_tokenizer("ACGT"), "letter").word, list("ACGT"))


def test_locked_tokens_are_runs_of_characters() -> None:
    ids = TOKENIZER.encode("The dragon lived on")
    locked = np.array([True, True, False, True])
    assert runs_of(ids, locked, TOKENIZER) == ("The dragon lived on", ((0, 10), (16, 19)))
    end = [*TOKENIZER.encode("The"), TOKENIZER.eot_id or 0, *TOKENIZER.encode("The")]
    assert runs_of(end, np.array([True, True, False]), TOKENIZER) == ("The<|endoftext|>The", ((0, 16),))
    assert runs_of(TOKENIZER.encode("\u00e9")[:1], np.array([True]), TOKENIZER)[0] in ("\ufffd", "\u00e9")
