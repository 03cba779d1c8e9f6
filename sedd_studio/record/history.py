"""Every run, in one SQLite file: the run itself as in a run file, and what it is searched by.

The file is in write-ahead mode, so a reader never waits for the writer, and a program that is killed loses at most
what it was about to write. A connection belongs to one thread; the keeper (`keeper.py`) writes from its own. Removed
runs are marked, so that removing can be undone, and are gone when the session is over that removed them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from engine.files import put_aside
from engine.language.graphemes import is_without_spaces
from engine.language.prompts import format_prompt
from engine.plain_text import plain_line
from engine.runs.runfile import encode
from engine.runs.schema import LONGEST_TEXT, check_date, check_modest, converted, read_json
from engine.runs.trajectory import Trajectory
from engine.strict_json import to_json
from sedd_studio.record import database
from sedd_studio.record.schema import LONGEST_PROMPT

WAIT = 5.0
"""Seconds to wait for another connection's write."""
LONGEST_NOTE = 300
"""Characters of a note."""
LARGEST_STATE = 2**25
"""Characters of how a session stood: more than all of its documents can take."""
LISTED = 2000
"""Characters of any text that are read for the list."""
TEXTS = ("made", "model", "noise", "sampler", "prompt", "text", "key", "parent", "change", "note")
NUMBERS = ("steps", "seed", "samples", "finished", "favourite")
LINES = ("model", "noise", "sampler", "change", "note")
"""Texts that are listed as one line each."""
COLUMNS = ", ".join(
    [
        "id",
        *(f"substr({name}, 1, {LISTED}) AS {name}" for name in TEXTS),
        *(f"iif(typeof({name}) = 'integer', {name}, NULL) AS {name}" for name in NUMBERS),
    ]
)
"""Of what is no text or no number, or far too long, no more is read than can be listed."""
DAMAGED = {
    "made": "1970-01-01T00:00:00+00:00",
    "text": "This run is damaged.",
    **dict.fromkeys(("model", "noise", "sampler", "prompt", "key", "parent", "change", "note"), ""),
    **dict.fromkeys(("steps", "seed", "samples"), 0),
}
"""What is listed in the place of a row that makes no sense."""


@dataclass(frozen=True)
class Entry:
    """A run as the history lists it; `text` is the beginning of that of its first sample, `made` is ISO 8601.

    `parent` is the `key` of the run that it came from, `change` in which way; `note` is the user's.
    """

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
    key: str = ""
    parent: str = ""
    change: str = ""
    note: str = ""


@dataclass(frozen=True)
class LeftOver:
    """How a session stood that is over: its state, and the run on show as a run file's bytes."""

    state: dict[str, object]
    content: bytes | None

    @property
    def closed(self) -> bool:
        """Whether it ended properly, to be gone on with at the next start."""
        return self.state.get("closed") is True

    @property
    def kept(self) -> float:
        """When it was kept, in seconds since 1970; 0 where that is not known."""
        found = self.state.get("kept")
        return float(found) if isinstance(found, int | float) else 0.0


def default_path() -> Path:
    """Where the user's history is kept."""
    return Path(platformdirs.user_data_dir("sedd-studio", appauthor=False)) / "history.sqlite3"


