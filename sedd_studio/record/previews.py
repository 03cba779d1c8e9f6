"""Texts and prompts as they are told of in one line, in lists, titles and sentences."""

from __future__ import annotations

from engine.language.backends import END_OF_TEXT
from engine.plain_text import plain

END_SIGN = "¶"
"""Stands for the end-of-text token, after which another text begins."""


def preview(text: str) -> str:
    """A text, or the beginning of one, in one plain line. Ends of texts in it have a sign; those that only fill it up
    are left out, and one that was cut through."""
    parts = _uncut(text).split(END_OF_TEXT)
    while len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return " ".join(plain(f" {END_SIGN} ".join(parts)).split())


def shortened(text: str, most: int) -> str:
    """The same in at most `most` characters, and dots where it is longer."""
    line = preview(text)
    return line if len(line) <= most else f"{line[:most].rstrip()} …"


def token_name(piece: str) -> str:
    """The text of a token as a sentence says it."""
    return "end of text" if piece == END_OF_TEXT else plain(piece).replace("\n", "\\n")


def _uncut(text: str) -> str:
    cut = (END_OF_TEXT[:length] for length in range(len(END_OF_TEXT) - 1, 1, -1))
    return text.removesuffix(next((part for part in cut if text.endswith(part)), ""))
