"""The list of presets above the run form, and a menu to keep the form as one, or to forget one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from engine.protocol import UserError
from sedd_studio.painting.theme import Look
from sedd_studio.session.errors import Errors
from sedd_studio.widgets.controls.basic import Choice, keep_up
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.presets import Presets

NONE = "Your own"


class PresetChoice(QWidget):
    """Shows which preset the form is, and makes it another."""

    def __init__(self, errors: Errors, presets: Presets, look: Look) -> None:
        super().__init__()
        self._errors, self._presets = errors, presets
        self.list = Choice("Preset", look)
        self.list.give_way()
        self.more = IconButton("star", "Keep these settings as a preset, or remove one", look)
        self.menu = QMenu(self)
        self.keep = self.menu.addAction("&Keep these settings as a preset …", self._keep)
        self.forget = self.menu.addAction("&Remove this preset", self._forget)
        row((self.list, 1), self.more, gap=4, of=self)
        self.list.activated.connect(self._choose)
        self.more.clicked.connect(lambda: self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft())))
        keep_up(self.refresh, presets.changed)

    def refresh(self) -> None:
        current, names = self._presets.current(), self._presets.names()
        shown = names if current is not None else [NONE, *names]
        with QSignalBlocker(self.list):
            if shown != [self.list.itemText(row) for row in range(self.list.count())]:
                self.list.clear()
                self.list.addItems(shown)
            self.list.setCurrentIndex(shown.index(current) if current is not None else 0)
        self.forget.setEnabled(current is not None and self._presets.is_own(current))
        self.keep.setEnabled(current is None)

    def _choose(self) -> None:
        if self.list.currentText() in self._presets.names():
            self._presets.choose(self.list.currentText())

    def _keep(self) -> None:
        name, agreed = QInputDialog.getText(self, "Keep a preset", "Name of the preset")
        if agreed:
            try:
                self._presets.save(name)
            except UserError as error:
                self._errors.show(str(error))

    def _forget(self) -> None:
        current = self._presets.current()
        if current is not None:
            self._presets.remove(current)
