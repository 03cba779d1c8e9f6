"""Settings: kept, and robust against whatever stands in the file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from engine import files
from engine.runs.schema import LONGEST_TEXT
from sedd_studio.record.settings import RECENT, SETTINGS, WAIT, Settings
from sedd_studio.session.current_form import CurrentForm

ROOT = Path(__file__).parents[2]


def test_what_is_set_is_kept(tmp_path: Path) -> None:
    Settings(tmp_path / "a" / "settings.json").set("steps", 12)
    assert Settings(tmp_path / "a" / "settings.json")["steps"] == 12


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "[" * 100_000, "\xff", '{"steps": -3, "theme": "pink", "seed": true, "zoom": "x"}']
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
    assert len(settings["recent_models"]) == RECENT


STUDIO = """
import sys
from pathlib import Path
from sedd_studio.record.settings import Settings
name, path = sys.argv[1], Path(sys.argv[2])
settings = Settings(path)
sys.stdin.read(1)
for number in range(20):
    settings.change("presets", lambda kept: {**kept, f"{name} {number}": {"steps": number}})
"""


def test_two_studios_that_keep_presets_at_once_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    studios = [
        subprocess.Popen([sys.executable, "-c", STUDIO, name, str(path)], stdin=subprocess.PIPE, cwd=ROOT)
        for name in ("a", "b")
    ]
    for studio in studios:
        assert studio.stdin is not None
        studio.stdin.write(b"!")
        studio.stdin.close()
    assert [studio.wait() for studio in studios] == [0, 0]
    assert set(Settings(path)["presets"]) == {f"{name} {number}" for name in ("a", "b") for number in range(20)}


def test_a_studio_writes_what_it_changes_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"of another version": [1], "seed": 4}))
    first, second = Settings(path), Settings(path)
    first.set("steps", 12)
    first.set("theme", "dark")
    first.remember_model("one")
    second.set("theme", "light")
    second.set("seed", 5)
    second.remember_model("two")
    kept = Settings(path)
    assert (kept["steps"], kept["theme"], kept["seed"]) == (12, "light", 5)
    assert kept["recent_models"] == ["two", "one"]
    assert (first["theme"], second["steps"]) == ("dark", 64)  # each goes on with its own
    assert json.loads(path.read_text())["of another version"] == [1]


def test_where_writing_is_put_off_values_are_there_at_once_and_end_as_they_were_set_last(tmp_path: Path) -> None:
    path, put_off = tmp_path / "settings.json", list[Callable[[], None]]()
    settings, other = Settings(path), Settings(path)
    settings.put_off(put_off.append)
    settings.set("steps", 12)
    settings.remember_model("one")
    settings.set("steps", 13)
    assert (settings["steps"], settings["recent_models"]) == (13, ["one"])
    assert not path.exists()
    other.remember_model("of another studio")
    other.set("steps", 99)
    for number, write in enumerate(put_off):
        write()
        assert settings["steps"] == 13, f"after {number + 1} of {len(put_off)} writes"
    assert settings["recent_models"] == ["one", "of another studio"]
    assert (Settings(path)["steps"], Settings(path)["recent_models"]) == (13, ["one", "of another studio"])


@pytest.mark.parametrize("text", ["/models/\udcff", "x" * (LONGEST_TEXT + 1)], ids=["no text", "too long"])
def test_what_could_not_be_read_again_is_not_written_and_loses_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(path)
    settings.set("steps", 12)
    settings.remember_model(text)
    settings.set("seed", 4)
    assert settings["recent_models"] == [text]
    assert (Settings(path)["steps"], Settings(path)["seed"], Settings(path).trouble()) == (12, 4, "")


def test_a_file_does_not_grow_beyond_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sedd_studio.record.settings.LARGEST", 2000)
    path = tmp_path / "settings.json"
    settings = Settings(path)
    settings.set("steps", 12)
    for number in range(5):
        settings.set("presets", settings["presets"] | {str(number): {"prompt": "x" * 500}})
    assert (Settings(path)["steps"], len(Settings(path)["presets"]), Settings(path).trouble()) == (12, 3, "")
    settings.set("presets", {})
    assert Settings(path)["presets"] == {}


def test_where_writing_is_put_off_it_waits_longer_for_another_studio(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(path)
    with ThreadPoolExecutor(1) as writer, FileLock(path.with_suffix(".lock")):
        settings.put_off(writer.submit)
        settings.set("steps", 12)
        time.sleep(2 * WAIT)
    assert Settings(path)["steps"] == 12


def test_what_cannot_be_kept_is_told_and_lasts_as_long_as_the_studio(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.remember_model("one")
    settings.remember_model("two")
    assert settings["recent_models"] == ["two", "one"]
    assert str(tmp_path / "file") in settings.trouble()
    assert Settings(tmp_path / "settings.json").trouble() == ""


def test_a_file_that_cannot_be_read_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    Settings(path).set("steps", 12)
    read = files.read_bounded

    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "read_bounded", denied)
    settings = Settings(path)
    settings.set("seed", 3)
    assert (settings["steps"], settings["seed"]) == (64, 3)
    assert "Permission denied" in settings.trouble()
    monkeypatch.setattr(files, "read_bounded", read)
    assert Settings(path)["steps"] == 12


def test_what_changes_at_once_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was opened wrote the file once for each field of its form, in the window's thread."""
    written: list[Path] = []
    write_whole = files.write_whole

    def write(path: Path, content: bytes, sync: bool = True) -> None:
        written.append(path)
        write_whole(path, content, sync)

    monkeypatch.setattr("sedd_studio.record.settings.files.write_whole", write)
    settings = Settings(tmp_path / "settings.json")
    form = CurrentForm(settings)
    form.take(form.now.changed(steps=77, seed=5, samples=2))
    assert len(written) == 1
    form.take(form.now)
    assert len(written) == 1
    kept = Settings(tmp_path / "settings.json")
    assert (kept["steps"], kept["seed"], kept["samples"]) == (77, 5, 2)
    with pytest.raises(ValueError, match="cannot be"):
        settings.set_all({"steps": 9, "zoom": "large"})
    assert settings["steps"] == 77
