"""Layouts in one expression: rows and columns of parts, areas that scroll, and fields with titles."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.helping import explain

Part = QWidget | QLayout | int | None | tuple[QWidget | QLayout, int]
"""A widget or a layout, alone or with its share of the room that is left; so many pixels; None for a stretch."""
Box = TypeVar("Box", bound=QBoxLayout)
Margins = tuple[int, int, int, int]
"""At the left, the top, the right and the foot, in pixels."""
NOTHING = (0, 0, 0, 0)
GAP = 6
"""Between fields under each other, in pixels."""
TITLES = 96
"""Width of the titles of fields under each other, in pixels."""


def row(*parts: Part, gap: int = -1, margins: Margins = NOTHING, of: QWidget | None = None) -> QHBoxLayout:
    """Parts beside each other, `gap` pixels apart (-1: as the style has it); it fills the widget that it is `of`."""
    return _filled(QHBoxLayout(), parts, gap, margins, of)


def column(*parts: Part, gap: int = -1, margins: Margins = NOTHING, of: QWidget | None = None) -> QVBoxLayout:
    """The same for parts under each other."""
    return _filled(QVBoxLayout(), parts, gap, margins, of)


def _filled(layout: Box, parts: tuple[Part, ...], gap: int, margins: Margins, of: QWidget | None) -> Box:
    if of is not None:
        of.setLayout(layout)
    layout.setSpacing(gap)
    layout.setContentsMargins(*margins)
    for part in parts:
        what, share = part if isinstance(part, tuple) else (part, 0)
        match what:
            case None:
                layout.addStretch(1)
            case int():
                layout.addSpacing(what)
            case QWidget():
                layout.addWidget(what, share)
            case QLayout():
                layout.addLayout(what, share)
    return layout


class Sheet(QScrollArea):
    """Without a frame; what it holds scrolls, as wide as it is, where it is too tall.

    Qt asks how tall that is beside the bar. So a bar that was needed for a moment would stay, and keep text so narrow
    that it needs one.
    """

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        inner.setObjectName(inner.objectName() or "sheet")
        self._inner, self._size, self._tried = inner, QSize(), -1
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        done = super().eventFilter(watched, event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._do_without_bar()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QApplication.postEvent(self._inner, QEvent(QEvent.Type.LayoutRequest))  # Qt is still at its own layout

    def _do_without_bar(self) -> None:
        """Tried once at each size for what is asked of it: some parts are taller again where they are wider."""
        whole, never = self.maximumViewportSize(), Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if whole != self._size:
            self._size, self._tried = whole, -1
        tall = self._inner.heightForWidth(whole.width())
        fits = 0 <= tall <= whole.height() and self._inner.minimumSizeHint().width() <= whole.width()
        shown = self.verticalScrollBar().maximum() > 0 and self.verticalScrollBarPolicy() is not never
        if fits and shown and tall != self._tried:
            self._tried = tall
            self.setVerticalScrollBarPolicy(never)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)


class Field(QWidget):
    """A control with its title at the left, whose shortcut it has; `before` it may stand another."""

    def __init__(
        self, title: str, control: QWidget, told: str, titles: int = TITLES, before: QWidget | None = None
    ) -> None:
        super().__init__()
        self._control = control
        self.title = label(title, "muted")
        self.title.setFixedWidth(titles)
        self.title.setBuddy(control)
        controls = row(*([] if before is None else [(before, 1)]), (control, 1), gap=10)
        row(self.title, (controls, 1), gap=0, of=self)
        self.explain(told)

    def name(self, title: str) -> None:
        """Calls it otherwise."""
        self.title.setText(title)
        self._control.setAccessibleName(title)

    def explain(self, told: str) -> None:
        """Gives it its help."""
        explain(self, told)
        self._control.setToolTip(self.toolTip())
