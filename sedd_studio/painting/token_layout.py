"""Where each token stands: running text, wrapped between words, with blocks for masked positions.

Coordinates are device-independent pixels from the top left of the text. Lines are all `line_height` high. A locked
passage is a pill: it starts `pad` before its text and ends after a lock glyph; a passage that wraps has one pill on
each line. Pills hang into the left margin, so that all text starts at x = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from sedd_studio.painting.token_places import PART, Box, Kind, Layout, Metrics, Part, Pill, Span
from sedd_studio.painting.token_turning import Turner, join, turns

BLOCK_WIDTHS = (1.9, 2.6, 2.2, 3.1, 2.4, 1.6, 2.8, 2.1)
"""Widths of masked blocks in em; see `block_width`."""

PART_WIDTH = 0.8
"""Of the frame that stands for a part of a character, in em."""
SPECIAL: dict[str | None, Kind] = {None: Kind.BLOCK, PART: Kind.PART}
"""Pieces that are no text."""
TALLEST = 4
"""Of a line, in em; what needs more reaches into others."""
TRIES = 4
"""How often lines on which something runs from right to left are set, until all fit."""


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
    width, metrics = max(width, 4 * metrics.em), replace(metrics, line_height=_line_height(pieces, metrics))
    parts = _parts(pieces, slanted, metrics)
    atoms = _atoms(pieces, words)
    if not turns("".join(piece or "" for piece in pieces)):
        return _Setter(pieces, parts, locked, metrics, width).set(atoms)
    join(parts, words, metrics)
    room = width
    for _ in range(TRIES):
        set_straight = _Setter(pieces, parts, locked, metrics, room).set(atoms)
        turner = Turner(set_straight, parts, locked, slanted, metrics, width)
        layout = turner.turn()
        if turner.excess <= 0:
            break
        room -= turner.excess
    return layout


def _line_height(pieces: Sequence[str | None], metrics: Metrics) -> float:
    """That of the font, or more where letters of other fonts, or many marks on one, need it."""
    needed = [metrics.shaping.height(piece) for piece in set(pieces) if piece is not None and not piece.isascii()]
    return max(metrics.line_height, min(ceil(max(needed, default=0)), round(TALLEST * metrics.em)))


def _parts(pieces: Sequence[str | None], slanted: Sequence[bool], metrics: Metrics) -> list[Part]:
    """Of each position the space before it, its own width, and its text."""
    found, known, after_block = [], metrics.parts, False
    for position, (piece, slants) in enumerate(zip(pieces, slanted, strict=True)):
        if piece is None:
            part = Part(metrics.gap, block_width(position) * metrics.em, "")
        else:
            key = piece, slants, after_block
            part = known.get(key) or known.setdefault(key, _part(piece, slants, after_block, metrics))
        found.append(part)
        after_block = piece is None
    return found


def _part(piece: str, slanted: bool, after_block: bool, metrics: Metrics) -> Part:
    if piece == PART:
        return Part(0.1 * metrics.em, PART_WIDTH * metrics.em, "")
    text, space = piece.lstrip(" "), metrics.advance(" ", False)
    lead = (len(piece) - len(text)) * space
    text = text.split("\n", 1)[0].replace("\t", "    ")
    if not text and "\n" not in piece:
        return Part(0.0, lead, "")
    if after_block and lead == 0:
        lead = 0.2 * metrics.em
    return Part(lead, metrics.advance(text, slanted), text)


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
        parts: Sequence[Part],
        locked: Sequence[bool],
        metrics: Metrics,
        width: float,
    ) -> None:
        self.pieces, self.parts, self.locked, self.metrics, self.width = pieces, parts, locked, metrics, width
        self.boxes: list[Box] = []
        self.pills: list[Pill] = []
        self.lines: list[Span] = []
        self.line_start = 0
        self.x = 0.0
        self.pill: tuple[float, int] | None = None

    def set(self, atoms: Sequence[tuple[int, int]]) -> Layout:
        for start, stop in atoms:
            self._place(start, stop)
        self._close_pill()
        if self.line_start < len(self.boxes) or not self.lines:
            self.lines.append(Span(self.line_start, len(self.boxes)))
        return Layout(self.boxes, self.pills, self.lines, self.metrics.line_height)

    def _place(self, start: int, stop: int) -> None:
        """Put the atom `start`..`stop` on this line if it fits, else on the next."""
        end = self._end(start, stop)
        if self.x > 0 and end > self.width:
            self._new_line()
            end = self._end(start, stop)
        alone = end > self.width
        for position in range(start, stop):
            if alone and self.x > 0 and self._end(position, position + 1) > self.width:
                self._new_line()
            self._set(position)

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
        kind = Kind.BREAK if breaks else SPECIAL.get(piece, Kind.TEXT)
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
