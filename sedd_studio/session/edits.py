"""Edits that can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from sedd_studio.record.document import Document
from sedd_studio.session.view import View

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper


class Edit(QUndoCommand):
    """Goes from one document to another and back.

    Runs made between an edit and its undo belong to the documents: what is left is remembered as it is then. One that
    `keeps_run` leaves the positions as they are, and so the run on show.
    """

    def __init__(self, name: str, after: Document, view: View, keeps_run: bool = False) -> None:
        super().__init__(name)
        self._before, self._after, self._view, self._keeps_run = view.document, after, view, keeps_run

    def redo(self) -> None:
        self._before = self._view.document
        self._show(self._after)

    def undo(self) -> None:
        self._after = self._view.document
        self._show(self._before)

    def _show(self, document: Document) -> None:
        self._view.show(replace(document, trajectory=self._view.run) if self._keeps_run else document)


class RemoveRuns(QUndoCommand):
    """Runs were taken out of the history."""

    def __init__(self, numbers: list[int], keeper: Keeper) -> None:
        super().__init__("removal of a run" if len(numbers) == 1 else f"removal of {len(numbers)} runs")
        self._numbers, self._keeper = numbers, keeper

    def redo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, True))

    def undo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, False))
