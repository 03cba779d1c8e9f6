"""What is typed into fields and not applied yet: whatever uses it has it applied first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication


def without_end(text: str) -> str:
    """What is typed, without the blanks at its end: the text goes on there, and nothing is said yet. One with a
    backslash before it is meant."""
    bare = text.rstrip()
    escapes = len(bare) - len(bare.rstrip("\\"))
    return text[: len(bare) + escapes % 2]


class Typed(QObject):
    """The fields that are open. Each applies itself, or says in the banner why it cannot be; `changed` is told when
    what they hold may be `waiting` to become part of the text, or waits no more."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fields: list[tuple[Callable[[], bool], Callable[[], bool]]] = []
        self._applying = False

    def add(self, apply: Callable[[], bool], waits: Callable[[], bool] = lambda: False) -> None:
        """Has a field applied from now on: `apply` returns False where it cannot be, `waits` says whether it would
        make another text."""
        self._fields.append((apply, waits))

    @property
    def waiting(self) -> bool:
        return any(waits() for _, waits in self._fields)

    def apply(self) -> bool:
        """Applies all that is typed; False, with the reason in the banner, where something cannot be.

        What a field does to apply itself asks for nothing more to be applied.
        """
        if self._applying or not self._fields:
            return True
        self._applying = True
        try:
            QGuiApplication.inputMethod().commit()  # what an input method has not handed over yet
            return all(apply() for apply, _ in self._fields)
        finally:
            self._applying = False
