"""Undoable edits: one class for each thing a user can do to the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QUndoCommand

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.document import Document

Current = Callable[[], Document]
Show = Callable[[Document], None]


class Edit(QUndoCommand):
    """Goes from one document to another and back.

    Runs made between an edit and its undo belong to the documents: what is left is remembered as it is then.
    """

    def __init__(self, name: str, after: Document, current: Current, show: Show) -> None:
        super().__init__(name)
        self._before, self._after, self._current, self._show = current(), after, current, show

    def redo(self) -> None:
        """Shows the edited document."""
        self._before = self._current()
        self._show(self._after)

    def undo(self) -> None:
        """Shows the document as it was."""
        self._after = self._current()
        self._show(self._before)


class SetPrompt(Edit):
    """Another text was applied."""

    def __init__(self, after: Document, current: Current, show: Show) -> None:
        super().__init__("change of the prompt", after, current, show)


class OpenRun(Edit):
    """A saved run was opened."""

    def __init__(self, after: Document, current: Current, show: Show) -> None:
        super().__init__("opening of a run", after, current, show)


class SetGap(Edit):
    """A gap was made longer or shorter."""

    def __init__(self, after: Document, current: Current, show: Show) -> None:
        super().__init__("change of a gap", after, current, show)


class ReplaceText(Edit):
    """Words were typed or pasted over others, or taken out."""

    def __init__(self, name: str, after: Document, current: Current, show: Show) -> None:
        super().__init__(name, after, current, show)


class SetLocks(Edit):
    """Positions were locked or unlocked. The run on show stays: its positions are the same."""

    def __init__(self, name: str, after: Document, current: Current, show: Show) -> None:
        super().__init__(name, after, current, lambda document: show(_with_run_of(current(), document)))


class SetToken(Edit):
    """A token was put at a position and locked there. The run on show stays."""

    def __init__(self, after: Document, current: Current, show: Show) -> None:
        super().__init__("placing of a token", after, current, lambda document: show(_with_run_of(current(), document)))


class SetLimit(Edit):
    """Words were named that alone may stand somewhere. The run on show stays."""

    def __init__(self, after: Document, current: Current, show: Show) -> None:
        super().__init__("soft lock", after, current, lambda document: show(_with_run_of(current(), document)))


class RemoveRuns(QUndoCommand):
    """Runs were taken out of the history."""

    def __init__(self, numbers: list[int], keeper: Keeper) -> None:
        super().__init__("removal of a run" if len(numbers) == 1 else f"removal of {len(numbers)} runs")
        self._numbers, self._keeper = numbers, keeper

    def redo(self) -> None:
        """Takes them out."""
        self._keeper.do(lambda history: history.set_removed(self._numbers, True))

    def undo(self) -> None:
        """Puts them back."""
        self._keeper.do(lambda history: history.set_removed(self._numbers, False))


def _with_run_of(current: Document, document: Document) -> Document:
    return replace(document, trajectory=current.trajectory)
