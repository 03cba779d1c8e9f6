"""A run's map as one picture of a pixel a cell, and the colours in which it is drawn in each theme.

The codes of `record.map_modes` are the pixels themselves, and a theme is a table of 256 colours. The colours differ in
lightness, so they stay apart for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from PySide6.QtGui import QColor, QImage, QLinearGradient

from engine.runs.map_modes import HIGHEST, OFFSET, PLAIN, RAMP
from engine.runs.run_map import Cells, Difference, State
from sedd_studio.painting.theme import NAMES, Theme

MAP_COLOURS: Mapping[int, tuple[str, str, str]] = {
    State.HIDDEN: ("#e6eaf0", "#323a46", "#3d3d3d"),
    State.UNSETTLED: ("#eba94a", "#d99a45", "#ffe14d"),
    State.SETTLED: ("#8fa1bb", "#6f829c", "#9a9a9a"),
    State.LOCKED: ("#3f62c2", "#9db9f5", "#2f7dff"),
    State.TO_COME: ("#ffffff", "#1a1d23", "#000000"),
    PLAIN: ("#f6f1e8", "#26241f", "#1c1a10"),
    OFFSET + Difference.SAME: ("#a7b4c8", "#566478", "#9a9a9a"),
    OFFSET + Difference.OTHER: ("#3056bd", "#9db9f5", "#2f7dff"),
    OFFSET + Difference.HERE_ALONE: ("#eba94a", "#d99a45", "#ffe14d"),
    OFFSET + Difference.THERE_ALONE: ("#8a4a00", "#8f5010", "#b36b00"),
    OFFSET + Difference.HIDDEN: ("#e6eaf0", "#2b313b", "#3d3d3d"),
    OFFSET + Difference.TO_COME: ("#ffffff", "#1a1d23", "#000000"),
}
"""The colour of each kind of cell in each theme, as "#rrggbb"."""
STOPS: tuple[tuple[str, str, str], ...] = (
    ("#f8dca8", "#4a3412", "#5c4b00"),
    ("#d9822b", "#b9772a", "#b39500"),
    ("#6b3000", "#ffe0a8", "#fff4b0"),
)
"""The ramp of numbers in each theme: its low end, its middle, its high end. Its lightness goes one way."""


@lru_cache
def colour_table(theme: Theme) -> tuple[int, ...]:
    """The colour of each code, 256 of them, as Qt counts them: 0xAARRGGBB."""
    place = NAMES.index(theme.name)
    table = [QColor(MAP_COLOURS[State.TO_COME][place])] * (HIGHEST + 1)
    for code, values in MAP_COLOURS.items():
        table[code] = QColor(values[place])
    for code in range(RAMP, HIGHEST + 1):
        table[code] = _between((code - RAMP) / (HIGHEST - RAMP), place)
    return tuple(colour.rgb() for colour in table)


def _between(share: float, place: int) -> QColor:
    low, high = (0, 1) if share < 0.5 else (1, 2)
    one, two = QColor(STOPS[low][place]), QColor(STOPS[high][place])
    part = 2 * share - low
    ends = zip((one.red(), one.green(), one.blue()), (two.red(), two.green(), two.blue()), strict=True)
    return QColor(*(round(a + (b - a) * part) for a, b in ends))


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
