"""Whole characters, as people see them, among tokens of which each may hold only some of their bytes.

A character here is an extended grapheme cluster of Unicode's annex 29: a letter with its accents, a flag, a face with
its skin tone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

WITHOUT_SPACES = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""Letters of scripts that put no spaces between words."""


class Grapheme(NamedTuple):
    """Positions `start` .. `stop` - 1, whose bytes make whole characters only together.

    `text` is None where they make none: some bytes of a character are not there.
    """

    start: int
    stop: int
    text: str | None


def graphemes(spellings: Sequence[bytes]) -> list[Grapheme]:
    """The bytes of tokens that follow each other, in the shortest runs of tokens that whole characters divide into."""
    found: list[Grapheme] = []
    other = [position for position, spelling in enumerate(spellings) if not spelling.isascii()]
    near = sorted({place for position in other for place in (position - 1, position, position + 1)})
    position = 0
    for start, stop in _runs([place for place in near if 0 <= place < len(spellings)]):
        found += _plain(spellings, position, start)
        found += _divided(spellings[start:stop], start)
        position = stop
    return found + _plain(spellings, position, len(spellings))


def _plain(spellings: Sequence[bytes], start: int, stop: int) -> list[Grapheme]:
    return [Grapheme(position, position + 1, spellings[position].decode()) for position in range(start, stop)]


def _runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Half-open runs of positions that follow each other."""
    start = 0
    for k in range(1, len(positions) + 1):
        if k == len(positions) or positions[k] != positions[k - 1] + 1:
            yield positions[start], positions[k - 1] + 1
            start = k


def _divided(spellings: Sequence[bytes], first: int) -> list[Grapheme]:
    """The same of tokens from position `first` on that hold other letters than those of ASCII, or stand beside some."""
    import regex  # only for such texts: it takes a while

    text = b"".join(spellings).decode("utf-8", "surrogateescape")
    ends, at = {0}, 0
    for cluster in regex.findall(r"\X", text):
        at += len(cluster.encode("utf-8", "surrogateescape"))
        ends.add(at)
    found: list[Grapheme] = []
    at, start, held = 0, 0, b""
    for position, spelling in enumerate(spellings):
        at, held = at + len(spelling), held + spelling
        if at in ends:
            found.append(Grapheme(first + start, first + position + 1, _decoded(held)))
            start, held = position + 1, b""
    return found


def _decoded(spelling: bytes) -> str | None:
    try:
        return spelling.decode()
    except UnicodeDecodeError:
        return None


def is_without_spaces(character: str) -> bool:
    """Whether a character is of a script that puts no spaces between words."""
    if character.isascii():
        return False
    import regex

    return regex.match(WITHOUT_SPACES, character) is not None
