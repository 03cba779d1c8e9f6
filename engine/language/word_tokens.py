"""Lists of words for what draws each token on its own: the words that are one token."""

from __future__ import annotations

from dataclasses import replace

from engine.language.tokenizers import Tokenizer
from engine.protocol import Generate, Limit, UserError


def as_tokens(request: Generate, tokenizer: Tokenizer) -> Generate:
    """The same with each list of words as the tokens that are one of them, for what draws each token on its own.

    A UserError names a word that is no single token.
    """
    limits: list[Limit] = [*request.token_limits]
    for start, stop, words in request.word_runs:
        parts = ((start, min(stop, 1), 0), (max(start, 1), stop, -1))  # at the beginning of the text, and elsewhere
        limits += [(first, last, _single(words, form, tokenizer)) for first, last, form in parts if first < last]
    return replace(request, limits=tuple(limits))


def _single(words: tuple[str, ...], form: int, tokenizer: Tokenizer) -> tuple[int, ...]:
    """The token of each word in one of its forms: 0 at the beginning of a text, -1 elsewhere."""
    encoded = tokenizer.encode_all([tokenizer.forms(word)[form] for word in words])
    if longer := [word for word, ids in zip(words, encoded, strict=True) if len(ids) != 1]:
        raise UserError(
            f'"{longer[0]}" is not one token of this model, and words of several need absorbing noise and a sampler '
            "that reveals tokens; leave it out, or choose another model."
        )
    return tuple(sorted({ids[0] for ids in encoded}))
