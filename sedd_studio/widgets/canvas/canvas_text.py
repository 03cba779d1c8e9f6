"""What the canvas says and shows of a state: pieces and words, how fresh each token is, and the same in words."""

from __future__ import annotations

import numpy as np

from sedd_studio.painting.token_paint import FADE_STAGES
from sedd_studio.painting.token_places import PART
from sedd_studio.painting.token_text import END_MARK, fade_stages, pieces_of, shared_characters
from sedd_studio.session.state import CanvasState
from sedd_studio.session.view import View

Run = tuple[int, int]
NAMED = 8
"""Words of a soft lock that are named."""


class TokenText:
    """The state that is shown, with the text of every position; a character of several tokens is one thing."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.state = view.canvas()
        self.pieces: list[str | None] = []
        self.words: list[Run] = []
        self._shared: list[Run] = []
        self._read()

    def take(self, state: CanvasState) -> bool:
        """Take `state`; returns whether any token, lock or slant is another than before."""
        old, self.state = self.state, state
        same = np.array_equal(old.tokens, state.tokens) and np.array_equal(old.locked, state.locked)
        if same:
            return not np.array_equal(old.unsettled, state.unsettled)
        self._read()
        return True

    @property
    def slanted(self) -> list[bool]:
        """Whether each position shows what still changes: a character does until all of it is settled."""
        slanted = self.state.unsettled.copy()
        for start, stop in self._shared:
            slanted[start:stop] = slanted[start:stop].any()
        return list(slanted.tolist())

    def stages(self, fades: bool) -> list[int]:
        """How far each position has faded from "just settled" (0) to plain (`FADE_STAGES`)."""
        state = self.state
        fresh = (state.age >= 0) & ~state.locked
        if fades:
            stages = fade_stages(np.where(fresh, state.age, -1), state.steps)
        else:
            stages = np.where(fresh & (state.age == 0), 0, FADE_STAGES)
        for start, stop in self._shared:
            stages[start:stop] = stages[start:stop].min()
        return list(stages.tolist())

    def shared(self, shares: np.ndarray) -> np.ndarray:
        """Shares (L,) of a colour, the tokens of one character all with their mean."""
        shares = shares.copy()
        for start, stop in self._shared:
            shares[start:stop] = shares[start:stop].mean()
        return shares

    def character(self, position: int) -> Run:
        """The positions that show one character together with `position`."""
        return next((run for run in self._shared if run[0] <= position < run[1]), (position, position + 1))

    def describe(self, position: int) -> str:
        """One position in words, for the tooltip."""
        start, stop = self._view.word_at(position)
        where = f"Position {position + 1}" + (f", word of {stop - start} tokens" if stop - start > 1 else "")
        first, last = self.character(position)
        piece, only = self.pieces[first], self._view.limit_at(position)
        named = list(dict.fromkeys(one.strip() for one in only))
        more = f" and {len(named) - NAMED:,} more" if len(named) > NAMED else ""
        held = f", only: {', '.join(named[:NAMED])}{more}" if only else ""
        if piece is None:
            return f"{where}: masked{held}"
        shown = "end of text" if piece == END_MARK else piece.replace("\n", "\\n")
        part = "part of " if last - first > 1 else ""
        said = "part of a character" if piece == PART else f'{part}"{shown}"'
        fact = "locked" if self.state.locked[position] else "not locked"
        return f"{where}: token {int(self.state.tokens[position])} {said}, {fact}{held}"

    def _read(self) -> None:
        tokenizer = self._view.tokenizer
        self.pieces = [None] * self.state.length if tokenizer is None else pieces_of(self.state.tokens, tokenizer)
        self._shared = shared_characters(self.pieces)
        self.words = self._view.words()
