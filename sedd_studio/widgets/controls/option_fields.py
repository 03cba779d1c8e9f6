"""A column of fields for options of a run: the title, the control and the help of each come from the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from engine.protocol.option_kinds import Kind, OneOf, Pattern, Real, Whole
from engine.protocol.options import BOTH, ENTRIES, OPTIONS
from sedd_studio.painting.theme import Look
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.models import Models
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import Choice, Number, Slider
from sedd_studio.widgets.controls.layouts import GAP, Field, column

IN_TOP_BAR = ("seed", "samples")
"""Entries that have their controls there, and nowhere else in the window."""
ONLY_WITH = {("absorb",): "Works with absorbing noise only.", BOTH: "From left to right each free token is a step."}
"""Why an entry cannot be edited, by the noises that it works with."""
ONLY_AFTER = "Choose a {} first: without one it changes nothing."
"""Why an entry that is about another cannot be edited."""
KNOWN = "This model knows those from 0 to {:,}."
"""What is said beside the help of the class."""
NUMBER_WIDTH = 66
"""Beside a slider."""
DOUBLING = 10
"""Notches of the slider of steps in which they double."""
SLIDERS: dict[str, Callable[[], Slider]] = {
    "steps": lambda: Slider(
        "Steps, logarithmic",
        (0, 10 * DOUBLING),  # more are typed
        lambda notch: round(2 ** (notch / DOUBLING)),
        lambda steps: DOUBLING * math.log2(max(steps, 1)),
        (DOUBLING // 2, DOUBLING),
    ),
    "temperature": lambda: _twentieths("Temperature, up to 2", 0, 40),
    "top_p": lambda: _twentieths("Top-p, in twentieths", 1, 20),
}


def _twentieths(name: str, first: int, last: int) -> Slider:
    return Slider(name, (first, last), lambda notch: notch / 20, lambda number: 20 * number)


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
            control.setSpecialValueText(kind.lowest)
            control.valueChanged.connect(lambda value: take(round(value)))
        case Real():
            control = Number(title, math.ceil(100 * kind.low) / 100, kind.high, look, decimals=2)
            control.valueChanged.connect(lambda value: take(round(value, 2)))
        case OneOf():
            control = choice = Choice(title, look, kind.titles)
            choice.give_way()
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


def help_of(control: Control, usual: str) -> str:
    """That of what is chosen, if each choice has one, else the usual one."""
    own = control.currentData(Qt.ItemDataRole.StatusTipRole) if isinstance(control, Choice) else None
    return own or usual


class OptionFields(QWidget):
    """Edits some entries of the form, by name in `controls`, `sliders` and, with titles and helps, in `fields`.

    `refresh` shows the form. What does not go with the model's noise cannot be edited, and is not shown if it does not
    go with absorbing noise either.
    """

    def __init__(self, form: CurrentForm, models: Models, words: Vocabulary, names: Iterable[str], look: Look) -> None:
        super().__init__()
        self._form, self._models, self._words = form, models, words
        self.controls: dict[str, Control] = {}
        self.sliders: dict[str, Slider] = {}
        self.fields: dict[str, Field] = {}
        for name in names:
            row = ENTRIES[name]
            self.controls[name] = control_for(row.title, row.kind, look, partial(self._take, name))
            slider = self._slider(name) if name in SLIDERS else None
            self.fields[name] = Field(row.title, self.controls[name], row.help, before=slider)
        column(*self.fields.values(), gap=GAP, of=self)

    def refresh(self) -> None:
        """Show the form, and what of it goes with the model's noise."""
        info = self._models.info
        noise, classes = (info.noise, info.classes) if info is not None else ("absorb", 0)
        for name, control in self.controls.items():
            row, field, entry = ENTRIES[name], self.fields[name], self._form.now.entries[name]
            if isinstance(control, PatternLine):
                control.offer(self._models.domain.patterns)
            show_entry(control, entry)
            if name in self.sliders:
                self.sliders[name].show_number(entry)
            fits = row.fits(noise, classes)
            about = OPTIONS.get(row.about)
            idle = about is not None and self._form.now.entries[about.entry] == about.entry_usual
            field.setEnabled(fits and not idle)
            field.setVisible(fits or row.fits("absorb", classes))
            field.name(self._words.say(row.title))
            told = self._words.say(help_of(control, row.help) if fits else ONLY_WITH.get(row.noises, ""))
            if about is not None and idle and fits:
                told = self._words.say(ONLY_AFTER.format(about.title.lower()))
            field.explain(f"{told} {KNOWN.format(classes - 1)}" if name == "label" and fits else told)

    def changed(self) -> int:
        """How many entries that are shown are not the usual ones: what is folded away should not be forgotten."""
        shown = [name for name, field in self.fields.items() if not field.isHidden()]
        return sum(self._form.now.entries[name] != ENTRIES[name].entry_usual for name in shown)

    def _slider(self, name: str) -> Slider:
        self.sliders[name] = slider = SLIDERS[name]()
        slider.valueChanged.connect(lambda: self._take(name, slider.number()))
        self.controls[name].setFixedWidth(NUMBER_WIDTH)
        return slider

    def _take(self, name: str, entry: object) -> None:
        self._form.set(**{name: entry})
