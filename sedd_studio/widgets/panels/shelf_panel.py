"""The page of models: those that come along, those on this disk, and those that the hub has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QMessageBox, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.record.sizes import memory, stored
from sedd_studio.session.shelf_rows import Row, found_in
from sedd_studio.widgets.controls.basic import Elided, keep_up, plain
from sedd_studio.widgets.controls.buttons import Do, PushButton
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.overlay import GROUND
from sedd_studio.widgets.controls.segments import Segments
from sedd_studio.widgets.controls.shelf_card import ShelfCard
from sedd_studio.widgets.controls.shelf_list import ShelfPainter, ShelfRows

if TYPE_CHECKING:
    from sedd_studio.session.shelf import Shelf

CARD = 340
"""Pixels of the card at the right."""
LONGEST_SEARCH = 200
KINDS = {
    "": "All",
    "text": "Text",
    "questions": "Questions",
    "proteins": "Proteins",
    "molecules": "Molecules",
    "digits": "Digits",
    "promoters": "DNA",
}
"""What models are to write, `engine.catalogue.families.KINDS`, as buttons call it."""
NOTHING = "No model has all of these words. What the hub calls it, owner/name, is offered for download."
NOTHING_SUCH = "No model that writes this has all of these words. All shows the others, too."
LOOKING = "The models are being looked through …"
HELP = "Enter opens or downloads, Delete cancels a download or deletes what came of one, I asks what it is."
KEYPAD = Qt.KeyboardModifier.KeypadModifier
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
THROUGH = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, *ENTER)
"""Keys that work the list while one types a search."""


class ShelfPanel(QWidget):
    """Lists what is on the `shelf`, the card of the chosen row beside it; `open_folder` asks for another folder."""

    def __init__(self, shelf: Shelf, open_folder: Do, look: Look) -> None:
        super().__init__()
        self._shelf = shelf
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, or type what the hub calls a model: owner/name")
        self.search.setAccessibleName("Search the models")
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(LONGEST_SEARCH)
        self.open_folder = PushButton("Open a folder …", "folder", look, open_folder)
        self.free = Elided("help")
        self.free.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.rows = ShelfRows(shelf.state, self)
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setAccessibleName("Models")
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        explain(self.list, HELP)
        self.list.setToolTip("")
        self._painter = ShelfPainter(look, self.list, lambda shown: shelf.fetcher.progress(shown.name))
        self.filled = Filled(self.list, NOTHING)
        self.filled.setObjectName(GROUND)
        self.card = ShelfCard(look)
        self.card.setFixedWidth(CARD)
        self._writes = ""
        self.kinds = Segments("What they write", KINDS, self.show_kind)
        self.kinds.choose("")
        head = row((self.search, 1), self.open_folder, gap=8)
        choice = row(self.kinds, (self.free, 1), gap=8)
        left = column(head, choice, (self.filled, 1), gap=8, margins=(16, 10, 12, 10))
        row((left, 1), self.card, gap=0, of=self)
        self.setFocusProxy(self.search)
        self._connect()

    def _connect(self) -> None:
        shelf = self._shelf
        self._keys: dict[int, Do] = dict.fromkeys(ENTER, self.act)
        self._keys |= {Qt.Key.Key_Delete: self.leave, Qt.Key.Key_I: self.ask}
        self.search.textChanged.connect(self.refresh)
        for part in (self.search, self.list):
            part.installEventFilter(self)
        self.list.doubleClicked.connect(lambda _: self.act())
        self._painter.acted.connect(shelf.act)
        self._painter.cancelled.connect(shelf.cancel)
        self.list.selectionModel().currentChanged.connect(self._show_card)
        self.card.acted.connect(self.act)
        self.card.cancelled.connect(self.cancel)
        self.card.asked.connect(self.ask)
        self.card.removed.connect(self.remove)
        shelf.reported.connect(self._show_card)
        shelf.offered.connect(self._offer)
        keep_up(self.refresh, shelf.changed)

    def chosen(self) -> Row | None:
        """The row that is chosen."""
        found = self.list.currentIndex().data(Qt.ItemDataRole.UserRole)
        return found if isinstance(found, Row) else None

    def show_kind(self, writes: str) -> None:
        """Shows models alone that write this; all of them for ""."""
        self._writes = writes
        self.kinds.choose(writes)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the search finds now; the chosen model stays chosen, under whichever title it is."""
        chosen = self.chosen()
        before = None if chosen is None else (chosen.name, chosen.path)
        self.rows.show_found(list(found_in(self._shelf.rows, self.search.text(), self._writes)))
        rows = [(place, shown) for place, shown in enumerate(self.rows.rows) if isinstance(shown, Row)]
        same = [place for place, shown in rows if before is not None and (shown.name, shown.path) == before]
        named = [place for place, shown in rows if before is not None and shown.name == before[0]]
        opened = [place for place, shown in rows if self._shelf.state(shown) in ("open", "opens")]
        for place in (same or named or opened or [place for place, _ in rows])[:1]:
            self.list.setCurrentIndex(self.rows.index(place))
        nothing = NOTHING_SUCH if self._writes else NOTHING
        self.filled.say(nothing if self._shelf.rows else LOOKING)
        self.filled.show_content(bool(rows))
        left = next((shown.free for _, shown in rows if shown.free is not None), None)
        self.free.show_text("" if left is None else f"{memory(left)} of memory are free")
        self.list.viewport().update()
        self._show_card()

    def _offer(self, name: str) -> None:
        """Looks for a model by its name, whatever it writes."""
        self.show_kind("")
        self.search.setText(name)

    def act(self) -> None:
        """Opens or downloads what is chosen."""
        if (shown := self.chosen()) is not None:
            self._shelf.act(shown)

    def cancel(self) -> None:
        """Ends the download of what is chosen."""
        if (shown := self.chosen()) is not None:
            self._shelf.cancel(shown)

    def remove(self) -> None:
        """Deletes what is chosen from this disk, if the user says so again."""
        shown = self.chosen()
        if shown is None or not self._shelf.removable(shown):
            return
        size = stored(shown.size if shown.path else shown.come)
        question = f"Delete {shown.name}, {size}, from this disk? It can be downloaded again."
        if QMessageBox.question(self, "Delete a model", plain(question)) == QMessageBox.StandardButton.Yes:
            self._shelf.remove(shown)

    def leave(self) -> None:
        """Ends the download of what is chosen, or asks whether to delete what is here."""
        shown = self.chosen()
        if shown is not None and self._shelf.state(shown) in ("coming", "waits"):
            self.cancel()
        else:
            self.remove()

    def ask(self) -> None:
        """Has the doctor look at what is chosen."""
        if (shown := self.chosen()) is not None and shown.path:
            self._shelf.examine(shown.path)

    def _show_card(self) -> None:
        shown = self.chosen()
        self.card.setVisible(shown is not None)
        if shown is not None:
            self.card.show_row(shown, self._shelf.state(shown), self._shelf.removable(shown))
            asked = bool(shown.path) and shown.path == self._shelf.examined
            self.card.show_report(self._shelf.report if asked else (), asked and not self._shelf.report)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._shelf.look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or event.modifiers() & ~KEYPAD:
            return super().eventFilter(watched, event)
        if watched is self.search and event.key() in THROUGH:
            QApplication.sendEvent(self.list, event)
            return True
        do = self._keys.get(event.key()) if watched is self.list else None
        if do is not None:
            do()
        return do is not None or super().eventFilter(watched, event)
