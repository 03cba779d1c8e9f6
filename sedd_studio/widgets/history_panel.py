"""The history panel: every run, searched by its words and settings, to be opened, starred and removed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QListView, QVBoxLayout, QWidget

from engine.messages import UserError
from sedd_studio.edits import RemoveRuns
from sedd_studio.history import Entry
from sedd_studio.keeper import Keeper
from sedd_studio.parts.controls import IconButton, label
from sedd_studio.parts.history_rows import RowPainter, Runs
from sedd_studio.session import Session
from sedd_studio.theme import Theme

EMPTY = "Runs will be listed here."
NOTHING = "No run has all of these words."


class HistoryPanel(QWidget):
    """Lists `keeper.history`; what it changes there goes through the keeper.

    Enter or a double click opens a run, S or a click on the star marks it, Delete removes it.
    """

    def __init__(self, session: Session, keeper: Keeper, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._keeper = session, keeper
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search words, models, samplers, seeds")
        self.search.setAccessibleName("Search the history")
        self.search.setClearButtonEnabled(True)
        self.favourites = IconButton("star", "Show favourites only", theme, "Favourites", "toggle")
        self.favourites.setCheckable(True)
        self.runs = Runs(self)
        self.list = QListView()
        self.list.setModel(self.runs)
        self.list.setAccessibleName("Runs")
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._rows = RowPainter(theme, self.list)
        self.list.setItemDelegate(self._rows)
        self.note = label(EMPTY, "help")
        self._arrange()
        self.search.textChanged.connect(self.refresh)
        self.favourites.toggled.connect(self.refresh)
        self.list.activated.connect(self._open)
        self._rows.starred.connect(self._star)
        self.list.installEventFilter(self)
        keeper.changed.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self.favourites.set_theme(theme)
        self._rows.theme = theme
        self.list.viewport().update()

    def refresh(self) -> None:
        """List what the search finds now; the chosen run stays chosen."""
        if not self.isVisible():
            return
        chosen = {entry.id for entry in self.chosen()}
        self.runs.show_entries(self._keeper.history.search(self.search.text(), self.favourites.isChecked()))
        for row, entry in enumerate(self.runs.entries):
            if entry.id in chosen:
                self.list.setCurrentIndex(self.runs.index(row))
        asked = bool(self.search.text().strip()) or self.favourites.isChecked()
        self.note.setText(NOTHING if asked else EMPTY)
        self.note.setVisible(not self.runs.entries)

    def chosen(self) -> list[Entry]:
        """The runs that are selected."""
        return [self.runs.entries[index.row()] for index in self.list.selectionModel().selectedRows()]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Delete:
                self.remove()
                return True
            if event.key() == Qt.Key.Key_S and not event.modifiers():
                for index in self.list.selectionModel().selectedRows():
                    self._star(index.row())
                return True
        return super().eventFilter(watched, event)

    def remove(self) -> None:
        """Take the chosen runs out of the list; undoing puts them back."""
        if numbers := [entry.id for entry in self.chosen()]:
            self._session.undo_stack.push(RemoveRuns(numbers, self._keeper))

    def _open(self, index: QModelIndex) -> None:
        try:
            run = self._keeper.history.run(self.runs.entries[index.row()].id)
        except UserError as error:
            self._session.show_error(str(error))
            return
        self._session.show_run(run)

    def _star(self, row: int) -> None:
        entry = self.runs.entries[row]
        self._keeper.do(lambda history: history.set_favourite(entry.id, not entry.favourite))

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.search, 1)
        head.addWidget(self.favourites)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
