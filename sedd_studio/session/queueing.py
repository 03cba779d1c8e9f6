"""Runs that wait for the engine to be free: each is made in turn, unseen, and goes to the history."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.prompts import format_prompt
from engine.language.tokenizers import Tokenizer
from engine.protocol import Event, Failed, Finished, Frame, Generate, ModelInfo, Noise, Started, ends
from engine.protocol.option_kinds import SEED
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.session.costs import calls_a_second
from sedd_studio.session.notices import number_of
from sedd_studio.session.panes import work_of
from sedd_studio.session.session import Session
from sedd_studio.session.several_runs import Several, changed

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper


COMPARED = [field.name for field in fields(Generate) if field.name not in ("tokens", "start")]
"""What of two runs is held against each other, beside the prompt."""


OF_A_MODEL = ("weights", "name", "vocabulary", "length")
"""What a model that is there must have in common with the one that a run is for."""


@dataclass(eq=False)
class Queued:
    """A run of a prompt that waits, or is being made: then `run` is what is recorded of it. One that waited when the
    window was closed is `held` until it is wished for."""

    request: Generate
    info: ModelInfo
    prompt: str
    held: bool = False
    run: Trajectory | None = None

    @property
    def share(self) -> float:
        """How much of it is made, from 0 to 1."""
        return 0.0 if self.run is None else self.run.recorded / max(1, self.run.steps)


class RunQueue(QObject):
    """Makes its `items` one after another while the window runs nothing itself. A run of the window goes before them.

    An item waits as long as another model than its own is loaded. `making` is the one that is being made. `changed` is
    told when there is something to show.
    """

    changed = Signal()
    ended = Signal(str)
    """With a sentence: the last run of the queue is made."""

    def __init__(self, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._keeper = session, keeper
        self._question = 0
        self._tokenizer: Tokenizer | None = None  # of the one that is being made
        self.making: Queued | None = None
        self.items: list[Queued] = []
        session.engine.answered.connect(self._take)
        session.runs.changed.connect(self._go_on)
        session.models.changed.connect(self._go_on)

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        if self.making is None:
            return ""
        run = self.making.run
        step = "" if run is None else f": step {run.recorded} of {run.steps}"
        return f"Making one of {number_of(len(self.items), 'run')} in the queue{step}"

    def add(self) -> None:
        """Puts the run of the form, of the prompt as it stands, at the end."""
        session = self._session
        if not session.editor.typed.apply():
            return
        if session.models.info is None or session.models.tokenizer is None or not session.models.ready:
            return
        request = session.runs.asked()
        seed, taken = request.seed, {one.request.seed for one in self.items if alike(one.request, request, but="seed")}
        while seed in taken:  # the same once more would make the same texts
            seed = (seed + 1) % (SEED.high + 1)
        self._put([replace(request, seed=seed)])

    def asked(self) -> tuple[Generate, Noise]:
        """The run of the form, of the prompt as it stands, with the noise of the model, which must be there."""
        info = self._session.models.info
        assert info is not None
        return self._session.runs.asked(), info.noise

    def cost(self, several: Several) -> tuple[int, float | None]:
        """How many runs these are, and how long they may take; None where that is not known. A UserError where they
        cannot be."""
        asked, noise = self.asked()
        requests = [changed(asked, changes) for changes in several.changes(noise)]
        pace = calls_a_second(self._session)
        return len(requests), None if pace is None else sum(work_of(one, noise) for one in requests) / pace

    def add_several(self, several: Several) -> None:
        """Puts the runs of a range of seeds and a grid of settings at the end, but those that wait there already."""
        if not self._session.editor.typed.apply() or not self._session.models.ready:
            return
        asked, noise = self.asked()
        waiting: dict[tuple[object, ...], list[Generate]] = {}
        for item in self.items:
            waiting.setdefault(_settings(item.request), []).append(item.request)
        new = [changed(asked, changes) for changes in several.changes(noise)]
        self._put([one for one in new if not any(alike(one, other) for other in waiting.get(_settings(one), []))])

    def _put(self, requests: list[Generate]) -> None:
        info, tokenizer = self._session.models.info, self._session.models.tokenizer
        assert info is not None
        assert tokenizer is not None
        prompt = format_prompt(requests[0].tokens, tokenizer) if requests else ""  # all are of the document on show
        self.items += [Queued(request, info, prompt) for request in requests]
        self.changed.emit()
        self._go_on()

    def bring_back(self, items: list[Queued]) -> None:
        """Puts runs at the end that waited when the window was closed; they wait until they are wished for."""
        if items:
            self.items += items
            self.changed.emit()
            self.ended.emit(f"{number_of(len(items), 'run')} in the queue since the last start")

    @property
    def holds(self) -> bool:
        """Whether runs wait until they are wished for."""
        return any(item.held for item in self.items)

    def go_on(self) -> None:
        """Has those made, too, that waited when the window was closed."""
        for item in self.items:
            item.held = False
        self.changed.emit()
        self._go_on()

    def remove(self, item: Queued) -> None:
        """Takes one out; what was made of it is dropped."""
        if item in self.items:
            self.items.remove(item)
            if item is self.making:
                self._session.engine.drop(self._question)
                self._question, self.making = 0, None
            self.changed.emit()
            self._go_on()

    def move(self, item: Queued, by: int) -> None:
        """Moves one nearer to the front, where `by` is negative, or to the end."""
        place = self.items.index(item)
        target = min(max(place + by, 0), len(self.items) - 1)
        self.items.insert(target, self.items.pop(place))
        self.changed.emit()

    def hindrance(self, item: Queued) -> str:
        """Why one that waits is not made although it is its turn; empty if it will be."""
        info, own = self._session.models.info, item.info
        if item.held:
            return "from before"
        if info is None or any(getattr(info, name) != getattr(own, name) for name in OF_A_MODEL):
            return f"waits for {own.name}"
        return ""

    def _go_on(self) -> None:
        session = self._session
        if self._question or session.runs.hindrance:
            return
        item = next((item for item in self.items if not self.hindrance(item)), None)
        if item is not None:
            self.making, self._tokenizer = item, session.models.tokenizer
            self._question = session.engine.ask(item.request)
            self.changed.emit()

    def _take(self, event: Event) -> None:
        item = self.making
        if item is None or event.run_id != self._question:
            return
        match event:
            case Started() if self._tokenizer is not None:
                item.run = Trajectory(event, item.info.mask_id, Origin.of_now(item.request, item.info, self._tokenizer))
            case Frame() if item.run is not None:
                item.run.append(event)
            case Finished() if item.run is not None:
                item.run.result = event
                self._keeper.keep(item.run)
                self.items.remove(item)
            case Failed(headline=headline, detail=detail):
                self._session.errors.show(headline, detail)
                self.items.remove(item)
        if ends(event):  # cancelled, it waits for another turn
            item.run, self._question, self.making = None, 0, None
            self._go_on()
        self.changed.emit()
        if isinstance(event, Finished) and not self.items:
            self.ended.emit("The queue is done: its runs are in the history")


def _settings(request: Generate) -> tuple[object, ...]:
    return request.seed, request.steps, request.sampler, request.temperature


def alike(one: Generate, other: Generate, but: str = "") -> bool:
    """Whether two runs of a prompt ask for the same texts, or would `but` for one thing."""
    same = all(getattr(one, name) == getattr(other, name) for name in COMPARED if name != but)
    return same and np.array_equal(one.tokens, other.tokens)
