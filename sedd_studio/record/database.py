"""The SQLite file of the history: opened, made, brought to the schema of this version, and told from damaged ones."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from engine.protocol import UserError
from engine.runs.runfile import LARGEST

VERSION = 3
PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
"""Errors that another connection's work is the reason for: the lower eight bits of their codes."""
LARGEST_VALUE = 2 * LARGEST
"""Bytes of one value."""
SESSION = "CREATE TABLE session (id INTEGER PRIMARY KEY, state TEXT, content BLOB)"
RUNS = (
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, made TEXT, model TEXT, noise TEXT, sampler TEXT, steps INTEGER, "
    "seed INTEGER, samples INTEGER, prompt TEXT, text TEXT, finished INTEGER, favourite INTEGER DEFAULT 0, "
    "removed INTEGER DEFAULT 0, content BLOB, "
    "key TEXT DEFAULT '', parent TEXT DEFAULT '', change TEXT DEFAULT '', note TEXT DEFAULT '')"
)
"""`key` tells a run from others, `parent` is that of the run it came from, and `change` says in which way."""
WORDS = "CREATE VIRTUAL TABLE words USING fts5(prompt, text, settings)"
SCHEMA = (RUNS, WORDS, SESSION)
ADDED = ("key", "parent", "change", "note")
"""Columns of runs that there are since the third version."""
MIGRATIONS = {
    1: (
        "ALTER TABLE session RENAME TO former",
        SESSION,
        "INSERT INTO session SELECT id, state, content FROM former",
        "DROP TABLE former",
    ),
    2: tuple(f"ALTER TABLE runs ADD COLUMN {name} TEXT DEFAULT ''" for name in ADDED),
}
"""What makes the schema of a version that of the next. In the first a history knew a single session, whose id was 1; in
the second runs stood side by side, without notes."""
COLUMNS = {
    "runs": "id made model noise sampler steps seed samples prompt text finished favourite removed content",
    "words": "prompt text settings",
    "session": "id state content",
}


class DamagedError(sqlite3.DatabaseError):
    """The file is no history: a folder, no database, or one with other tables."""


def opened(path: Path, wait: float) -> sqlite3.Connection:
    """A connection to the history at `path`, which waits so many seconds for others.

    Raises what `is_damage` tells, a UserError where a newer version wrote the file, and other errors where it is
    locked or the place cannot be used.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise DamagedError("it is a folder")
    database = sqlite3.connect(path, timeout=wait, isolation_level=None)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        database.text_factory = lambda content: content.decode(errors="replace")
        _write_ahead(database, wait)
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA trusted_schema = OFF")
        if (version := _version(database)) < VERSION:
            _bring_up(database)
        elif version > VERSION:
            raise UserError(
                f"the history {path} was written by a newer version of the studio; install that, or move the file away."
            )
        _check_tables(database)
    except BaseException:
        database.close()
        raise
    return database


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is at fault, and neither its place nor another program."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, DamagedError) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _write_ahead(database: sqlite3.Connection, wait: float) -> None:
    """Write-ahead mode. SQLite does not wait for the lock that this takes while another connection does the same."""
    end = time.monotonic() + wait
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


def _bring_up(database: sqlite3.Connection) -> None:
    """Makes the tables, or those of this version of older ones, unless another connection was quicker.

    A DamagedError where the tables are not those of the version that the file says it has.
    """
    with database:
        database.execute("BEGIN IMMEDIATE")
        version = _version(database)
        if version == 0 and database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise DamagedError("it has tables, and no version")
        if version < 0:
            raise DamagedError("it has no version that there was")
        if version:
            _check_tables(database)
        steps = [statement for old in range(version, VERSION) for statement in MIGRATIONS[old]] if version else SCHEMA
        for statement in steps:
            try:
                database.execute(statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # a table or a column that is there already
                    raise DamagedError("its tables are those of another version") from error
                raise
        database.execute(f"PRAGMA user_version = {VERSION}")


def _check_tables(database: sqlite3.Connection) -> None:
    """A DamagedError unless the tables are there, and nothing that would do more than they are asked for."""
    for table, columns in COLUMNS.items():
        found = {name: bool(key) for _, name, _, _, _, key in database.execute(f"PRAGMA table_info({table})")}
        wanted = [*columns.split(), *(ADDED if table == "runs" and _version(database) >= VERSION else ())]
        if not found.keys() >= set(wanted) or not found.get("id", True):
            raise DamagedError(f"its table {table} is missing or another")
    if (WORDS,) not in database.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchall():
        raise DamagedError("its table words is another")
    if database.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view', 'index')").fetchone():
        raise DamagedError("it has triggers, views or indexes")
