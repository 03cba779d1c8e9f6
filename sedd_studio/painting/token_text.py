"""Tokens as they are shown: what stands for those that are no text, and how fresh each is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.language.tokenizers import END_OF_TEXT
from sedd_studio.painting.token_paint import FADE_STAGES

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