class History:
    """One connection to the history at `path`, of the session with that number; it waits so many seconds for others.

    A damaged file is put aside under another name, `put_aside`, and a new one is begun.
    """

    def __init__(self, path: Path, session: int = 1, wait: float = WAIT) -> None:
        self.path = path
        self.put_aside: Path | None = None
        self._session, self._wait = session, wait
        try:
            self._database = database.opened(path, wait)
        except sqlite3.DatabaseError as error:
            if not database.is_damage(error):
                raise
            self._open_another()
        self._file = self._identity()

    def begin_again(self) -> None:
        """Puts the file aside that turned out to be damaged, unless another connection has done so."""
        self.close()
        self.put_aside = None
        self._open_another(damaged=self._file)
        self._file = self._identity()

    def _open_another(self, damaged: int | None = None) -> None:
        """Opens what lies there now, once it is neither the `damaged` file nor another such; one studio at a time."""
        from filelock import FileLock  # takes a while

        with FileLock(self.path.with_suffix(".opening"), timeout=self._wait):
            if damaged is not None and self._identity() == damaged:
                self.put_aside = put_aside(self.path)
            try:
                self._database = database.opened(self.path, self._wait)
            except sqlite3.DatabaseError as error:
                if not database.is_damage(error):
                    raise
                self.put_aside = put_aside(self.path)
                self._database = database.opened(self.path, self._wait)

    def _identity(self) -> int:
        """Of the file that lies there now; 0 if there is none."""
        return self.path.stat().st_ino if self.path.exists() else 0

    def close(self) -> None:
        self._database.close()

    # ---- runs

    def add(self, run: Trajectory, favourite: bool = False) -> int:
        """Keeps a run; returns its id."""
        assert run.origin is not None
        origin, asked = run.origin, run.origin.request
        texts = list(map(origin.tokenizer.decode, run.known()))
        sampler = run.started.sampler or asked.sampler
        prompt = format_prompt(asked.tokens, origin.tokenizer)
        settings = _settings(origin.info.name, origin.info.noise, sampler, run.steps, asked.seed)
        came = () if run.came is None else (run.came.key, run.came.way)
        row = (origin.made, origin.info.name, origin.info.noise, sampler, run.steps, asked.seed, run.samples)
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            made = self._database.execute(
                "INSERT INTO runs (made, model, noise, sampler, steps, seed, samples, prompt, text, finished, "
                "favourite, content, key, parent, change) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *row,
                    prompt,
                    texts[0],
                    run.result is not None,
                    favourite,
                    encode(run),
                    origin.key,
                    *(came or ("", "")),
                ),
            )
            number = int(made.lastrowid or 0)
            self._database.execute(
                "INSERT INTO words (rowid, prompt, text, settings) VALUES (?, ?, ?, ?)",
                (number, prompt, "\n".join(texts), settings),
            )
        return number

    def search(self, words: str = "", favourites: bool = False, most: int = 500) -> list[Entry]:
        """The newest `most` runs whose prompt, texts or settings hold each of the `words`, newest first.

        A word matches every word that it begins, a number itself only. One of signs, or of a script without spaces,
        matches wherever it stands: the table of words knows no signs, and takes such a text for a single word.
        """
        each = words_of(words)
        anywhere = [word for word in each if stands_anywhere(word)]
        asked = " ".join(f'"{word}"' + "*" * (not word.isdigit()) for word in each if word not in anywhere)
        inside = ["words MATCH ?"] * bool(asked) + [
            "instr(prompt || char(10) || text || char(10) || settings, ?)"
        ] * len(anywhere)
        found = "".join(f" AND id IN (SELECT rowid FROM words WHERE {condition})" for condition in inside)
        starred = " AND favourite" if favourites else ""
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM runs WHERE NOT removed{starred}{found} ORDER BY id DESC LIMIT ?",
            (*([asked] if asked else []), *anywhere, most),
        )
        names = [column[0] for column in rows.description]
        return [_entry(dict(zip(names, row, strict=True))) for row in rows]

    def content(self, number: int) -> bytes:
        """The run of that id as a run file's bytes; none if it is not there."""
        row = self._database.execute("SELECT content FROM runs WHERE id = ?", (number,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else b""

    def set_favourite(self, number: int, favourite: bool) -> None:
        self._database.execute("UPDATE runs SET favourite = ? WHERE id = ?", (favourite, number))

    def set_note(self, number: int, note: str) -> None:
        """Keeps a line of the user's with a run, in the place of the one before; it is found by its words, too."""
        line = plain_line(note[:LONGEST_NOTE])
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("UPDATE runs SET note = ? WHERE id = ?", (line, number))
            found = "SELECT model, noise, sampler, steps, seed FROM runs WHERE id = ?"
            for row in self._database.execute(found, (number,)).fetchall():
                words = f"{_settings(*row)} {line}"
                self._database.execute("UPDATE words SET settings = ? WHERE rowid = ?", (words, number))

    def set_removed(self, numbers: Sequence[int], removed: bool) -> None:
        """Takes runs out of the lists, or puts them back. They are marked with the session that may do so."""
        mark = self._session if removed else 0
        self._database.executemany("UPDATE runs SET removed = ? WHERE id = ?", [(mark, n) for n in numbers])

    def tidy(self, sessions: Sequence[int]) -> None:
        """Deletes for good what was removed in these sessions, which are over."""
        which, numbers = "removed AND removed IN (SELECT value FROM json_each(?))", to_json(list(sessions))
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(f"DELETE FROM words WHERE rowid IN (SELECT id FROM runs WHERE {which})", (numbers,))
            self._database.execute(f"DELETE FROM runs WHERE {which}", (numbers,))

    # ---- sessions

    def remember(self, state: dict[str, object], run: Trajectory | None) -> None:
        """Keeps how the session stands, in the place of what was kept of it before."""
        content = None if run is None or run.origin is None else encode(run)
        self._database.execute("REPLACE INTO session VALUES (?, ?, ?)", (self._session, to_json(state), content))

    def remember_state(self, state: dict[str, object]) -> None:
        """Keeps how the session stands; the run that was kept with it stays."""
        self._database.execute("UPDATE session SET state = ? WHERE id = ?", (to_json(state), self._session))

    def forget(self, sessions: Sequence[int]) -> None:
        """There is nothing to bring back of these sessions."""
        self._database.executemany("DELETE FROM session WHERE id = ?", [(number,) for number in sessions])

    def sessions(self) -> list[int]:
        """The numbers of all that left something, be it what they stood at or runs that they removed."""
        rows = self._database.execute("SELECT id FROM session UNION SELECT removed FROM runs WHERE removed")
        return [number for (number,) in rows if isinstance(number, int)]

    def left_by(self, session: int) -> LeftOver | None:
        """What a session left, None if that is nothing, or damaged."""
        asked = "SELECT state, content FROM session WHERE id = ? AND length(state) <= ?"
        found = self._database.execute(asked, (session, LARGEST_STATE)).fetchone()
        if found is None or not isinstance(found[0], str) or not isinstance(found[1], bytes | None):
            return None
        try:
            return LeftOver(read_json(found[0], dict[str, Any], LONGEST_PROMPT), found[1])
        except ValueError:
            return None


def _settings(model: str, noise: str, sampler: str, steps: int, seed: int) -> str:
    """What a run is found by beside its words."""
    return f"{model} {noise} {sampler} {steps} steps seed {seed}"


def as_tree(entries: Iterable[Entry]) -> list[tuple[Entry, int]]:
    """Runs as they stand under those that they came from, each with how deep it stands. What something was done with
    last comes first; what came of a run comes in the order in which it was made."""
    rows = sorted(entries, key=lambda entry: entry.id)
    known: dict[str, int] = {}
    below: dict[int | None, list[Entry]] = {}
    above: dict[int, int | None] = {}
    for entry in rows:  # one that is older than its parent is none of its own, so that there are no circles
        above[entry.id] = known.get(entry.parent) if entry.parent else None
        below.setdefault(above[entry.id], []).append(entry)
        if entry.key:
            known[entry.key] = entry.id
    newest = {entry.id: entry.id for entry in rows}
    for entry in reversed(rows):
        if (parent := above[entry.id]) is not None:
            newest[parent] = max(newest[parent], newest[entry.id])
    waiting = [(entry, 0) for entry in sorted(below.get(None, []), key=lambda entry: newest[entry.id])]
    found = []
    while waiting:
        entry, depth = waiting.pop()
        found.append((entry, depth))
        waiting += [(one, depth + 1) for one in reversed(below.get(entry.id, []))]
    return found


def words_of(search: str) -> list[str]:
    """The words that are looked for, each once."""
    return list(dict.fromkeys(search.replace('"', " ").split()))


def stands_anywhere(word: str) -> bool:
    """Whether a word is looked for in the midst of others: signs, and scripts without spaces."""
    signs = not word.isascii() and not any(character.isalnum() for character in word)
    return signs or any(map(is_without_spaces, word))


def _entry(values: dict[str, Any]) -> Entry:
    values |= {name: bool(values[name]) for name in ("finished", "favourite")}
    try:
        check_modest(list(values.values()), LONGEST_TEXT)
        entry = converted(values | {name: plain_line(values[name], LISTED) for name in LINES}, Entry)
        check_date(entry.made)
    except (ValueError, TypeError):  # the latter where a line is no text
        entry = Entry(**values | DAMAGED)
    return entry
