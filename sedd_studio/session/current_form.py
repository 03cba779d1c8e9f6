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
    edited = Signal(str, object, bool)
    """The user has made it another: what that is called, the `Form` that it was, and whether it is being typed."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.now = Form({name: settings[name] for name in ENTRIES})

    def set(self, called: str = "", /, **entries: object) -> None:
        """Makes these entries others; what is done is `called` so."""
        before = self.now
        self.take(before.changed(**entries))
        if self.now.entries != before.entries:
            self.edited.emit(called or ", ".join(ENTRIES[name].title for name in entries), before, not called)

    def take(self, form: Form) -> None:
        """Makes it the whole form, as part of something else that is done."""
        before, self.now = self.now, form
        self._settings.set_all({name: value for name, value in form.entries.items() if value != before.entries[name]})
        self.changed.emit()

    def new_seed(self) -> None:
        self.set("New seed", seed=any_seed())


def any_seed() -> int:
    """A seed that nobody chose."""
    return random.randrange(10**6)  # short enough to be read out and typed
