"""Files that are dropped anywhere on the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QMainWindow, QWidget

DROPS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)


class Dropping(QObject):
    """Has `open_file` called with the path of what is dropped on a window, or on a part of it that takes drops itself,
    as fields for text do: they would take the path for a text."""

    def __init__(self, window: QMainWindow, open_file: Callable[[str], None]) -> None:
        super().__init__(window)
        self._open = open_file
        self.watch(window)

    def watch(self, whole: QWidget) -> None:
        """A part of the window, and all in it. An area that takes no drops leaves them to what it is in."""
        areas = [area.viewport() for area in whole.findChildren(QAbstractScrollArea)]
        for part in (whole, *whole.findChildren(QLineEdit), *(area for area in areas if area.acceptDrops())):
            part.setAcceptDrops(True)
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in DROPS or not isinstance(event, QDropEvent):
            return False
        path = dropped(event.mimeData())
        if path:
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                self._open(path)
        return bool(path)


def dropped(data: QMimeData) -> str:
    """The path of the first file or folder on this machine in what is dropped, or the model whose page on the hub it
    is; empty where there is none."""
    from engine.catalogue.fetched import name_in  # not before the window is painted

    return next(filter(None, (url.toLocalFile() or name_in(url.toString()) for url in data.urls())), "")
