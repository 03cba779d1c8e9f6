"""Asks for a range of seeds and a grid of settings, over which the prompt is to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLineEdit, QWidget

from engine.protocol import UserError
from engine.protocol.option_kinds import SEED
from engine.protocol.sampler_table import samplers_for
from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import duration
from sedd_studio.session.several_runs import Several
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import Number, label
from sedd_studio.widgets.controls.layouts import column, row

if TYPE_CHECKING:
    from sedd_studio.session.queueing import RunQueue

LONGEST = 20_000
"""Characters of a list: of more than can be added."""


class SeveralDialog(QDialog):
    """Says how many runs come of what is typed, and adds them to the `queue`."""

    def __init__(self, queue: RunQueue, words: Vocabulary, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._queue, self._say = queue, words.say
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add several runs")
        asked, noise = queue.asked()
        high = min(SEED.high, 2**53)  # what such a field can hold
        self.first, self.last = Number("First seed", 0, high, look), Number("Last seed", 0, high, look)
        for number in (self.first, self.last):
            number.setValue(min(asked.seed, high))
            number.setKeyboardTracking(True)
            number.lineEdit().textChanged.connect(self._tell)
        samplers = ", ".join(words.say(row.title).lower() for row in samplers_for(noise)[:3])
        self.steps = self._list("Steps", f"{asked.steps}, as in the form; or 16, 64, 256")
        self.samplers = self._list("Sampler", f"as in the form; or {samplers}")
        self.temperatures = self._list("Temperature", f"{asked.temperature:g}, as in the form; or 0.8, 1, 1.2")
        self.summary = label("", "muted")
        self.summary.setWordWrap(True)
        self.summary.setMinimumHeight(3 * self.summary.fontMetrics().height())
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.add = self.buttons.addButton("Add", QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setProperty("kind", "primary")
        self.buttons.rejected.connect(self.reject)
        self.buttons.accepted.connect(self._accept)
        grid = QGridLayout()
        grid.setVerticalSpacing(10)
        seeds = row((self.first, 1), label("to", "muted"), (self.last, 1), gap=8)
        grid.addWidget(label("Seeds", "muted"), 0, 0)
        grid.addLayout(seeds, 0, 1)
        lists = (self.steps, self.samplers, self.temperatures)
        for place, field in enumerate(lists, start=1):
            grid.addWidget(label(field.accessibleName(), "muted"), place, 0)
            grid.addWidget(field, place, 1)
            field.setEnabled(field is self.temperatures or len(samplers_for(noise)) > 1)
        grid.setColumnStretch(1, 1)
        column(grid, self.summary, self.buttons, gap=14, margins=(20, 18, 20, 16), of=self)
        self.resize(460, self.sizeHint().height())
        self._tell()

    def _list(self, name: str, hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(self._say(name))
        field.setPlaceholderText(hint)
        field.setToolTip("One, or several with commas between them; each with all else.")
        field.setMaxLength(LONGEST)
        field.textChanged.connect(self._tell)
        return field

    def _several(self) -> Several:
        seeds = int(self.first.value()), int(self.last.value())
        return Several(seeds, self.steps.text(), self.samplers.text(), self.temperatures.text(), self._say)

    def _tell(self) -> None:
        try:
            for number in (self.first, self.last):
                if not number.hasAcceptableInput():
                    raise UserError(number.refusal)
            count, seconds = self._queue.cost(self._several())
        except UserError as error:
            self.summary.setText(str(error))
            self.add.setEnabled(False)
            return
        about = "" if seconds is None else f", about {duration(seconds)}"
        self.summary.setText(f"{count:,} run{'s' if count > 1 else ''}{about}.")
        self.add.setEnabled(True)

    def _accept(self) -> None:
        self._queue.add_several(self._several())
        self.accept()
