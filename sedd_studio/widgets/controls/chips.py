"""Chips: what is chosen of something, each taken out by a click, and a last one that adds another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import label, literal, plain
from sedd_studio.widgets.controls.buttons import IconButton, Sign
from sedd_studio.widgets.controls.flow import Flow

WIDEST = 180
"""Pixels of the text on a chip."""
NONE = "No other is known here"
OTHER = object()
"""In a menu of what can be added: a value that is asked for."""


class Chip(IconButton):
    """One thing that is chosen; a click, Delete or Backspace takes it out."""

    def __init__(self, text: str, look: Look, take_out: Callable[[], object]) -> None:
        super().__init__("close", f"Take out {text}", look, take_out, kind="chip")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setText(literal(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, WIDEST)))
        self.setIconSize(QSize(10, 10))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # its sign stands behind the text
        self.take_out = take_out

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.take_out()
        else:
            super().keyPressEvent(event)


class Chips(QWidget):
    """What is chosen under a `title`, in order, and what `choices` offers besides; without any there is one, as
    `usual` says. `change` is called with all that is chosen from now on. `ask` gives a value that is in no menu; `find`
    looks for choices, which may take a while, when some are wanted first. Once there are `most` no more are offered."""

    def __init__(
        self,
        title: str,
        what: str,
        look: Look,
        change: Callable[[tuple[Any, ...]], object],
        ask: Callable[[], Any] | None = None,
        find: Callable[[], object] | None = None,
        most: int = 8,
    ) -> None:
        super().__init__()
        self._look, self._change, self._ask, self._find = look, change, ask, find
        self._most = most
        self._chosen: tuple[Any, ...] = ()
        self._written: list[str] = []
        self._choices: Mapping[Any, str] = {}
        self.chips: list[Chip] = []
        self.usual = label("", "help")
        self.add = QToolButton()
        self.add.setProperty("kind", "add")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        Sign(self.add, "plus", look, "muted")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.add.setMenu(self.menu)
        self.title: QLabel = label("", "muted")
        self.call(title, what)
        self._flow = Flow(self.title, self.usual, self.add, gap=6, of=self)

    def call(self, title: str, what: str) -> None:
        """Has a title, and a name for one of what is chosen."""
        self.title.setText(title)
        said = title.lower().startswith(what)
        self.add.setText("" if said else what)
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        self.add.setToolButtonStyle(alone if said else beside)
        self.add.setAccessibleName(f"Add another {what} to compare")
        self.add.setToolTip(f"Add another {what}")

    def show_chosen(self, chosen: tuple[Any, ...], titles: Mapping[Any, str], usual: str) -> None:
        """Shows what is chosen, and offers what else has a title; `usual` stands there for nothing."""
        self._choices = {value: title for value, title in titles.items() if value not in chosen}
        self.add.setVisible(len(chosen) < self._most and bool(self._choices or self._ask or self._find))
        if self.menu.isVisible():
            self._list(NONE)
        self.usual.setText(usual)
        self.usual.setToolTip("As in the form of the run")
        self.usual.setVisible(bool(usual) and not chosen)
        wanted = [titles.get(value, str(value)) for value in chosen]
        if (chosen, wanted) != (self._chosen, self._written):
            self._chosen, self._written = chosen, wanted
            self._make(wanted)

    def _make(self, wanted: list[str]) -> None:
        focused = next((place for place, chip in enumerate(self.chips) if chip.hasFocus()), None)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._flow.removeWidget(self.add)
        self.chips = []
        for value, text in zip(self._chosen, wanted, strict=True):
            chip = Chip(text, self._look, lambda _=False, value=value: self._take_out(value))  # type: ignore[misc]
            self.chips.append(chip)
            self._flow.addWidget(chip)
            chip.show()
        self._flow.addWidget(self.add)
        for one, other in pairwise((self.add, *self.chips, self.add) if self.chips else ()):
            self.setTabOrder(one, other)
        if focused is not None:
            (self.chips[min(focused, len(self.chips) - 1)] if self.chips else self.add).setFocus()

    def _fill(self) -> None:
        looks = self._find is not None and not self._choices
        self._list("Looking …" if looks else NONE)
        if looks and self._find is not None:
            self._find()

    def _list(self, nothing: str) -> None:
        self.menu.clear()
        for value, title in self._choices.items():
            action = self.menu.addAction(literal(title))
            action.setToolTip(plain(title))
            action.triggered.connect(lambda _=False, value=value: self._put_in(value))
        if self._ask is not None:
            self.menu.addAction("Another …").triggered.connect(lambda: self._put_in(OTHER))
        if self.menu.isEmpty():
            self.menu.addAction(nothing).setEnabled(False)

    def _put_in(self, value: Any) -> None:
        if value is OTHER and self._ask is not None:
            value = self._ask()
        if value is not None and value not in self._chosen:
            self._change((*self._chosen, value))

    def _take_out(self, value: Any) -> None:
        self._change(tuple(one for one in self._chosen if one != value))
