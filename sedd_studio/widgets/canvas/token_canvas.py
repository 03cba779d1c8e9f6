"""The token canvas: the text as it stands at the playhead, where words are selected, and what is selected is edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QInputMethodEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu

from sedd_studio.painting.theme import Look
from sedd_studio.painting.token_paint import Arc, Marks
from sedd_studio.session.editor import Editor
from sedd_studio.session.models import Models
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.composing import Composing
from sedd_studio.widgets.canvas.keyboard import Keyboard
from sedd_studio.widgets.canvas.line import Line
from sedd_studio.widgets.canvas.mouse import Mouse
from sedd_studio.widgets.canvas.picture import TOP, Picture

ZOOMS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)


class TokenCanvas(QAbstractScrollArea):
    """Draws what is on show as running text, in which one selects with the mouse and the keys as in any editor."""

    zoom_changed = Signal(float)
    moved = Signal()
    """The text stands elsewhere."""
    pointed = Signal(object)
    """The position under the pointer, or at the keyboard's cursor, is another; None where there is none."""

    def __init__(self, models: Models, view: View, editor: Editor, look: Look) -> None:
        super().__init__()
        self._view = view
        self.zoom = 1.0
        viewport = self.viewport()
        self.picture = Picture(view, look, viewport.width(), self)
        self.caret = Caret(view, editor, self)
        self.line = Line(view, editor, self.picture, self.caret, viewport)
        self.mouse = Mouse(view, editor, self.picture, self.caret, viewport, self)
        self.keyboard = Keyboard(view, editor, self.picture, self.caret, self.line, self)
        self.composing = Composing(self.picture, self.caret, self.line, self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Token canvas")
        self._dimmed = False
        self._offered: list[QAction | None] = []
        self.picture.laid_out.connect(self._fit)
        self.verticalScrollBar().valueChanged.connect(self.picture.scroll)
        self.verticalScrollBar().valueChanged.connect(self.moved)
        self.caret.moved.connect(self._follow_caret)
        self.mouse.pointed.connect(self.pointed)
        models.changed.connect(self._forget)
        view.changed.connect(self.refresh)
        view.selection_changed.connect(viewport.update)
        self._tell()

    def offer(self, actions: list[QAction | None]) -> None:
        """What the canvas's own menu offers; None is a separator."""
        self._offered = actions

    # ---- what is drawn

    def set_dimmed(self, dimmed: bool) -> None:
        """Dims what the next run replaces, while one is about to start it."""
        self._dimmed = dimmed
        self.viewport().update()

    def set_shares(self, shares: np.ndarray | None, notes: Sequence[str] = (), arcs: Sequence[Arc] = ()) -> None:
        self.picture.set_shares(shares, notes, arcs)
        self.viewport().update()

    def set_zoom(self, zoom: float) -> None:
        """Set the size of the text, 1.0 for normal, kept within the range of `ZOOMS`."""
        zoom = min(max(zoom, ZOOMS[0]), ZOOMS[-1])
        if zoom != self.zoom:
            self.zoom = zoom
            self.picture.set_zoom(zoom)
            self.zoom_changed.emit(zoom)

    def zoom_by(self, notches: int) -> None:
        """Go `notches` sizes up, or down where negative."""
        nearest = min(range(len(ZOOMS)), key=lambda i: abs(ZOOMS[i] - self.zoom))
        self.set_zoom(ZOOMS[min(max(nearest + notches, 0), len(ZOOMS) - 1)])

    def refresh(self) -> None:
        state, before = self._view.canvas(), self.picture.text.state
        if state is not before:
            self.line.close_over_another_text()
            if state.length != before.length:
                self.mouse.gestures.forget()  # places that are no more
            elif self.window().isVisible() and not self.isVisible():
                return  # on a page that is not on show: laid out when it is
            self.picture.take()
            self._tell()

    def _forget(self) -> None:
        """Another model: its tokens mean something else."""
        self.line.close()
        self.mouse.gestures.forget()
        self.picture.forget()
        self._tell()

    def _tell(self) -> None:
        state = self.picture.text.state
        self.setAccessibleDescription(f"Step {state.step} of {state.steps}")
        self.viewport().update()

    # ---- where it is

    def _fit(self) -> None:
        gestures, caret = self.mouse.gestures, self.caret
        if not gestures.pulls:
            gestures.handle = None
        caret.position = min(caret.position, max(self.picture.text.state.length - 1, 0))
        self._fit_scroll_bar()
        self.viewport().update()
        self.moved.emit()

    @property
    def seen(self) -> tuple[int, int]:
        """The positions that are in view, half-open."""
        top = -self.picture.origin.y()
        return self.picture.layout.between(top, top + self.viewport().height())

    def _fit_scroll_bar(self) -> None:
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.picture.height - page))
        bar.setPageStep(page)
        bar.setSingleStep(int(self.picture.layout.line_height))

    def _follow_caret(self, position: int) -> None:
        layout, bar = self.picture.layout, self.verticalScrollBar()
        top = TOP + layout.boxes[position].line * layout.line_height
        if top < bar.value():
            bar.setValue(int(top - TOP))
        elif top + layout.line_height > bar.value() + bar.pageStep():
            bar.setValue(int(top + layout.line_height + TOP - bar.pageStep()))
        self.pointed.emit(position)
        self.viewport().update()

    def _marks(self) -> Marks:
        gestures, caret = self.mouse.gestures, self.caret
        shown = self.hasFocus() and self.picture.text.pieces
        cursor = caret.run if shown else None
        handle = gestures.handle.place if gestures.handle is not None else None
        run, playing = self._view.run, self._view.playhead.playing
        draft = not playing and (run is None or not run.under_way)
        return Marks(gestures.hover, cursor, self._view.selection, handle, gestures.pulls, draft, self._dimmed)

    # ---- Qt events

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing.compose(event)

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:
        return self.composing.query(query)

    def sizeHint(self) -> QSize:
        return QSize(760, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            self.picture.paint(painter, event.rect(), self._marks())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self.picture.set_width(event.size().width())
        else:
            self._fit_scroll_bar()
        self.moved.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Where the mouse asks for it outside the selection, for the word there."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.mouse.select_for_menu(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
        elif self._view.selection is None and self.picture.text.pieces:
            self.caret.extend_to(self.caret.position)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._offered:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turned = event.angleDelta().y()
            self.zoom_by((turned > 0) - (turned < 0))
            event.accept()
        else:
            super().wheelEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.composing.follow_focus(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.composing.follow_focus(event)
        self.viewport().update()
