"""A history that is damaged, hostile, or of another version: put aside, brought up or refused; little of it is read."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from engine.protocol import UserError
from engine.runs.runfile import decode
from sedd_studio.record.database import is_damage
from sedd_studio.record.history import COLUMNS, History
from tests.sedd_studio.test_history import ROOT, made
from tests.sedd_studio.windows import left_over


def spoilt(path: Path, statement: str) -> None:
    history = History(path)
    history.close()
    with sqlite3.connect(path) as database:
        database.executescript(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE runs",
        "DROP TABLE words",
        "DROP TABLE session",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
        "ALTER TABLE runs RENAME COLUMN made TO other",
        "CREATE VIEW more AS SELECT id FROM runs",
        "CREATE TRIGGER more AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
        "CREATE UNIQUE INDEX more ON runs (seed)",
        "DROP TABLE words; CREATE TABLE words (prompt, text, settings)",
        "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(prompt, text, settings, content='')",
        "ALTER TABLE runs RENAME TO former; CREATE TABLE runs AS SELECT * FROM former",  # whose ids may be anything
        "ALTER TABLE runs DROP COLUMN note",
        "PRAGMA user_version = 2",  # with columns that there are since the third
    ],
)
def test_one_with_other_tables_is_put_aside(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "history.sqlite3"
    spoilt(path, statement)
    history = History(path)
    assert history.put_aside is not None
    assert history.put_aside.is_file()
    history.add(made(tmp_path))
    history.close()


def test_a_folder_in_its_place_is_put_aside_and_what_is_put_aside_never_collides(tmp_path: Path) -> None:
    path, names = tmp_path / "history.sqlite3", set()
    for _ in range(3):
        path.mkdir()
        history = History(path)
        assert history.put_aside is not None
        assert history.put_aside.is_dir()
        names.add(history.put_aside)
        history.close()
        path.unlink()
    assert len(names) == 3


def test_one_that_is_damaged_within_is_put_aside_once_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    first = History(path)
    for _ in range(4):
        first.add(made(tmp_path))
    first.close()
    here, there = History(path), History(path)
    size = path.stat().st_size - 4096
    with path.open("r+b") as file:
        file.seek(4096)  # behind the first page, which has the names of the tables
        file.write(b"\xff" * size)
    with pytest.raises(sqlite3.DatabaseError) as told:
        here.search()
    assert is_damage(told.value)
    here.begin_again()
    assert here.put_aside is not None
    assert not Path(f"{path}-wal").exists() or Path(f"{here.put_aside}-wal").exists()
    number = here.add(made(tmp_path))
    there.begin_again()
    assert there.put_aside is None
    assert [entry.id for entry in there.search()] == [number]
    here.close()
    there.close()


def test_one_of_a_newer_version_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    spoilt(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer version"):
        History(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob("history*damaged*")] == []


def test_one_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    path = Path(shutil.copy(ROOT / "tests" / "data" / "history.sqlite3", tmp_path))
    history = History(path, 5)
    assert history.sessions() == [1]
    history.remember({"prompt": "of now"}, None)
    assert set(history.sessions()) == {1, 5}
    assert len(history.search()) == 3
    assert {(entry.key, entry.parent, entry.note) for entry in history.search()} == {("", "", "")}
    oldest = history.search()[-1].id
    history.set_note(oldest, " one\nline ")
    assert [entry.note for entry in history.search("line")] == ["one line"]
    history.close()


def test_a_run_has_the_same_key_wherever_it_is_kept(tmp_path: Path) -> None:
    run, other = made(tmp_path, seed=3), made(tmp_path, seed=4)
    assert run.origin is not None
    assert other.origin is not None
    history = History(tmp_path / "history.sqlite3")
    again = decode(history.content(history.add(run))).origin
    assert again is not None
    assert again.key == run.origin.key != other.origin.key
    assert history.search()[0].key == run.origin.key
    history.close()


def test_a_row_that_makes_no_sense_is_listed_and_does_not_open(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    history.add(made(tmp_path))
    spoilt(history.path, "UPDATE runs SET made = 'yesterday', steps = 'many', text = x'ff', content = 7")
    (entry,) = history.search()
    assert entry.text == "This run is damaged."
    assert history.content(entry.id) == b""
    history.close()


def test_of_a_session_no_more_is_read_than_one_can_have_left(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    history = History(path)
    history.remember({"prompt": "kept"}, None)
    assert left_over(history) is not None
    history.close()
    spoilt(path, "UPDATE session SET state = printf('%.*c', 40000000, ' ') || state")
    history = History(path)
    assert left_over(history) is None
    history.close()


def kept_run(folder: Path) -> Path:
    """A history with a run."""
    path = folder / "history.sqlite3"
    history = History(path)
    history.add(made(folder))
    history.close()
    return path


def test_no_more_of_a_row_is_read_than_is_listed(tmp_path: Path) -> None:
    path = kept_run(tmp_path)
    texts = ("made", "model", "noise", "sampler", "prompt", "text", "key", "parent", "change", "note")
    for name in (*texts, "steps", "seed", "samples", "finished", "favourite"):
        spoilt(path, f"UPDATE runs SET {name} = printf('%.*c', 200000, 'x')")
    history = History(path)
    rows = history._database.execute(f"SELECT {COLUMNS} FROM runs").fetchall()
    assert rows
    assert max(len(value) for row in rows for value in row if isinstance(value, str)) <= 2000
    assert history.search()
    history.close()


def test_what_a_row_says_in_a_line_is_a_plain_line(tmp_path: Path) -> None:
    path = kept_run(tmp_path)
    hostile = "'<b>x</b>' || char(8238) || 'evil' || char(27) || '[31m' || char(10) || 'next'"
    spoilt(path, "; ".join(f"UPDATE runs SET {name} = {hostile}" for name in ("model", "sampler", "change", "note")))
    history = History(path)
    (entry, *_) = history.search()
    plain = "<b>x</b>\ufffdevil\u241b[31m next"
    assert (entry.model, entry.sampler, entry.change, entry.note) == (plain,) * 4
    history.set_note(entry.id, "\u202eturned\x1b[2J")
    assert history.search()[0].note == "\ufffdturned\u241b[2J"
    history.close()


def test_a_history_that_cannot_be_written_is_given_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        History(tmp_path / "file" / "history.sqlite3")
    assert not waited
