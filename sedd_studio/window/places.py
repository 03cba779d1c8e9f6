"""Where panels stand: each on a page of its own, or beside the canvas, or on either as one likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.side_panel import SidePanel
from sedd_studio.window.focus import focus_in

STUDIO = "studio"
"""The page with the canvas."""


@dataclass(frozen=True)
class Panel:
    """A panel; what in it has the focus when it opens; the icon of its page, if it has one; whether it may stand beside
    the canvas, and whether it opens on its page all the same."""

    title: str
    widget: QWidget
    first: Callable[[], QWidget]
    icon: str = ""
    beside: bool = True
    opens_page: bool = False


class Places(QObject):
    """Puts each of `panels`, by name, where it is to be seen: on its page in the `stack`, whose first is the studio's,
    or into `side`, where the `usual` one stands unless another is wanted.

    `pages` are what panels stand in, `page` is the name of the one on show, `beside` that of the panel beside the
    canvas; `changed` is told when either is another.
    """

    changed = Signal()

    def __init__(self, panels: Mapping[str, Panel], stack: QStackedWidget, side: SidePanel, usual: str) -> None:
        super().__init__(stack)
        self.panels, self._stack, self._side, self._usual = panels, stack, side, usual
        self.page, self.beside = STUDIO, usual
        self.pages = {name: _page(stack) for name, panel in panels.items() if panel.icon}
        self._at: dict[str, QWidget | None] = {}
        self._settle()
        side.chosen.connect(self.show_beside)
        side.enlarged.connect(lambda: self.show_page(self.beside))
        side.closed.connect(lambda: self.show_beside(usual))

    def show_page(self, name: str) -> None:
        """Shows a panel on its page, or the studio."""
        self._go(name, self.beside)
        if name != STUDIO:
            self._enter(name)

    def show_beside(self, name: str) -> None:
        """Shows a panel beside the canvas."""
        self._go(STUDIO, name)

    def show(self, name: str) -> None:
        """Shows a panel where it opens."""
        if self.panels[name].beside and not self.panels[name].opens_page:
            self.show_beside(name)
            self._enter(name)
        else:
            self.show_page(name)

    def _enter(self, name: str) -> None:
        focus_in(self.panels[name].widget, self.panels[name].first())

    def toggle(self, name: str) -> None:
        """Shows a panel that is not on show; else the studio, with the usual panel beside the canvas."""
        if self.shows(name):
            self._go(STUDIO, self._usual if self.beside == name else self.beside)
        else:
            self.show(name)

    def shows(self, name: str) -> bool:
        """Whether a panel is on show."""
        return name == (self.beside if self.page == STUDIO else self.page)

    def reset(self) -> None:
        """Everything where it is at first."""
        self._go(STUDIO, self._usual)

    def _go(self, page: str, beside: str) -> None:
        if (page, beside) != (self.page, self.beside):
            self.page, self.beside = page, beside
            self._settle()
            self.changed.emit()

    def _settle(self) -> None:
        """Each panel goes where it belongs; what is on no page waits, hidden, until it is wanted."""
        for name, panel in self.panels.items():
            if name == self.beside and name != self.page:
                home: QWidget | None = self._side
            else:
                home = self.pages.get(name)
            if name in self._at and self._at[name] is home:
                continue
            self._at[name] = home
            if home is None:
                panel.widget.setParent(self._side)
                panel.widget.hide()
            elif home is self._side:
                self._side.hold(name, panel.widget, enlarges=bool(panel.icon), closes=name != self._usual)
            else:
                layout = home.layout()
                assert layout is not None
                layout.addWidget(panel.widget)
                panel.widget.show()
        page = self.pages.get(self.page)
        self._stack.setCurrentIndex(0 if page is None else self._stack.indexOf(page))


def _page(stack: QStackedWidget) -> QFrame:
    page = QFrame()
    page.setObjectName("page")
    column(gap=0, of=page)
    stack.addWidget(page)
    return page
