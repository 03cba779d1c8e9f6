"""A recorded run as laid-out text, without a session: for films, and for panes that are compared."""

from __future__ import annotations

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import FADE_STAGES, Content, TokenPainter
from sedd_studio.painting.token_text import fade_stages, shown_text
from sedd_studio.record.document import words_of
from sedd_studio.record.trajectory import Trajectory


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
