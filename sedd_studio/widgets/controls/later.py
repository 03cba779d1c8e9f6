"""A place for a part of the window that is made when it is first shown or asked for: the window is there sooner."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.widgets.controls.layouts import column

Made = TypeVar("Made", bound=QWidget)


class Later(QWidget, Generic[Made]):
    """Holds what `make` makes, and gives it the focus that it is given itself.

    It is no focus proxy: Tab would come in at what has the focus first, and leave out what stands before it.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        super().__init__()
        self._make = make
        self._body = column(gap=0, of=self)

    @cached_property
    def made(self) -> Made:
        """What is held."""
        made = self._make()
        self._body.addWidget(made)
        self._body.activate()  # as large as this is, or it would be laid out, at first, in no room at all
        return made

    def showEvent(self, event: QShowEvent) -> None:
        self.made.show()
        super().showEvent(event)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        self.made.setFocus(reason)
