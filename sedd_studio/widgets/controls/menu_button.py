"""Buttons that show what is chosen, and lead to the others: to a page, or by a menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import literal, plain
from sedd_studio.widgets.controls.buttons import Do, Sign


class Picker(QToolButton):
    """Is called `name` and shows what is chosen, `whole` in full; others are chosen where it leads."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setFixedHeight(look.sizes.control)
        self.setIconSize(QSize(12, 12))
        self.whole = ""
        self._short, self._is_short = "", False
        Sign(self, "chevron-down", look, "muted")

    def say(self, whole: str, short: str) -> None:
        """Shows what is chosen, in full or, where there is little room, in short."""
        self.whole, self._short = whole, short
        self.setText(literal(short if self._is_short else whole))

    def shorten(self, short: bool) -> None:
        self._is_short = short
        self.say(self.whole, self._short)


class MenuButton(Picker):
    """Opens a menu with the others; `choices` is filled whenever it is about to be shown."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__(name, look)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.choices = QMenu(self)
        self.choices.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.choices.setToolTipsVisible(True)
        self.setMenu(self.choices)

    def offer(self, title: str, told: str, chosen: bool, do: Do | None) -> None:
        """Adds a choice, ticked if it is `chosen`; one that does nothing is greyed out unless it is chosen."""
        action = QAction(literal(title), self.choices)
        action.setToolTip(plain(told))
        action.setCheckable(True)
        action.setChecked(chosen)
        action.setEnabled(chosen or do is not None)
        if do is not None:
            action.triggered.connect(do)
        self.choices.addAction(action)
