"""The place of one panel beside the canvas, under a head that says which it is and offers the others."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import Choice
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import column, row


class SidePanel(QFrame):
    """Holds one panel at a time. What is chosen in its head is only told: whoever arranges the window follows."""

    chosen = Signal(str)
    """With the name of the panel that is wanted here."""
    enlarged = Signal()
    """The panel is to have the whole page."""
    closed = Signal()

    def __init__(self, titles: Mapping[str, str], look: Look) -> None:
        super().__init__()
        self.setObjectName("sidePanel")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)  # it takes the room that is left
        self.panels = Choice("Panel beside the text", look, titles)
        self.panels.setProperty("kind", "section")
        self.enlarge = IconButton("enlarge", "Give the panel the whole page", look, self.enlarged.emit)
        self.close_button = IconButton("close", "Close the panel", look, self.closed.emit)
        head = row((self.panels, 1), self.enlarge, self.close_button, gap=4, margins=(20, 10, 14, 0))
        self._body = column(gap=0)
        column(head, (self._body, 1), gap=0, of=self)
        self.panels.activated.connect(lambda: self.chosen.emit(self.panels.currentData()))

    def hasHeightForWidth(self) -> bool:
        """No: text that wraps in it asks for no more room than there is."""
        return False

    def hold(self, name: str, panel: QWidget, enlarges: bool, closes: bool) -> None:
        """Shows a panel, which comes from wherever it was; `enlarges` and `closes` say which buttons there are."""
        self.panels.setCurrentIndex(self.panels.findData(name))
        self.enlarge.setVisible(enlarges)
        self.close_button.setVisible(closes)
        self._body.addWidget(panel)
        panel.show()
