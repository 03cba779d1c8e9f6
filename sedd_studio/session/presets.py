"""Presets of the run form: some that come along, and the user's own, kept in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.protocol.options import ENTRIES
from sedd_studio.record.settings import LONGEST_NAME, Settings
from sedd_studio.session.current_form import CurrentForm

NOT_KEPT = ("seed",)
"""A preset says how to run; which draws are taken is another matter."""
USUAL: Mapping[str, Any] = {name: row.entry_usual for name, row in ENTRIES.items() if name not in NOT_KEPT}
BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "Balanced": {},
    "Quick look": {"steps": 16},
    "Careful": {"steps": 256},
    "Second look": {"sampler": "second-look"},
    "Four samples": {"samples": 4},
    "Nothing cut off": {"top_p": 1.0},
}


def fits(name: str) -> bool:
    """Whether a preset of one's own can be called so: by a short plain line that is no other's."""
    return name == plain_line(name, LONGEST_NAME) != "" and name not in BUILT_IN


class Presets(QObject):
    """Names of presets and what each stands for. `changed` is told when there are others, or the form is another."""

    changed = Signal()

    def __init__(self, form: CurrentForm, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._form, self._settings = form, settings
        form.changed.connect(self.changed)

    @property
    def _own(self) -> dict[str, Any]:
        return {name: form for name, form in self._settings["presets"].items() if fits(name)}

    def names(self) -> list[str]:
        return [*BUILT_IN, *self._own]

    def is_own(self, name: str) -> bool:
        return name in self._own

    def current(self) -> str | None:
        """The preset that the form is now, None if it is none."""
        return next((name for name in self.names() if self._entries(name) == self._kept()), None)

    def choose(self, name: str) -> None:
        """Makes the form what the preset says; the seed stays."""
        self._form.set(f"Preset “{name}”", **self._entries(name))

    def save(self, name: str) -> None:
        """Keeps the form as it is under a name; a UserError if the name will not do."""
        name = " ".join(name.split())
        if not fits(name):
            raise UserError(f"A preset needs a name of its own, of at most {LONGEST_NAME} letters; choose another.")
        form = self._kept()
        self._settings.change("presets", lambda kept: {**kept, name: form})
        self.changed.emit()

    def remove(self, name: str) -> None:
        self._settings.change("presets", lambda kept: {key: form for key, form in kept.items() if key != name})
        self.changed.emit()

    def _kept(self) -> dict[str, Any]:
        return {name: value for name, value in self._form.now.entries.items() if name in USUAL}

    def _entries(self, name: str) -> dict[str, Any]:
        """The whole form of a preset; an entry that is not sane any more is the usual one."""
        given = BUILT_IN[name] if name in BUILT_IN else self._own.get(name, {})
        sane = {key: value for key, value in given.items() if key in USUAL and ENTRIES[key].kind.accepts(value)}
        return {**USUAL, **sane}
