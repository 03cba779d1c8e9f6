"""The figure of "All texts at once": a square a text, its area how likely the text is."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.protocol import Noise
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.texts import TextsFigure
from sedd_studio.painting.lessons.drawing import Bar, Sign, draw_bars, draw_legend, size_for
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent

LIKELY = Sign("square", "lock_fill", "area: how likely the text is")
SIGNS: dict[Noise, tuple[Sign, ...]] = {
    "absorb": (LIKELY, Sign("hidden", "mask", "the same, for a text with hidden words")),
    "uniform": (LIKELY,),
}


class TextsPicture(Picture):
    """The grid, and the same in bars beside it."""

    least_beside = 254.0

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, law, chosen = shown.figure, _law(shown), shown.choices["chosen"]
        grid = _grid(area, figure)
        grid.draw_lines(painter, theme)
        for number, text in enumerate(figure.texts.tolist()):
            clean, is_chosen = number in figure.clean, number == chosen
            square, words = grid.square(text, law[number]), grid.label(text, figure.words)
            grid.draw_square(painter, square, clean, is_chosen, theme, words)
        for number, text in enumerate(figure.texts.tolist()):
            grid.draw_text(painter, text, figure.words, per_cent(law[number]), number == chosen, theme)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, law, chosen = shown.figure, _law(shown), shown.choices["chosen"]
        size = size_for(area, 2.1 * len(law) + 6)
        bars = [
            Bar(
                float(law[number]),
                per_cent(law[number]),
                tuple(text),
                colour="accent" if number in figure.clean else "faint",
                chosen=number == chosen,
            )
            for number, text in enumerate(figure.texts.tolist())
        ]
        foot = 4.5 * size
        draw_bars(painter, area.adjusted(0, 0, 0, -foot), bars, figure.words, theme, size)
        draw_legend(painter, area, SIGNS[figure.noise], theme, 0.9 * size)

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        number = _grid(area, shown.figure).at(point, shown.figure.texts.tolist())
        return None if number is None else ("chosen", number)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        return None if step is None else ("chosen", (shown.choices["chosen"] + step) % len(shown.figure.texts))


def _grid(area: QRectF, figure: TextsFigure) -> Grid:
    return Grid.of(area, len(figure.words), figure.states)


def _law(shown: Shown) -> Numbers:
    law: Numbers = shown.figure.probability[shown.choices["share"], shown.choices["level"]]
    return law


PICTURE = TextsPicture()
