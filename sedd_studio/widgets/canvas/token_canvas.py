"""The token canvas: the text as it stands at the playhead, where words are locked and unlocked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Property, QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from engine.protocol import FREE
from sedd_studio.painting.theme import Theme, token_font
from sedd_studio.painting.token_layout import Layout, arrange
from sedd_studio.painting.token_paint import Content, Marks, TokenPainter
from sedd_studio.session.session import Session
from sedd_studio.widgets.canvas.canvas_text import Run, TokenText
from sedd_studio.widgets.canvas.caret import MOVES, Caret
from sedd_studio.widgets.canvas.gestures import Gestures, gap_at
from sedd_studio.widgets.canvas.inline_editor import InlineEditor
from sedd_studio.widgets.controls.heat import tints

MARGIN = 40
TOP = 26
LONGEST_LINE = 50
ZOOMS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)
REMOVES = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
LENGTHENS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
TOGGLES = {Qt.Key.Key_L, Qt.Key.Key_Return, Qt.Key.Key_Enter}


def types(event: QKeyEvent) -> bool:
    """Whether a key writes something."""
    return bool(event.text()) and event.text().isprintable() and not event.text().isspace()


class TokenCanvas(QAbstractScrollArea):
    """Draws `session.canvas()` as running text. Click locks a word, drag a range; arrows, Shift and L do the same."""

    zoom_changed = Signal(float)
    pointed = Signal(int)
    """The position under the pointer, or at the keyboard's cursor, is another."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._zoom = 1.0
        self._reduced_motion = False
        self._painter = TokenPainter(theme, token_font(theme, self._zoom))
        self._text = TokenText(session)
        self._limits = session.document.limits
        self._content = self._arranged()
        self._gestures = Gestures(session)
        self._under: int | None = None
        self._shares: np.ndarray | None = None
        self.editor: InlineEditor | None = None
        self._edited = session.document.tokens
        self.caret = Caret(session)
        self._by_keyboard = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Token canvas")
        session.model_changed.connect(self._forget)
        session.canvas_changed.connect(self.refresh)
        session.playhead_changed.connect(self.refresh)
        self._text_changed()

    # ---- what is drawn

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme` from now on."""
        self._theme = theme
        self._rebuild()

    def set_reduced_motion(self, reduced: bool) -> None:
        """With reduced motion a new token is marked in its own step only and does not fade."""
        self._reduced_motion = reduced
        self._arrange()
        self.viewport().update()

    def set_shares(self, shares: np.ndarray | None) -> None:
        """Lay a colour behind each token by its share (L,) of the strongest, NaN for none; None for no colours."""
        self._shares = shares
        self._content = self._coloured(self._content)
        self.viewport().update()

    def _coloured(self, content: Content) -> Content:
        shares = self._shares
        fits = shares is not None and len(shares) == len(content.locked)
        return replace(content, tint=tints(shares, self._theme) if shares is not None and fits else ())

    @property
    def zoom(self) -> float:
        """Size of the text, 1.0 for normal."""
        return self._zoom

    def set_zoom(self, zoom: float) -> None:
        """Set the size of the text, kept within the range of `ZOOMS`."""
        zoom = min(max(zoom, ZOOMS[0]), ZOOMS[-1])
        if zoom != self._zoom:
            self._zoom = zoom
            self._rebuild()
            self.zoom_changed.emit(zoom)

    def zoom_by(self, notches: int) -> None:
        """Go `notches` sizes up, or down where negative."""
        nearest = min(range(len(ZOOMS)), key=lambda i: abs(ZOOMS[i] - self._zoom))
        self.set_zoom(ZOOMS[min(max(nearest + notches, 0), len(ZOOMS) - 1)])

    def layout_now(self) -> Layout:
        """The layout that is on screen."""
        return self._content.layout

    def position_point(self, position: int) -> QPoint:
        """The middle of a position, in the viewport's coordinates."""
        layout = self._content.layout
        box = layout.boxes[position]
        middle = QPointF(box.x + box.width / 2, (box.line + 0.5) * layout.line_height)
        return (middle + self._origin()).toPoint()

    def _get_spoken_summary(self) -> str:
        return self._text.spoken()

    spoken_summary = Property(str, _get_spoken_summary)

    def refresh(self) -> None:
        """Take the state at the playhead; lay the text out again only if some token or lock is different."""
        state = self._session.canvas()
        limits = self._session.document.limits
        if state is self._text.state:
            return
        if self._session.document.tokens is not self._edited:  # what stands where the line is open is another text
            self.close_editor()
        if self._text.take(state) or limits != self._limits:
            self._limits = limits
            self._arrange()
        else:
            old = self._content
            self._content = replace(old, stage=self._text.stages(not self._reduced_motion))
        self._text_changed()

    def _text_changed(self) -> None:
        state = self._text.state
        self.setAccessibleDescription(f"Step {state.step} of {state.steps}")
        self.viewport().update()

    def _forget(self) -> None:
        self.close_editor()
        self._gestures.forget()
        self._text = TokenText(self._session)
        self._arrange()
        self._text_changed()

    def _rebuild(self) -> None:
        self._painter = TokenPainter(self._theme, token_font(self._theme, self._zoom))
        self._arrange()
        self.viewport().update()

    def _arrange(self) -> None:
        if not self._gestures.pulls:
            self._gestures.handle = None
        self._content = self._coloured(self._arranged())
        self.caret.position = min(self.caret.position, max(self._text.state.length - 1, 0))
        self._update_scroll_bar()

    def _arranged(self) -> Content:
        text, state = self._text, self._text.state
        locked, slanted = state.locked.tolist(), state.unsettled.tolist()
        layout = arrange(text.pieces, locked, slanted, text.words, self._painter.metrics, self._line_width())
        limited = [place for start, stop, _ in self._session.document.limits for place in range(start, stop)]
        return Content(layout, locked, slanted, text.stages(not self._reduced_motion), limited=limited)

    def _origin(self) -> QPointF:
        side = max(MARGIN, (self.viewport().width() - self._line_width()) / 2)
        return QPointF(round(side), TOP - self.verticalScrollBar().value())

    def _line_width(self) -> float:
        """All there is, up to the length at which a line is still easy to read."""
        return min(self.viewport().width() - 2 * MARGIN, LONGEST_LINE * self._painter.em)

    def _update_scroll_bar(self) -> None:
        layout = self._content.layout
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, int(layout.height) + 2 * TOP - page))
        bar.setPageStep(page)
        bar.setSingleStep(int(layout.line_height))

    def _marks(self) -> Marks:
        shown = self._by_keyboard and self.hasFocus() and self._text.pieces
        cursor = self._session.word_at(self.caret.position) if shown else None
        gestures = self._gestures
        handle = gestures.handle.place if gestures.handle is not None else None
        return Marks(gestures.hover, cursor, self._session.selection, gestures.dragged, handle, gestures.pulls)

    # ---- Qt events

    def sizeHint(self) -> QSize:
        return QSize(760, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._theme.colour("window"))
        origin = self._origin()
        painter.translate(origin)
        top = event.rect().top() - origin.y()
        self._painter.paint(painter, self._content, self._marks(), top, top + event.rect().height())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self._arrange()
        else:
            self._update_scroll_bar()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turned = event.angleDelta().y()
            self.zoom_by((turned > 0) - (turned < 0))
            event.accept()
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.describe(self._at(QPointF(event.pos()))), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave and not self._gestures.pulls:
            self._gestures.hover = self._gestures.handle = None
            self.viewport().update()
        return super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        # The canvas uses these keys itself while it has the focus; window shortcuts must not take them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            ours = event.key() in (*MOVES, *TOGGLES, *REMOVES, *LENGTHENS)
            if not control and (ours or (self._session.selection is not None and types(event))):
                event.accept()
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._by_keyboard = True
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # ---- pointing

    def describe(self, position: int | None) -> str:
        """What the tooltip says about a position; empty for none."""
        return "" if position is None else self._text.describe(position)

    def _at(self, point: QPointF) -> int | None:
        place = point - self._origin()
        return self._content.layout.position_at(place.x(), place.y(), 0.4 * self._painter.em)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._by_keyboard = False
        position = self._at(event.position())
        extends = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if extends and position is not None:
            self.caret.extend_to(position)
            self.viewport().update()
        elif not self._gestures.press(event.position() - self._origin(), position):
            self.caret.deselect()
            self.viewport().update()
        elif position is not None:
            self.caret.put(position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position, gestures = self._at(event.position()), self._gestures
        if position is not None and position != self._under:
            self.pointed.emit(position)
        self._under = position
        point = event.position() - self._origin()
        gestures.move(point, position, self._content.layout, self._painter.em, self._line_width())
        if gestures.pulls and gestures.handle is not None:
            QToolTip.showText(event.globalPosition().toPoint(), f"{gestures.handle.length} tokens", self.viewport())
        self.viewport().setCursor(self._pointer(point))
        self.viewport().update()

    def _pointer(self, point: QPointF) -> Qt.CursorShape:
        if self._gestures.pulls or self._gestures.over_handle(point):
            return Qt.CursorShape.SizeHorCursor
        return Qt.CursorShape.PointingHandCursor if self._gestures.hover else Qt.CursorShape.ArrowCursor

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._gestures.release()
            self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edits the word; the lock that the first click changed is changed back."""
        position = self._at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or position is None:
            return
        if self._gestures.lock_clicked:
            self._session.undo_stack.undo()
        self.edit(self._session.word_at(position))

    # ---- editing

    def edit(self, run: Run, typed: str = "") -> None:
        """Opens a line over positions `run` with their text, or with what was `typed` in its place."""
        start, stop = run
        written = "".join(self._session.piece(position) for position in range(start, stop)).strip()
        first = self._content.layout.boxes[start]
        last = self._content.layout.boxes[stop - 1]
        right = last.x + last.width if last.line == first.line else self._line_width()
        corner = QPointF(first.x, first.line * self._content.layout.line_height) + self._origin()
        place = QRectF(corner, QSizeF(right - first.x, self._content.layout.line_height)).toRect()
        self.editor = InlineEditor(place, typed or written, not typed, self._painter.plain, self.viewport())
        self.editor.committed.connect(lambda text: self._commit(run, text))
        self.editor.closed.connect(self._forget_editor)
        self._edited = self._session.document.tokens

    def close_editor(self) -> None:
        """Closes the line that is open, if there is one; the text stays as it is."""
        editor = self.editor
        if editor is None:
            return
        if editor.hasFocus():
            self.setFocus()
        editor.close_editor()

    def _commit(self, run: Run, text: str) -> None:
        if text.strip():
            self._session.replace_range(*run, text)
        else:
            self._session.clear_range(*run)
        self.setFocus()

    def _forget_editor(self) -> None:
        self.editor = None

    def paste(self) -> None:
        """Puts the clipboard's text in the place of the selection, or of everything."""
        text = QGuiApplication.clipboard().text()
        run = self._session.selection
        if not text.strip():
            return
        if run is None:
            self._session.set_prompt(text)
        else:
            self._session.replace_range(*run, text)

    def take_out(self) -> None:
        """Makes a gap of the selection, or of the word at the cursor."""
        if self._text.pieces:
            self._session.clear_range(*self.caret.run)

    # ---- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or not self._text.pieces:
            super().keyPressEvent(event)
        elif event.key() in REMOVES:
            self.take_out()
        elif event.key() in MOVES:
            self._by_keyboard = True
            self._move(Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in TOGGLES:
            self.toggle_lock()
        elif event.key() in LENGTHENS and self._session.selection is None:
            self.stretch_gap(LENGTHENS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_F2 or (self._session.selection is not None and types(event)):
            run = self.caret.run
            self.edit(run, event.text() if types(event) else "")
        else:
            super().keyPressEvent(event)

    def stretch_gap(self, by: int) -> None:
        """Makes the gap at the cursor longer, or shorter where negative."""
        run = gap_at(self._session, self.caret.position)
        if run is not None and self._session.set_gap(*run, run[1] - run[0] + by):
            self.caret.position = run[0]

    def toggle_lock(self) -> None:
        """Lock the selection, or the word at the cursor; unlock it where all of it is locked already."""
        start, stop = self.caret.run
        state = self._text.state
        held = state.locked[start:stop][state.tokens[start:stop] != FREE]
        self._session.set_locked(list(range(start, stop)), not (held.size > 0 and bool(held.all())))

    def _move(self, key: Qt.Key, extend: bool) -> None:
        self.caret.move(key, self._content.layout, extend)
        self._scroll_to(self.caret.position)
        self.pointed.emit(self.caret.position)
        self.viewport().update()

    def _scroll_to(self, position: int) -> None:
        layout, bar = self._content.layout, self.verticalScrollBar()
        top = TOP + layout.boxes[position].line * layout.line_height
        if top < bar.value():
            bar.setValue(int(top - TOP))
        elif top + layout.line_height > bar.value() + bar.pageStep():
            bar.setValue(int(top + layout.line_height + TOP - bar.pageStep()))
