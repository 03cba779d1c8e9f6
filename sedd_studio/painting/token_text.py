"""Tokens as they are shown: what stands for those that are no text, how fresh each is, and a recorded run laid out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.language.tokenizers import END_OF_TEXT, Tokenizer
from engine.protocol import FREE
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import FADE_STAGES, Content, TokenPainter
from sedd_studio.record.document import words_of
from sedd_studio.record.trajectory import Trajectory

END_MARK = " ¶"
"""Stands for the end-of-text token, after which another text begins."""
UNREADABLE = str.maketrans(
    {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), 127) if chr(code) not in "\t\n\r"}
)
"""Control characters, which uniform noise puts anywhere and fonts draw as nothing or an empty box."""


def shown_text(piece: str) -> str:
    """A piece of text as it is shown."""
    return END_MARK if piece == END_OF_TEXT else piece.translate(UNREADABLE)


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
    shown = [None if token == FREE else shown_text(tokenizer.piece(token)) for token in tokens.tolist()]
    age = np.where((settled >= 0) & ~locked & (tokens != FREE), step - settled, -1)
    slanted = (run.unsettled(step, sample) & (tokens != FREE)).tolist()
    words = words_of(tokens, tokenizer)
    layout = arrange(shown, locked.tolist(), slanted, words, painter.metrics, width)
    over = step >= run.recorded and run.result is not None
    stages = np.full(len(tokens), FADE_STAGES) if over else fade_stages(age, run.steps)
    return Content(layout, locked.tolist(), slanted, stages.tolist())
