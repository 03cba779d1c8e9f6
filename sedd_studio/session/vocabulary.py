"""In which words the window speaks: the exact terms of the field, or plain ones."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from sedd_studio.record.settings import Settings
from sedd_studio.record.words import PLAIN
from sedd_studio.session.models import Models

Say = Callable[..., str]
"""`Vocabulary.say`."""


class Vocabulary(QObject):
    """Follows the setting; `changed` is told when it is another."""

    changed = Signal()

    def __init__(self, models: Models, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._settings = models, settings

    def choose(self, name: str) -> None:
        self._settings.set("vocabulary", name)
        self.changed.emit()

    def say(self, exact: str, **values: object) -> str:
        """A text, or a template with its values, in the words that are chosen; `words` is what the model writes."""
        text = PLAIN.get(exact, exact) if self._settings["vocabulary"] == "plain" else exact
        words = "words" if self._models.domain.view == "text" else "symbols"
        return text.format(**values, words=words) if values else text
