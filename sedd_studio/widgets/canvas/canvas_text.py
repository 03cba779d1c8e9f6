"""What the canvas says and shows of a state: pieces and words, how fresh each token is, and the same in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.protocol import FREE
from sedd_studio.painting.token_paint import FADE_STAGES
from sedd_studio.painting.token_text import END_MARK, fade_stages, shown_text
from sedd_studio.session.state import CanvasState
from sedd_studio.session.view import View

Run = tuple[int, int]


class TokenText:
    """The state that is shown, with the text of every position. Only what changed is asked for anew."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.state = view.canvas()
        self.pieces: list[str | None] = [None] * self.state.length
        self.words: list[Run] = []
        self._read(np.flatnonzero(self.state.tokens != FREE))

    def take(self, state: CanvasState) -> bool:
        """Take `state`; returns whether any token, lock or slant is another than before."""
        old, self.state = self.state, state
        same = np.array_equal(old.tokens, state.tokens) and np.array_equal(old.locked, state.locked)
        if same:
            return not np.array_equal(old.unsettled, state.unsettled)
        if len(self.pieces) != state.length:
            self.pieces = [None] * state.length
            self._read(np.flatnonzero(state.tokens != FREE))
        else:
            self._read(np.flatnonzero(old.tokens != state.tokens))
        return True

    def stages(self, fades: bool) -> list[int]:
        """How far each position has faded from "just settled" (0) to plain (`FADE_STAGES`)."""
        state = self.state
        fresh = (state.age >= 0) & ~state.locked
        if not fades:
            return [int(stage) for stage in np.where(fresh & (state.age == 0), 0, FADE_STAGES)]
        stages: list[int] = fade_stages(np.where(fresh, state.age, -1), state.steps).tolist()
        return stages

    def describe(self, position: int) -> str:
        """One position in words, for the tooltip."""
        start, stop = self._view.word_at(position)
        where = f"Position {position}" if stop - start == 1 else f"Position {position}, word of {stop - start} tokens"
        piece, only = self.pieces[position], self._view.limit_at(position)
        held = f", only: {', '.join(sorted({one.strip() for one in only}))}" if only else ""
        if piece is None:
            return f"{where}: masked{held}"
        shown = "end of text" if piece == END_MARK else piece.replace("\n", "\\n")
        fact = "locked" if self.state.locked[position] else "click to lock"
        return f'{where}: token {int(self.state.tokens[position])} "{shown}", {fact}{held}'

    def _read(self, changed: npt.NDArray[np.int64]) -> None:
        for position in changed.tolist():
            known = self.state.tokens[position] != FREE
            piece = self._view.piece(position) if known else None
            self.pieces[position] = None if piece is None else shown_text(piece)
        self.words = self._view.words()
