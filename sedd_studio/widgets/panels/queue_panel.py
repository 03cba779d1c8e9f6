"""The queue panel: runs that wait, how far the one is that is being made, and buttons to move and remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.basic import IconButton, ProgressLine, PushButton, keep_up, plain
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.layouts import column

if TYPE_CHECKING:
    from sedd_studio.session.queueing import Queued, RunQueue

EMPTY = "Runs that are added to the queue are made one after another and go to the history."


class QueuePanel(QWidget):
    """Works `queue`. Alt with Up and Down moves a run, Delete removes it."""

    def __init__(self, models: Models, queue: RunQueue, look: Look) -> None:
        super().__init__()
        self._models, self._queue = models, queue
        self._shown: list[Queued] = []
        self.add = PushButton("Add this run", "play", look, queue.add, primary=True)
        self.up = IconButton("chevron-up", "Move it nearer to the front", look, lambda: self._move(-1))
        self.down = IconButton("chevron-down", "Move it nearer to the end", look, lambda: self._move(1))
        self.remove = IconButton("close", "Remove it from the queue", look, self._remove)
        self.progress = ProgressLine("How far the run is that is being made")
        self.list = QListWidget()
        self.list.setAccessibleName("Runs that wait")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.installEventFilter(self)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.first = PushButton("Add the run of the form", "play", look, queue.add)
        self.filled = Filled(self.list, EMPTY, self.first)
        head = Flow(self.add, self.up, self.down, self.remove)
        column(head, self.progress, (self.filled, 1), gap=8, margins=(16, 10, 16, 10), of=self)
        self.list.currentRowChanged.connect(self._enable)
        models.loading_changed.connect(self._enable)
        keep_up(self.refresh, queue.changed, models.changed)

    def refresh(self) -> None:
        chosen, items = self._chosen(), list(self._queue.items)
        lines = [self._line(item) for item in items]
        if items != self._shown:
            self._shown = items
            self.list.clear()
            self.list.addItems(lines)
            if chosen in items:
                self.list.setCurrentRow(items.index(chosen))
        for number, line in enumerate(lines):
            entry = self.list.item(number)
            if entry.text() != line:
                entry.setText(line)
            entry.setToolTip(plain(f"{line}\n{items[number].prompt}"))
        making = self._queue.making
        self.progress.show_share(None if making is None else making.share)
        self.filled.show_content(bool(items))
        self._enable()

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
        about = f"{item.info.name} · {asked.steps} steps · {samples}seed {asked.seed}"
        doing = "now · " if item is self._queue.making else f"{state} · " if state else ""
        return f"{doing}{about} · {' '.join(item.prompt.split())[:90]}"

    def _chosen(self) -> Queued | None:
        row = self.list.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _move(self, by: int) -> None:
        if (item := self._chosen()) is not None:
            self._queue.move(item, by)

    def _remove(self) -> None:
        if (item := self._chosen()) is not None:
            self._queue.remove(item)

    def _enable(self) -> None:
        chosen = self._chosen()
        self.add.setEnabled(self._models.ready)
        self.first.setEnabled(self._models.ready)
        self.remove.setEnabled(chosen is not None)
        self.up.setEnabled(chosen is not None and chosen is not self._shown[0])
        self.down.setEnabled(chosen is not None and chosen is not self._shown[-1])
