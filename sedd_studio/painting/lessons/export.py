"""A figure of Learn in a file of its own, as a drawing or in pixels, and its chapter as a page that moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from engine.files import write_whole
from engine.plain_text import plain
from engine.stopping import look
from sedd_studio.painting.drawing_parts import Part, parts_of, short
from sedd_studio.painting.lessons import picture
from sedd_studio.painting.lessons.typesetting import PATHS, typeset
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapter_page import Drawings, as_html
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Shown

FIGURE, BESIDE = QSize(660, 470), QSize(420, 470)
GAP, MARGIN = 24, 20
"""Pixels between the two, and round them in a file of their own."""
LINE_GAP = 8.0
"""Between lines of a formula."""
STEPS = {0: "M", 1: "L", 2: "C", 3: ""}
"""Kinds of the points of a path, as SVG has them; the last are the other points of a curve."""
ALOUD = 'role="img" aria-labelledby="title" aria-describedby="told" fill="none" xml:space="preserve"'
"""What a program that reads aloud needs to know of a drawing, and what its parts are filled with."""
COLOURS = ("window", "panel", "border", "strong_border", "text", "muted", "accent")
"""Of a page, beside those in its pictures."""


@dataclass(frozen=True, eq=False)
class ChapterPicture:
    """What the chapter called `name` shows, in a theme."""

    name: str
    shown: Shown
    theme: Theme

    @property
    def beside(self) -> QSize:
        """What stands beside the figure; empty where nothing does."""
        return BESIDE if picture(self.name).share_beside > 0 else QSize(0, BESIDE.height())

    @property
    def size(self) -> QSize:
        """Of all of it, pixels."""
        aside = self.beside.width()
        return QSize(FIGURE.width() + (GAP + aside if aside else 0) + 2 * MARGIN, FIGURE.height() + 2 * MARGIN)

    def paint_figure(self, painter: QPainter) -> None:
        picture(self.name).paint(painter, QRectF(QPointF(0, 0), FIGURE), self.shown, self.theme)

    def paint_beside(self, painter: QPainter) -> None:
        if self.beside.width():
            picture(self.name).paint_beside(painter, QRectF(QPointF(0, 0), self.beside), self.shown, self.theme)

    def as_png(self, scale: float) -> bytes:
        """In pixels, `scale` for each of its own."""
        image = QImage(self.size * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(self.theme.colour("panel"))
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(MARGIN, MARGIN)
            self.paint_figure(painter)
            painter.translate(FIGURE.width() + GAP, 0)
            self.paint_beside(painter)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def as_svg(self) -> str:
        """As a drawing whose words are words; it says aloud what it shows."""
        area = f"0 0 {self.size.width()} {self.size.height()}"
        wide, high = (f'width="{self.size.width()}"', f'height="{self.size.height()}"')
        figure, beside = parts_of(FIGURE, self.paint_figure), parts_of(self.beside, self.paint_beside)
        title, told = CHAPTERS[self.name], plain(chapter(self.name).spoken(self.shown))
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {wide} {high} viewBox="{area}" {ALOUD}>',
                f'<title id="title">{escape(title)}</title>',
                f'<desc id="told">{escape(told)}</desc>',
                f'<rect {wide} {high} fill="{self.theme.colours["panel"]}"/>',
                f'<g transform="translate({MARGIN},{MARGIN})">',
                *(part.as_svg() for part in figure),
                "</g>",
                f'<g transform="translate({MARGIN + FIGURE.width() + GAP},{MARGIN})">',
                *(part.as_svg() for part in beside),
                "</g>",
                "</svg>\n",
            ]
        )


def write_figure(made: ChapterPicture, path: Path, scale: float) -> Iterator[float]:
    """Writes the figure as its name's ending says, ".svg" or else as PNG; yields how much is done."""
    yield 0.0
    content = made.as_svg().encode() if path.suffix.lower() == ".svg" else made.as_png(scale)
    yield 0.9
    write_whole(path, content)
    yield 1.0


