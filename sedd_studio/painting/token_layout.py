"""Where each token stands: running text, wrapped between words, with blocks for masked positions.

Coordinates are device-independent pixels from the top left of the text. Lines are all `line_height` high. A locked
passage is a pill: it starts `pad` before its text and ends after a lock glyph; a passage that wraps has one pill on
each line. Pills hang into the left margin, so that all text starts at x = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

BLOCK_WIDTHS = (1.9, 2.6, 2.2, 3.1, 2.4, 1.6, 2.8, 2.1)
"""Widths of masked blocks in em; see `block_width`."""


PART = "\0"
"""The piece of a position whose token is a part of a character, as long as its other parts are not there."""
PART_WIDTH = 0.8
"""Of the frame that stands for it, in em."""


class Kind(IntEnum):
    """How one position is drawn."""

    TEXT = 0
    BLOCK = 1
    BREAK = 2
    PART = 3


class Box(NamedTuple):
    """One position: `line` from 0, left edge `x`, `width` of what is drawn, and the text without its leading space."""

    line: int
    x: float
    width: float
    text: str
    kind: Kind

    def distance(self, x: float) -> float:
        """How far from it x is, sideways."""
        return max(self.x - x, x - self.x - self.width, 0.0)


class Pill(NamedTuple):
    """One line's share of the locked passage of positions `start`..`stop`, from x = `left` to `right`."""

    line: int
    left: float
    right: float
    start: int
    stop: int


class Span(NamedTuple):
    """Positions `start`..`stop` (half-open) that stand on one line."""

    start: int
    stop: int


@dataclass(frozen=True)
class Metrics:
    """What the layout needs to know about the font. `advance(text, slanted)` is a width in pixels."""

    advance: Callable[[str, bool], float]
    em: float
    line_height: float

    @property
    def pad(self) -> float:
        """Room between a pill's edge and its text."""
        return 0.34 * self.em

    @property
    def tail(self) -> float:
        """Room after locked text for the lock glyph and the pill's right edge."""
        return 1.12 * self.em

    @property
    def gap(self) -> float:
        return 0.36 * self.em


