"""What is known of one model, what can be done with it, and what the doctor says of it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.session.shelf_rows import TO_DO, Row, State
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.layouts import Sheet, column, row

TITLES = 116
"""Pixels of the titles of facts."""
ACTIONS: dict[State, tuple[str, str]] = {
    "open": ("In use", "tick"),
    "opens": ("Opening …", "shelf"),
    "there": ("Open", "shelf"),
    "coming": ("Cancel", "close"),
    "waits": ("Cancel", "close"),
    "part": ("Resume the download", "download"),
    "away": ("Download", "download"),
    "leaves": ("Deleting …", "close"),
}


REMOVE = "Delete it from this disk; it can be downloaded again"


class Facts(QWidget):
    """Facts under each other, each with its title at the left; what is to be done stands out."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = QGridLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setVerticalSpacing(7)
        self._lines.setColumnMinimumWidth(0, TITLES)
        self._lines.setColumnStretch(1, 1)
        self.shown: list[tuple[str, str]] = []

    def show_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        facts = list(facts)
        if facts == self.shown:
            return
        self.shown = facts
        while (item := self._lines.takeAt(0)) is not None:
            if (part := item.widget()) is not None:
                part.hide()
                part.deleteLater()
        for place, (title, fact) in enumerate(facts):
            name, value = label(title, "help"), label(fact, "notice" if title == TO_DO else "small")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            top = Qt.AlignmentFlag.AlignTop
            self._lines.addWidget(name, place, 0, top)
            self._lines.addWidget(value, place, 1, top)


class ShelfCard(QFrame):
    """The card of one row. `acted` is told when it is to be opened or downloaded, `cancelled` when its download is to
    end, `asked` when the doctor is to look at it, `removed` when it is to be deleted from this disk."""

    acted = Signal()
    cancelled = Signal()
    asked = Signal()
    removed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("shelfCard")
        self.name, self.told = label(role="strong"), label(role="muted")
        for part in (self.name, self.told):
            part.setWordWrap(True)
        self.warning = label(role="notice")
        self.warning.setWordWrap(True)
        self.facts, self.report = Facts(), Facts()
        self.heading = label("WHAT THE DOCTOR SAYS", "section")
        self.button = PushButton("Open", "shelf", look, self._press, primary=True)
        self.ask = PushButton("What is it?", "question", look, self.asked.emit)
        self.ask.setToolTip("Has the doctor read its files: what it is, what is missing, and what to do (I).")
        self.remove = IconButton("close", REMOVE, look, self.removed.emit, "Delete")
        inner = QWidget()
        column(self.facts, 10, self.heading, self.report, None, gap=6, margins=(16, 4, 16, 12), of=inner)
        head = column(self.name, self.told, self.warning, gap=6, margins=(16, 14, 16, 8))
        foot = row((self.button, 1), self.ask, self.remove, gap=8, margins=(16, 10, 16, 14))
        column(head, (Sheet(inner), 1), foot, gap=0, of=self)
        self._state: State = "away"

    def show_row(self, shown: Row, state: State, removable: bool) -> None:
        """Shows a row and what can be done with it."""
        self._state = state
        self.name.setText(shown.name)
        self.told.setText(shown.told)
        self.warning.setVisible(not shown.fits)
        self.warning.setText(f"It does not fit: it {shown.room}.")
        memory = {"Memory": f"{shown.room} free" if shown.fits and shown.free else shown.room} if shown.room else {}
        self.facts.show_facts([*shown.facts.items(), *memory.items()])
        text, icon = ACTIONS[state]
        self.button.setText(text)
        self.button.setAccessibleName(text)
        self.button.sign.show(icon)
        self.button.setEnabled(state not in ("open", "opens", "leaves"))
        self.remove.setVisible(shown.fetched and state not in ("coming", "waits"))
        self.remove.setEnabled(removable)
        self.remove.set_name(REMOVE if state != "open" else "It is open; open another model first")
        self.ask.setVisible(bool(shown.path))

    def show_report(self, lines: Iterable[tuple[str, str]], looking: bool) -> None:
        """Shows what the doctor says, or that he is looking."""
        lines = [("", "Looking at its files …")] if looking else list(lines)
        self.heading.setVisible(bool(lines))
        self.report.setVisible(bool(lines))
        self.report.show_facts(lines)

    def _press(self) -> None:
        (self.cancelled if self._state in ("coming", "waits") else self.acted).emit()
