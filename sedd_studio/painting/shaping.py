"""What Qt knows of texts that are more than letters of Latin: their order where something in a line runs from right to
left, as Arabic and Hebrew do, how wide their letters are where they join, and how high they are."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout, QTextLine, QTextOption

from sedd_studio.painting.token_places import Stretch

REMEMBERED = 4096
WIDEST = 1e6
ALL = QTextLayout.GlyphRunRetrievalFlag.RetrieveAll


class Shaper:
    """Works in one font. What was asked for lately is remembered: the frames of a run ask for it again."""

    def __init__(self, font: QFont) -> None:
        self._font = font
        self._lately = lru_cache(REMEMBERED)(self._divided)
        self._ends = lru_cache(REMEMBERED)(self._measured)
        self._needed = lru_cache(REMEMBERED)(self._height_of)
        self._metrics = QFontMetricsF(font)

    def stretches(self, text: str, rtl: bool) -> list[Stretch]:
        """The stretches of one direction in a line of text, from left to right as one sees them.

        `rtl` says whether its paragraph runs from right to left.
        """
        return self._lately(text, rtl)

    def ends(self, text: str) -> list[float]:
        """How far from its right edge each character ends of a text that runs from right to left throughout.

        The first of the `len(text) + 1` distances is 0. A mark on a letter ends where the letter does.
        """
        return self._ends(text)

    def height(self, text: str) -> float:
        """How high a line must be in which a text stays, whatever font its letters come from."""
        return self._needed(text)

    def _height_of(self, text: str) -> float:
        layout, line = self._laid_out(text, rtl=False)
        above = below = 0.0
        for run in layout.glyphRuns():
            font = run.rawFont()
            for glyph, place in zip(run.glyphIndexes(), run.positions(), strict=True):
                ink, baseline = font.boundingRect(glyph), place.y() - line.ascent()
                above, below = max(above, -ink.top() - baseline), max(below, ink.bottom() + baseline)
        off_middle = self._metrics.ascent() - self._metrics.descent()
        return 2 * max(above - off_middle / 2, below + off_middle / 2)

    def _divided(self, text: str, rtl: bool) -> list[Stretch]:
        _, line = self._laid_out(text, rtl)
        at = {place: character for character, place in enumerate(_places(text))}
        runs = [run for run in line.glyphRuns(-1, -1, ALL) if run.stringIndexes()]
        runs.sort(key=lambda run: min(point.x() for point in run.positions()))
        owner: list[int | None] = [None] * len(text)
        for index, run in enumerate(runs):
            for place in run.stringIndexes():
                owner[at[place]] = index
        found: list[tuple[int, Stretch]] = []
        for character, number in enumerate(owner):
            if found and number in (None, found[-1][0]):  # marks, and letters that are one glyph with those before
                found[-1] = (found[-1][0], found[-1][1]._replace(stop=character + 1))
            else:
                found.append((number or 0, Stretch(character, character + 1, runs[number or 0].isRightToLeft())))
        return _joined([stretch for _, stretch in sorted(found, key=lambda one: one[0])])

    def _measured(self, text: str) -> list[float]:
        _, line = self._laid_out(text, rtl=True)
        edges = [line.cursorToX(place)[0] for place in _places(text + " ")]  # type: ignore[index]
        return [edges[0] - x for x in edges]

    def _laid_out(self, text: str, rtl: bool) -> tuple[QTextLayout, QTextLine]:
        """A line, and the layout without which it is nothing."""
        layout, option = QTextLayout(text, self._font), QTextOption()
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(WIDEST)
        layout.endLayout()
        return layout, line


def _places(text: str) -> list[int]:
    """Where each character begins among the UTF-16 units that Qt counts."""
    return [0, *accumulate(2 if character > "\uffff" else 1 for character in text)][:-1]


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """The same with those made one that follow each other in the text as they do on the line."""
    found: list[Stretch] = []
    for one in stretches:
        before = found[-1] if found else None
        if before and one.rtl and before.rtl and one.stop == before.start:
            found[-1] = Stretch(one.start, before.stop, True)
        elif before and not one.rtl and not before.rtl and one.start == before.stop:
            found[-1] = Stretch(before.start, one.stop, False)
        else:
            found.append(one)
    return found
