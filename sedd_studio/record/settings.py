"""Settings: declared once with default, range and help; kept in one JSON file; a bad stored value falls back.

What another version of the program keeps in the file stays there.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import platformdirs

from engine import files
from engine.protocol.option_kinds import Real, Text
from engine.protocol.options import ENTRIES
from engine.runs.schema import LONGEST_TEXT, MOST_ENTRIES, check_modest, read_json
from engine.strict_json import to_json

RECENT = 8
LARGEST = 2**22
"""Bytes of the file."""
LONGEST_NAME = 40
"""Characters in the name of a preset."""
WAIT, LONGER = 0.2, 10.0
"""Seconds to wait for another studio that writes: where somebody waits, and where writing is put off."""


@dataclass(frozen=True)
class Setting:
    """One declared setting; `accepts` says whether a value is sane."""

    default: Any
    accepts: Callable[[Any], bool]
    help: str


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _name(value: Any) -> bool:
    """Of a row in a table that is not here; whoever reads it falls back where there is no such row."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_ENTRIES and all(isinstance(item, str) for item in value)


def _forms(value: Any) -> bool:
    named = isinstance(value, dict) and len(value) <= MOST_ENTRIES and all(len(name) <= LONGEST_NAME for name in value)
    return named and all(isinstance(form, dict) for form in value.values())


SETTINGS: dict[str, Setting] = {
    "theme": Setting("system", _one_of("system", "light", "dark", "contrast"), "Light, dark, or strong contrast."),
    "colour": Setting("plain", _name, "A legend under the text says what they mean."),
    "vocabulary": Setting(
        "exact", _one_of("exact", "plain"), "Plain words are for visitors, exact terms for those who know the field."
    ),
    "zoom": Setting(1.0, Real(0.4, 4.0).accepts, "Ctrl and the wheel over the text change it, too."),
    "reduced_motion": Setting(False, lambda value: isinstance(value, bool), "Show new tokens without fading."),
    "device": Setting("auto", _one_of("auto", "cpu", "cuda", "mps"), "Where models run."),
    "precision": Setting("auto", _one_of("auto", "fp32", "bf16"), "The numbers that models compute in."),
    **{name: Setting(row.entry_usual, row.kind.accepts, row.help) for name, row in ENTRIES.items()},
    "presets": Setting({}, _forms, "Forms of runs that were kept, by name."),
    "speed": Setting(10.0, Real(0.5, 240.0).accepts, "Playing speed in steps a second."),
    "follow": Setting(False, lambda value: isinstance(value, bool), "Keep the newest step in view during a run."),
    "geometry": Setting("", Text().accepts, "Place and size of the window, as Qt writes it."),
    "beside": Setting("position", _name, "The panel beside the text."),
    "map": Setting("state", _name, "What the colours of the map of a run mean."),
    "start": Setting("left", _one_of("left", "fresh"), "What the studio shows when it starts without a file."),
    "chapters": Setting([], _texts, "Chapters of Learn that were opened."),
    "toured": Setting(False, lambda value: isinstance(value, bool), "The guided tour was offered."),
    "recent_files": Setting([], _texts, "Runs and texts opened before, newest first."),
    "recent_models": Setting([], _texts, "Folders of models opened before, newest first."),
}


def _at_once(work: Callable[[], None]) -> None:
    work()


def _instead(value: Any, _: Any) -> Any:
    return value


def _can_be_read(value: Any) -> bool:
    """Whether a file that holds it is not taken for a damaged one: a path may have no text for a name."""
    try:
        check_modest(value, LONGEST_TEXT)
    except ValueError:
        return False
    return True


