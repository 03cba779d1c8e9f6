"""Tokens as they are shown: what stands for those that are no text, how fresh each is, and a recorded run laid out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.language.backends import END_OF_TEXT
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Tokens
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import FADE_STAGES, Content, TokenPainter
from sedd_studio.painting.token_places import PART
from sedd_studio.record.document import known_runs, words_of
from sedd_studio.record.previews import END_SIGN

HIDDEN = " \N{MIDDLE DOT}"
END_MARK = f" {END_SIGN}"
TURNING = {
    "\N{RIGHTWARDS DASHED ARROW}": "\u200e\u202a\u202d\u2066",
    "\N{LEFTWARDS DASHED ARROW}": "\u061c\u200f\u202b\u202e\u2067",
    "\N{LEFT RIGHT DOUBLE ARROW}": "\u2068",
    "\N{LEFT RIGHT DOUBLE ARROW WITH STROKE}": "\u202c\u2069",
}
"""Orders that turn the direction of writing, Unicode's Bidi_Control, by their signs: which way, and its end."""
UNREADABLE = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"},
    127: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), ord("\N{SYMBOL FOR SUBSTITUTE FORM TWO}")),
    **dict.fromkeys((0x2028, 0x2029), ord("\N{DOWNWARDS ARROW WITH TIP LEFTWARDS}")),
    **{ord(order): ord(sign) for sign, orders in TURNING.items() for order in orders},
}
"""Control characters, which uniform noise puts anywhere and fonts draw as nothing, or obey; and the signs for them."""


def shown_text(piece: str) -> str:
    """A piece of text as it is shown."""
    return END_MARK if piece == END_OF_TEXT else piece.translate(UNREADABLE)


def pieces_of(tokens: Tokens, tokenizer: Tokenizer) -> list[str | None]:
    """What each position shows, None where it is masked.

    A character that several tokens spell together stands at the first of them, and nothing at the others. Where some
    of its tokens are not there yet, it is a `PART`.
    """
    pieces: list[str | None] = [None] * len(tokens)
    for first, ids in known_runs(tokens):
        for start, stop, text in tokenizer.graphemes(ids):
            shown = PART if text is None else shown_text(text)
            pieces[first + start : first + stop] = [shown, *[""] * (stop - start - 1)]
    return pieces


def plain_pieces(tokens: Tokens, tokenizer: Tokenizer) -> list[str]:
    """The same where only text can stand: a dot for what is masked, and for a part of a character."""
    return [HIDDEN if piece is None or piece == PART else piece for piece in pieces_of(tokens, tokenizer)]


def shared_characters(pieces: Sequence[str | None]) -> list[tuple[int, int]]:
    """Half-open runs of positions of which each shows one character, as in `pieces_of`."""
    heads = [position for position, piece in enumerate(pieces) if piece != ""]
    runs = zip(heads, [*heads[1:], len(pieces)], strict=True)
    return [(start, stop) for start, stop in runs if stop - start > 1]


def fade_stages(age: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.int64]:
    """How far tokens of an age (L,) in steps, -1 for those that are not new, have faded: 0 to `FADE_STAGES`.

    A long run shows several steps in one picture, so there a token stays bright for more of them.
    """
    length = max(FADE_STAGES, steps // 16)
    return np.where(age >= 0, np.minimum(age * FADE_STAGES // length, FADE_STAGES), FADE_STAGES)


def content_at(
    run: Trajectory, step: int, sample: int, tokenizer: Tokenizer, painter: TokenPainter, width: float
) -> Content:
    """The text of a sample after a step in lines of at most `width`, its new tokens bright while the run goes on."""
    tokens, settled = run.at(step, sample)
    tokens = run.shown(tokens)
    locked = run.locked
    shown = pieces_of(tokens, tokenizer)
    age = np.where((settled >= 0) & ~locked & (tokens != FREE), step - settled, -1)
    unsettled = run.unsettled(step, sample) & (tokens != FREE)
    words = words_of(tokens, tokenizer)
    over = step >= run.recorded and run.result is not None
    stages = np.full(len(tokens), FADE_STAGES) if over else fade_stages(age, run.steps)
    for start, stop in shared_characters(shown):
        unsettled[start:stop], stages[start:stop] = unsettled[start:stop].any(), stages[start:stop].min()
    slanted = unsettled.tolist()
    layout = arrange(shown, locked.tolist(), slanted, words, painter.metrics, width)
    return Content(layout, locked.tolist(), slanted, stages.tolist())
