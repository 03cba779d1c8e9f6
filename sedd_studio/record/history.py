"""Every run, in one SQLite file: the run itself as in a run file, and what it is searched by.

The file is in write-ahead mode, so a reader never waits for the writer, and a program that is killed loses at most
what it was about to write. A connection belongs to one thread; the keeper (`keeper.py`) writes from its own. Removed
runs are marked, so that removing can be undone, and are gone when the history is next tidied.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from engine.language.prompts import format_prompt
from engine.protocol import FREE
from engine.strict_json import to_json
from sedd_studio.record.runfile import LARGEST, encode
from sedd_studio.record.schema import LONGEST_PROMPT, LONGEST_TEXT, check_date, check_modest, converted, read_json
from sedd_studio.record.trajectory import Origin, Trajectory

VERSION = 1
WAIT = 5.0
"""Seconds to wait for another connection's write."""
PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
"""Errors that another connection's work is the reason for: the lower eight bits of their codes."""

SCHEMA = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, made TEXT, model TEXT, noise TEXT, sampler TEXT, steps INTEGER, seed INTEGER,
    samples INTEGER, prompt TEXT, text TEXT, finished INTEGER, favourite INTEGER DEFAULT 0, removed INTEGER DEFAULT 0,
    content BLOB
);
CREATE VIRTUAL TABLE words USING fts5(prompt, text, settings);
CREATE TABLE session (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT, content BLOB);
"""
LISTED = 2000
"""Characters of a prompt and of a text that are read for the list."""
COLUMNS = (
    "id, made, model, noise, sampler, steps, seed, samples, "
    f"substr(prompt, 1, {LISTED}) AS prompt, substr(text, 1, {LISTED}) AS text, finished, favourite"
)
LARGEST_VALUE = 2 * LARGEST
"""Bytes of one value."""
DAMAGED = {
    "made": "1970-01-01T00:00:00+00:00",
    "text": "This run is damaged.",
    **dict.fromkeys(("model", "noise", "sampler", "prompt"), ""),
    **dict.fromkeys(("steps", "seed", "samples"), 0),
}
"""What is listed in the place of a row that makes no sense."""


@dataclass(frozen=True)
class Entry:
    """A run as the history lists it; `text` is the beginning of that of its first sample, `made` is ISO 8601."""

    id: int
    made: str
    model: str
    noise: str
    sampler: str
    steps: int
    seed: int
    samples: int
    prompt: str
    text: str
    finished: bool
    favourite: bool


@dataclass(frozen=True)
class LeftOver:
    """What a session that did not end properly was doing: its state, and the run on show as a run file's bytes."""

    state: dict[str, object]
    content: bytes | None


def default_path() -> Path:
    """Where the user's history is kept."""
    return Path(platformdirs.user_data_dir("sedd-studio", appauthor=False)) / "history.sqlite3"


