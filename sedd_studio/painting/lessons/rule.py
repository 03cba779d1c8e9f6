"""The figure of "The rule of the noise": Q and exp(sigma Q) as heat maps with numbers, and the law of one token."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.protocol.lessons.lesson import Numbers
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    fitting,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import SIGMA, per_cent

DEEP = {"light": 0.55, "dark": 0.75, "contrast": 0.6}
"""From this share of the accent on, numbers on it are in the colour that goes with it, by theme."""
PALE = 0.55
"""Of full grey, what stands for the most negative number."""


@dataclass(frozen=True)
class Matrix:
    """A square of `count` by `count` cells in an area, with room for names at the left and above, for its title above
    them, and for sums under it."""

    area: QRectF
    count: int

    @property
    def side(self) -> float:
        """Of a cell."""
        return min(self.area.width() / (self.count + 1.15), self.area.height() / (self.count + 2.4))

    @property
    def size(self) -> float:
        """Of the type."""
        return max(11.0, min(40.0, 0.27 * self.side))

    def cell(self, row: int, column: int) -> QRectF:
        side = self.side
        left = self.area.center().x() - (self.count + 1.15) * side / 2 + 1.15 * side
        top = self.area.center().y() - (self.count + 2.4) * side / 2 + 1.5 * side
        return QRectF(left + column * side, top + row * side, side, side)

    def at(self, point: QPointF) -> int | None:
        """The number of the cell that has the point."""
        cells = range(self.count**2)
        return next((each for each in cells if self.cell(*divmod(each, self.count)).contains(point)), None)


class RulePicture(Picture):
    """The rule at the left, what it makes at the right; the edited entry has a frame, its column's sum is told."""

    least_beside = 216.0

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, choices = shown.figure, shown.choices
        left, right = matrices(area, len(figure.names))
        rule, law = figure.rule[choices["rate"]], figure.law[choices["rate"], choices["level"]]
        most = max(1.0, float(abs(rule).max()))
        sigma = f"{SIGMA} {figure.sigma[choices['level']]:.2f}"
        _draw(painter, left, rule, rule / most, figure.names, "the rule Q", theme)
        _draw(painter, right, law, law, figure.names, f"exp ({SIGMA} Q) at {sigma}", theme)
        row, column = divmod(choices["entry"], len(figure.names))
        _sums(painter, left, column, float(figure.mended[choices["rate"]]), theme)
        _frame(painter, left.cell(row, column), theme)
        _frame(painter, right.cell(0, column).united(right.cell(len(figure.names) - 1, column)), theme)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, choices = shown.figure, shown.choices
        column = choices["entry"] % len(figure.names)
        law = figure.law[choices["rate"], choices["level"]][:, column]
        limit = figure.limit[choices["rate"]][:, column]
        size = size_for(area, 2.1 * len(law) + 9)
        heading = QRectF(area.left(), area.top(), area.width(), 1.8 * size)
        title = f"What “{figure.names[column]}” is by now"
        write(painter, heading, title, theme.colour("text"), typeface(size, bold=True), LEFT)
        bars = [
            Bar(
                float(chance),
                per_cent(chance),
                title=name,
                mark=float(end),
                colour="faint" if place == column else "accent",
            )
            for place, (name, chance, end) in enumerate(zip(figure.names, law, limit, strict=True))
        ]
        rows = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, rows, bars, figure.names, theme, size)
        signs = [
            Sign("mark", "text", "what it comes to in the end"),
            Sign("square", "faint", "the token that it was"),
            Sign("square", "accent", "tokens that it has become"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        left, right = matrices(area, len(shown.figure.names))
        found = left.at(point)
        found = right.at(point) if found is None else found
        return None if found is None else ("entry", found)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        count = len(shown.figure.names) ** 2
        return None if step is None else ("entry", (shown.choices["entry"] + step) % count)


def matrices(area: QRectF, count: int) -> tuple[Matrix, Matrix]:
    """The places of the two heat maps: beside each other, or above each other where that makes them larger."""
    beside, above = area.width() / 2, area.height() / 2
    wide = Matrix(QRectF(area.left(), area.top(), beside, area.height()), count)
    high = Matrix(QRectF(area.left(), area.top(), area.width(), above), count)
    if wide.side >= high.side:
        return wide, Matrix(wide.area.translated(beside, 0), count)
    return high, Matrix(high.area.translated(0, above), count)


def _draw(
    painter: QPainter,
    matrix: Matrix,
    values: Numbers,
    shades: Numbers,
    names: tuple[str, ...],
    title: str,
    theme: Theme,
) -> None:
    """A heat map: positive entries in the accent, negative ones in grey, with their numbers."""
    side, size = matrix.side, matrix.size
    first, last = matrix.cell(0, 0), matrix.cell(0, matrix.count - 1)
    above = QRectF(first.left(), first.top() - 1.45 * side, last.right() - first.left(), 0.7 * side)
    heading = typeface(fitting([title], above.width(), 1.1 * size, bold=True), bold=True)
    write(painter, above, title, theme.colour("text"), heading, LEFT)
    small = typeface(fitting(names, 0.98 * side, size))
    for place, name in enumerate(names):
        head, cell = matrix.cell(0, place), matrix.cell(place, 0)
        over = QRectF(head.left(), head.top() - 0.6 * side, side, 0.55 * side)
        write(painter, over, name, theme.colour("muted"), small)
        beside = QRectF(cell.left() - 1.12 * side, cell.top(), side, side)
        write(painter, beside, name, theme.colour("muted"), small, RIGHT)
    numbers = typeface(fitting([f"{value:.2f}" for value in values.ravel()], 0.86 * side, size))
    for each in range(matrix.count**2):
        row, column = divmod(each, matrix.count)
        value, shade = float(values[row, column]), float(shades[row, column])
        cell = matrix.cell(row, column).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(theme.colour("panel"))
        painter.drawRoundedRect(cell, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", min(1.0, shade)) if shade > 0 else theme.colour("faint", -PALE * shade))
        painter.drawRoundedRect(cell, 4, 4)
        deep = shade > DEEP[theme.name]
        colour = "muted" if value == 0 else "on_accent" if deep else "text"
        said = "0" if value == 0 else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        write(painter, cell, said, theme.colour(colour), numbers)


def _sums(painter: QPainter, matrix: Matrix, edited: int, mended: float, theme: Theme) -> None:
    """What the columns sum up to, and what was added to the edited one to have it so."""
    size = matrix.size
    foot = matrix.cell(matrix.count - 1, 0)
    beside = QRectF(foot.left() - 1.12 * matrix.side, foot.bottom(), matrix.side, 0.6 * matrix.side)
    write(painter, beside, "sum", theme.colour("muted"), typeface(size), RIGHT)
    for column in range(matrix.count):
        cell = matrix.cell(matrix.count - 1, column)
        under = QRectF(cell.left(), cell.bottom(), matrix.side, 0.6 * matrix.side)
        here = column == edited and abs(mended) > 1e-9
        write(painter, under, "0", theme.colour("accent" if here else "muted"), typeface(size, here))
        if here:
            more = QRectF(cell.center().x() - 120, under.bottom() - 0.1 * matrix.side, 240, 1.3 * size)
            told = f"mended by {mended:+.2f}".replace("-", "\N{MINUS SIGN}")
            write(painter, more, told, theme.colour("accent"), typeface(0.85 * size, bold=True))


def _frame(painter: QPainter, place: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place, 5, 5)


PICTURE = RulePicture()
