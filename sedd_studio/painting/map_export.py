"""The map of a run as a picture of its own: a caption, its legend, and the map between its axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPaintDevice, QPainter

from engine.files import write_whole
from engine.runs.map_modes import MapMode
from engine.runs.map_table import caption_of, characters_at
from engine.runs.run_map import Cells, RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.map_image import map_image
from sedd_studio.painting.map_legend import Legend
from sedd_studio.painting.map_paint import MapScene, cells_picture, paint_map
from sedd_studio.painting.map_places import MapPlaces
from sedd_studio.painting.theme import Theme, family

WIDE, MARGIN, LINE = 1100, 20, 22
"""Pixels."""
LEAST, MOST = 240, 900
"""Pixels of the map's height."""
EACH = 6
"""Pixels of a step, if they fit."""


@dataclass(frozen=True, eq=False)
class MapPicture:
    """A sample of a run in the colours of a mode, in a theme; `column` (L,) are the numbers of one that needs some."""

    run: Trajectory
    sample: int
    mode: MapMode
    theme: Theme
    column: np.ndarray | None = None

    @property
    def map_height(self) -> int:
        return min(max(EACH * (self.run.steps + 1), LEAST), MOST)

    @cached_property
    def _made(self) -> RunMap:
        return RunMap(self.run, self.sample).grown()

    @cached_property
    def codes(self) -> Cells:
        """What is drawn (steps + 1, L)."""
        return self.mode.codes(self._made, self.column)

    @property
    def legend(self) -> Legend:
        mode, made = self.mode, self._made
        return Legend(mode.legend(self.codes), mode.low(made), mode.high(made))

    @property
    def size(self) -> QSize:
        """Of all of it, pixels."""
        legend = self.legend.height(WIDE - 2 * MARGIN, QFontMetrics(self._font))
        return QSize(WIDE, 2 * MARGIN + 2 * LINE + legend + 8 + self.map_height)

    @property
    def _font(self) -> QFont:
        font = QFont(family())
        font.setPixelSize(self.theme.sizes.text)
        return font

    def paint(self, device: QPaintDevice, scale: float) -> None:
        """Draws it on a device of `scale` pixels for each of its own."""
        made, theme, codes, legend = self._made, self.theme, self.codes, self.legend
        with QPainter(device) as painter:
            painter.fillRect(QRectF(QPointF(0, 0), self.size), theme.colour("panel"))
            painter.setFont(self._font)
            painter.setPen(theme.colour("text"))
            line = QRectF(MARGIN, MARGIN, WIDE - 2 * MARGIN, LINE)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self.mode.title)
            painter.setPen(theme.colour("muted"))
            caption = caption_of(self.run, self.sample)
            elided = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, WIDE - 2 * MARGIN)
            painter.drawText(line.translated(0, LINE), Qt.AlignmentFlag.AlignVCenter, elided)
            top = MARGIN + 2 * LINE
            legend.paint(painter, QPointF(MARGIN, top), WIDE - 2 * MARGIN, theme)
            top += legend.height(WIDE - 2 * MARGIN, painter.fontMetrics()) + 8
            places = MapPlaces(self.run.steps + 1, self.run.length, WIDE - 2 * MARGIN, self.map_height)
            painter.translate(MARGIN, top)
            cells = cells_picture(map_image(codes, theme), places, scale)
            paint_map(painter, cells, places, MapScene(self._pieces(made)), theme, self._font)

    def _pieces(self, made: RunMap) -> list[str]:
        if self.run.origin is None:
            return []
        tokens, tokenizer = self.run.at(made.read, self.sample)[0], self.run.origin.tokenizer
        return characters_at(tokens, self.run.mask, tokenizer)

    def as_png(self, scale: float) -> bytes:
        """The picture in a file of pixels."""
        image = QImage(self.size * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        self.paint(image, scale)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def as_svg(self, scale: float) -> bytes:
        """The picture with its words and lines as such; the cells are a picture in it."""
        from PySide6.QtSvg import QSvgGenerator  # seldom needed

        buffer, made = QBuffer(), QSvgGenerator()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made.setOutputDevice(buffer)
        made.setSize(self.size)
        made.setViewBox(QRect(QPointF(0, 0).toPoint(), self.size))
        made.setTitle(caption_of(self.run, self.sample))
        self.paint(made, scale)
        return bytes(buffer.data().data())


def write_map(picture: MapPicture, path: Path, scale: float) -> Iterator[float]:
    """Writes it as its name's ending says, ".svg" or else as PNG; yields how much is done."""
    yield 0.0
    content = picture.as_svg(scale) if path.suffix.lower() == ".svg" else picture.as_png(scale)
    yield 0.9
    write_whole(path, content)
    yield 1.0
