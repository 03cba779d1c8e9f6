"""Settings: kept, and robust against whatever stands in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sedd_studio.record.settings import RECENT_MODELS, SETTINGS, Settings


def test_what_is_set_is_kept(tmp_path: Path) -> None:
    Settings(tmp_path / "a" / "settings.json").set("steps", 12)
    assert Settings(tmp_path / "a" / "settings.json")["steps"] == 12


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "\xff", '{"steps": -3, "theme": "pink", "seed": true, "zoom": "x"}']
)
def test_a_bad_file_falls_back_to_the_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    settings = Settings(path)
    assert all(settings[name] == declared.default for name, declared in SETTINGS.items())


def test_a_bad_value_loses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"steps": 0, "seed": 4}))
    assert (Settings(path)["steps"], Settings(path)["seed"]) == (64, 4)


def test_a_value_that_is_not_sane_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="steps"):
        Settings(tmp_path / "settings.json").set("steps", 0)


def test_every_default_is_sane_and_explained() -> None:
    for declared in SETTINGS.values():
        assert declared.accepts(declared.default)
        assert declared.help.endswith(".")


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.set("steps", 9)
    assert settings["steps"] == 9


def test_recent_models_come_newest_first_and_once(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    for name in [*map(str, range(12)), "3"]:
        settings.remember_model(name)
    assert settings["recent_models"][:2] == ["3", "11"]
    assert len(settings["recent_models"]) == RECENT_MODELS
