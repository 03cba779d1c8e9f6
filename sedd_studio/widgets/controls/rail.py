"""The rail at the left of the window: the menus, its pages, and what stands at its foot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QMenu, QToolButton

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import plain
from sedd_studio.widgets.controls.buttons import IconButton, Sign
from sedd_studio.widgets.controls.layouts import column

WIDTH = 76


class RailButton(QToolButton):
    """An icon with its title under it; it is on while its page is on show."""

    def __init__(self, icon: str, title: str, told: str, look: Look) -> None:
        super().__init__()
        self.setProperty("kind", "rail")
        self.setCheckable(True)
        self.setText(title)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(20, 20))
        self.setFixedSize(WIDTH - 8, 52)
        self.setAccessibleName(f"{title} page")
        self.setToolTip(plain(told))
        self._sign = Sign(self, icon, look, "muted")
        self.toggled.connect(lambda on: self._sign.tint("accent" if on else "muted"))

    def nextCheckState(self) -> None:
        """A click asks for the page; whoever shows it says so."""


class Rail(QFrame):
    """Says which page is `chosen`. `pages` are titles and icons by name; the menus of `menu` open from the button at
    the top; the actions of `foot` have an icon each at the foot."""

    chosen = Signal(str)

    def __init__(
        self, pages: Mapping[str, tuple[str, str]], menu: QMenu, foot: Mapping[str, QAction], look: Look
    ) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(WIDTH)
        self.menu = IconButton("menu", "Menu (F10)", look)
        self.menu.setShortcut("F10")
        self.menu.setMenu(menu)
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.pages: dict[str, RailButton] = {}
        for number, (name, (title, icon)) in enumerate(pages.items(), 1):
            self.pages[name] = button = RailButton(icon, title, f"{title} (Ctrl+{number})", look)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
        self.foot = [IconButton(icon, _name(action), look, action.trigger) for icon, action in foot.items()]
        whole = column(self.menu, 6, *self.pages.values(), None, *self.foot, gap=4, margins=(4, 7, 4, 8), of=self)
        for part in (self.menu, *self.foot):
            part.setFixedSize(40, 36)
            whole.setAlignment(part, Qt.AlignmentFlag.AlignHCenter)

    def show_page(self, name: str) -> None:
        for other, button in self.pages.items():
            button.setChecked(other == name)


def _name(action: QAction) -> str:
    return action.text().replace("&", "").removesuffix(" …")
