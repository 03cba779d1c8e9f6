"""The figure of "The real thing": a sentence with noise and what would stand there; the price of few steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.protocol import Noise
from engine.protocol.lessons.real import RealFigure
from sedd_studio.painting.lessons.breaking import LINE, SIZES, word_places
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    head,
    hidden_word,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.real import comes, dear, name_of, own_of, place_of, rows_of


@dataclass(frozen=True)
class RealStyle:
    """What the figure shows under a noise: the share of its height for the `text`, what is said in the place of a
    `price` that is not known, and what a hidden word `means` where row + 1 are."""

    text: float
    price: str
    means: str = ""


STYLES: dict[Noise, RealStyle] = {
    "absorb": RealStyle(0.58, "on their way …", "hidden: each is next with 1 / {}"),
    "uniform": RealStyle(0.9, "known where noise hides words"),
}
SAYS = 1.9
"""Of the size of type, what stands under a word takes, in lines of two."""


class RealPicture(Picture):
    """Under each place that is noised stands the word that is likeliest there."""

    least_beside = 244.0

    level = "noised"

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, row, chosen = place_of(shown)
        small = max(11.0, min(22.0, area.height() / 28))
        head = QRectF(area.left(), area.top(), area.width(), 1.4 * small)
        write(painter, head, figure.model, theme.colour("muted"), typeface(small), LEFT)
        size, places = _places(area, figure)
        for place, line in enumerate(places):
            token = int(figure.reads[row, place])
            noised = place in figure.order[: row + 1]
            above = QRectF(line.left(), line.top(), line.width(), 0.52 * line.height())
            if place == chosen:
                painter.setPen(QPen(theme.colour("accent"), 2))
                painter.setBrush(theme.colour("lock_fill"))
                painter.drawRoundedRect(line.adjusted(-0.22 * size, 0, 0.22 * size, -0.05 * line.height()), 6, 6)
            if token < 0:
                hidden_word(painter, above, typeface(size), theme)
            else:
                write(
                    painter, above, name_of(figure, token), theme.colour("fresh" if noised else "text"), typeface(size)
                )
            best = int(figure.likely[row, place, 0])
            if noised and best >= 0:
                below = QRectF(line.left() - size, above.bottom(), line.width() + 2 * size, 0.38 * line.height())
                write(painter, below, name_of(figure, best), theme.colour("accent"), typeface(0.72 * size, bold=True))
        text = STYLES[figure.noise].text
        foot = QRectF(area.left(), area.top() + text * area.height(), area.width(), (1 - text) * area.height())
        _price(painter, foot, figure, theme, small)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, row, place = place_of(shown)
        size = size_for(area, 22)
        heading = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
        rows = rows_of(shown)
        title = f"What may stand at word {place + 1}"
        if not rows:
            title = f"{title}: on its way …" if comes(shown) else f"“{own_of(shown)}” is no noise, and stays"
        write(painter, heading, title, theme.colour("text"), typeface(size, bold=True), LEFT)
        bars = [
            Bar(chance, f"{_score(score)}   {per_cent(chance)}", title=name, chosen=number == 0)
            for number, (name, chance, score) in enumerate(rows)
        ]
        own = float(figure.own[row, place])
        if not np.isnan(own):
            name = name_of(figure, figure.text[place])
            bars.append(Bar(own, per_cent(own), title=f"{name} (was there)", colour="faint"))
        block = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        if bars:
            draw_bars(painter, block, bars, (), theme, size)
        signs = [Sign("line", "accent", "how likely the word is; before it, its score")]
        if means := STYLES[figure.noise].means:
            signs.append(Sign("square", "mask_edge", means.format(row + 1)))
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        _, places = _places(area, place_of(shown)[0])
        return next((("place", place) for place, line in enumerate(places) if line.contains(point)), None)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        figure, _, place = place_of(shown)
        return None if step is None else ("place", (place + step) % len(figure.text))


def _places(area: QRectF, figure: RealFigure) -> tuple[float, list[QRectF]]:
    """The size of type, and where each token stands: with room for whatever is read or likely there."""
    metrics = QFontMetricsF(typeface(SIZES[0]))
    wide = {token: metrics.horizontalAdvance(name_of(figure, token)) / SIZES[0] for token in figure.names}
    least = 1.2
    widths = []
    for place in range(len(figure.text)):
        reads = [wide[token] for token in figure.reads[:, place].tolist() if token >= 0]
        best = [0.72 * wide[token] for token in figure.likely[:, place, 0].tolist() if token >= 0]
        widths.append(max(least, wide[int(figure.text[place])], *reads, *best))
    small = max(11.0, min(22.0, area.height() / 28))
    high = STYLES[figure.noise].text * area.height() - 2.0 * small
    room = QRectF(area.left() + 4, area.top() + 1.6 * small, area.width() - 8, high)
    sizes = (size for size in SIZES if _lines(widths, room, size)[-1].bottom() <= room.bottom())
    size = float(next(sizes, SIZES[-1]))
    return size, _lines(widths, room, size)


def _lines(widths: list[float], room: QRectF, size: float) -> list[QRectF]:
    """As sentences stand in lines, each line as high as a word with another under it."""
    stretch = (1 + SAYS) / LINE
    places = word_places(widths, QRectF(room.left(), 0, room.width(), room.height()), size)
    return [
        QRectF(line.left(), room.top() + line.top() * stretch, line.width(), line.height() * stretch - 0.2 * size)
        for line in places
    ]


def _score(score: float) -> str:
    return "" if np.isnan(score) else f"{score:.3f}" if score < 100 else f"{score:,.0f}"


def _price(painter: QPainter, area: QRectF, figure: RealFigure, theme: Theme, size: float) -> None:
    """The bound over the number of steps, with its intervals."""
    top = QRectF(area.left(), area.top(), area.width(), 1.4 * size)
    if not dear(figure):
        said = f"The price of few steps: {STYLES[figure.noise].price}"
        head(painter, top, said, theme, size)
        return
    title = "The price of few steps: what the sentence costs, nats a token"
    head(painter, top, title, theme, size)
    small = typeface(0.85 * size)
    plot = area.adjusted(3.0 * size, 2.6 * size, -2.6 * size, -1.7 * size)
    whole = np.nan_to_num(figure.price + np.nan_to_num(figure.half))
    high, last = max(1, math.ceil(1.2 * float(whole.max()))), math.log2(max(2, int(figure.steps[-1])))

    def point(steps: float, nats: float) -> QPointF:
        share = math.log2(steps) / last
        return QPointF(plot.left() + plot.width() * share, plot.bottom() - plot.height() * nats / high)

    for nats in (0, high / 2, high):
        y = point(1, nats).y()
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        beside = QRectF(area.left(), y - size, 2.4 * size, 2 * size)
        write(painter, beside, f"{nats:g}", theme.colour("muted"), small, RIGHT)
    found = [row for row in zip(figure.steps, figure.price, figure.half, strict=True) if not np.isnan(row[1])]
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([point(float(steps), float(nats)) for steps, nats, _ in found]))
    for steps, nats, half in found:
        here = point(float(steps), float(nats))
        bar = 0.0 if np.isnan(half) else plot.height() * float(half) / high
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(here - QPointF(0, bar), here + QPointF(0, bar))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(here, 0.3 * size, 0.3 * size)
        told = QRectF(here.x() - (60 if steps > 1 else 60 - 1.4 * size), here.y() - bar - 1.7 * size, 120, 1.3 * size)
        write(painter, told, f"{nats:.2f}", theme.colour("text"), small)
        below = QRectF(here.x() - 60, plot.bottom() + 0.25 * size, 120, 1.3 * size)
        write(painter, below, "1 step" if steps == 1 else f"{steps}", theme.colour("muted"), small)


PICTURE = RealPicture()
