"""The queue panel: runs that wait, how far the one is that is being made, and buttons to move and remove them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from engine.protocol.sampler_table import TITLES
from sedd_studio.painting.theme import Look
from sedd_studio.record.previews import preview, shortened
from sedd_studio.session.models import Models
from sedd_studio.session.panes import class_of
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import ProgressLine, keep_up, plain
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.rows import Rows

if TYPE_CHECKING:
    from sedd_studio.session.queueing import Queued, RunQueue

EMPTY = "Runs that are added to the queue are made one after another and go to the history."


class QueueRows(Rows):
    """The runs that wait; what `line` says of one is asked for when the row is seen: there may be thousands."""

    def __init__(self, line: Callable[[Queued], str], parent: QObject) -> None:
        super().__init__(parent)
        self._line = line

    def show_all(self, items: list[Queued]) -> None:
        """Shows them anew: of the same runs something else may be said."""
        self.beginResetModel()
        self.rows = items
        self.endResetModel()

    def told(self, item: Queued, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._line(item)
            case Qt.ItemDataRole.ToolTipRole:
                return plain(f"{self._line(item)}\n{preview(item.prompt)}")
        return None


class QueuePanel(QWidget):
    """Works `queue`. Alt with Up and Down moves a run, Delete removes it."""

    def __init__(self, models: Models, queue: RunQueue, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._models, self._queue, self._words, self._look = models, queue, words, look
        self._told: object = None
        self.add = PushButton("Add this run", "play", look, queue.add, primary=True)
        self.several = PushButton("Several …", "columns", look, self._ask)
        self.several.setToolTip("The prompt over a range of seeds, or a grid of settings.")
        self.go_on = PushButton("Go on", "play", look, queue.go_on)
        self.go_on.setToolTip("Make the runs, too, that waited when the window was closed.")
        self.up = IconButton("chevron-up", "Move it nearer to the front", look, lambda: self._move(-1))
        self.down = IconButton("chevron-down", "Move it nearer to the end", look, lambda: self._move(1))
        self.remove = IconButton("close", "Remove it from the queue", look, self._remove)
        self.progress = ProgressLine("How far the run is that is being made")
        self.rows = QueueRows(self._line, self)
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setObjectName("queue")
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName("Runs that wait")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.installEventFilter(self)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.filled = Filled(self.list, EMPTY)
        head = Flow(self.add, self.several, self.go_on, self.up, self.down, self.remove)
        column(head, self.progress, (self.filled, 1), gap=8, margins=(16, 10, 16, 10), of=self)
        self.list.selectionModel().currentChanged.connect(self._enable)
        models.loading_changed.connect(self._enable)
        keep_up(self.refresh, queue.changed, models.changed, words.changed)

    def refresh(self) -> None:
        queue, info = self._queue, self._models.info
        known = None if info is None else (info.name, info.weights)
        told = (list(queue.items), queue.making, queue.holds, known, self._words.say("Sampler"))
        if told != self._told:
            self._told = told
            self._fill(told[0])
        making = queue.making
        self.progress.show_share(None if making is None else making.share)
        self.filled.show_content(bool(queue.items))
        self._enable()

    def _fill(self, items: list[Queued]) -> None:
        """The rows, of which the chosen one stays chosen."""
        chosen = self._chosen()
        self.rows.show_all(items)
        if chosen in items:
            self.list.setCurrentIndex(self.rows.index(items.index(chosen)))

    def _ask(self) -> None:
        from sedd_studio.widgets.dialogs.several_dialog import SeveralDialog  # seldom needed

        SeveralDialog(self._queue, self._words, self._look, self).open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            if event.key() == Qt.Key.Key_Delete:
                self._remove()
                return True
            if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
                return True
        return super().eventFilter(watched, event)

    def _line(self, item: Queued) -> str:
        asked = item.request
        state = "" if item is self._queue.making else self._queue.hindrance(item)
        samples = "" if asked.samples == 1 else f"{asked.samples} samples · "
        say = self._words.say
        warm = "" if asked.temperature == 1 else f"{say('Temperature').lower()} {asked.temperature:g} · "
        sampler = "" if asked.sampler == "auto" else f"{say(TITLES.get(asked.sampler, asked.sampler))} · "
        of_class = f"{class_of(asked)} · " if asked.label >= 0 else ""
        about = f"seed {asked.seed} · {asked.steps} steps · {sampler}{warm}{of_class}{samples}{item.info.name}"
        doing = "now · " if item is self._queue.making else f"{state} · " if state else ""
        return f"{doing}{about} · {shortened(item.prompt, 90)}"

    def _chosen(self) -> Queued | None:
        index = self.list.currentIndex()
        return self.rows.rows[index.row()] if index.isValid() else None

    def _move(self, by: int) -> None:
        if (item := self._chosen()) is not None:
            self._queue.move(item, by)

    def _remove(self) -> None:
        if (item := self._chosen()) is not None:
            self._queue.remove(item)

    def _enable(self) -> None:
        chosen, shown = self._chosen(), self.rows.rows
        self.add.setEnabled(self._models.ready)
        self.several.setEnabled(self._models.ready)
        self.go_on.setEnabled(self._queue.holds)
        self.remove.setEnabled(chosen is not None)
        self.up.setEnabled(chosen is not None and chosen is not shown[0])
        self.down.setEnabled(chosen is not None and chosen is not shown[-1])
