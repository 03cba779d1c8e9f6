"""A panel that can be moved, floated and closed, with title buttons in the colours of the look."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import Sign

BUTTONS = {
    "qt_dockwidget_floatbutton": ("float", "Float the panel, or put it back"),
    "qt_dockwidget_closebutton": ("close", "Close the panel"),
}
"""Qt's own names of the buttons that it makes."""


class Dock(QDockWidget):
    """Holds `panel` under a title; `name` is what its place is remembered by."""

    def __init__(self, name: str, title: str, panel: QWidget, look: Look, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(f"{name}Dock")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(panel)
        for called, (icon, told) in BUTTONS.items():
            button = self.findChild(QAbstractButton, called)
            assert isinstance(button, QAbstractButton)
            Sign(button, icon, look, "muted")
            button.setToolTip(told)
            button.setAccessibleName(told)
