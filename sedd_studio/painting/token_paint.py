"""Draws laid-out tokens with QPainter: locked pills, masked blocks, settled and just-settled text, outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from engine.stopping import look
from sedd_studio.painting import icons
from sedd_studio.painting.shaping import Shaper
from sedd_studio.painting.theme import Theme
from sedd_studio.painting.token_places import Box, Kind, Layout, Metrics, Pill

FADE_STAGES = 6
Arc = tuple[tuple[int, int], int, float]
"""A run of positions, another position, and how strong the tie is: 1 is as wide as an arc becomes."""
DIM = 0.4
"""How much is left of what is dimmed."""
LINE_SPACING = 1.9
SMALL = 0.5
"""Of the size of the letters, that of notes above them."""
SAMPLE = "the quick brown fox jumps over the lazy dog"


@dataclass(frozen=True)
class Marks:
    """What is pointed at or chosen, as half-open runs of positions; None where nothing is.

    `handle` is the place of the handle of a gap, `pulled` says whether it is being pulled. In a `draft` all that is
    not locked is told apart, since the next run replaces it; more so where it is `dimmed`.
    """

    hover: tuple[int, int] | None = None
    cursor: tuple[int, int] | None = None
    selection: tuple[int, int] | None = None
    handle: QRectF | None = None
    pulled: bool = False
    draft: bool = False
    dimmed: bool = False


@dataclass(frozen=True)
class Content:
    """What is drawn at each position. `stage[i]` is 0 for just settled, up to `FADE_STAGES` for plain text.

    `tint` holds a colour to lay behind each position, or None; it is empty where nothing is coloured. `notes` are small
    words above each position, or nothing; `arcs` tie words to each other. `limited` are the positions that are softly
    locked.
    """

    layout: Layout
    locked: Sequence[bool]
    slanted: Sequence[bool]
    stage: Sequence[int]
    tint: Sequence[QColor | None] = ()
    notes: Sequence[str] = ()
    arcs: Sequence[Arc] = ()
    limited: Sequence[int] = ()


class TokenPainter:
    """Fonts, metrics and colours for one theme and zoom, and the drawing itself."""

    def __init__(self, theme: Theme, font: QFont) -> None:
        self.theme = theme
        self.plain = font
        self.italic = QFont(font)
        self.italic.setItalic(True)
        self.fresh = _same_width(font)
        self.small = QFont(font)
        self.small.setPixelSize(max(8, round(SMALL * font.pixelSize())))
        self._small_metrics = QFontMetricsF(self.small)
        self._plain_metrics = QFontMetricsF(self.plain)
        self._italic_metrics = QFontMetricsF(self.italic)
        self._widths: dict[tuple[str, bool], float] = {}
        self.em = float(font.pixelSize())
        self.metrics = Metrics(self.advance, self.em, round(self.em * LINE_SPACING), Shaper(font))
        self._set_lines(self.metrics.line_height)
        fresh, shares = theme.colour("fresh"), [stage / FADE_STAGES for stage in range(FADE_STAGES + 1)]
        self._fades = [_mix(fresh, theme.colour("text"), share) for share in shares]
        self._mask, self._mask_edge = theme.colour("mask"), QPen(theme.colour("mask_edge"), 1)
        self._lock_text = theme.colour("lock_text")
        self._quiet_fades = [_mix(fresh, theme.colour("muted"), share) for share in shares]

    def advance(self, text: str, slanted: bool) -> float:
        """Width of `text`; remembered, since a vocabulary's pieces come again and again."""
        key = (text, slanted)
        width = self._widths.get(key)
        if width is None:
            metrics = self._italic_metrics if slanted else self._plain_metrics
            width = self._widths[key] = metrics.horizontalAdvance(text)
        return width

    def paint(self, painter: QPainter, content: Content, marks: Marks, top: float, bottom: float) -> None:
        """Draw the lines between `top` and `bottom`; the painter's origin is the text's."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        layout = content.layout
        self._set_lines(layout.line_height)
        first = max(0, int(top // layout.line_height))
        last = min(len(layout.lines), int(bottom // layout.line_height) + 1)
        for pill in layout.pills:
            if first <= pill.line < last:
                self._pill(painter, pill)
        self._selection(painter, layout, marks.selection, first, last)
        if content.tint:
            self._tints(painter, content, first, last)
        for position, box in layout.seen(first, last):
            look()
            painter.setOpacity(DIM if marks.dimmed and not content.locked[position] else 1.0)
            self._token(painter, content, position, box, marks.draft)
        painter.setOpacity(1.0)
        self._limits(painter, content, first, last)
        for arc in content.arcs:
            self._arc(painter, layout, *arc)
        self._notes(painter, content, first, last)
        if marks.draft:
            self._underline(painter, content, first, last)
        if marks.hover:
            self._outline(painter, layout, marks.hover, self.theme.colour("muted"), 1.0, ticks=True)
        if marks.handle is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.colour("accent" if marks.pulled else "muted"))
            painter.drawRoundedRect(marks.handle, marks.handle.width() / 2, marks.handle.width() / 2)
        if marks.cursor:
            self._outline(painter, layout, marks.cursor, self.theme.colour("accent"), 2.0, ticks=False)

    def _tints(self, painter: QPainter, content: Content, first: int, last: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for position, box in content.layout.seen(first, last):
            colour = content.tint[position]
            if colour is not None and box.width:
                painter.setBrush(colour)
                painter.drawRoundedRect(self._band(box.line, box.x - 1, box.x + box.width + 1, 0.02), 3, 3)

    def _token(self, painter: QPainter, content: Content, position: int, box: Box, draft: bool) -> None:
        if box.kind is Kind.BLOCK:
            painter.setPen(self._mask_edge)
            self._block(painter, box, self._mask)
            return
        colour = self._text_colour(painter, content, position, draft)
        if box.kind is Kind.PART:
            painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
            self._block(painter, box, QColor(Qt.GlobalColor.transparent))
            return
        if box.word:
            self._share_of_word(painter, box, colour)
        elif box.text:
            painter.setPen(colour)
            painter.drawText(QPointF(box.x, self._baseline(box.line)), box.text)
        if box.kind is Kind.BREAK:
            self._return_mark(painter, box, colour if content.stage[position] < FADE_STAGES else None)

    def _share_of_word(self, painter: QPainter, box: Box, colour: QColor) -> None:
        """A share of a word that runs from right to left: letters join, so all of it is drawn, and cut to the share.

        The font is that in which shares are measured: another would make other forms of the letters.
        """
        left, wide = box.x - box.offset, self.metrics.shaping.ends(box.word)[-1]
        over = 0.5 * self.em  # letters hang over the ends of the word
        start = box.x - (over if box.offset <= 0 else 0.0)
        stop = box.x + box.width + (over if box.offset + box.width >= wide else 0.0)
        top = box.line * self._line_height
        with icons.lent(painter):
            painter.setClipRect(QRectF(start, top, stop - start, self._line_height), Qt.ClipOperation.IntersectClip)
            painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            painter.setFont(self.plain)
            painter.setPen(colour)
            painter.drawText(QPointF(left, self._baseline(box.line)), box.word)

    def _text_colour(self, painter: QPainter, content: Content, position: int, draft: bool) -> QColor:
        """Choose the font on `painter`, and return the colour, for the text at `position`."""
        stage = content.stage[position]
        if content.slanted[position]:
            painter.setFont(self.italic)
            return self._quiet_fades[stage]
        if content.locked[position]:
            painter.setFont(self.plain)
            return self._lock_text
        painter.setFont(self.fresh if stage < FADE_STAGES // 2 else self.plain)
        return (self._quiet_fades if draft else self._fades)[stage]

    def _set_lines(self, height: float) -> None:
        """Lines are so high from now on."""
        metrics = self._plain_metrics
        self._line_height, self._drop = height, (height + metrics.ascent() - metrics.descent()) / 2

    def _baseline(self, line: int) -> float:
        return line * self._line_height + self._drop

    def _band(self, line: int, left: float, right: float, grow: float) -> QRectF:
        """The rectangle round text on `line`, `grow` em higher than the letters."""
        height = (1.16 + 2 * grow) * self.em
        middle = self._baseline(line) - 0.355 * self.em
        return QRectF(left, round(middle - height / 2), right - left, round(height))

    def _notes(self, painter: QPainter, content: Content, first: int, last: int) -> None:
        """What has room above its word, without touching what stands before."""
        if not content.notes:
            return
        painter.setFont(self.small)
        painter.setPen(self.theme.colour("muted"))
        line, free = -1, 0.0
        for position, box in sorted(content.layout.seen(first, last), key=lambda seen: (seen[1].line, seen[1].x)):
            note = content.notes[position]
            if not note or not box.width:
                continue
            line, free = box.line, free if box.line == line else float("-inf")
            if box.x >= free:
                painter.drawText(QPointF(box.x, self._band(box.line, 0, 1, 0.0).top() + 0.04 * self.em), note)
                free = box.x + self._small_metrics.horizontalAdvance(note) + 0.2 * self.em

    def _arc(self, painter: QPainter, layout: Layout, run: tuple[int, int], position: int, strength: float) -> None:
        """From the middle of a word over the lines to another, where a dot ends it."""
        word, box = layout.boxes[run[0]], layout.boxes[position]
        start = QPointF((word.x + layout.boxes[run[1] - 1].x + layout.boxes[run[1] - 1].width) / 2, self._over(word))
        if layout.boxes[run[1] - 1].line != word.line:
            start.setX(word.x + word.width / 2)
        end = QPointF(box.x + box.width / 2, self._over(box))
        high = min(start.y(), end.y()) - min(1.2, 0.25 + abs(end.x() - start.x()) / (12 * self.em)) * self.em
        path = QPainterPath(start)
        path.cubicTo(QPointF(start.x(), high), QPointF(end.x(), high), end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.theme.colour("accent", 0.75), (0.05 + 0.13 * min(strength, 1.0)) * self.em))
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("accent"))
        painter.drawEllipse(end, 0.09 * self.em, 0.09 * self.em)

    def _over(self, box: Box) -> float:
        return self._band(box.line, 0, 1, 0.0).top() + 0.2 * self.em

    def _underline(self, painter: QPainter, content: Content, first: int, last: int) -> None:
        """Dots under every word that the next run replaces."""
        lines = []
        bottoms = {line: self._band(line, 0, 1, 0.0).bottom() + 0.5 for line in range(first, last)}
        for position, box in content.layout.seen(first, last):
            if box.kind is Kind.TEXT and box.text and not content.locked[position]:
                y = bottoms[box.line]
                lines.append(QLineF(box.x, y, box.x + box.width, y))
        painter.setPen(QPen(self.theme.colour("faint"), max(1.0, 0.06 * self.em), Qt.PenStyle.DotLine))
        painter.drawLines(lines)

    def _limits(self, painter: QPainter, content: Content, first: int, last: int) -> None:
        """A dashed line under each softly locked position."""
        painter.setPen(QPen(self.theme.colour("accent"), max(1.5, 0.08 * self.em), Qt.PenStyle.DashLine))
        for box in map(content.layout.boxes.__getitem__, content.limited):
            if first <= box.line < last:
                y = self._band(box.line, 0, 1, 0.0).bottom() + 0.5
                painter.drawLine(QPointF(box.x, y), QPointF(box.x + max(box.width, 0.5 * self.em), y))

    def _block(self, painter: QPainter, box: Box, colour: QColor) -> None:
        height = 0.62 * self.em
        middle = self._baseline(box.line) - 0.30 * self.em
        painter.setBrush(colour)
        place = QRectF(box.x, round(middle - height / 2), box.width, round(height))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), height * 0.36, height * 0.36)

    def _pill(self, painter: QPainter, pill: Pill) -> None:
        place = self._band(pill.line, pill.left, pill.right, 0.12).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self.theme.colour("accent"), 1.2))
        painter.setBrush(self.theme.colour("lock_fill"))
        painter.drawRoundedRect(place, 0.28 * self.em, 0.28 * self.em)
        size = 0.62 * self.em
        inner = 0.28 * self.em
        left = place.left() + inner if pill.rtl else place.right() - inner - size
        corner = QPointF(left, place.center().y() - 0.52 * size)
        icons.draw(painter, "lock", QRectF(corner.x(), corner.y(), size, size), self.theme.colour("accent"))

    def _return_mark(self, painter: QPainter, box: Box, fresh: QColor | None) -> None:
        """A small bent arrow where a token breaks the line."""
        unit = 0.07 * self.em
        y, side = self._baseline(box.line) - 0.3 * self.em, -unit if box.rtl else unit
        x = box.x + 0.62 * self.em if box.rtl else box.x + box.width - 0.62 * self.em
        painter.setPen(QPen(fresh or self.theme.colour("strong_border"), max(1.0, unit)))
        painter.drawPolyline([QPointF(x + 7 * side, y - 3 * unit), QPointF(x + 7 * side, y), QPointF(x, y)])
        painter.drawPolyline([QPointF(x + 2 * side, y - 2 * unit), QPointF(x, y), QPointF(x + 2 * side, y + 2 * unit)])

    def _selection(self, painter: QPainter, layout: Layout, run: tuple[int, int] | None, first: int, last: int) -> None:
        if run is None:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("accent", 0.24))
        for line, left, right, _ in layout.shares(run):
            if first <= line < last:
                painter.drawRoundedRect(self._band(line, left - 3, right + 3, 0.2), 4, 4)

    def _outline(
        self, painter: QPainter, layout: Layout, run: tuple[int, int], colour: QColor, thick: float, ticks: bool
    ) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, thick))
        for line, left, right, edges in layout.shares(run):
            place = self._band(line, left - 3, right + 3, 0.06)
            painter.drawRoundedRect(place, 0.24 * self.em, 0.24 * self.em)
            for x in edges if ticks else ():
                painter.drawLine(QPointF(x, place.bottom() - 0.2 * self.em), QPointF(x, place.bottom()))


def _mix(one: QColor, other: QColor, share: float) -> QColor:
    """`one` at share 0, `other` at share 1, blended evenly between."""
    pairs = ((one.redF(), other.redF()), (one.greenF(), other.greenF()), (one.blueF(), other.blueF()))
    return QColor.fromRgbF(*(a + (b - a) * share for a, b in pairs))


def _same_width(font: QFont) -> QFont:
    """A heavier cut of `font`, spaced so that text is as wide as before and nothing moves when it fades."""
    heavy = QFont(font)
    heavy.setWeight(QFont.Weight.DemiBold)
    excess = QFontMetricsF(heavy).horizontalAdvance(SAMPLE) - QFontMetricsF(font).horizontalAdvance(SAMPLE)
    heavy.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, -excess / len(SAMPLE))
    return heavy
