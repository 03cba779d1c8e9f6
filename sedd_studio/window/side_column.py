"""The column beside the canvas: the form of the run above one panel."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame

from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.side_panel import SidePanel
from sedd_studio.widgets.panels.run_form import RunForm

ROOM, USUAL_ROOM = 400, 220
"""Pixels that a panel has at least before the form gives way, and that the one does that is there usually."""


class SideColumn(QFrame):
    """Folds the form to one line where there is no room for it and the panel."""

    def __init__(self, form: RunForm, panel: SidePanel, width: int) -> None:
        super().__init__()
        self.setObjectName("sideColumn")
        self.setFixedWidth(width)
        self._form, self._need, self._both = form, USUAL_ROOM, True
        column(form, (panel, 1), gap=0, of=self)

    def make_room(self, usual: bool) -> None:
        """Another panel is there, or the usual one."""
        self._need = USUAL_ROOM if usual else ROOM
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Folds, or unfolds, once when it comes to that: whoever unfolds it by hand then has it so."""
        both = self.height() >= self._form.whole_height + self._need
        if both != self._both:
            self._both = both
            self._form.set_folded(not both)