def write_page(made: ChapterPicture, path: Path) -> Iterator[float]:
    """Draws every frame of the chapter's strip and writes the page; yields how much is done."""
    told = chapter(made.name)
    strip, drawn = told.strip(made.shown), Drawn()
    for number, choices in enumerate(strip.choices):
        yield 0.95 * number / len(strip.choices)
        drawn.add(ChapterPicture(made.name, Shown(made.shown.figure, choices), made.theme))
    colours = {name: made.theme.colours[name] for name in COLOURS}
    page = as_html(told, CHAPTERS[made.name], made.shown, drawn.drawings(made), colours, made.theme.dark)
    yield 0.97
    write_whole(path, page.encode())
    yield 1.0


class Drawn:
    """Frames as numbers of parts, each of which is kept once."""

    def __init__(self) -> None:
        self._parts: dict[Part, int] = {}
        self._frames: list[dict[str, Any]] = []

    def add(self, made: ChapterPicture) -> None:
        """Draws a frame more."""
        told = chapter(made.name)
        size, formula = formula_parts(told.formula(made.shown), made.theme)
        self._frames.append(
            {
                "figure": self._numbers(parts_of(FIGURE, made.paint_figure)),
                "beside": self._numbers(parts_of(made.beside, made.paint_beside)),
                "formula": self._numbers(formula),
                "formula_size": size,
            }
        )

    def drawings(self, made: ChapterPicture) -> Drawings:
        """All of them."""
        styles: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
        shapes: dict[str, int] = {}
        parts = []
        for part in self._parts:
            style = styles.setdefault((part.tag, part.style), len(styles))
            place: list[str | int] = [*part.place]
            if part.tag == "path":
                place[0] = shapes.setdefault(part.place[0], len(shapes))
            parts.append([style, *place, *([part.text] if part.tag == "text" else [])])
        sizes = {"figure": (FIGURE.width(), FIGURE.height()), "beside": (made.beside.width(), made.beside.height())}
        return Drawings(sizes, [*styles], [*shapes], parts, self._frames)

    def _numbers(self, parts: tuple[Part, ...]) -> list[int]:
        return [self._parts.setdefault(part, len(self._parts)) for part in parts]


def formula_parts(lines: tuple[str, ...], theme: Theme) -> tuple[tuple[float, float], tuple[Part, ...]]:
    """Lines of LaTeX under each other, typeset: their size in pixels, and their parts."""
    parts, top, wide = list[Part](), 0.0, 0.0
    for line in lines:
        made = typeset(line)
        for rule in made.rules:
            place = (rule.x(), rule.y() + top, rule.width(), rule.height())
            parts.append(Part("rect", _filled(theme, "text"), (*(f"{each:.2f}" for each in place), "")))
        for glyph in made.glyphs:
            look()
            at = glyph.place
            moved = f"matrix({at.m11():.4g},0,0,{at.m22():.4g},{at.dx():.2f},{at.dy() + top:.2f})"
            colour = "accent" if glyph.stands_out else "text"
            parts.append(Part("path", _filled(theme, colour), (path_of(glyph.sign), moved)))
        top, wide = top + made.height + LINE_GAP, max(wide, made.width)
    return (round(wide, 2), round(max(0.0, top - LINE_GAP), 2)), tuple(parts)


@cache
def path_of(sign: str) -> str:
    """The outline of a sign in `PATHS`, as SVG writes it."""
    path = PATHS[sign]
    points = (path.elementAt(number) for number in range(path.elementCount()))
    return " ".join(f"{STEPS[_kind(point)]}{short(point.x)},{short(point.y)}" for point in points)


def _kind(point: Any) -> int:
    kind: int = point.type.value
    return kind


def _filled(theme: Theme, colour: str) -> tuple[tuple[str, str], ...]:
    return (("fill", theme.colours[colour]),)
