"""The text on show as it is presented: nothing but its words, as large as they have room, and how far the run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.icons import lent
from sedd_studio.painting.theme import Look
from sedd_studio.painting.token_paint import Marks
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.picture import Picture

if TYPE_CHECKING:
    from sedd_studio.session.colouring import Colouring

LARGEST, SMALLEST = 1 / 14, 1 / 38
"""Shares of the height that letters take at most, and at least: a text that has no room then is scrolled."""
TRIES = 7
"""Sizes that are tried for a text."""
FOOT = 0.012
"""Share of the height that the line at the foot takes, which says how far the run is."""


class PresentedText(QWidget):
    """Paints what `view` shows, in the colours that words have there; Up and Down, or the wheel, scroll it."""

    def __init__(self, view: View, colouring: Colouring, look: Look, calm: bool) -> None:
        super().__init__()
        self._view, self._colouring, self._look = view, colouring, look
        self._scrolled, self._length = 0, -1
        self._scale, self._fits = LARGEST, False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Text")
        self.picture = Picture(view, look, self.width(), self)
        self.picture.set_reduced_motion(calm)
        view.changed.connect(self.refresh)
        view.run_changed.connect(self._fit_later)
        colouring.changed.connect(self._colour)
        look.changed.connect(self._fit_later)
        self._colour()
        self.refresh()

    def refresh(self) -> None:
        """Another step, or another text."""
        state = self._view.canvas()
        if state.length != self._length:  # of another model, perhaps
            self._length = state.length
            self.picture.forget()
            self._fits = False
        self.picture.take()
        if self.picture.height > self._room and self._scale > SMALLEST:
            self._fits = False  # words are wider than the gaps were
        step = f"Step {state.step} of {state.steps}. " if self._view.playhead.recorded else ""
        self.setAccessibleDescription(step + self._view.full_text())
        if self._fits:
            self.scroll_by(0)
        self.update()

    def _colour(self) -> None:
        colouring = self._colouring
        self.picture.set_shares(colouring.shares(), colouring.notes(), colouring.arcs())
        self.update()

    # ---- how large it is

    @property
    def _room(self) -> int:
        return round(self.height() * (1 - 2 * FOOT))

    def _fit_later(self) -> None:
        """It is fitted once, when it is painted: to try sizes is to lay all of it out again and again."""
        self._fits = False
        self.update()

    def fit(self) -> None:
        """The largest letters with which all of it has room."""
        self._fits = True
        self.picture.set_width(self.width())
        small, large = SMALLEST, LARGEST
        self._size(large)
        if self.picture.height > self._room:
            for _ in range(TRIES):
                middle = (small + large) / 2
                self._size(middle)
                small, large = (small, middle) if self.picture.height > self._room else (middle, large)
            self._size(small)
        self.scroll_by(0)

    def _size(self, share: float) -> None:
        self._scale = share
        self.picture.set_zoom(share * max(self.height(), 1) / self._look.sizes.token)

    def scroll_by(self, by: int) -> None:
        """Has the text stand so many pixels higher, as far as there is more of it."""
        if not self._fits:
            self.fit()
        self._scrolled = min(max(self._scrolled + by, 0), max(0, self.picture.height - self._room))
        over = max(0, self._room - self.picture.height) // 2
        self.picture.scroll(self._scrolled - over)  # in the middle, where there is room left
        self.update()

    def turn_over(self, by: int) -> None:
        """Scrolls by thirds of the screen."""
        self.scroll_by(by * self.height() // 3)

    # ---- Qt events

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.scroll_by(-event.angleDelta().y())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_later()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._fits:
            self.fit()
        with QPainter(self) as painter:
            with lent(painter, smooth=False):
                self.picture.paint(painter, self.rect(), Marks())
            state = self._view.canvas()
            if self._view.playhead.recorded:
                high = max(4, round(FOOT * self.height()))
                track = QRect(QPoint(0, self.height() - high), self.rect().bottomRight())
                painter.fillRect(track, self._look.colour("mask"))
                track.setWidth(round(track.width() * state.step / max(1, state.steps)))
                painter.fillRect(track, self._look.colour("accent"))
