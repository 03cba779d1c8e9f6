"""The legend of the colours behind the tokens, under the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.heat import HeatBar

if TYPE_CHECKING:
    from sedd_studio.session.colouring import Colouring


class ColourLegend(QWidget):
    """Says what the colours mean; hidden while there are none."""

    def __init__(self, colouring: Colouring, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colouring = colouring
        self.title, self.low, self.high = label(role="help"), label(role="help"), label(role="help")
        self.bar = HeatBar(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 0, 0)
        row.setSpacing(8)
        for part in (self.title, self.low, self.bar, self.high):
            row.addWidget(part)
        row.addStretch(1)
        colouring.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the legend of the mode that is chosen."""
        mode = self._colouring.mode
        self.setVisible(self._colouring.name != "plain")
        known = self._colouring.shares() is not None
        self.title.setText(f"{mode.title}:" if known else f"{mode.title}: {mode.missing}")
        self.low.setText(mode.low)
        self.high.setText(mode.high)
        for part in (self.low, self.bar, self.high):
            part.setVisible(known)
        self.setAccessibleName(f"Colours: {mode.title}, from {mode.low} to {mode.high}")
