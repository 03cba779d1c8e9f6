"""Numbers of the form that stand in the top bar, each in one frame with its buttons: the seed, and how many samples."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame

from engine.protocol.option_kinds import Whole
from engine.protocol.options import ENTRIES
from sedd_studio.painting.theme import Look
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.widgets.controls.basic import Number, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import row
from sedd_studio.widgets.controls.option_fields import show_entry

ROUND = 14
"""Pixels round a number in its field."""


class EntryChip(QFrame):
    """A `number` of the form called `name`; it can be `shorten`ed where there is little room."""

    def __init__(self, name: str, form: CurrentForm, look: Look) -> None:
        super().__init__()
        self._name, self._form = name, form
        entry = ENTRIES[name]
        assert isinstance(entry.kind, Whole)
        self.setObjectName("chip")
        self.number = Number(entry.title, entry.kind.low, entry.kind.high, look, arrows=False)
        self.number.valueChanged.connect(lambda number: form.set(**{name: round(number)}))
        explain(self, entry.help)
        self.number.setToolTip(self.toolTip())

    def refresh(self) -> None:
        show_entry(self.number, self._form.now.entries[self._name])

    def _make_room_for(self, text: str) -> None:
        self.number.setFixedWidth(self.number.fontMetrics().horizontalAdvance(text) + ROUND)


class SeedChip(EntryChip):
    """The seed, and the dice that draw another."""

    def __init__(self, form: CurrentForm, look: Look) -> None:
        super().__init__("seed", form, look)
        self.title = label("Seed", "muted")
        self.title.setBuddy(self.number)
        self.dice = IconButton("dice", "New seed", look, form.new_seed)
        self.number.lineEdit().setTextMargins(5, 0, 0, 0)
        row(self.title, self.number, self.dice, gap=2, margins=(8, 0, 3, 0), of=self)
        self._make_room_for("0" * 7)
        keep_up(self.refresh, form.changed)

    def shorten(self, short: bool) -> None:
        self.title.setVisible(not short)


class SamplesChip(EntryChip):
    """The number of samples, and what makes them one fewer or more; the keys up and down do that in its field."""

    def __init__(self, form: CurrentForm, look: Look) -> None:
        super().__init__("samples", form, look)
        self._short = False
        self.fewer = IconButton("minus", "One sample fewer", look, self.number.stepDown)
        self.more = IconButton("plus", "One sample more", look, self.number.stepUp)
        for button in (self.fewer, self.more):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAutoRepeat(True)
            button.setIconSize(QSize(12, 12))
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.number.lineEdit().setTextMargins(0, 0, 0, 0)
        row(self.fewer, self.number, self.more, gap=0, margins=(3, 0, 3, 0), of=self)
        self.shorten(False)
        keep_up(self.refresh, form.changed)

    def refresh(self) -> None:
        super().refresh()
        value = self.number.value()
        self.number.setSuffix("" if self._short else " sample" if value == 1 else " samples")
        self.fewer.setEnabled(value > self.number.minimum())
        self.more.setEnabled(value < self.number.maximum())

    def shorten(self, short: bool) -> None:
        self._short = short
        self._make_room_for("4096" if short else "99 samples")
        self.refresh()
