"""The figure of "The concrete score": the grid with an arrow for each ratio, and the chosen text's score in bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.protocol import Noise
from engine.protocol.lessons.score import ScoreFigure
from sedd_studio.painting.lessons.drawing import (
    LEFT,
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
from sedd_studio.record.chapters.score import PLACES

THICKEST = 0.13
"""Of a cell, the thickness of the thickest arrow."""
KNOWN = "each hidden word sums to 1 / (exp \N{GREEK SMALL LETTER SIGMA} \N{MINUS SIGN} 1)"
ITSELF = "{} (itself)"
"""The title of a word in its own place."""
Arrow = tuple[int, int, int, float]
"""From which text to which, at which place, and the ratio."""


class ScorePicture(Picture):
    """Arrows run outwards, from every text; those of the chosen one stand out."""

    least_beside = 262.0

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at, chosen = shown.figure, shown.choices["level"], shown.choices["chosen"]
        grid, law = _grid(area, figure), figure.probability[at]
        texts = figure.texts.tolist()
        grid.draw_lines(painter, theme)
        for number, text in enumerate(texts):
            clean = not any(map(figure.hidden, text))
            square, words = grid.square(text, law[number]), grid.label(text, figure.words)
            grid.draw_square(painter, square, clean, number == chosen, theme, words)
        most = largest(figure, at)
        for start, end, _, ratio in arrows(figure, at):
            line = grid.line(texts[start], texts[end], law[start], law[end], figure.words)
            mine = start == chosen
            thickness = max(1.5, THICKEST * grid.side * ratio / most)
            arrow(painter, *line, thickness, theme.colour("accent" if mine else "strong_border"))
            if mine:
                grid.say(painter, line, f"{ratio:.3f}", theme)
        for number, text in enumerate(texts):
            grid.draw_text(painter, text, figure.words, per_cent(law[number]), number == chosen, theme)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at = shown.figure, shown.choices["level"]
        most = largest(figure, at)
        signs = [
            *STYLES[figure.noise].signs,
            Sign("arrow", "accent", "thickness: the ratio, from the chosen text"),
            Sign("arrow", "strong_border", "the same from every other text"),
            Sign("square", "lock_fill", "area: how likely the text is at this noise"),
        ]
        rows = figure.states
        size = size_for(area, 2 * (2.1 * rows + 2.3) + 1.6 * len(signs) + 1)
        top = area.top()
        for place, title in enumerate(PLACES):
            write(
                painter, QRectF(area.left(), top, area.width(), 1.6 * size), title, theme.colour("text"),
                typeface(size, bold=True), LEFT,
            )  # fmt: skip
            top += 1.7 * size
            block = QRectF(area.left(), top, area.width(), 2.1 * size * rows)
            self._block(painter, block, shown, place, most, theme, size)
            top += 2.1 * size * rows + 0.6 * size
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def _block(
        self,
        painter: QPainter,
        area: QRectF,
        shown: Shown,
        place: int,
        most: float,
        theme: Theme,
        size: float,
    ) -> None:
        """The scores of one place."""
        figure, at, chosen = shown.figure, shown.choices["level"], shown.choices["chosen"]
        text, scores = figure.texts[chosen].tolist(), figure.score[at, chosen, place]
        state = text[place]
        if place not in figure.changing(text):
            line = QRectF(area.left(), area.top(), area.width(), 2.1 * size)
            said = f"“{figure.words[state]}” is there already, and stays."
            write(painter, line, said, theme.colour("muted"), typeface(size), LEFT)
            return
        bars = [
            Bar(
                float(scores[each]) / most,
                f"{scores[each]:.3f}",
                title=ITSELF.format(name) if each == state else name,
                colour="faint" if each == state else "accent",
            )
            for each, name in enumerate(figure.words)
        ]
        if figure.hidden(state):
            total = float(figure.together[at, chosen, place])
            parts = tuple(float(score) / most for score in scores[: len(figure.words)])
            bars.append(Bar(total / most, f"{total:.3f}", title="together", parts=parts, mark=figure.known[at] / most))
        titles = [title.format(name) for title in STYLES[figure.noise].titles for name in figure.words]
        least = max(QFontMetricsF(typeface(size, bold=True)).horizontalAdvance(title) for title in titles)
        draw_bars(painter, area, bars, figure.words, theme, size, least)

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        number = _grid(area, shown.figure).at(point, shown.figure.texts.tolist())
        return None if number is None else ("chosen", number)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        return None if step is None else ("chosen", (shown.choices["chosen"] + step) % len(shown.figure.texts))


def arrows(figure: ScoreFigure, at: int) -> Iterator[Arrow]:
    """Every single step back at a level: a hidden word becomes a word, or a word another one."""
    texts = figure.texts.tolist()
    for start, text in enumerate(texts):
        for place in figure.changing(text):
            for each in range(len(figure.words)):
                if each != text[place]:
                    end = texts.index([*text[:place], each, *text[place + 1 :]])
                    yield start, end, place, float(figure.score[at, start, place, each])


def largest(figure: ScoreFigure, at: int) -> float:
    """The ratio for which an arrow is as thick, and a bar as long, as can be."""
    return STYLES[figure.noise].largest(figure, at)


@dataclass(frozen=True)
class ScoreStyle:
    """What differs by the noise: `signs` that come first, the `titles` that bars may have, by a word, and the `largest`
    ratio at a level."""

    signs: tuple[Sign, ...]
    titles: tuple[str, ...]
    largest: Callable[[ScoreFigure, int], float]


STYLES: dict[Noise, ScoreStyle] = {
    "absorb": ScoreStyle(
        (Sign("mark", "text", KNOWN),),
        ("{}", "together"),
        lambda figure, at: float(figure.known[at]),
    ),
    "uniform": ScoreStyle(
        (),
        ("{}", "together", ITSELF),
        lambda figure, at: max(1.0, *(ratio for *_, ratio in arrows(figure, at))),
    ),
}


def _grid(area: QRectF, figure: ScoreFigure) -> Grid:
    return Grid.of(area, len(figure.words), figure.states)


PICTURE = ScorePicture()
