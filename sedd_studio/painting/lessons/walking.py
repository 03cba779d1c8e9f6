"""The figure of "Walking back": where a walk stands, what may come next and when, and the pile of those that ended."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    arrow,
    draw_bars,
    draw_legend,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.walking import Stand, ended_says, stand_of

CLOCK = 0.16
"""Of the height, for the clock under the grid."""
THICKEST = 0.13
"""Of a cell, an arrow that is certain."""
KEYS = {Qt.Key.Key_Right: "jump", Qt.Key.Key_Down: 10, Qt.Key.Key_End: "all"}


class WalkingPicture(Picture):
    """The grid with the walk in it, the clock under it."""

    least_beside = 220.0

    level = ""

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, stand = shown.figure, stand_of(shown)
        high = CLOCK * area.height()
        grid = Grid.of(area.adjusted(0, 0, 0, -high), len(figure.words), figure.states)
        here = int(figure.visited[stand.walk, stand.jump])
        law, chance = figure.probability[stand.walk, stand.jump], figure.chance[stand.walk, stand.jump]
        texts = figure.texts.tolist()
        grid.draw_lines(painter, theme)
        for number, text in enumerate(texts):
            square, words = grid.square(text, law[number]), grid.label(text, figure.words)
            grid.draw_square(painter, square, number in figure.clean, number == here, theme, words)
        if stand.jump:
            came = int(figure.visited[stand.walk, stand.jump - 1])
            line = grid.line(texts[came], texts[here], law[came], law[here], figure.words)
            arrow(painter, *line, 2.5, theme.colour("strong_border"))
        for number, likely in enumerate(chance):
            if likely > 0:
                line = grid.line(texts[here], texts[number], law[here], law[number], figure.words)
                arrow(painter, *line, max(1.5, THICKEST * grid.side * likely), theme.colour("accent"))
                grid.say(painter, line, per_cent(likely), theme)
        for number, text in enumerate(texts):
            grid.draw_text(painter, text, figure.words, per_cent(law[number]), number == here, theme)
        _clock(painter, QRectF(area.left(), area.bottom() - high, area.width(), high), shown, stand, theme)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, stand = shown.figure, stand_of(shown)
        size = size_for(area, 2.1 * len(figure.clean) + 11.5)
        heading = QRectF(area.left(), area.top(), area.width(), 1.8 * size)
        write(painter, heading, ended_says(stand.ended), theme.colour("text"), typeface(size, bold=True), LEFT)
        shares = figure.counts[stand.row] / max(stand.ended, 1)
        bars = [
            Bar(float(share), per_cent(share), tuple(figure.texts[text].tolist()), mark=float(chance))
            for text, share, chance in zip(figure.clean, shares, figure.law, strict=True)
        ]
        rows = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, rows, bars, figure.words, theme, size)
        told = QRectF(area.left(), rows.bottom() + 0.5 * size, area.width(), 1.5 * size)
        if stand.ended:
            expected, spread = figure.expected[stand.row], figure.spread[stand.row]
            for says, value in (
                ("distance from the data", f"{figure.distance[stand.row]:.4f}"),
                ("as many exact samples", f"{expected:.4f} \N{PLUS-MINUS SIGN} {spread:.4f}"),
            ):
                write(painter, told, says, theme.colour("muted"), typeface(size), LEFT)
                write(painter, told, value, theme.colour("text"), typeface(size, bold=True), RIGHT)
                told = told.translated(0, 1.7 * size)
        signs = [
            Sign("mark", "text", "how often the data has it"),
            Sign("arrow", "accent", "the chance that it is the next jump"),
            Sign("arrow", "strong_border", "the jump before"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        return ("go", KEYS[key]) if key in KEYS else None


def _clock(painter: QPainter, area: QRectF, shown: Shown, stand: Stand, theme: Theme) -> None:
    """How much noise is left, from all at the left to none at the right, with the jumps that were made."""
    figure = shown.figure
    size = max(11.0, min(24.0, area.height() / 4))
    line = QRectF(area.left() + 5 * size, area.top() + 1.5 * size, area.width() - 10 * size, 0.0)

    def at(moment: float) -> QPointF:
        return QPointF(line.left() + line.width() * (1 - moment), line.top())

    painter.setPen(QPen(theme.colour("strong_border"), 2))
    painter.drawLine(at(1), at(0))
    moments = figure.moment[stand.walk, : stand.jump + 1]
    painter.setPen(QPen(theme.colour("accent"), 3))
    painter.drawLine(at(float(moments[0])), at(float(moments[-1])))
    for moment in moments[1:]:
        painter.drawLine(at(moment) - QPointF(0, 0.5 * size), at(moment) + QPointF(0, 0.5 * size))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("accent"))
    here = at(0.0 if stand.over else float(moments[-1]))
    painter.drawEllipse(here, 0.42 * size, 0.42 * size)
    small, muted = typeface(size), theme.colour("muted")
    ends = QRectF(area.left(), line.top() - 0.8 * size, 4.3 * size, 1.6 * size)
    write(painter, ends, "all noise", muted, small, RIGHT)
    write(painter, QRectF(line.right() + 0.7 * size, ends.top(), 5 * size, ends.height()), "none", muted, small, LEFT)
    made = f"{stand.jump} jump" + "s" * (stand.jump != 1)
    told = f"{made}; the walk has ended" if stand.over else f"{made}; the clock stands at {per_cent(moments[-1])} noise"
    under = QRectF(line.left(), line.top() + 0.9 * size, line.width(), 1.5 * size)
    write(painter, under, told, theme.colour("text"), small)


PICTURE = WalkingPicture()
