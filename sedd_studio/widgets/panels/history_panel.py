"""The history panel: every run, searched by its words and settings, to be opened, starred and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QWidget

from engine.plain_text import plain_line
from sedd_studio.painting.theme import Look
from sedd_studio.record.history import LONGEST_NOTE, Entry
from sedd_studio.session.undoing import RemoveRuns
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.history_rows import RunPainter, RunRows
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.overlay import GROUND

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper
    from sedd_studio.session.session import Session

FEWEST, MOST = 2, 8
"""Runs that can stand beside each other."""
LONGEST_SEARCH = 200
"""Characters: each word is looked up on its own."""
EMPTY = (
    "Every run that you make is kept here with its settings and its branches, to be found by its words, opened and "
    "compared."
)
NOTHING = "No run has all of these words."


class HistoryPanel(QWidget):
    """Lists what the keeper finds in the history; what it changes there goes through the keeper, too.

    Enter or a double click opens a run, S or a click on the star marks it, Delete removes it, C lays several that are
    selected beside each other.
    """

    compared = Signal(object)
    """With the runs that are to stand beside each other, the oldest first: a list of `Trajectory`."""

    def __init__(self, session: Session, keeper: Keeper, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._session, self._keeper, self._asked = session, keeper, 0
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search words, models, samplers, seeds")
        self.search.setAccessibleName("Search the history")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(LONGEST_SEARCH)
        self.favourites = IconButton("star", "Show favourites only", look, text="Favourites", kind="toggle")
        self.compare = PushButton("Compare", "columns", look, self.compare_chosen)
        self.compare.setToolTip("Lay the selected runs beside each other (C). Select several with Ctrl or Shift.")
        self.runs = RunRows(words.say, self)
        self.list = QListView()
        self.list.setModel(self.runs)
        self.list.setAccessibleName("Runs")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._rows = RunPainter(look, self.list)
        self.filled = Filled(self.list, EMPTY)
        self.filled.setObjectName(GROUND)
        self.search.setMinimumWidth(180)
        head = Flow(self.search, self.favourites, self.compare)
        self.note = QLineEdit()
        self.note.setPlaceholderText("A note on the chosen run")
        self.note.setAccessibleName("A note on the chosen run")
        self.note.setMaxLength(LONGEST_NOTE)
        self._noted = 0
        column(head, (self.filled, 1), self.note, gap=8, margins=(16, 10, 16, 10), of=self)
        self.note.editingFinished.connect(self._keep_note)
        self.search.textChanged.connect(self.refresh)
        self.favourites.toggled.connect(self.refresh)
        self.list.activated.connect(self._open)
        self._rows.starred.connect(self._star)
        self.list.installEventFilter(self)
        self.list.selectionModel().selectionChanged.connect(self._enable)
        keeper.changed.connect(self.refresh)
        words.changed.connect(self.list.viewport().update)
        self._enable()

    def refresh(self) -> None:
        """Has the list show what the search finds now; the chosen run stays chosen."""
        if not self.isVisible() or self._keeper.closed:
            return
        self._asked += 1
        asked, words, starred = self._asked, self.search.text(), self.favourites.isChecked()
        self._keeper.find(
            lambda history: history.search(words, starred) if asked == self._asked else [],
            lambda rows: self._show(rows) if asked == self._asked else None,
        )

    def _show(self, rows: list[Entry]) -> None:
        chosen = {entry.id for entry in self.chosen()}
        self.runs.show_runs(rows, self.search.text())
        for number, entry in enumerate(self.runs.rows):
            if entry.id in chosen:
                index, add = self.runs.index(number), QItemSelectionModel.SelectionFlag.Select
                self.list.selectionModel().setCurrentIndex(index, add)
        asked = bool(self.search.text().strip()) or self.favourites.isChecked()
        self.filled.say(NOTHING if asked else EMPTY)
        self.filled.show_content(bool(self.runs.rows))
        self._enable()

    def chosen(self) -> list[Entry]:
        rows = sorted(index.row() for index in self.list.selectionModel().selectedRows())
        return [self.runs.rows[row] for row in rows]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Delete:
                self.remove()
                return True
            if event.key() == Qt.Key.Key_C and not event.modifiers():
                self.compare_chosen()
                return True
            if event.key() == Qt.Key.Key_S and not event.modifiers():
                for index in self.list.selectionModel().selectedRows():
                    self._star(index.row())
                return True
        return super().eventFilter(watched, event)

    def remove(self) -> None:
        """Take the chosen runs out of the list; undoing puts them back."""
        if numbers := [entry.id for entry in self.chosen()]:
            removed = RemoveRuns(numbers, self._keeper)
            removed.redo()
            self._session.editor.undo_stack.add(removed)

    def compare_chosen(self) -> None:
        numbers = [entry.id for entry in reversed(self.chosen())]
        if FEWEST <= len(numbers) <= MOST:
            self._session.reader.read(lambda: self._keeper.runs(numbers), self.compared.emit)

    def _keep_note(self) -> None:
        """Keeps what is written about the run for which it was begun."""
        number, text = self._noted, self.note.text()
        entry = next((entry for entry in self.runs.rows if entry.id == number), None)
        if entry is not None and plain_line(text) != entry.note[:LONGEST_NOTE]:
            self._keeper.do(lambda history: history.set_note(number, text))

    def _follow_note(self) -> None:
        """Shows the note of the chosen run, unless one is being written on it."""
        chosen = self.chosen()
        entry = chosen[0] if len(chosen) == 1 else None
        self.note.setEnabled(entry is not None)
        if (entry.id if entry is not None else 0) != self._noted or not self.note.hasFocus():
            self._noted = 0 if entry is None else entry.id
            self.note.setText("" if entry is None else entry.note)

    def _enable(self) -> None:
        self._follow_note()
        self.compare.setEnabled(FEWEST <= len(self.chosen()) <= MOST)

    def _open(self, index: QModelIndex) -> None:
        number = self.runs.rows[index.row()].id
        self._session.reader.read(lambda: self._keeper.runs([number])[0], self._session.show_run)

    def _star(self, row: int) -> None:
        entry = self.runs.rows[row]
        self._keeper.do(lambda history: history.set_favourite(entry.id, not entry.favourite))
