"""The likeliest words at the position pointed at, under it. It lies over the text, moves nothing and takes no focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyleOptionViewItem, QToolTip, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look
from sedd_studio.session.runs import Runs
from sedd_studio.session.state import Pointed
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.controls.basic import Elided, label
from sedd_studio.widgets.controls.candidate_rows import ROW, CandidatePainter, Candidates, percent, shown_piece
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.rows import Index

if TYPE_CHECKING:
    from sedd_studio.session.pointing import Pointer

SHOWN = 5
WIDTH = 276
REST = 350
"""Milliseconds that the pointer rests before the words are shown: who reads along is not disturbed."""
LEAVE = 200
"""Milliseconds in which the pointer may come from the word to the popover."""
DIGITS = [Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5]
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class NumberedPainter(CandidatePainter):
    """Draws a candidate with the digit that takes it, or a tick where it stands there already."""

    SIDE = 24
    stands = -1
    """The token that stands there."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRectF(option.rect)
        place = QRectF(area.right() - self.SIDE, area.top(), self.SIDE, area.height())
        option.rect.setRight(option.rect.right() - self.SIDE)
        super().paint(painter, option, index)
        if index.data(Qt.ItemDataRole.UserRole).token == self.stands:
            icons.draw(
                painter,
                "tick",
                QRectF(place.center().x() - 5, place.center().y() - 5, 10, 10),
                self.look.colour("accent"),
            )
            return
        painter.setPen(self.look.colour("muted"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(index.row() + 1))


class CandidatesPopover(QFrame):
    """Shows the first of `pointer.pointed` after a rest. Digits take one while the canvas has the focus, Enter the
    marked one, a click any; Escape sends it away."""

    def __init__(
        self, canvas: TokenCanvas, view: View, runs: Runs, pointer: Pointer, look: Look, window: QWidget
    ) -> None:
        super().__init__(window)
        self._canvas, self._view, self._runs, self._pointer = canvas, view, runs, pointer
        self._over = window
        self._position: int | None = None
        self.setObjectName("overlay")
        self.setAccessibleName("Likely words here")
        self.stands, self.sure, self.foot = Elided("strong"), label(role="help"), Elided("help")
        self.candidates = Candidates(self)
        self.list = QListView()
        self.list.setModel(self.candidates)
        self.list.setAccessibleName("Likely words here")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedHeight(SHOWN * ROW)
        self.painter = NumberedPainter(look, self.list)
        head = row((self.stands, 1), self.sure, gap=8)
        column(head, self.list, self.foot, gap=6, margins=(14, 10, 14, 10), of=self)
        self.setFixedWidth(WIDTH)
        self._rest, self._leave = QTimer(self), QTimer(self)
        for timer, wait, do in ((self._rest, REST, self.refresh), (self._leave, LEAVE, self.dismiss)):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(do)
        self.list.clicked.connect(lambda index: self.take(index.row()))
        self.list.entered.connect(self._mark)
        canvas.pointed.connect(self._point)
        canvas.moved.connect(self.dismiss)
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)
        for signal in (pointer.changed, runs.changed, view.changed, view.selection_changed):
            signal.connect(self._keep_up)
        self.hide()

    # ---- when it is there

    def _point(self, position: int | None) -> None:
        if position is None:
            self._leave.start()
        elif position != self._position or not self.isVisible():
            self.dismiss()
            self._position = position
            self._rest.start()
        else:
            self._leave.stop()

    def dismiss(self) -> None:
        """Goes away until another position is pointed at."""
        self._rest.stop()
        self._leave.stop()
        self._position = None
        self.hide()

    def _keep_up(self) -> None:
        if self._position is not None and not self._rest.isActive():
            self.refresh()

    def refresh(self) -> None:
        """Shows what is known of the position; nothing while that is not wanted, or not known yet."""
        pointed = self._pointer.pointed
        if pointed is None or pointed.position != self._position or not pointed.candidates or not self._wanted(pointed):
            self.hide()
            return
        self._fill(pointed)
        if not self.isVisible():
            QToolTip.hideText()  # one that came before the answer would lie over it
            self._place(pointed.position)
            self.show()
            self.raise_()

    def _wanted(self, pointed: Pointed) -> bool:
        start, stop = self._view.selection or (0, 0)
        busy = bool(self._runs.silence) or self._view.playhead.playing or self._canvas.line.editor is not None
        return not busy and not pointed.locked and not start <= pointed.position < stop

    # ---- what it shows

    def _fill(self, pointed: Pointed) -> None:
        rows = pointed.candidates[:SHOWN]
        self.painter.stands = -1 if pointed.shown is None else int(self._view.canvas().tokens[pointed.position])
        if rows != self.candidates.rows:
            self.candidates.show_rows(rows)
            other = (number for number, one in enumerate(rows) if one.token != self.painter.stands)
            self._mark(self.candidates.index(next(other, 0)))
        word = "Nothing" if pointed.shown is None else shown_piece(pointed.shown)
        self.stands.show_text(f"{word} stands here{' yet' if pointed.shown is None else ''}")
        sure = rows[0].probability if pointed.own is None else pointed.own
        self.sure.setText(f"{percent(sure)} of the allowed" if pointed.limited else f"{percent(sure)} sure")
        self._say()

    def _mark(self, index: QModelIndex) -> None:
        self.list.setCurrentIndex(index)
        self._say()

    def _say(self) -> None:
        marked = self.list.currentIndex()
        if marked.isValid():
            keys = self._canvas.hasFocus() and self._view.selection is None
            key = "Enter" if keys else "A click"
            on = f", goes on from {self._view.playhead.step}" if self._runs.can_go_on else ""
            self.foot.show_text(f"{key} puts {marked.data()} here{on}")

    def _place(self, position: int) -> None:
        """Under the position, or above it where there is no room: it must not cover it."""
        size, window, viewport = self.sizeHint(), self._over, self._canvas.viewport()
        place, _ = self._canvas.picture.ends_of((position, position + 1))
        corner = viewport.mapTo(window, QPoint(round(place.center().x() - WIDTH / 2), round(place.bottom()) - 2))
        if corner.y() + size.height() > window.height():
            corner.setY(viewport.mapTo(window, place.topLeft().toPoint()).y() - size.height() + 2)
        corner.setX(min(max(corner.x(), 4), window.width() - WIDTH - 4))
        self.move(corner)
        self.resize(WIDTH, size.height())

    # ---- what is done in it

    def take(self, number: int) -> None:
        """Puts a candidate there and goes on from the step on show."""
        pointed = self._pointer.pointed
        if self.isVisible() and pointed is not None and 0 <= number < len(self.candidates.rows):
            self.dismiss()
            self._runs.place(pointed.position, self.candidates.rows[number].token)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.isVisible():
            return False
        if isinstance(event, QKeyEvent) and watched is self._canvas and self._works(event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
            elif event.type() == QEvent.Type.KeyPress:
                self._press(Qt.Key(event.key()))
            return True
        if event.type() == QEvent.Type.KeyPress:
            self.dismiss()
        return event.type() == QEvent.Type.ToolTip

    def _works(self, event: QKeyEvent) -> bool:
        """Whether a key is for the popover: with a selection, keys are for that."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        return plain and self._view.selection is None and event.key() in (*DIGITS, *ENTER, Qt.Key.Key_Escape)

    def _press(self, key: Qt.Key) -> None:
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            self.take(DIGITS.index(key) if key in DIGITS else self.list.currentIndex().row())

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._leave.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._leave.start()
