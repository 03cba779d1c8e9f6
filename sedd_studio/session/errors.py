"""What went wrong, as the banner says it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.plain_text import plain, plain_line

LONGEST = 2_000
"""Characters of a headline."""


@dataclass(frozen=True)
class ErrorNote:
    """What went wrong, in a sentence, and what a developer wants to read."""

    headline: str
    detail: str = ""


class Errors(QObject):
    """The error that is told now, `current`, if there is one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: ErrorNote | None = None

    def show(self, headline: str, detail: str = "") -> None:
        """Puts an error into the banner. One that stands there is not told again: it may come with every picture."""
        headline = plain_line(headline, LONGEST)
        if self.current is None or self.current.headline != headline:
            self.current = ErrorNote(headline, plain(detail))
            self.changed.emit()

    def add(self, headline: str) -> None:
        """Puts an error into the banner beside what stands there already."""
        before = self.current
        if before is None or plain_line(headline, LONGEST) not in before.headline:
            self.show(f"{before.headline} {headline}" if before else headline, before.detail if before else "")

    def dismiss(self) -> None:
        if self.current is not None:
            self.current = None
            self.changed.emit()
