"""Run files are told to the desktop in its own formats."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine.protocol import UserError
from engine.runs.runfile import SUFFIX
from sedd_studio.window import app
from sedd_studio.window.registering import MIME, quoted, register


def test_the_entry_opens_a_file_and_the_type_knows_its_ending(tmp_path: Path) -> None:
    entry_file, types_file = register(tmp_path, "/home/a user/bin/sedd-studio")
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(entry_file, encoding="utf-8")
    assert entry["Desktop Entry"]["Exec"] == '"/home/a user/bin/sedd-studio" %f'
    assert MIME in entry["Desktop Entry"]["MimeType"]
    root = ET.parse(types_file).getroot()
    (kind,) = root
    assert kind.attrib["type"] == MIME
    assert [child.attrib["pattern"] for child in kind if child.tag.endswith("glob")] == [f"*{SUFFIX}"]
    assert register(tmp_path, "again") == [entry_file, types_file]


def test_odd_letters_in_the_command_are_quoted() -> None:
    assert quoted('a"b$c%d') == '"a\\"b\\$c%%d"'


def test_the_option_writes_into_the_users_own_folder_and_opens_no_window(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--register"]) == 0
    told = capsys.readouterr().out
    assert "sedd-studio.desktop" in told
    assert Path(told.splitlines()[1].strip()).is_file()


def test_elsewhere_it_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UserError, match="Open with"):
        register(tmp_path, "sedd-studio")
    assert app.main(["--register"]) == 2
    assert "Open with" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "applications").write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match="Nothing can be written"):
        register(tmp_path, "sedd-studio")
