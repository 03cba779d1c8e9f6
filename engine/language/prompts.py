"""Prompts: text with gaps, as people write it, to tokens with free positions; imports no torch.

`[24]` is a gap of 24 tokens, `____` (three underscores or more) one of `DEFAULT_GAP`. The words between the gaps
are locked. A space before a gap is dropped, because tokens carry the space before them: in "time [24] the" the
words are "time" and " the". The marker <|endoftext|> stands for the end-of-text token, and so do the marks between the
turns of a chat, such as <|im_end|>, for theirs, where the tokenizer has them.

A backslash before one of these signs makes it text: `items\\[3]`. One before the spaces before a gap keeps them. Where
backslashes themselves stand there, each is written twice; anywhere else they are text. `[[` and `]]` of the texts that
`sedd score` is given are signs like these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

import numpy as np

from engine.language.backends import END_OF_TEXT, SHORT
from engine.language.tokenizers import Tokenizer
from engine.language.turn_marks import marks_of
from engine.protocol import FREE, Run, Tokens, UserError, frozen

DEFAULT_GAP = 12
_GAP = re.compile(r"\[(?P<size>\d+)\]|_{3,}")
_OPENING = re.compile(r"\[\[")
_BLANK = re.compile(r"\\*\s+")
SIGN = 16
"""Characters of a gap or a marker, with the space before it."""


def longest_prompt(tokenizer: Tokenizer, length: int) -> int:
    """Characters that a prompt of `length` tokens may have; each may have a backslash before it."""
    return max(SHORT, 2 * (tokenizer.longest_piece + SIGN) * length)


def parse_prompt(text: str, tokenizer: Tokenizer, length: int) -> Tokens:
    """The prompt of `text` for a model of `length` tokens: a token id where a word is locked, `FREE` in the gaps.

    A UserError if it does not fit or holds nothing.
    """
    if not text.strip():
        raise UserError("The prompt is empty; write some words, or a gap such as [40].")
    if len(text) > (most := longest_prompt(tokenizer, length)):
        raise UserError(
            f"The prompt has {len(text):,} characters, and the {length} positions of this model hold fewer than "
            f"{most:,}; shorten it."
        )
    tokens: list[int] = []
    locked = 0
    marks = _marks(tokenizer)
    signs = _signs(_GAP, tokenizer, *map(re.escape, marks_of(tokenizer)))
    for part in _parts(text[1:] if text[0] == "\\" and _BLANK.fullmatch(text) else text, signs):
        if not isinstance(part, str) and part["gap"]:
            tokens += [FREE] * _gap_length(part, length)
        else:
            words = _encode(part, tokenizer) if isinstance(part, str) else [marks[part["other"]]]
            locked += len(words)
            tokens += words
        if len(tokens) > length:
            break
    if locked > length:
        raise UserError(f"The locked words take {locked} tokens, and this model has {length} positions; shorten them.")
    if len(tokens) > length:
        raise UserError(
            f"Words and gaps take more than the {length} positions of this model; make the gaps or the words shorter."
        )
    return frozen(tokens)


def parse_ids(text: str, vocabulary: int, length: int) -> Tokens:
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
    return frozen(tokens)


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
    runs = _runs(text, _signs(_OPENING, tokenizer, r"\]\]"))
    end = [] if tokenizer.eot_id is None else [tokenizer.eot_id]
    found = [[token for words in run for token in end + _encode(words, tokenizer)][len(end) :] for run in runs]
    locked = [len(found) > 1 and k % 2 == 0 for k, ids in enumerate(found) for _ in ids]
    return frozen(np.array([token for ids in found for token in ids], np.int64)), np.array(locked, np.bool_)


def given_parts(text: str) -> tuple[str, tuple[Run, ...]]:
    """A text without [[double brackets]], and the runs of its characters that are given: all outside of them, if there
    are any. The same for every tokenizer; else as in `parse_parts`."""
    runs = [END_OF_TEXT.join(run) for run in _runs(text, _signs(_OPENING, None, r"\]\]"))]
    ends = list(accumulate(map(len, runs)))
    given = zip([0, *ends], ends, strict=False)
    return "".join(runs), tuple(run for run in list(given)[::2] if run[0] < run[1] and len(runs) > 1)


def _runs(text: str, signs: re.Pattern[str]) -> list[list[str]]:
    """What stands outside, inside, outside, ... of double brackets; each the texts between end-of-text tokens."""
    runs = [[""]]
    opening = blanks = ""
    for part in _parts(text, signs):
        inside = len(runs) % 2 == 0
        if isinstance(part, str):
            runs[-1][-1] += part
        elif part["other"] == END_OF_TEXT:
            runs[-1].append("")
        elif inside and part["other"]:
            runs.append([""])
        else:
            before = "" if len(part["escapes"]) % 2 else part["blanks"] or ""
            if inside or part["other"]:
                runs[-1][-1] += before + (part["gap"] or part["other"])
            else:
                blanks, opening = before, before + part["gap"]
                runs.append([blanks])
    if len(runs) % 2 == 0:  # never closed
        first, *others = runs.pop()
        runs[-1][-1] += opening + first[len(blanks) :]
        runs[-1] += others
    return runs


def _signs(gap: re.Pattern[str], tokenizer: Tokenizer | None, *others: str) -> re.Pattern[str]:
    """What finds `gap` with the blank space before it, other signs, and backslashes before either; in linear time.
    The end-of-text marker is a sign, unless the tokenizer has no such token."""
    end = [] if tokenizer is not None and tokenizer.eot_id is None else [re.escape(END_OF_TEXT)]
    other = "|".join([*others, *end]) or "(?!)"
    spaced = rf"(?<![ \t])(?P<blanks>[ \t]*)(?P<gap>{gap.pattern})"
    return re.compile(rf"(?<!\\)(?P<escapes>\\*)(?:{spaced}|(?P<other>{other}))")


def _marks(tokenizer: Tokenizer) -> dict[str, int]:
    """The tokens that stand in a prompt for themselves, by how they are written."""
    return marks_of(tokenizer) | ({} if tokenizer.eot_id is None else {END_OF_TEXT: tokenizer.eot_id})


def _parts(text: str, signs: re.Pattern[str]) -> Iterator[str | re.Match[str]]:
    """The words of a text, and each sign that acts between them."""
    words: list[str] = []
    end = 0
    for match in signs.finditer(text):
        kept, escaped = divmod(len(match["escapes"]), 2)
        words += [text[end : match.start()], "\\" * kept]
        end = match.end()
        if escaped:
            words.append(match["blanks"] or match["gap"] or match["other"])
        if not escaped or match["blanks"]:
            yield "".join(words)
            yield match
            words = []
    yield "".join([*words, text[end:]])


def _encode(words: str, tokenizer: Tokenizer) -> list[int]:
    if tokenizer.symbols and " " not in tokenizer.symbols:
        words = "".join(words.split())  # blanks only part words and gaps there
    return tokenizer.encode(words)


def _gap_length(match: re.Match[str], length: int) -> int:
    if match["size"] is None:
        return DEFAULT_GAP
    digits = match["size"].lstrip("0")
    if not digits:
        raise UserError("A gap of 0 tokens holds nothing; write a number of at least 1, or leave the gap out.")
    if len(digits) > 9 or int(digits) > length:
        raise UserError(
            f"A gap of {digits[:12]} tokens is longer than the {length} positions of this model; shorten it."
        )
    return int(digits)


def format_prompt(tokens: Tokens | Sequence[int], tokenizer: Tokenizer) -> str:
    """The text of a prompt, every gap as [n]; what would be a sign in the words has a backslash before it."""
    marks = {number: mark for mark, number in _marks(tokenizer).items()}
    signs = _signs(_GAP, tokenizer, *map(re.escape, marks_of(tokenizer)))
    parts: list[str] = [""]

    def sign_of(token: int) -> int | None:
        return token if token == FREE or token in marks else None

    for mark, run in groupby(np.asarray(tokens).tolist(), key=sign_of):
        ids = list(run)
        if mark is None:
            parts.append(signs.sub(_literal, tokenizer.decode(ids)))
            continue
        bare = parts[-1].rstrip(" \t") if mark == FREE else parts[-1]
        blanks = parts[-1][len(bare) :]
        backslashes = bare[len(bare.rstrip("\\")) :]
        parts[-1] = bare + backslashes + ("\\" if blanks else "") + blanks
        if mark == FREE:
            space = "" if parts == [""] or parts[-1][-1:].isspace() else " "
            parts.append(f"{space}[{len(ids)}]")
        else:
            parts.append(marks[mark] * len(ids))
    text = "".join(parts)
    return f"\\{text}" if _BLANK.fullmatch(text) else text


def _literal(match: re.Match[str]) -> str:
    if match["blanks"]:
        return f"{match['escapes']}{match['blanks']}\\{match['gap']}"
    return f"{match['escapes'] * 2}\\{match['gap'] or match['other']}"
