"""What the next run is asked for, remembered in the settings."""

from __future__ import annotations

import random

from PySide6.QtCore import QObject, Signal

from engine.protocol.options import ENTRIES
from sedd_studio.record.form import Form
from sedd_studio.record.settings import Settings


class CurrentForm(QObject):
    """Holds the form as it is `now`."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.now = Form({name: settings[name] for name in ENTRIES})

    def set(self, **entries: object) -> None:
        self.now = self.now.changed(**entries)
        for name, value in entries.items():
            self._settings.set(name, value)
        self.changed.emit()

    def new_seed(self) -> None:
        self.set(seed=any_seed())


def any_seed() -> int:
    """A seed that nobody chose."""
    return random.randrange(2**31)  # short enough to be read
