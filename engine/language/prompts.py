"""Prompts: text with gaps, as people write it, to tokens with free positions; imports no torch.

`[24]` is a gap of 24 tokens, `____` (three underscores or more) one of `DEFAULT_GAP`. The words between the gaps
are locked. A space before a gap is dropped, because tokens carry the space before them: in "time [24] the" the
words are "time" and " the". The marker <|endoftext|> stands for the end-of-text token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from engine.language.tokenizers import END_OF_TEXT, Tokenizer
from engine.protocol import FREE, Tokens, UserError, frozen

DEFAULT_GAP = 12
_PART = re.compile(r"([ \t]*)\[\[(.*?)\]\]", re.DOTALL)
_GAP = re.compile(r"[ \t]*(?:\[(\d+)\]|_{3,})")


@dataclass(frozen=True, eq=False)
class Prompt:
    """`tokens` (L,) int64, read-only: a token id where a word is locked, `FREE` in the gaps."""

    tokens: Tokens

    @property
    def free(self) -> int:
        """Number of positions to fill."""
        return int((self.tokens == FREE).sum())


def parse_prompt(text: str, tokenizer: Tokenizer, length: int) -> Prompt:
    """The prompt of `text` for a model of `length` tokens; a UserError if it does not fit or holds nothing."""
    if not text.strip():
        raise UserError("The prompt is empty; write some words, or a gap such as [40].")
    tokens: list[int] = []
    locked = 0
    end = 0
    for match in _GAP.finditer(text):
        words = _encode(text[end : match.start()], tokenizer)
        locked += len(words)
        tokens += words + [FREE] * _gap_length(match, length)
        end = match.end()
        if len(tokens) > length:
            break
    else:
        words = _encode(text[end:], tokenizer)
        locked += len(words)
        tokens += words
    if locked > length:
        raise UserError(f"The locked words take {locked} tokens, and this model has {length} positions; shorten them.")
    if len(tokens) > length:
        raise UserError(
            f"Words and gaps take more than the {length} positions of this model; make the gaps or the words shorter."
        )
    return Prompt(frozen(tokens))


def parse_ids(text: str, vocabulary: int, length: int) -> Prompt:
    """A prompt of token ids, such as "17 254 [24] 9": exact where words could be cut into tokens in several ways."""
    tokens: list[int] = []
    for part in text.split():
        if match := _GAP.fullmatch(part):
            tokens += [FREE] * _gap_length(match, length)
        elif part.isdecimal() and len(part) < 10 and int(part) < vocabulary:
            tokens.append(int(part))
        else:
            raise UserError(
                f'"{part[:20]}" is no token of this model; give numbers below {vocabulary} and gaps such as [24].'
            )
    if not 0 < len(tokens) <= length:
        raise UserError(f"A prompt has 1 to {length} tokens and this one {len(tokens)}; give as many as fit.")
    return Prompt(frozen(tokens))


def format_ids(tokens: Tokens) -> str:
    """The text of a prompt for `parse_ids`."""
    parts: list[str] = []
    for is_gap, run in groupby(tokens.tolist(), key=lambda token: token == FREE):
        ids = list(run)
        parts += [f"[{len(ids)}]"] if is_gap else map(str, ids)
    return " ".join(parts)


def parse_parts(text: str, tokenizer: Tokenizer) -> tuple[Tokens, np.ndarray]:
    """Tokens (L,) of a text and which of them are given (L,) bool: all outside [[double brackets]], if there are any.

    A space before the brackets belongs to what is in them, because tokens carry the space before them.
    """
    tokens: list[int] = []
    locked: list[bool] = []
    end = 0
    for match in _PART.finditer(text):
        before, inside = _encode(text[end : match.start()], tokenizer), _encode(match[1] + match[2], tokenizer)
        tokens += before + inside
        locked += [True] * len(before) + [False] * len(inside)
        end = match.end()
    rest = _encode(text[end:], tokenizer)
    return frozen(tokens + rest), np.array(locked + [end > 0] * len(rest), np.bool_)


def _encode(words: str, tokenizer: Tokenizer) -> list[int]:
    if tokenizer.symbols and " " not in tokenizer.symbols:
        words = "".join(words.split())  # blanks only part words and gaps there
    if tokenizer.eot_id is None:
        return tokenizer.encode(words)
    first, *others = (tokenizer.encode(part) for part in words.split(END_OF_TEXT))
    return first + [token for part in others for token in (tokenizer.eot_id, *part)]


def _gap_length(match: re.Match[str], length: int) -> int:
    if match[1] is None:
        return DEFAULT_GAP
    digits = match[1].lstrip("0")
    if not digits:
        raise UserError("A gap of 0 tokens holds nothing; write a number of at least 1, or leave the gap out.")
    if len(digits) > 9 or int(digits) > length:
        raise UserError(
            f"A gap of {digits[:12]} tokens is longer than the {length} positions of this model; shorten it."
        )
    return int(digits)


def format_prompt(tokens: Tokens | Sequence[int], tokenizer: Tokenizer) -> str:
    """The text of a prompt, every gap as [n]."""
    parts: list[str] = []
    for is_gap, run in groupby(np.asarray(tokens).tolist(), key=lambda token: token == FREE):
        ids = list(run)
        if not is_gap:
            parts.append(tokenizer.decode(ids))
        else:
            space = "" if not parts or parts[-1][-1:].isspace() else " "
            parts.append(f"{space}[{len(ids)}]")
    return "".join(parts)
