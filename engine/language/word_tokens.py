"""Lists of words for what draws each token on its own: the words that are one token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Generate, Limit, UserError


def word_runs(request: Generate) -> Iterator[tuple[int, int, tuple[str, ...], int]]:
    """The soft locks that name words, from left to right, each with where the next begins, or the text's end.

    A UserError where one lies outside the text, or two overlap.
    """
    asked, length = sorted(request.word_runs), len(request.tokens)
    begins = [start for start, *_ in asked] + [length]
    for (start, stop, words), next_start in zip(asked, begins[1:], strict=True):
        if not 0 <= start < stop <= length:
            raise UserError("A list of words is for positions that the text does not have; choose others.")
        if stop > next_start:
            raise UserError("Two lists of words are for the same positions; leave out one.")
        yield start, stop, tuple(word.strip() for word in words), next_start


def as_tokens(request: Generate, tokenizer: Tokenizer) -> Generate:
    """The same with each list of words as the tokens that are one of them, for what draws each token on its own.

    What follows a run begins no letter. A UserError names a word that is no single token.
    """
    limits: list[Limit] = [*request.token_limits]
    for start, stop, words, next_start in word_runs(request):
        parts = ((start, min(stop, 1), 0), (max(start, 1), stop, -1))  # at the beginning of the text, and elsewhere
        limits += [(first, last, _single(words, form, tokenizer)) for first, last, form in parts if first < last]
        if stop < next_start and request.tokens[stop] == FREE and has_spaces(tokenizer):
            apart = [t for t in range(tokenizer.vocabulary) if not is_letter(tokenizer.spelling(t)[:1])]
            limits.append((stop, stop + 1, tuple(apart)))
    return replace(request, limits=tuple(limits))


def has_spaces(tokenizer: Tokenizer) -> bool:
    """Whether spaces part words in its texts; bases and pixels stand side by side."""
    return len(tokenizer.forms("a")) > 1


def is_letter(byte: bytes) -> bool:
    """Whether a byte, or none, is part of a word: letters, digits, and all of UTF-8 beyond ASCII."""
    return byte >= b"\x80" or byte.isalnum()


def _single(words: tuple[str, ...], form: int, tokenizer: Tokenizer) -> tuple[int, ...]:
    """The token of each word in one of its forms: 0 at the beginning of a text, -1 elsewhere."""
    encoded = tokenizer.encode_all([tokenizer.forms(word)[form] for word in words])
    if longer := [word for word, ids in zip(words, encoded, strict=True) if len(ids) != 1]:
        raise UserError(
            f'"{longer[0]}" is not one token of this model, and words of several need absorbing noise and a sampler '
            "that reveals tokens; leave it out, or choose another model."
        )
    return tuple(sorted({ids[0] for ids in encoded}))
