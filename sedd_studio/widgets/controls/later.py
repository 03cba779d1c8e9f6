"""A place for a part of the window that is made when it is first shown: the window is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.widgets.controls.layouts import column


class Later(QWidget):
    """Holds what `make` makes, and gives it the focus that it is given itself.

    It is no focus proxy: Tab would come in at what has the focus first, and leave out what stands before it.
    """

    def __init__(self, make: Callable[[], QWidget]) -> None:
        super().__init__()
        self._make = make
        self._body = column(gap=0, of=self)

    def showEvent(self, event: QShowEvent) -> None:
        if not self._body.count():
            made = self._make()
            self._body.addWidget(made)
        super().showEvent(event)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        made = self._body.itemAt(0)
        if made is not None and (widget := made.widget()) is not None:
            widget.setFocus(reason)
