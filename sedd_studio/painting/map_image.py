"""A run's map as one picture of a pixel a cell: the codes of `runs.map_modes` are the pixels themselves, and a theme is
a table of 256 colours (`runs.map_colours`)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtGui import QColor, QImage, QLinearGradient

from engine.runs.map_colours import STOPS, table_of
from engine.runs.run_map import Cells
from sedd_studio.painting.theme import NAMES, Theme


@lru_cache
def colour_table(theme: Theme) -> tuple[int, ...]:
    """The colour of each code, 256 of them, as Qt counts them: 0xAARRGGBB."""
    return tuple(QColor(*parts).rgb() for parts in table_of(theme.name))


def colour_of(code: int, theme: Theme) -> QColor:
    """The colour of a code."""
    return QColor.fromRgb(colour_table(theme)[code])


def ramp_of(theme: Theme, left: float, right: float) -> QLinearGradient:
    """The ramp of numbers from one x to another, for a legend."""
    place, gradient = NAMES.index(theme.name), QLinearGradient(left, 0, right, 0)
    for number, stop in enumerate(STOPS):
        gradient.setColorAt(number / (len(STOPS) - 1), QColor(stop[place]))
    return gradient


def map_image(codes: Cells, theme: Theme) -> QImage:
    """A picture of codes (rows, L), a pixel a cell. It shares their memory, which must live as long."""
    codes = np.ascontiguousarray(codes)
    rows, columns = codes.shape
    image = QImage(codes.data, columns, rows, columns, QImage.Format.Format_Indexed8)
    image.setColorTable(colour_table(theme))
    image.codes = codes  # type: ignore[attr-defined]  # keeps the memory
    return image