class Settings:
    """Values by name, as this studio has them. Reading never fails; `set` refuses what is not sane with a ValueError.

    Several studios share the file: each writes what it changes and nothing else, one at a time. Where writing is
    `put_off` a value is there at once and in the file a little later.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(platformdirs.user_config_dir("sedd-studio", appauthor=False)) / "settings.json"
        self._aside: Path | None = None
        self._unkept: set[str] = set()
        self._to_write: Counter[str] = Counter()
        self._counting = Lock()
        self._later: Callable[[Callable[[], None]], object] = _at_once
        self._wait = WAIT
        try:
            stored = self._stored()
        except OSError:  # `trouble` says so
            stored = {}
        self._values = {
            name: stored[name] for name, s in SETTINGS.items() if name in stored and s.accepts(stored[name])
        }

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, SETTINGS[name].default)

    def put_off(self, later: Callable[[Callable[[], None]], object]) -> None:
        """Has `later` do what waits for a disk or for other studios, one thing after another in one other thread."""
        self._later, self._wait = later, LONGER

    def set(self, name: str, value: Any) -> None:
        """Changes a setting and keeps it; a file that cannot be written is no reason to stop anyone's work."""
        self.set_all({name: value})

    def set_all(self, values: Mapping[str, Any]) -> None:
        """Changes settings as `set` does, and writes the file once."""
        for name, value in values.items():
            if not SETTINGS[name].accepts(value):
                raise ValueError(f"{name} cannot be {value!r}")
        others = {name: value for name, value in values.items() if self[name] != value}
        if others:
            self._keep({name: partial(_instead, value) for name, value in others.items()})

    def change(self, name: str, change: Callable[[Any], Any]) -> None:
        """Makes a setting what `change` makes of it as it is kept, which another studio may have changed since.

        What cannot be written, as on a full disk, is written with the next change; what could not be read again is not.
        """
        self._keep({name: change})

    def _keep(self, changes: Mapping[str, Callable[[Any], Any]]) -> None:
        with self._counting:
            self._values |= {name: change(self[name]) for name, change in changes.items()}
            self._to_write.update([*changes])
        self._later(partial(self._write, changes))

    def _write(self, changes: Mapping[str, Callable[[Any], Any]]) -> None:
        values: dict[str, Any] = {}
        try:
            with self._locked(self._wait):
                stored = self._stored()
                kept = {name: stored.get(name) for name in changes}
                values = {
                    name: change(kept[name] if SETTINGS[name].accepts(kept[name]) else SETTINGS[name].default)
                    for name, change in changes.items()
                }
                own = {other: self[other] for other in self._unkept} | values
                whole = stored | {name: value for name, value in own.items() if _can_be_read(value)}
                content = (to_json(whole, indent=2) + "\n").encode()
                if len(content) > LARGEST:  # it would not be read again
                    raise OSError(errno.EFBIG, "they are too many", str(self.path))
                files.write_whole(self.path, content, sync=False)
            self._unkept.clear()
        except OSError:
            self._unkept |= set(changes)
        with self._counting:
            self._to_write.subtract([*changes])
            # What another studio kept in the meantime is in them; a value that was changed again is not put back.
            self._values |= {name: value for name, value in values.items() if not self._to_write[name]}

    def remember_model(self, path: str) -> None:
        self._remember("recent_models", path)

    def remember_file(self, path: Path) -> None:
        self._remember("recent_files", str(path.resolve()))

    def _remember(self, name: str, path: str) -> None:
        self.change(name, lambda kept: [path, *(other for other in kept if other != path)][:RECENT])

    def trouble(self) -> str:
        """Why settings cannot be kept, or were not found, in a sentence; empty where all is well."""
        try:
            with self._locked():
                self._stored()
        except OSError as error:
            return f"Settings are not kept: {self.path.parent} cannot be used ({error.strerror or error})."
        return f"The settings were damaged; they are now {self._aside}, and new ones are begun." if self._aside else ""

    @contextmanager
    def _locked(self, wait: float = WAIT) -> Iterator[None]:
        """No other studio writes the file meanwhile; an OSError where that cannot be had in `wait` seconds."""
        from filelock import FileLock  # takes a while, and is needed only once something is kept

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), timeout=wait):
            yield

    def _stored(self) -> dict[str, Any]:
        """What the file holds; nothing if there is none, or it is damaged and was put aside.

        An OSError where it cannot be read.
        """
        try:
            return read_json(files.read_bounded(self.path, LARGEST), dict[str, Any])
        except FileNotFoundError:
            return {}
        except ValueError:
            self._aside = files.put_aside(self.path)
            return {}
