"""A run as a film with its map beside the text: a line goes over the map in step with it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter

from engine.runs.map_modes import MAP_MODES, MapMode
from engine.runs.map_table import characters_at
from engine.runs.run_map import RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.film import FOOT, MARGIN, Film
from sedd_studio.painting.icons import lent
from sedd_studio.painting.map_image import map_image
from sedd_studio.painting.map_legend import Legend
from sedd_studio.painting.map_paint import MapScene, cells_picture, paint_map
from sedd_studio.painting.map_places import MapPlaces
from sedd_studio.painting.theme import Theme

WIDE, HIGH, MAP = 1280, 720, 500
"""Pixels of a picture at scale 1, and of the map in it."""
LINE = 24


class FilmWithMap(Film):
    """The pictures of one sample with its map in the colours of a mode; `numbers` (L,) are those of a mode that needs
    some. Taller than `HIGH` where the text is."""

    wide, column, least = WIDE, WIDE - MAP - 3 * MARGIN, HIGH

    def __init__(
        self,
        run: Trajectory,
        sample: int,
        theme: Theme,
        scale: float = 1.0,
        mode: MapMode = MAP_MODES["state"],
        numbers: np.ndarray | None = None,
    ) -> None:
        super().__init__(run, sample, theme, scale)
        made, self._mode = RunMap(run, sample).grown(), mode
        self._codes = self._mode.codes(made, numbers)
        self._legend = Legend(self._mode.legend(self._codes), self._mode.low(made), self._mode.high(made))
        tokens = run.at(made.read, sample)[0]
        self._pieces = characters_at(tokens, run.mask, self._tokenizer)
        self._cells: QImage | None = None

    @property
    def corner(self) -> QPointF:
        """Where the map begins, at scale 1."""
        legend = self._legend.height(MAP, QFontMetrics(self._small))
        return QPointF(self.wide - MARGIN - MAP, MARGIN + LINE + legend + 6)

    @property
    def places(self) -> MapPlaces:
        """Where its cells are from there on."""
        rows, columns = self._codes.shape
        return MapPlaces(rows, columns, MAP, self.height - MARGIN - FOOT - self.corner.y())

    def _beside(self, painter: QPainter, step: int) -> None:
        theme, corner, places = self.theme, self.corner, self.places
        if self._cells is None:
            self._cells = cells_picture(map_image(self._codes, theme), places, self.scale)
        with lent(painter):
            painter.setFont(self._small)
            painter.setPen(theme.colour("text"))
            title = QRectF(corner.x(), MARGIN, MAP, LINE)
            painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, self._mode.title)
            self._legend.paint(painter, QPointF(corner.x(), MARGIN + LINE), MAP, theme)
            painter.translate(corner)
            paint_map(painter, self._cells, places, MapScene(self._pieces, across=step), theme, self._small)
