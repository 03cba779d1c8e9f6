"""Texts of two words as a grid: noise in the middle, clean texts in the corners, every way back runs outwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from sedd_studio.painting.lessons.drawing import CENTRE, LEFT, RIGHT, draw_states, text_width, typeface, write
from sedd_studio.painting.theme import Theme

FULL = 0.96
"""Of a cell, the side of the square of a text that is certain."""
TYPE, LARGE = 0.115, 0.1
"""Of a cell, its type; and where there are but four, which are large."""


@dataclass(frozen=True)
class Grid:
    """Cells of texts in an area: the first word says the row, the second the column. `order` are the states along
    both."""

    area: QRectF
    order: tuple[int, ...]

    @staticmethod
    def of(area: QRectF, words: int, states: int, wider: float = 1.25) -> Grid:
        """The largest in an area, for so many words, and a state that hides them in the middle if there is one; at most
        so many times as wide as it is high."""
        half = (words + 1) // 2
        order = (*range(half), *range(words, states), *range(half, words))
        side = min(area.width() / 1.12, area.height())
        wide = min(area.width(), wider * side)
        return Grid(QRectF(area.center().x() - wide / 2, area.center().y() - side / 2, wide, side), order)

    @property
    def size(self) -> float:
        """Pixels of its type."""
        return max(11.0, min(60.0, (LARGE if len(self.order) == 2 else TYPE) * self.side))

    @property
    def side(self) -> float:
        """Of a cell's square, pixels."""
        return self.area.height() / len(self.order)

    def cell(self, text: Sequence[int]) -> QRectF:
        """Where a text stands."""
        row, column = self.order.index(text[0]), self.order.index(text[1])
        wide = self.area.width() / len(self.order)
        return QRectF(self.area.left() + column * wide, self.area.top() + row * self.side, wide, self.side)

    def square(self, text: Sequence[int], chance: float) -> QRectF:
        """The square of a text: its area is in proportion to the chance, and fills the cell where it is certain."""
        side = FULL * self.side * math.sqrt(max(chance, 0.0))
        middle = self.cell(text).center()
        return QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)

    def label(self, text: Sequence[int], names: tuple[str, ...]) -> QRectF:
        """The place that the words of a text take, with the number under them."""
        size, middle = self.size, self.cell(text).center()
        wide = text_width(text, names, typeface(size)) + size
        return QRectF(middle.x() - wide / 2, middle.y() - size, wide, 2.2 * size)

    def at(self, point: QPointF, texts: Sequence[Sequence[int]]) -> int | None:
        """The number of the text whose cell has the point."""
        return next((number for number, text in enumerate(texts) if self.cell(text).contains(point)), None)

    def line(
        self, start: Sequence[int], end: Sequence[int], chance: float, other: float, names: tuple[str, ...]
    ) -> tuple[QPointF, QPointF]:
        """From the edge of a text's square, or of its words, to that of one that differs in one word; where there are
        ways there and back they run beside each other."""
        one = self.square(start, chance).united(self.label(start, names))
        two = self.square(end, other).united(self.label(end, names))
        aside = 0.11 * self.side if all(state < len(names) for state in start) else 0.0
        gap = 0.04 * self.side
        if start[1] != end[1]:
            forward = two.center().x() > one.center().x()
            y = one.center().y() + (-aside if forward else aside)
            x = (one.right() + gap, two.left() - gap) if forward else (one.left() - gap, two.right() + gap)
            return QPointF(x[0], y), QPointF(x[1], y)
        forward = two.center().y() > one.center().y()
        across = one.center().x() + (aside if forward else -aside)
        along = (one.bottom() + gap, two.top() - gap) if forward else (one.top() - gap, two.bottom() + gap)
        return QPointF(across, along[0]), QPointF(across, along[1])

    def say(self, painter: QPainter, line: tuple[QPointF, QPointF], says: str, theme: Theme) -> None:
        """A number beside its arrow; where two run beside each other, on the outer side of its own."""
        start, end = line
        two = self.order == tuple(range(len(self.order)))  # every way back is a way there, too
        size, middle = 0.8 * self.size, (start + end) / 2
        font, colour = typeface(size, bold=True), theme.colour("accent")
        if start.y() == end.y():
            off = 0.075 * self.side + 1.6 * size
            down = two and start.x() > end.x()
            place = QRectF(middle.x() - 60, middle.y() + (off - 1.3 * size if down else -off), 120, 1.3 * size)
            write(painter, place, says, colour, font)
        else:
            left = two and start.y() > end.y()
            beside = middle.x() + (-0.1 * self.side - 120 if left else 0.1 * self.side)
            place = QRectF(beside, middle.y() - 0.7 * size, 120, 1.4 * size)
            write(painter, place, says, colour, font, RIGHT if left else LEFT)

    def draw_lines(self, painter: QPainter, theme: Theme) -> None:
        """The lines between the cells."""
        dim = 0.4 if theme.name == "contrast" else 1.0  # white lines would cross the numbers
        painter.setPen(QPen(theme.colour("border", dim), 1, Qt.PenStyle.DashLine))
        wide = self.area.width() / len(self.order)
        for line in range(1, len(self.order)):
            x, y = self.area.left() + line * wide, self.area.top() + line * self.side
            painter.drawLine(QPointF(x, self.area.top()), QPointF(x, self.area.bottom()))
            painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))

    def draw_square(
        self, painter: QPainter, place: QRectF, clean: bool, chosen: bool, theme: Theme, label: QRectF | None = None
    ) -> None:
        """The square of a text. A chosen one has a frame round it and the words of its `label`; in high contrast all
        others have one, too, where it does not cross their words."""
        words = label or QRectF()
        outlined = theme.name != "contrast" or place.width() > words.width()
        colour = theme.colour("strong_border" if theme.name == "contrast" else "border")
        painter.setPen(QPen(colour, 1) if outlined else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("lock_fill" if clean else "mask"))
        painter.drawRoundedRect(place, min(6, place.width() / 4), min(6, place.width() / 4))
        if chosen:
            painter.setPen(QPen(theme.colour("accent"), 2.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.united(words).adjusted(-2, -2, 2, 2), 7, 7)

    def draw_text(
        self,
        painter: QPainter,
        text: Sequence[int],
        names: tuple[str, ...],
        says: str,
        chosen: bool,
        theme: Theme,
    ) -> None:
        """The words in the middle of a cell, with what is said under them."""
        size, middle = self.size, self.cell(text).center()
        words = QRectF(middle.x() - self.side, middle.y() - size, 2 * self.side, 1.2 * size)
        draw_states(painter, words, text, names, typeface(size, chosen), theme, CENTRE)
        under = QRectF(middle.x() - self.side, middle.y() + 0.25 * size, 2 * self.side, size)
        write(painter, under, says, theme.colour("text"), typeface(0.78 * size, chosen))
