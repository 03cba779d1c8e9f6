"""The map of the run on show: kept up with its record, or held against another run; what is marked in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.tokenizers import Tokenizer
from engine.protocol.sampler_table import TITLES
from engine.runs.map_modes import MAP_MODES, MapMode, difference_codes
from engine.runs.map_table import characters_at
from engine.runs.run_map import Cells, Difference, Marked, RunMap, State, difference, same_noise, too_large
from engine.runs.trajectory import Trajectory
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.hindsight import Answer, Hindsight
from sedd_studio.session.notices import number_of
from sedd_studio.session.session import Session

SEEN = 6
"""Runs that were on show before, which the one on show can be held against."""
MOST_SAMPLES = 16
"""Samples of the run on show that it can be held against."""


@dataclass(frozen=True, eq=False)
class Other:
    """What the run on show can be held against: a sample of a run, and what it is called."""

    title: str
    run: Trajectory
    sample: int

    def same_as(self, other: Other | None) -> bool:
        return other is not None and other.run is self.run and other.sample == self.sample


class MapOnShow(QObject):
    """Has `map` follow the run and the sample on show while it is `wanted`; a run that goes on is read as it comes.

    `refusal` says why a run has no map, as a sentence; `other` is what it is held against, None for nothing; `marked`
    is the part of it that is marked. `changed` is told when its cells, or their colours, are others; `marked_changed`
    when another part is marked.
    """

    changed = Signal()
    marked_changed = Signal()

    def __init__(
        self, session: Session, hindsight: Hindsight, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._hindsight, self._settings = session, hindsight, settings
        self.map: RunMap | None = None
        self.refusal = ""
        self.other: Other | None = None
        self.marked: Marked | None = None
        self._wanted = False
        self._codes: Cells | None = None
        self._against: Cells | None = None
        self._compared: tuple[Trajectory, int, int, Other] | None = None
        self._seen: list[Trajectory] = []
        session.view.changed.connect(self._follow)
        session.view.run_changed.connect(self._follow)
        hindsight.changed.connect(self._take_answers)
        session.clock.add(self._grow)

    @property
    def mode_name(self) -> str:
        """The name in `MAP_MODES` of what the colours mean."""
        name = str(self._settings["map"])
        return name if name in MAP_MODES else str(SETTINGS["map"].default)

    @property
    def mode(self) -> MapMode:
        return MAP_MODES[self.mode_name]

    def choose(self, mode: str) -> None:
        if mode != self.mode_name:
            self._settings.set("map", mode)
            self._want_answers()
            self._tell()

    def want(self, wanted: bool) -> None:
        """The map is on screen from now on, or no more."""
        self._wanted = wanted
        self._want_answers()
        self._follow()

    def _want_answers(self) -> None:
        """While it is held against another run, its colours are not those that need them."""
        self._hindsight.want("map", self._wanted and bool(self.mode.column) and self.other is None)

    def _take_answers(self) -> None:
        if self._wanted and self.mode.column:
            self._tell()

    def codes(self) -> Cells | None:
        """The codes (steps + 1, L) of what is to be drawn, as `runs.map_modes` has them; None without a run."""
        if self.map is None:
            return None
        if self._codes is None:
            self._codes = self._made()
        return self._codes

    def _made(self) -> Cells:
        assert self.map is not None
        if self.other is None:
            answer = self.answer()
            return self.mode.codes(self.map, None if answer is None else answer.columns.get(self.mode.column))
        if self._against is None:
            return difference_codes(np.full(self.map.state.shape, Difference.TO_COME, np.uint8))
        return self._against

    def answer(self) -> Answer | None:
        """What the model thinks afterwards of the run that the map shows, which may still be the one before."""
        found = self._hindsight.answer()
        own = self.map
        return found if found and own and found.run is own.run and found.sample == own.sample else None

    # ---- what it is held against

    def others(self) -> Iterator[Other]:
        """What the run on show can be held against: its other samples, and runs of the same tokens that were shown."""
        if self.map is None:
            return
        run = self.map.run
        for sample in range(min(run.samples, MOST_SAMPLES)):
            if sample != self.map.sample:
                yield Other(f"sample {sample + 1} of this run", run, sample)
        for seen in reversed(self._seen):
            if seen is not run and _comparable(seen, run):
                yield Other(_named(seen, run), seen, min(self.map.sample, seen.samples - 1))

    def hold_against(self, other: Other | None) -> None:
        """Shows the difference to another run, or none any more."""
        self.other = other
        self._want_answers()
        self._against, self._compared = None, None
        self._compare()
        self._tell()

    def _compare(self) -> None:
        """Has the two compared in another thread, unless that was done; a run that goes on once it is over."""
        held, own = self.other, self.map
        if held is None or own is None or own.run.under_way or held.run.under_way:
            return
        asked = own.run, own.run.recorded, own.sample, held
        if self._compared is None or asked[1:3] != self._compared[1:3] or asked[0] is not self._compared[0]:
            self._compared = asked
            one, other = own.run.snapshot(), held.run.snapshot()

            def take(found: Cells) -> None:
                if self._compared is asked:
                    self._against = difference_codes(found)
                    self._tell()

            work = partial(difference, one, own.sample, other, held.sample)
            self._session.reader.read(work, take, "Comparing the runs")

    def held_against(self, run: Trajectory) -> tuple[Trajectory, int] | None:
        """As it stands, what this run is held against, and its sample."""
        if self.other is None or self.map is None or self.map.run is not run:
            return None
        return self.other.run.snapshot(), self.other.sample

    def there(self, step: int, position: int) -> str:
        """What stands in a cell of what the run is held against, at the same noise, in words; empty without any."""
        held, own = self.other, self.map
        if held is None or own is None or step > own.read:
            return ""
        token = int(held.run.at(same_noise(own.run, step, held.run), held.sample)[0][position])
        hidden, tokenizer = token == held.run.mask, self._tokenizer
        if hidden or tokenizer is None:
            return "hidden in the other"
        piece = tokenizer.piece(token)
        return f"“{piece.strip() or piece}” in the other"

    # ---- what is marked

    def mark(self, marked: Marked | None) -> None:
        """Marks a part; its positions are selected on the canvas, too, where it shows the same run."""
        if marked != self.marked:
            self.marked = marked
            if self.map is not None and self._session.view.run is self.map.run:
                self._session.view.select(None if marked is None else marked.positions)
            self.marked_changed.emit()

    def go(self, step: int) -> None:
        """Takes the playhead to a step, if the run is on show."""
        if self.map is not None and self._session.view.run is self.map.run:
            self._session.playhead.seek(step)

    # ---- in words

    def piece(self, step: int, position: int) -> str | None:
        """The text of what stands in a cell; None where it is masked, or not known."""
        tokenizer, found = self._tokenizer, self.map
        if tokenizer is None or found is None or found.told(step, position) in (State.HIDDEN, State.TO_COME):
            return None
        tokens = found.run.at(step, found.sample)[0]
        characters = characters_at(tokens, found.run.mask, tokenizer)
        return next((text for text in reversed(characters[: position + 1]) if text), None)

    def pieces(self) -> list[str]:
        """The text of each position after the newest step, by whole characters; empty where it is masked."""
        tokenizer, found = self._tokenizer, self.map
        if tokenizer is None or found is None:
            return []
        tokens = found.run.at(found.read, found.sample)[0]
        return characters_at(tokens, found.run.mask, tokenizer)

    @property
    def _tokenizer(self) -> Tokenizer | None:
        """The run's own: another model may be open by now."""
        if self.map is not None and self.map.run.origin is not None:
            return self.map.run.origin.tokenizer
        return self._session.view.tokenizer

    # ---- how it follows

    def _follow(self) -> None:
        told = self._session.view.told
        if not self._wanted:
            return
        refusal = "" if told is None else too_large(told[0])
        if told is None or refusal:
            if self.map is not None or refusal != self.refusal:
                self.map, self.other, self.refusal = None, None, refusal
                self._forget()
            return
        self.refusal = ""
        run, sample = told
        if self.map is None or self.map.run is not run or self.map.sample != sample:
            self._see(run)
            self.map = RunMap(run, sample)
            if self.other is not None and (self.other.run is run and self.other.sample == sample):
                self.other = None
            if self.other is not None and not _comparable(self.other.run, run):
                self.other = None
            self._want_answers()
            self.map.grow()
            self._forget()
        self._compare()
        if not self.map.complete:
            self._session.clock.start()

    def _see(self, run: Trajectory) -> None:
        self._seen = [*(seen for seen in self._seen if seen is not run), run][-SEEN:]

    def _forget(self) -> None:
        self.mark(None)
        self._against, self._compared = None, None
        self._compare()
        self._tell()

    def _grow(self, seconds: float) -> bool:
        if not self._wanted or self.map is None:
            return False
        if self.map.grow():
            self._tell()
        return not self.map.complete

    def _tell(self) -> None:
        self._codes = None
        self.changed.emit()


def _comparable(one: Trajectory, other: Trajectory) -> bool:
    """Whether two runs have as many positions, and the same tokens."""
    if one.length != other.length or one.origin is None or other.origin is None:
        return False
    mine, theirs = one.origin.tokenizer, other.origin.tokenizer
    return mine is theirs or mine.fingerprint == theirs.fingerprint


def _named(run: Trajectory, own: Trajectory) -> str:
    """How a run was made, and of which model if that is another one than of its `own`."""
    if run.origin is None:
        return number_of(run.steps, "step")
    asked, name = run.origin.request, run.origin.info.name
    sampler = TITLES.get(run.started.sampler or asked.sampler, asked.sampler)
    of = "" if own.origin is not None and own.origin.info.name == name else f"{name}: "
    return f"{of}{sampler}, {number_of(run.steps, 'step')}, seed {asked.seed}"
