"""The window in which the texts of a file are scored: a table that fills, with how far it is, a stop, and an export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QTableView, QWidget

from engine.language.documents import SEPARATOR
from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import until_done
from sedd_studio.session.text_rows import COLUMNS, LISTED, TextRow, as_csv
from sedd_studio.widgets.controls.basic import ProgressLine, label, plain
from sedd_studio.widgets.controls.buttons import PushButton
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.rows import Index
from sedd_studio.widgets.controls.saving import ask_where, writing

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs
    from sedd_studio.session.score_queue import TextScores
    from sedd_studio.session.vocabulary import Vocabulary

SIZE = (860, 560)
ONE_TEXT = f"All lines of the file are one text. Where another begins, put {SEPARATOR} on a line of its own."


class TextTable(QAbstractTableModel):
    """A line for each text."""

    def __init__(self, scores: TextScores, words: Vocabulary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scores, self._words = scores, words
        self.rows: Sequence[TextRow] = ()
        scores.changed.connect(self._refresh)
        words.changed.connect(self._speak)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.cells(self._scores.bounds[index.row()])[index.column()]
            case Qt.ItemDataRole.ToolTipRole if index.column() == 0:
                return plain(row.text[:LISTED])
            case Qt.ItemDataRole.TextAlignmentRole if index.column():
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._words.say(COLUMNS[section]) if orientation is Qt.Orientation.Horizontal else section + 1

    def _speak(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def _refresh(self, number: int) -> None:
        if self.rows is not self._scores.rows:
            self.beginResetModel()
            self.rows = self._scores.rows
            self.endResetModel()
        elif number >= 0:
            self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS) - 1))


class TextsWindow(QDialog):
    """Shows `scores`; closing it ends them."""

    def __init__(self, scores: TextScores, jobs: Jobs, words: Vocabulary, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(*SIZE).boundedTo(parent.window().size()))
        self._jobs, self.scores = jobs, scores
        scores.setParent(self)
        self.rows = TextTable(self.scores, words, self)
        self.table = QTableView()
        self.table.setModel(self.rows)
        self.table.setAccessibleName("Bounds of the texts")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        header = self.table.horizontalHeader()
        header.setResizeContentsPrecision(0)  # rows that can be seen
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.one = label(ONE_TEXT, "help")
        self.one.setWordWrap(True)
        self.one.hide()
        self.progress = ProgressLine("Texts that are scored")
        self.note = label("", "help")
        self.stop = PushButton("Stop", "stop", look, scores.cancel)
        self.export = PushButton("Export …", "folder", look, self._export)
        foot = row((self.progress, 1), self.note, self.stop, self.export, gap=12)
        column((self.table, 1), self.one, foot, gap=12, margins=(20, 18, 20, 16), of=self)
        self.scores.changed.connect(self._refresh)
        self.finished.connect(lambda _: self.scores.cancel())

    def _refresh(self) -> None:
        scores = self.scores
        self.progress.show_share(scores.done / max(1, len(scores.rows)))
        left = "" if scores.seconds_left is None else f" · {until_done(scores.seconds_left)}"
        self.note.setText(f"{scores.done} of {len(scores.rows)} texts{left}")
        self.one.setVisible(len(scores.rows) == 1 and "\n" in scores.rows[0].text.strip())
        self.stop.setEnabled(scores.busy)
        self.export.setEnabled(any(bound is not None for bound in scores.bounds))

    def _export(self) -> None:
        rows, bounds = self.scores.rows, list(self.scores.bounds)
        path = ask_where(self, "Export the table", "likelihood.csv", ["Table (*.csv)"])
        if path is not None:
            self._jobs.start(f"Writing {path.name}", lambda: writing(path, lambda: as_csv(rows, bounds).encode()), path)
