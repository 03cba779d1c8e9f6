"""The figure of "Words that stay": the texts that keep a lock, as they are written and as they must be; how far off
each way is over the steps."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from engine.protocol.lessons.locks import WAYS, LocksFigure
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    draw_states,
    size_for,
    text_width,
    typeface,
    write,
)
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.locks import known, lock_of, place_of, trust_says

LEAST = 1e-4
"""The smallest distance that is drawn; smaller ones stand on the line."""
HEAD = 0.16
"""Of a cell, for its words."""
LARGER = 1.3
"""Than in other grids, the type: there is less on this one."""
PLOT = 9.0
"""Of the size of type, the height of the plot."""
WAITING = "…"
WIDER = 1.6
"""Times as wide as it is high the grid is at most: a word and its number stand beside each other in a cell."""
ASIDE = 0.65
"""How dense words are that do not keep the lock: they can still be read."""


class LocksPicture(Picture):
    """The grid of the world; only texts in the frame keep the lock."""

    level = "steps"

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure = shown.figure
        grid = _grid(area, figure)
        grid.draw_lines(painter, theme)
        _frame(painter, grid, figure, theme)
        found = figure.found[place_of(shown)]
        for row in range(len(figure.words)):
            for column in range(len(figure.words)):
                text = (row, column)
                if text[figure.place] == figure.word:
                    other = text[1 - figure.place]
                    _kept(painter, grid, text, float(found[other]), float(figure.exact[other]), figure, theme)
                else:
                    middle = grid.cell(text).center()
                    line = QRectF(middle.x() - grid.side, middle.y() - grid.size, 2 * grid.side, 2 * grid.size)
                    painter.setOpacity(ASIDE)
                    draw_states(painter, line, text, figure.words, typeface(LARGER * grid.size), theme)
                    painter.setOpacity(1.0)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, place = shown.figure, place_of(shown)
        rows = len(figure.words)
        size = size_for(area, 2.1 * (rows + 2) + 18)
        title = f"The {'second' if figure.place == 0 else 'first'} word, given the lock"
        heading = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
        write(painter, heading, title, theme.colour("text"), typeface(size, bold=True), LEFT)
        found = figure.found[place]
        trust, believes = trust_says(shown)
        bars = [
            Bar(0.0 if np.isnan(share) else float(share), _says(float(share)), title=name, mark=float(exact))
            for name, share, exact in zip(figure.words, found, figure.exact, strict=True)
        ]
        bars.append(Bar(_drawn(figure.distance[place]), _says(float(figure.distance[place])), title="off by",
                        colour="fresh", chosen=True))  # fmt: skip
        bars.append(Bar(trust, per_cent(trust), title="believed", colour="faint"))
        block = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, block, bars, figure.words, theme, size)
        signs = [
            Sign("mark", "text", "what it must be, by the world"),
            Sign("line", "faint", f"how far {believes}"),
            Sign("line", "accent", "this way; grey are the others"),
        ]
        if area.bottom() - block.bottom() < (PLOT + 1.8 * len(signs)) * size:
            del signs[1:]  # the figure says more than the legend
        foot = 1.8 * 0.9 * size * len(signs)
        plot = QRectF(area.left(), block.bottom() + 0.6 * size, area.width(), area.bottom() - block.bottom() - foot)
        _plot(painter, plot.adjusted(0, 0, 0, -0.6 * size), shown, theme, size)
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        figure, words = shown.figure, len(shown.figure.words)
        grid, texts = _grid(area, figure), [(row, column) for row in range(words) for column in range(words)]
        number = grid.at(point, texts)
        if number is None:
            return None
        place = int(point.x() > grid.cell(texts[number]).center().x())
        return "lock", lock_of(place, texts[number][place])

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        names = [*WAYS]
        return None if step is None else ("way", names[(names.index(shown.choices["way"]) + step) % len(names)])


def _frame(painter: QPainter, grid: Grid, figure: LocksFigure, theme: Theme) -> None:
    """Around the texts that keep the lock."""
    last = len(figure.words) - 1
    ends = ((figure.word, 0), (figure.word, last)) if figure.place == 0 else ((0, figure.word), (last, figure.word))
    place = grid.cell(ends[0]).united(grid.cell(ends[1])).adjusted(2, 2, -2, -2)
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place, 10, 10)


def _kept(
    painter: QPainter,
    grid: Grid,
    text: tuple[int, int],
    found: float,
    exact: float,
    figure: LocksFigure,
    theme: Theme,
) -> None:
    """A text that keeps the lock: the square that is written, and a dashed one that must be."""
    head = HEAD * grid.side
    if not np.isnan(found):
        grid.draw_square(painter, _lowered(grid, text, found), True, False, theme)
    must = _lowered(grid, text, exact)
    painter.setPen(QPen(theme.colour("text"), 1.5, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(must, min(6, must.width() / 4), min(6, must.width() / 4))
    cell, says = grid.cell(text), _says(found)
    line = QRectF(cell.left() + 0.4 * head, cell.top() + 0.25 * head, cell.width() - 0.8 * head, head)
    size = min(LARGER * grid.size, 0.8 * head)
    wide = text_width(text, figure.words, typeface(size, bold=True)) + 4.5 * size
    size *= min(1.0, line.width() / wide)
    draw_states(painter, line, text, figure.words, typeface(size, bold=True), theme, LEFT)
    write(painter, line, says, theme.colour("text"), typeface(size), RIGHT)


def _lowered(grid: Grid, text: tuple[int, int], chance: float) -> QRectF:
    """The square of a text, below its words."""
    return grid.square(text, chance * (1 - HEAD) ** 2).translated(0, HEAD * grid.side / 2)


def _plot(painter: QPainter, area: QRectF, shown: Shown, theme: Theme, size: float) -> None:
    """How far off each way is over the steps, both by powers; the chosen way stands out."""
    figure, (way, at) = shown.figure, place_of(shown)
    small = typeface(0.85 * size)
    plot = area.adjusted(4.2 * size, 2.0 * size, -size, -1.6 * size)
    if plot.height() < 2 * size:
        return
    write(painter, QRectF(area.left(), area.top(), area.width(), 1.3 * size), "Off by, over the number of steps",
          theme.colour("text"), typeface(0.9 * size, bold=True), LEFT)  # fmt: skip
    last = len(figure.steps) - 1

    def point(number: int, distance: float) -> QPointF:
        share = math.log(max(distance, LEAST) / LEAST) / math.log(1 / LEAST)
        return QPointF(plot.left() + plot.width() * number / last, plot.bottom() - plot.height() * share)

    for power, said in ((1.0, "100 %"), (1e-2, "1 %"), (LEAST, "0.01 %")):
        y = point(0, power).y()
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        beside = QRectF(area.left(), y - size, 3.8 * size, 2 * size)
        write(painter, beside, said, theme.colour("muted"), small, RIGHT)
    for number, steps in enumerate(figure.steps):
        under = QRectF(point(number, LEAST).x() - 30, plot.bottom() + 0.2 * size, 60, 1.3 * size)
        write(painter, under, f"{steps}", theme.colour("muted"), small)
    for each in sorted(range(len(WAYS)), key=lambda row: row == way):
        mine = each == way
        painter.setPen(QPen(theme.colour("accent" if mine else "strong_border"), 2.5 if mine else 1.5))
        found = figure.distance[each]
        points = [point(number, float(value)) for number, value in enumerate(found) if not np.isnan(value)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(points)
    if known(shown):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(point(at, float(figure.distance[way, at])), 0.4 * size, 0.4 * size)


def _drawn(share: float) -> float:
    return 0.0 if np.isnan(share) else float(share)


def _says(share: float) -> str:
    return WAITING if np.isnan(share) else per_cent(share)


def _grid(area: QRectF, figure: LocksFigure) -> Grid:
    return Grid.of(area, len(figure.words), len(figure.words), WIDER)


PICTURE = LocksPicture()