class History:
    """One connection to the history at `path`. A damaged file is put aside under another name: `put_aside`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put_aside: Path | None = None
        self._removed: set[int] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = self._opened()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or no such place: the file is not at fault
                raise
            self.put_aside = path.with_name(f"{path.stem}-damaged-{int(time.time())}{path.suffix}")
            path.replace(self.put_aside)
            self._database = self._opened()

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        try:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            database.text_factory = lambda content: content.decode(errors="replace")
            _write_ahead(database)
            database.execute("PRAGMA synchronous = NORMAL")
            if not _version(database):
                _create(database)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Ends the connection."""
        self._database.close()

    # ---- runs

    def add(self, run: Trajectory, favourite: bool = False) -> int:
        """Keeps a run; returns its id."""
        assert run.origin is not None
        origin, asked = run.origin, run.origin.request
        texts = sample_texts(run, origin)
        sampler = run.started.sampler or asked.sampler
        prompt = format_prompt(asked.tokens, origin.tokenizer)
        settings = f"{origin.info.name} {origin.info.noise} {sampler} {run.steps} steps seed {asked.seed}"
        row = (origin.made, origin.info.name, origin.info.noise, sampler, run.steps, asked.seed, run.samples)
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            made = self._database.execute(
                "INSERT INTO runs (made, model, noise, sampler, steps, seed, samples, prompt, text, finished, "
                "favourite, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, prompt, texts[0], run.result is not None, favourite, encode(run)),
            )
            number = int(made.lastrowid or 0)
            self._database.execute(
                "INSERT INTO words (rowid, prompt, text, settings) VALUES (?, ?, ?, ?)",
                (number, prompt, "\n".join(texts), settings),
            )
        return number

    def search(self, words: str = "", favourites: bool = False, most: int = 500) -> list[Entry]:
        """The newest `most` runs whose prompt, texts or settings hold each of the `words`, newest first.

        A word matches every word that it begins, a number itself only.
        """
        asked = " ".join(f'"{word}"' + "*" * (not word.isdigit()) for word in words.replace('"', " ").split())
        found = " AND id IN (SELECT rowid FROM words WHERE words MATCH ?)" if asked else ""
        starred = " AND favourite" if favourites else ""
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM runs WHERE NOT removed{starred}{found} ORDER BY id DESC LIMIT ?",
            (*([asked] if asked else []), most),
        )
        names = [column[0] for column in rows.description]
        return [_entry(dict(zip(names, row, strict=True))) for row in rows]

    def content(self, number: int) -> bytes:
        """The run of that id as a run file's bytes; none if it is not there."""
        row = self._database.execute("SELECT content FROM runs WHERE id = ?", (number,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else b""

    def set_favourite(self, number: int, favourite: bool) -> None:
        """Marks a run as a favourite, or as none."""
        self._database.execute("UPDATE runs SET favourite = ? WHERE id = ?", (favourite, number))

    def set_removed(self, numbers: Sequence[int], removed: bool) -> None:
        """Takes runs out of the lists, or puts them back."""
        self._database.executemany("UPDATE runs SET removed = ? WHERE id = ?", [(removed, n) for n in numbers])
        self._removed = self._removed | set(numbers) if removed else self._removed - set(numbers)

    def tidy(self) -> None:
        """Deletes for good what was removed by this connection: another studio may yet put back what it removed."""
        self._delete("removed AND id IN (SELECT value FROM json_each(?))", to_json(sorted(self._removed)))

    def tidy_all(self) -> None:
        """Deletes for good whatever was removed, by studios too that did not end properly."""
        self._delete("removed")

    def _delete(self, which: str, *values: object) -> None:
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(f"DELETE FROM words WHERE rowid IN (SELECT id FROM runs WHERE {which})", values)
            self._database.execute(f"DELETE FROM runs WHERE {which}", values)

    # ---- the session

    def remember(self, state: dict[str, object], run: Trajectory | None) -> None:
        """Keeps how the session stands, in the place of what was kept before."""
        content = None if run is None or run.origin is None else encode(run)
        self._database.execute("REPLACE INTO session VALUES (1, ?, ?)", (to_json(state), content))

    def remember_state(self, state: dict[str, object]) -> None:
        """Keeps how the session stands; the run that was kept with it stays."""
        self._database.execute("UPDATE session SET state = ?", (to_json(state),))

    def forget(self) -> None:
        """The session ended properly: there is nothing to offer back."""
        self._database.execute("DELETE FROM session")

    def left_over(self) -> LeftOver | None:
        """What a session left that did not end properly, None if there was none or it is damaged."""
        row = self._database.execute("SELECT state, content FROM session").fetchone()
        if row is None or not isinstance(row[0], str) or not isinstance(row[1], bytes | None):
            return None
        try:
            return LeftOver(read_json(row[0], dict[str, Any], LONGEST_PROMPT), row[1])
        except ValueError:
            return None


def _write_ahead(database: sqlite3.Connection) -> None:
    """Write-ahead mode. SQLite does not wait for the lock that this takes while another connection does the same."""
    end = time.monotonic() + WAIT
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in PASSING or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _create(database: sqlite3.Connection) -> None:
    """Makes the tables, unless another connection was quicker."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        if not _version(database):
            for statement in SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")


def _entry(values: dict[str, Any]) -> Entry:
    values |= {name: bool(values[name]) for name in ("finished", "favourite")}
    try:
        check_modest(list(values.values()), LONGEST_TEXT)
        entry = converted(values, Entry)
        check_date(entry.made)
    except ValueError:
        entry = Entry(**values | DAMAGED)
    return entry


def sample_texts(run: Trajectory, origin: Origin) -> list[str]:
    """The text of each sample as far as it is known; masked positions are left out."""
    hidden = (run.mask, FREE)
    return [origin.tokenizer.decode([token for token in row if token not in hidden]) for row in run.newest.tolist()]
