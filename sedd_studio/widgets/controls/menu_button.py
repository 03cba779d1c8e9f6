"""A button that shows what is chosen and opens a menu with the others."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Theme


class MenuButton(QToolButton):
    """Is called `name`; `choices` is filled whenever it is about to be shown."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setFixedHeight(theme.sizes.control)
        self.choices = QMenu(self)
        self.choices.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.choices.setToolTipsVisible(True)
        self.setMenu(self.choices)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw the chevron in the colours of `theme`."""
        self.setIcon(icons.icon("chevron-down", theme.colour("muted"), theme.colour("faint")))
