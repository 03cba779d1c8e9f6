"""The colours of a run's map in each theme of the window: one for each of the codes that `map_modes` makes of cells.

Those of one legend differ in lightness, so they stay apart for colour-blind readers, and in black and white.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from engine.runs.map_modes import HIGHEST, OFFSET, PLAIN, RAMP
from engine.runs.run_map import Difference, State

THEMES = ("light", "dark", "contrast")
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""
MAP_COLOURS: Mapping[int, tuple[str, str, str]] = {
    State.HIDDEN: ("#e6eaf0", "#323a46", "#3d3d3d"),
    State.UNSETTLED: ("#eba94a", "#d99a45", "#ffe14d"),
    State.SETTLED: ("#8fa1bb", "#6f829c", "#9a9a9a"),
    State.LOCKED: ("#3f62c2", "#9db9f5", "#2f7dff"),
    State.TO_COME: ("#ffffff", "#1a1d23", "#000000"),
    PLAIN: ("#a7b4c8", "#5f6e84", "#9a9a9a"),
    OFFSET + Difference.SAME: ("#a7b4c8", "#5f6e84", "#9a9a9a"),
    OFFSET + Difference.OTHER: ("#3056bd", "#abc4fb", "#2f7dff"),
    OFFSET + Difference.HERE_ALONE: ("#db8c1e", "#cb8b33", "#ffe14d"),
    OFFSET + Difference.THERE_ALONE: ("#5f3000", "#7c3d00", "#8a4f00"),
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
def table_of(theme: str) -> tuple[Colour, ...]:
    """The colour of each of the 256 codes in a theme of `THEMES`."""
    place = THEMES.index(theme)
    table = [_parts(MAP_COLOURS[State.TO_COME][place])] * (HIGHEST + 1)
    for code, values in MAP_COLOURS.items():
        table[code] = _parts(values[place])
    for code in range(RAMP, HIGHEST + 1):
        table[code] = _between((code - RAMP) / (HIGHEST - RAMP), place)
    return tuple(table)


def _between(share: float, place: int) -> Colour:
    low, high = (0, 1) if share < 0.5 else (1, 2)
    part = 2 * share - low
    ends = zip(_parts(STOPS[low][place]), _parts(STOPS[high][place]), strict=True)
    red, green, blue = (round(a + (b - a) * part) for a, b in ends)
    return red, green, blue


def _parts(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
