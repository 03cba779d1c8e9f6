"""Settings: declared once with default, range and help; kept in one JSON file; a bad stored value falls back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from engine.files import write_whole
from engine.protocol.sampler_table import SAMPLERS
from engine.strict_json import to_json

RECENT_MODELS = 8


@dataclass(frozen=True)
class Setting:
    """One declared setting; `accepts` says whether a value is sane."""

    default: Any
    accepts: Callable[[Any], bool]
    help: str


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _numbers(value: Any) -> bool:
    number = _number(-1e9, 1e9)
    return isinstance(value, dict) and all(isinstance(name, str) and number(item) for name, item in value.items())


def _forms(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(form, dict) for form in value.values())


SETTINGS: dict[str, Setting] = {
    "theme": Setting("system", _one_of("system", "light", "dark", "contrast"), "Light, dark, or strong contrast."),
    "colour": Setting(
        "plain",
        _one_of("plain", "settled", "changed", "confidence", "entropy", "cost"),
        "A legend under the text says what they mean.",
    ),
    "zoom": Setting(1.0, _number(0.4, 4.0), "Ctrl and the wheel over the text change it, too."),
    "reduced_motion": Setting(False, lambda value: isinstance(value, bool), "Show new tokens without fading."),
    "device": Setting("auto", _one_of("auto", "cpu", "cuda", "mps"), "Where models run."),
    "precision": Setting("auto", _one_of("auto", "fp32", "bf16"), "The numbers that models compute in."),
    "steps": Setting(64, _whole(1, 1024), "Steps of the reverse chain."),
    "sampler": Setting("auto", _one_of("auto", *(row.name for row in SAMPLERS)), "Solver of the reverse chain."),
    "seed": Setting(1729, _whole(0, 2**31 - 1), "Where the random draws start."),
    "samples": Setting(1, _whole(1, 64), "Texts made from one prompt."),
    "spacing": Setting("time", _one_of("time", "sigma", "cosine"), "How the steps are spaced."),
    "temperature": Setting(1.0, _number(0.0, 5.0), "Below 1 the likely words become likelier; 1 is the model's law."),
    "top_p": Setting(0.9, _number(0.01, 1.0), "Draw from the likeliest tokens with this much probability."),
    "locking": Setting(
        "auto", _one_of("auto", "clamp", "gibbs", "particles"), "How locks are honoured, uniform noise."
    ),
    "banned": Setting("", lambda value: isinstance(value, str), "Words that never appear, with commas between them."),
    "pattern": Setting(
        "",
        lambda value: isinstance(value, str),
        "A regular expression that the whole text matches, or a name such as @smiles.",
    ),
    "options": Setting({}, _numbers, "Numbers of the samplers, by name."),
    "presets": Setting({}, _forms, "Forms of runs that were kept, by name."),
    "speed": Setting(10.0, _number(0.5, 240.0), "Playing speed in steps a second."),
    "follow": Setting(False, lambda value: isinstance(value, bool), "Keep the newest step in view during a run."),
    "geometry": Setting("", lambda value: isinstance(value, str), "Place and size of the window, as Qt writes it."),
    "layout": Setting("", lambda value: isinstance(value, str), "Where the panels are, as Qt writes it."),
    "recent_models": Setting([], _texts, "Folders of models opened before, newest first."),
}


class Settings:
    """Values by name. Reading never fails; `set` refuses what is not sane with a ValueError."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(platformdirs.user_config_dir("sedd-studio", appauthor=False)) / "settings.json"
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            stored = {}
        values = stored if isinstance(stored, dict) else {}
        self._values = {
            name: values[name] for name, s in SETTINGS.items() if name in values and s.accepts(values[name])
        }

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, SETTINGS[name].default)

    def set(self, name: str, value: Any) -> None:
        """Changes a setting and keeps it; a file that cannot be written is no reason to stop anyone's work."""
        if not SETTINGS[name].accepts(value):
            raise ValueError(f"{name} cannot be {value!r}")
        if self[name] == value:
            return
        self._values[name] = value
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, (to_json(self._values, indent=2) + "\n").encode(), sync=False)
        except OSError:
            pass

    def remember_model(self, path: str) -> None:
        """Puts a model folder at the head of the recent ones."""
        others = [other for other in self["recent_models"] if other != path]
        self.set("recent_models", [path, *others][:RECENT_MODELS])
