"""The bar at the selection: what can be done with it. It lies over the text and moves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame

from sedd_studio.painting.theme import Look
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.bar_place import SIDE, place_for
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.alternatives import Alternatives

BUTTONS = {
    "toggle_lock": ("lock", "Lock"),
    "draw_again": ("redraw", "Redraw"),
    "alternatives": ("alternatives", "Alternatives"),
    "take_out": ("gap", "Gap"),
    "limit": ("words", "Only these words"),
    "noise_again": ("noise", "Noise again"),
}
"""The icon and the text of each command."""
MENU = (*BUTTONS, "-", "cut", "copy", "paste", "select_all")
"""The commands of the canvas's own menu; "-" is a separator."""


class SelectionBar(QFrame):
    """At the selection, on no other words where there is room; hidden while nothing is selected, or one selects."""

    def __init__(
        self, canvas: TokenCanvas, view: View, alternatives: Alternatives, actions: Mapping[str, QAction], look: Look
    ) -> None:
        super().__init__(canvas.viewport())
        self._canvas, self._view, self._alternatives = canvas, view, alternatives
        self._selecting = False
        self.setObjectName("overlay")
        self.setAccessibleName("What to do with the selection")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.buttons = {name: self._button(actions[name], *shown, look) for name, shown in BUTTONS.items()}
        row(*self.buttons.values(), gap=2, margins=(3, 1, 3, 1), of=self)
        for one, other in pairwise((canvas, *self.buttons.values())):
            self.setTabOrder(one, other)
        canvas.offer([None if name == "-" else actions[name] for name in MENU])
        canvas.mouse.selecting.connect(self._hold)
        canvas.moved.connect(self.refresh)
        view.selection_changed.connect(self.refresh)
        view.changed.connect(self.refresh)
        self.hide()

    def refresh(self) -> None:
        run = self._view.selection
        if run is None or self._selecting or not self._stands(run):
            self._leave()
            return
        self._name(run)
        self._place(run)
        self.show()
        self.raise_()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.setAccepted(event.key() == Qt.Key.Key_Escape)  # it is ours: the window's would stop a run
            return event.isAccepted()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._canvas.caret.deselect()
        else:
            super().keyPressEvent(event)

    def _button(self, action: QAction, icon: str, text: str, look: Look) -> IconButton:
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) or action.text().partition("\t")[2]
        made = IconButton(icon, text, look, action.trigger, text=text)
        made.setToolTip(f"{text} ({keys})" if keys else text)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setEnabled(action.isEnabled())
        action.enabledChanged.connect(made.setEnabled)
        return made

    def _hold(self, selecting: bool) -> None:
        self._selecting = selecting
        self.refresh()

    def _leave(self) -> None:
        if self.isVisible():
            if any(button.hasFocus() for button in self.buttons.values()):
                self._canvas.setFocus()
            self.hide()

    def _name(self, run: tuple[int, int]) -> None:
        lock, alternatives = self.buttons["toggle_lock"], self.buttons["alternatives"]
        lock.setText("Unlock" if self._canvas.caret.holds(run) else "Lock")
        lock.setAccessibleName(lock.text())
        among = self._alternatives
        alternatives.setText(f"Alternative {among.place + 1} of {among.count}" if among.there else "Alternatives")
        alternatives.setAccessibleName(alternatives.text())

    def _stands(self, run: tuple[int, int]) -> bool:
        """Whether a part of the selection is in sight."""
        first, last = self._canvas.picture.ends_of(run)
        return last.bottom() > 0 and first.top() < self._canvas.viewport().height()

    def _place(self, run: tuple[int, int]) -> None:
        room = self._canvas.viewport().size()
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for button in self.buttons.values():
            button.setToolButtonStyle(style)
        if self.sizeHint().width() > room.width() - 2 * SIDE:
            for button in self.buttons.values():
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setGeometry(place_for(self._canvas.picture, run, self.sizeHint(), room).toRect())
