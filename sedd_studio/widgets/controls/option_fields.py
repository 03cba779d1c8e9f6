"""A column of fields for options of a run: the title, the control and the help of each come from the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, QStringListModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from engine.protocol import Noise
from engine.protocol.option_kinds import Kind, OneOf, Pattern, Real, Whole
from engine.protocol.options import ENTRIES
from sedd_studio.painting.theme import Look
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.basic import Choice, Number, keep_up
from sedd_studio.widgets.controls.layouts import Field, column

ONLY_WITH: dict[tuple[Noise, ...], str] = {("absorb",): "Works with absorbing noise only."}


class PatternLine(QLineEdit):
    """A line for a regular expression, which offers the names of some."""

    def __init__(self) -> None:
        super().__init__()
        self._names = QStringListModel(self)
        offered = QCompleter(self._names, self)
        offered.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        offered.activated.connect(self.textEdited)
        self.setCompleter(offered)

    def offer(self, names: Iterable[str]) -> None:
        self._names.setStringList([*names])
        self.setPlaceholderText(", ".join(names))


Control = Number | Choice | QLineEdit


def control_for(title: str, kind: Kind, look: Look, take: Callable[[Any], object]) -> Control:
    """A control for entries of a kind; `take` is called with what the user makes of its entry."""
    control: Control
    match kind:
        case Whole():
            control = Number(title, kind.low, kind.high, look)
            control.valueChanged.connect(lambda value: take(round(value)))
        case Real():
            control = Number(title, math.ceil(100 * kind.low) / 100, kind.high, look, decimals=2)
            control.valueChanged.connect(lambda value: take(round(value, 2)))
        case OneOf():
            control = choice = Choice(title, look, kind.titles)
            choice.activated.connect(lambda row: take(choice.itemData(row)))
        case _:
            control = PatternLine() if isinstance(kind, Pattern) else QLineEdit()
            control.setAccessibleName(title)
            control.textEdited.connect(take)
    return control


def show_entry(control: Control, entry: Any) -> None:
    """Shows an entry, without a signal; what is being typed is left alone."""
    with QSignalBlocker(control):
        match control:
            case Number() if control.value() != entry:
                control.setValue(entry)
            case Choice():
                control.setCurrentIndex(max(0, control.findData(entry)))
            case QLineEdit() if control.text() != entry and not control.hasFocus():
                control.setText(entry)


class OptionFields(QWidget):
    """Edits some entries of the form, by name in `controls` and, with titles and helps, in `fields`.

    What does not go with the model's noise cannot be edited, and is not shown if it does not go with absorbing noise
    either.
    """

    def __init__(self, form: CurrentForm, models: Models, names: Iterable[str], look: Look) -> None:
        super().__init__()
        self._form, self._models = form, models
        self.controls: dict[str, Control] = {}
        self.fields: dict[str, Field] = {}
        for name in names:
            row = ENTRIES[name]
            self.controls[name] = control_for(row.title, row.kind, look, partial(self._take, name))
            self.fields[name] = Field(row.title, self.controls[name], row.help)
        column(*self.fields.values(), gap=0, of=self)
        keep_up(self.refresh, form.changed, models.changed)

    def refresh(self) -> None:
        """Show the form, and what of it goes with the model's noise."""
        info = self._models.info
        noise = info.noise if info is not None else "absorb"
        for name, control in self.controls.items():
            noises = ENTRIES[name].noises
            if isinstance(control, PatternLine):
                control.offer(self._models.domain.patterns)
            show_entry(control, self._form.now.entries[name])
            control.setEnabled(noise in noises)
            control.setToolTip("" if noise in noises else ONLY_WITH.get(noises, ""))
            self.fields[name].setVisible(noise in noises or "absorb" in noises)

    def changed(self) -> int:
        """How many entries are not the usual ones: what is folded away should not be forgotten."""
        return sum(self._form.now.entries[name] != ENTRIES[name].entry_usual for name in self.controls)

    def _take(self, name: str, entry: object) -> None:
        self._form.set(**{name: entry})