@dataclass(frozen=True)
class Layout:
    """The result: `boxes[i]` for position i, the pills, and for every line the positions on it."""

    boxes: list[Box]
    pills: list[Pill]
    lines: list[Span]
    line_height: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.line_height

    def position_at(self, x: float, y: float, reach: float) -> int | None:
        """The position under a point, None where none is within `reach` of it sideways."""
        found = self.nearest(int(y // self.line_height), x)
        return found if found is not None and self.boxes[found].distance(x) <= reach else None

    def nearest(self, line: int, x: float) -> int | None:
        """The position on `line` that is closest to `x`; None for an empty line."""
        if not 0 <= line < len(self.lines):
            return None
        return min(range(*self.lines[line]), key=lambda i: self.boxes[i].distance(x), default=None)


def block_width(position: int) -> float:
    """Width of a masked block in em: scattered, and the same in every frame, so that blocks do not flicker."""
    return BLOCK_WIDTHS[(position * 2654435761 >> 13) % len(BLOCK_WIDTHS)]


def arrange(
    pieces: Sequence[str | None],
    locked: Sequence[bool],
    slanted: Sequence[bool],
    words: Sequence[tuple[int, int]],
    metrics: Metrics,
    width: float,
) -> Layout:
    """Lay out all positions in lines of at most `width`.

    `pieces[i]` is the text of position i, leading space included, or None where it is masked. `words` are half-open
    runs of positions that are not broken. A word wider than a whole line is broken between its tokens.
    """
    setter = _Setter(pieces, locked, slanted, metrics, max(width, 4 * metrics.em))
    for start, stop in _atoms(pieces, words):
        setter.place(start, stop)
    return setter.finish()


def _atoms(pieces: Sequence[str | None], words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs that stay on one line: the words, divided where a position is masked or breaks the line."""
    atoms: list[tuple[int, int]] = []
    for start, stop in words:
        first = start
        for position in range(start, stop):
            piece = pieces[position]
            if piece is None or "\n" in piece:
                if first < position:
                    atoms.append((first, position))
                atoms.append((position, position + 1))
                first = position + 1
        if first < stop:
            atoms.append((first, stop))
    return atoms


class _Setter:
    """Sets atoms one after another; holds the place where the next one goes."""

    def __init__(
        self,
        pieces: Sequence[str | None],
        locked: Sequence[bool],
        slanted: Sequence[bool],
        metrics: Metrics,
        width: float,
    ) -> None:
        self.pieces, self.locked, self.slanted, self.metrics, self.width = pieces, locked, slanted, metrics, width
        self.space = metrics.advance(" ", False)
        self.parts = [self._measure(position) for position in range(len(pieces))]
        self.boxes: list[Box] = []
        self.pills: list[Pill] = []
        self.lines: list[Span] = []
        self.line_start = 0
        self.x = 0.0
        self.pill: tuple[float, int] | None = None

    def place(self, start: int, stop: int) -> None:
        """Put the atom `start`..`stop` on this line if it fits, else on the next."""
        if self.x > 0 and self._end(start, stop) > self.width:
            self._new_line()
        alone = self._end(start, stop) > self.width
        for position in range(start, stop):
            if alone and self.x > 0 and self._end(position, position + 1) > self.width:
                self._new_line()
            self._set(position)

    def finish(self) -> Layout:
        self._close_pill()
        if self.line_start < len(self.boxes) or not self.lines:
            self.lines.append(Span(self.line_start, len(self.boxes)))
        return Layout(self.boxes, self.pills, self.lines, self.metrics.line_height)

    def _measure(self, position: int) -> tuple[float, float, str]:
        """Space before position, its own width, and its text."""
        piece = self.pieces[position]
        if piece is None:
            return self.metrics.gap, block_width(position) * self.metrics.em, ""
        if piece == PART:
            return 0.1 * self.metrics.em, PART_WIDTH * self.metrics.em, ""
        text = piece.lstrip(" ")
        lead = (len(piece) - len(text)) * self.space
        text = text.split("\n", 1)[0].replace("\t", "    ")
        if not text and "\n" not in piece:
            return 0.0, lead, ""
        after_block = position > 0 and self.pieces[position - 1] is None
        if after_block and lead == 0:
            lead = 0.2 * self.metrics.em
        return lead, self.metrics.advance(text, self.slanted[position]), text

    def _edges(self, position: int) -> tuple[float, float]:
        """Extra room before and after a position where a locked passage begins and ends."""
        if not self.locked[position]:
            return 0.0, 0.0
        ends = position + 1 == len(self.pieces) or not self.locked[position + 1]
        begins = self.pill is None and self.x > 0
        return (self.metrics.pad if begins else 0.0), (self.metrics.tail if ends else 0.0)

    def _end(self, start: int, stop: int) -> float:
        """The x at which the atom would end if set here, with room for a lock glyph after locked text."""
        x = self.x
        for position in range(start, stop):
            lead, width, _ = self.parts[position]
            x += (lead if x > 0 else 0.0) + width
        before, _ = self._edges(start)
        return x + before + (self.metrics.tail if self.locked[stop - 1] else 0.0)

    def _set(self, position: int) -> None:
        lead, width, text = self.parts[position]
        piece = self.pieces[position]
        before, after = self._edges(position)
        if self.x > 0:
            self.x += max(lead, 0.1 * self.metrics.em) if before else lead
        if self.locked[position] and self.pill is None:
            self.x += before
            self.pill = (self.x - self.metrics.pad, position)
        breaks = piece is not None and "\n" in piece
        special = {None: Kind.BLOCK, PART: Kind.PART}
        kind = Kind.BREAK if breaks else special.get(piece, Kind.TEXT)
        if breaks:
            width += 0.7 * self.metrics.em
        self.boxes.append(Box(len(self.lines), self.x, width, text, kind))
        self.x += width
        if after:
            self._close_pill()
        if piece is not None and breaks:
            for _ in range(piece.count("\n")):
                self._new_line()

    def _close_pill(self) -> None:
        if self.pill is None:
            return
        left, start = self.pill
        self.x += self.metrics.tail
        self.pills.append(Pill(len(self.lines), left, self.x, start, len(self.boxes)))
        self.pill = None

    def _new_line(self) -> None:
        self._close_pill()
        self.lines.append(Span(self.line_start, len(self.boxes)))
        self.line_start = len(self.boxes)
        self.x = 0.0
