"""The models on offer, and what becomes of them: they are opened, downloaded, and asked what they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.plain_text import plain_line
from sedd_studio.record.sizes import memory
from sedd_studio.session.fetching import Fetcher, lines_of
from sedd_studio.session.session import Session
from sedd_studio.session.shelf_rows import ASKED, TO_DO, Row, State, rows_of

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs

Lines = tuple[tuple[str, str], ...]
LONGEST = 400
"""Characters of a line of a report."""


class Shelf(QObject):
    """`rows` are all models that are offered; `changed` is told when there are others, or something else can be done
    with them. `report` is what the doctor says of the model at `examined`; it is empty until he has."""

    changed = Signal()
    reported = Signal()
    offered = Signal(str)
    """With the name of a model that is to be looked for."""
    _told = Signal(str, object)
    _left = Signal(str)

    def __init__(
        self, session: Session, fetcher: Fetcher, looks: Jobs, removals: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._looks, self._removals = session, looks, removals
        self._leaving: set[str] = set()
        self.fetcher = fetcher
        self._found: list[Row] = []
        self.examined, self.report = "", Lines()
        self._told.connect(self._take_report)
        self._left.connect(self._take_leave)
        session.models.changed.connect(self.look)
        session.models.loading_changed.connect(self.changed)
        session.models.loading_changed.connect(self._look_again)
        fetcher.changed.connect(self.changed)
        fetcher.ended.connect(self.look)

    @property
    def rows(self) -> list[Row]:
        """All of them: what was found, and what is asked for by its name and not on the list."""
        known = {row.name.lower() for row in self._found}
        asked = [name for name in self.fetcher.coming if name.lower() not in known]
        return [*self._found, *(Row("hub", name, ASKED) for name in asked)]

    def look(self) -> None:
        """Has what lies on this disk looked through."""
        recent = list(self._session.settings["recent_models"])
        self._session.reader.read(lambda: rows_of(recent), self._take, "Looking through the models")

    def _look_again(self) -> None:
        """What could not be opened may be there no more."""
        if not self._session.models.loading:
            self.look()

    def state(self, row: Row) -> State:
        """What can be done with a row."""
        models = self._session.models
        if row.name in self._leaving:
            return "leaves"
        if row.path:
            opens = models.opens(row.path)
            return "there" if not opens else "opens" if models.loading else "open"
        if asked := self.fetcher.named(row.name):
            return "coming" if self.fetcher.current == asked else "waits"
        return "part" if row.come else "away"

    def offer(self, name: str) -> None:
        """Has a model looked for by its name on the hub."""
        self.offered.emit(name)

    def act(self, row: Row) -> None:
        """Opens what is here, and downloads what is not; what went wrong before is no matter then."""
        self._session.errors.dismiss()
        match self.state(row):
            case "there":
                self._session.models.open(row.path)
            case "part" | "away":
                self.fetcher.fetch(row.name)

    def cancel(self, row: Row) -> None:
        """Ends a download; what has come of it stays."""
        self.fetcher.cancel(row.name)

    def removable(self, row: Row) -> bool:
        """Whether it came from the hub and can be deleted from this disk now."""
        return row.fetched and self.state(row) in ("there", "part")

    def remove(self, row: Row) -> None:
        """Deletes a model that came from the hub, or what has come of it; not one that is open."""
        if self.removable(row):
            self._leaving.add(row.name)
            self._removals.start(f"Deleting {row.name}", lambda: self._remove(row.name))
            self.changed.emit()

    def _remove(self, name: str) -> Iterator[float]:
        try:
            for _ in lines_of([sys.executable, "-m", "engine.cli", "remove", name, "--json"]):
                yield 0.0
        finally:
            self._left.emit(name)

    def _take_leave(self, name: str) -> None:
        self._leaving.discard(name)
        self.changed.emit()
        self.look()

    def examine(self, path: str) -> None:
        """Has the doctor say what lies at a path."""
        self._looks.cancel()
        self.examined, self.report = path, ()
        self._looks.start(f"Looking at {Path(path).name}", lambda: self._examine(path))
        self.reported.emit()

    def _examine(self, path: str) -> Iterator[float]:
        for line in lines_of([sys.executable, "-m", "engine.cli", "doctor", path, "--json"]):
            yield 0.0
            if line:
                self._told.emit(path, json.loads(line))
                return  # what follows is the exit code, which says whether it opens

    def _take_report(self, path: str, told: dict[str, Any]) -> None:
        if path == self.examined:
            problems = [(TO_DO, plain_line(str(problem), LONGEST)) for problem in told.pop("problems", [])]
            opens = told.pop("opens", False)
            facts = [(name.capitalize(), shown(name, fact)) for name, fact in told.items() if name != "path"]
            verdict = ("Verdict", "It opens." if opens else "It does not open as it is.")
            self.report = (verdict, *problems, *facts)
            self.reported.emit()

    def _take(self, rows: list[Row]) -> None:
        if rows != self._found:
            self._found = rows
            self.changed.emit()


def shown(name: str, fact: Any) -> str:
    """A fact of the doctor's for a reader."""
    if isinstance(fact, int):
        return memory(fact) if name.startswith("memory") else f"{fact:,}"
    return plain_line(str(fact), LONGEST)
