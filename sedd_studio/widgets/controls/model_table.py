"""Models on one text, a line for each or for each of its rates, as they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from sedd_studio.session.compare_rows import headings, lines_of
from sedd_studio.widgets.controls.basic import plain
from sedd_studio.widgets.controls.rows import Index

if TYPE_CHECKING:
    from sedd_studio.session.comparing_models import ModelRows
    from sedd_studio.session.vocabulary import Vocabulary

LINE = 34
"""Pixels of a line's height."""
NAME, STATE = 200, 96
"""Pixels of the columns of names, and of how far they are."""
REASON = 2
"""Cells of a line that has a reason in the place of figures."""


class ModelLines(QAbstractTableModel):
    """What the rows say, in the words that are chosen."""

    def __init__(self, models: ModelRows, words: Vocabulary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._words = models, words
        self.lines: list[list[str]] = []
        self.headings: list[str] = []

    def refresh(self) -> None:
        typo = self._models.typo is not None
        lines, shown = lines_of(self._models.rows, typo), headings(typo, self._words.say)
        if (len(lines), shown) != (len(self.lines), self.headings):
            self.beginResetModel()
            self.lines, self.headings = lines, shown
            self.endResetModel()
        elif lines != self.lines:
            self.lines = lines
            self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, len(shown) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, column = self.lines[index.row()], index.column()
        text = line[column] if column < len(line) else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words.say(text)
            case Qt.ItemDataRole.ToolTipRole if column < 2:
                return plain(text)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._aligned(column if len(line) > REASON else 0)
            case Qt.ItemDataRole.FontRole if column == 0:
                font = QFont()
                font.setWeight(QFont.Weight.DemiBold)
                return font
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.headings[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._aligned(section)
        return None

    def _aligned(self, column: int) -> Qt.AlignmentFlag:
        left = column == 0 or (self._models.typo is not None and column == 1)
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter


class ModelTable(QTableView):
    """The table of `models`."""

    def __init__(self, models: ModelRows, words: Vocabulary) -> None:
        super().__init__()
        self.lines = ModelLines(models, words, self)
        self.setModel(self.lines)
        self.setAccessibleName("Models on this text")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setMinimumHeight(160)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(LINE)
        self.setWordWrap(False)
        self.horizontalHeader().setHighlightSections(False)
        self.lines.modelReset.connect(self._share_out)

    def _share_out(self) -> None:
        """Names and how far they are take what they need, figures share the rest."""
        header, last = self.horizontalHeader(), len(self.lines.headings) - 1
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, NAME), (last, STATE)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)

    def refresh(self) -> None:
        """Shows what is known now; why a model is left out takes the room of all figures."""
        self.lines.refresh()
        self.clearSpans()
        for number, line in enumerate(self.lines.lines):
            if len(line) == REASON:
                self.setSpan(number, 1, 1, len(self.lines.headings) - 1)
