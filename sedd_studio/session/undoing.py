"""What was done, so that it can be undone: one step each, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from engine.runs.trajectory import Trajectory

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper

MOST_STEPS = 200
MOST_BYTES = 2**26
"""Of the runs that all steps hold together, with those of documents that are put aside. The newest step is kept
whatever it holds; runs that are forgotten stay in the history."""


class Step(Protocol):
    """Something that was done: its name, and how it is undone and done again. `runs` are held by it."""

    name: str

    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def runs(self) -> Iterable[Trajectory]: ...


class UndoStack(QObject):
    """The `steps`, of which the first `index` are done, the others undone. `changed` is told when they are others."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.steps: list[Step] = []
        self.index = 0

    @property
    def undo_name(self) -> str:
        """What would be undone; empty if there is nothing."""
        return self.steps[self.index - 1].name if self.index else ""

    @property
    def redo_name(self) -> str:
        return self.steps[self.index].name if self.index < len(self.steps) else ""

    @property
    def newest(self) -> Step | None:
        """The step that was done last, if nothing was undone since."""
        return self.steps[-1] if self.steps and self.index == len(self.steps) else None

    def add(self, step: Step) -> None:
        """Takes a step that was just done; what was undone before is forgotten, and what is too old."""
        self.steps[self.index :] = [step]
        self.index = len(self.steps)
        self.forget_oldest()
        self.changed.emit()

    def undo(self) -> None:
        if self.index:
            self.index -= 1
            self.steps[self.index].undo()
            self.changed.emit()

    def redo(self) -> None:
        if self.index < len(self.steps):
            self.index += 1
            self.steps[self.index - 1].redo()
            self.changed.emit()

    def forget_undone(self) -> None:
        """What was undone cannot be done again."""
        del self.steps[self.index :]
        self.changed.emit()

    def clear(self) -> None:
        self.steps, self.index = [], 0
        self.changed.emit()

    def forget_oldest(self) -> None:
        """Keeps the newest step, what was undone, and of the others as many as there is room for: a run that a step
        holds may have grown."""
        room, seen = MOST_BYTES, set[int]()
        for kept, step in enumerate(reversed(self.steps)):
            new = {id(run): run for run in step.runs() if id(run) not in seen}
            seen |= new.keys()
            room -= sum(run.bytes for run in new.values())
            if kept and (room < 0 or kept == MOST_STEPS):
                forgotten = min(len(self.steps) - kept, self.index)
                del self.steps[:forgotten]
                self.index -= forgotten
                return


class RemoveRuns:
    """Runs were taken out of the history."""

    def __init__(self, numbers: list[int], keeper: Keeper) -> None:
        self.name = "Remove the run" if len(numbers) == 1 else f"Remove {len(numbers)} runs"
        self._numbers, self._keeper = numbers, keeper

    def redo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, True))

    def undo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, False))

    def runs(self) -> Iterable[Trajectory]:
        return ()
