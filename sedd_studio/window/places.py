"""Where panels stand: each on a page of its own, or beside the canvas, or on either as one likes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from sedd_studio.widgets.controls.later import Later
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.side_panel import SidePanel
from sedd_studio.window.focus import focus_in
from sedd_studio.window.page_names import STUDIO, USUAL
from sedd_studio.window.panels import BESIDE, PAGES, PANELS


class Places(QObject):
    """Puts the `widgets` of `PANELS`, by name, where they are to be seen: on a page in the `stack`, whose first is the
    studio's, or into `side`, where the usual one stands unless another is wanted.

    `pages` are what panels stand in, `page` is the name of the one on show, `beside` that of the panel beside the
    canvas; `changed` is told when either is another.
    """

    changed = Signal()

    def __init__(self, widgets: Mapping[str, Later[QWidget]], stack: QStackedWidget, side: SidePanel) -> None:
        super().__init__(stack)
        self.widgets, self._stack, self._side = widgets, stack, side
        self.page: str = STUDIO
        self.beside: str = USUAL
        self.pages = {name: _page(stack) for name in PAGES}
        self._at: dict[str, QWidget | None] = {}
        self._settle()
        side.chosen.connect(self.show_beside)
        side.enlarged.connect(lambda: self.show_page(self.beside))
        side.closed.connect(lambda: self.show_beside(USUAL))

    def show_page(self, name: str) -> None:
        """Shows a panel on its page, or the studio."""
        self._go(name, self.beside)
        if name != STUDIO:
            self._enter(name)

    def show_beside(self, name: str) -> None:
        """Shows a panel beside the canvas; the usual one in the place of one that cannot stand there."""
        self._go(STUDIO, name if name in BESIDE else USUAL)

    def show(self, name: str) -> None:
        """Shows a panel where it opens."""
        if PANELS[name].beside and not PANELS[name].opens_page:
            self.show_beside(name)
            self._enter(name)
        else:
            self.show_page(name)

    def _enter(self, name: str) -> None:
        widget, first = self.widgets[name], PANELS[name].first
        focus_in(widget, getattr(widget.made, first) if first else widget)

    def toggle_beside(self, name: str) -> None:
        """Shows a panel beside the canvas; the usual one again, if it was there already."""
        if self.page == STUDIO and self.beside == name != USUAL:
            self._go(STUDIO, USUAL)
        else:
            self.show_beside(name)
            self._enter(name)

    def toggle(self, name: str) -> None:
        """Shows a panel that is not on show; else the studio, with the usual panel beside the canvas."""
        if self.shows(name):
            self._go(STUDIO, USUAL if self.beside == name else self.beside)
        else:
            self.show(name)

    def shows(self, name: str) -> bool:
        """Whether a panel is on show."""
        return name == (self.beside if self.page == STUDIO else self.page)

    def reset(self) -> None:
        """Everything where it is at first."""
        self._go(STUDIO, USUAL)

    def _go(self, page: str, beside: str) -> None:
        if (page, beside) != (self.page, self.beside):
            self.page, self.beside = page, beside
            self._settle()
            self.changed.emit()

    def _settle(self) -> None:
        """Each panel goes where it belongs; what is on no page waits, hidden, until it is wanted."""
        for name, widget in self.widgets.items():
            if name == self.beside and name != self.page:
                home: QWidget | None = self._side
            else:
                home = self.pages.get(name)
            if name in self._at and self._at[name] is home:
                continue
            self._at[name] = home
            if home is None:
                widget.setParent(self._side)
                widget.hide()
            elif home is self._side:
                self._side.hold(name, widget, enlarges=name in PAGES, closes=name != USUAL)
            else:
                layout = home.layout()
                assert layout is not None
                layout.addWidget(widget)
                widget.show()
        page = self.pages.get(self.page)
        self._stack.setCurrentIndex(0 if page is None else self._stack.indexOf(page))


def _page(stack: QStackedWidget) -> QFrame:
    page = QFrame()
    page.setObjectName("page")
    column(gap=0, of=page)
    stack.addWidget(page)
    return page
