"""Typos, planted in a word by a seed: two letters swapped, a letter that is wrong, or another word of the vocabulary.

Of those that are tried one is taken that takes as many tokens as the word did: a model does not change the number of
its tokens, so only then can the word come back as it would be written. Where there is none it is one that comes near.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from engine.language.spans import words_in
from engine.language.tokenizers import Tokenizer
from engine.protocol import Run, UserError
from engine.stopping import look

TypoKind = Literal["word", "letter", "swap"]
TRIED = 200
"""Typos of a word, at most."""
LONG = 4
"""Letters of a word that is chosen to be spoilt, at least, where there are such."""


@dataclass(frozen=True)
class Typo:
    """`text` with the word at number `spoilt` of its `words` in the place of the `original`."""

    text: str
    words: tuple[Run, ...]
    spoilt: int
    original: str

    @property
    def word(self) -> str:
        """What stands there now."""
        return self.text[slice(*self.words[self.spoilt])]


def plant(text: str, tokenizer: Tokenizer, kind: TypoKind = "word", word: str = "", seed: int = 0) -> Typo:
    """A typo in the first place where `word` stands, or in one of the longer words; a UserError if there is none."""
    if kind not in get_args(TypoKind):
        raise UserError(f'There is no kind of typo called "{kind}"; choose one of: {", ".join(get_args(TypoKind))}.')
    words = words_in(text)
    generator = np.random.Generator(np.random.Philox(key=[seed, 0]))
    spoilt = _chosen(text, words, word, generator)
    start, stop = words[spoilt]
    original = text[start:stop]
    blank = text[start - 1 : start] if text[start - 1 : start] == " " else ""
    wanted = len(tokenizer.encode(blank + original))
    best, least = "", -1
    for number, found in enumerate(_TYPOS[kind](original, text, tokenizer, generator)):
        look()
        away = abs(len(_tokens(tokenizer, blank + found)) - wanted) if found != original else -1
        if away >= 0 and (least < 0 or away < least):
            best, least = found, away
        if least == 0 or number == TRIED:
            break
    if least < 0:
        raise UserError(f'"{original}" cannot be spoilt so; choose another word, or another kind of typo.')
    more = len(best) - len(original)
    moved = [run if run[0] < start else (run[0] + more, run[1] + more) for run in words]
    moved[spoilt] = (start, start + len(best))
    return Typo(text[:start] + best + text[stop:], tuple(moved), spoilt, original)


def _chosen(text: str, words: list[Run], word: str, generator: np.random.Generator) -> int:
    """The number of the word to spoil."""
    if not words:
        raise UserError("There is no word in this text that could be spoilt; give at least one.")
    if word:
        found = next((number for number, run in enumerate(words) if text[slice(*run)] == word), None)
        if found is None:
            raise UserError(f'"{word[:40]}" is no word of this text; name one as it stands there.')
        return found
    long = [number for number, (start, stop) in enumerate(words) if stop - start >= LONG] or range(len(words))
    return int(generator.choice(np.array(long)))


def _tokens(tokenizer: Tokenizer, text: str) -> list[int]:
    """Nothing where the tokenizer does not know it: that is no typo that a model could read."""
    try:
        return tokenizer.encode(text)
    except UserError:
        return []


def _swaps(word: str, text: str, tokenizer: Tokenizer, generator: np.random.Generator) -> Iterator[str]:
    for at in generator.permutation(len(word) - 1) if len(word) > 1 else ():
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _letters(word: str, text: str, tokenizer: Tokenizer, generator: np.random.Generator) -> Iterator[str]:
    """Letters of the text take the place of one; small ones alone where that is small."""
    for _ in range(4 * TRIED):
        at = int(generator.integers(len(word)))
        known = sorted({sign for sign in text if sign.isalnum() and sign.islower() == word[at].islower()} - {word[at]})
        if known:
            yield word[:at] + known[int(generator.integers(len(known)))] + word[at + 1 :]


def _words(word: str, text: str, tokenizer: Tokenizer, generator: np.random.Generator) -> Iterator[str]:
    """Words that are a token and begin no other one, and then those of the text, capital where the word is."""
    known = sorted(tokenizer.backend.get_vocab())
    for token in generator.integers(tokenizer.vocabulary, size=20 * TRIED).tolist():
        if token == tokenizer.eot_id:
            continue
        piece = tokenizer.piece(token)
        written = str(tokenizer.backend.id_to_token(token))
        after = known[bisect_right(known, written) :][:1]
        whole = piece.startswith(" ") and not (after and after[0].startswith(written))
        bare = piece.strip()
        if (
            (whole or tokenizer.symbols)
            and bare.isalpha()
            and bare[:1].isupper() == word[:1].isupper()
            and (len(bare) > 2 or len(word) < 3)
        ):
            yield bare
    others = [text[slice(*run)] for run in words_in(text)]
    yield from (others[at] for at in generator.permutation(len(others)))


_TYPOS = {"word": _words, "letter": _letters, "swap": _swaps}
