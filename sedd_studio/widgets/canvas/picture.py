"""The text on show, laid out and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSizeF, Signal
from PySide6.QtGui import QFont, QPainter

from sedd_studio.painting.theme import Look, Theme, token_font
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import Arc, Content, Marks, TokenPainter
from sedd_studio.painting.token_places import Layout
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run, TokenText
from sedd_studio.widgets.controls.heat import tints

MARGIN = 40
TOP, FOOT = 36, 16
"""Room above the text, where the bar of a selection may lie, and under it."""
LONGEST_LINE = 50
KEPT = 8
"""Sizes and themes of letters whose widths are remembered."""


class Picture(QObject):
    """Lays out and draws `view.canvas()` for a viewport of some `width`, scrolled as far as `scroll` was last told.

    Points are in the viewport's coordinates. `laid_out` is told when the lines may be others.
    """

    laid_out = Signal()

    def __init__(self, view: View, look: Look, width: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._look, self._width = view, look, width
        self._scrolled = 0
        self._reduced_motion = False
        self._shares: np.ndarray | None = None
        self._notes: Sequence[str] = ()
        self._arcs: Sequence[Arc] = ()
        self._zoom = 1.0
        self._painters = lru_cache(KEPT)(painter_of)
        self._painter: TokenPainter
        self._content: Content
        self.text = TokenText(view)
        look.changed.connect(self._dress)
        self._dress()

    # ---- what is drawn, and how

    def set_zoom(self, zoom: float) -> None:
        self._zoom = zoom
        self._dress()

    def _dress(self) -> None:
        """In other colours, or in another size."""
        theme = self._look.theme
        self._painter = self._painters(theme, token_font(theme, self._zoom).pixelSize())
        self.lay_out()

    def set_width(self, width: int) -> None:
        self._width = width
        self.lay_out()

    def scroll(self, by: int) -> None:
        """Has the text stand higher by so many pixels."""
        self._scrolled = by

    def set_reduced_motion(self, reduced: bool) -> None:
        """With reduced motion a new token is marked in its own step only and does not fade."""
        self._reduced_motion = reduced
        self.lay_out()

    def set_shares(self, shares: np.ndarray | None, notes: Sequence[str] = (), arcs: Sequence[Arc] = ()) -> None:
        """Lays a colour behind each token by its share (L,) of the strongest, NaN for none; None for no colours; writes
        small `notes` (L,) above them, and draws `arcs` between words."""
        self._shares, self._notes, self._arcs = shares, notes, arcs
        self._content = self._coloured(self._content)

    def forget(self) -> None:
        """The tokens mean something else: reads all of them anew."""
        self.text = TokenText(self._view)
        self.lay_out()

    def take(self) -> None:
        """Takes the state on show; the text is laid out again only if some token or lock is different."""
        if self.text.take(self._view.canvas()) or self._view.document.limits != self._limits:
            self.lay_out()
        else:
            self._content = replace(self._content, stage=self._stages())

    def lay_out(self) -> None:
        text, state, self._limits = self.text, self.text.state, self._view.document.limits
        locked, slanted = state.locked.tolist(), text.slanted
        layout = arrange(text.pieces, locked, slanted, text.words, self._painter.metrics, self.line_width)
        limited = [place for start, stop, _ in self._limits for place in range(start, stop)]
        self._content = self._coloured(Content(layout, locked, slanted, self._stages(), limited=limited))
        self.laid_out.emit()

    def _stages(self) -> list[int]:
        return self.text.stages(not self._reduced_motion)

    def _coloured(self, content: Content) -> Content:
        shares = self._shares
        fits = shares is not None and len(shares) == len(content.locked)
        notes = self._notes if len(self._notes) == len(content.locked) else ()
        if shares is None or not fits:
            return replace(content, tint=(), notes=notes, arcs=())
        return replace(content, tint=tints(self.text.shared(shares), self._look), notes=notes, arcs=self._arcs)

    def paint(self, painter: QPainter, area: QRect, marks: Marks) -> None:
        painter.fillRect(area, self._look.colour("window"))
        painter.translate(self.origin)
        top = area.top() - self.origin.y()
        self._painter.paint(painter, self._content, marks, top, top + area.height())

    # ---- where things are

    @property
    def layout(self) -> Layout:
        return self._content.layout

    @property
    def font(self) -> QFont:
        """That of words that are not locked."""
        return self._painter.plain

    @property
    def em(self) -> float:
        """The size of the letters, in pixels."""
        return self._painter.em

    @property
    def line_width(self) -> float:
        """All there is, up to the length at which a line is still easy to read."""
        return min(self._width - 2 * MARGIN, LONGEST_LINE * self.em)

    @property
    def height(self) -> int:
        return int(self.layout.height) + TOP + FOOT

    @property
    def origin(self) -> QPointF:
        """Where the first line begins."""
        side = max(MARGIN, (self._width - self.line_width) / 2)
        return QPointF(round(side), TOP - self._scrolled)

    def at(self, point: QPointF) -> int | None:
        """The position at a point; None where there is none near."""
        place = point - self.origin
        return self.layout.position_at(place.x(), place.y(), 0.4 * self.em)

    def nearest(self, place: QPointF) -> int | None:
        """The position that is closest to a point of the text's own coordinates; None where there is no text."""
        layout = self.layout
        line = min(max(int(place.y() // layout.line_height), 0), len(layout.lines) - 1)
        return layout.nearest(line, place.x())

    def lock_at(self, place: QPointF) -> int | None:
        """The first position of the pill whose lock is at a point of the text's own coordinates."""
        layout, tail = self.layout, self._painter.metrics.tail
        line = int(place.y() // layout.line_height)
        for pill in layout.pills:
            from_end = place.x() - pill.left if pill.rtl else pill.right - place.x()
            if pill.line == line and 0 <= from_end <= tail:
                return pill.start
        return None

    def middle(self, position: int) -> QPointF:
        """The point in the middle of a position."""
        box = self.layout.boxes[position]
        return QPointF(box.x + box.width / 2, (box.line + 0.5) * self.layout.line_height) + self.origin

    def ends_of(self, run: Run) -> tuple[QRectF, QRectF]:
        """Where the first line's share of positions start .. stop - 1 is, and the last one's."""
        height, shares = self.layout.line_height, self.layout.shares(run)
        first, last = (
            QRectF(one.left, one.line * height, one.right - one.left, height).translated(self.origin)
            for one in (shares[0], shares[-1])
        )
        return first, last

    def first_line_of(self, run: Run) -> QRect:
        """Where positions start .. stop - 1 are, as far as they stand in one line."""
        layout, shares = self.layout, self.layout.shares(run)
        line = shares[0].line
        here = [share for share in shares if share.line == line]
        left, right = min(share.left for share in here), max(share.right for share in here)
        if len(here) < len(shares) and line not in layout.turned:
            right = self.line_width
        corner = QPointF(left, line * layout.line_height) + self.origin
        return QRectF(corner, QSizeF(right - left, layout.line_height)).toRect()


def painter_of(theme: Theme, size: int) -> TokenPainter:
    """What draws letters of so many pixels."""
    font = token_font(theme, 1.0)
    font.setPixelSize(size)
    return TokenPainter(theme, font)
