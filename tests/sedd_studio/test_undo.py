"""Undo undoes what was done last, whatever it was, and nothing that was generated is lost without one."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from PySide6.QtCore import Qt

from engine.language.domains import DOMAINS
from engine.language.tokenizers import Tokenizer
from engine.protocol import Event, Frame, LoadModel, ModelInfo, ModelLoaded, Request, frozen
from engine.runs.trajectory import Trajectory
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.presets import Presets
from sedd_studio.session.session import Session
from sedd_studio.session.undoing import UndoStack
from tests.sedd_studio.fake_engine import INFO, MASK, TOKENIZER, FakeEngine

Control, Shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
BASES = DOMAINS["promoters"].tokenizer(iter(()), 0)


class Models(FakeEngine):
    """Three models: `tiny`, `short` with its tokenizer and room for less, and `bases` with another tokenizer."""

    MODELS: dict[str, tuple[ModelInfo, Tokenizer]] = {
        "tiny": (replace(INFO, weights="tiny"), TOKENIZER),
        "short": (replace(INFO, name="short", path="short", weights="short", length=24), TOKENIZER),
        "bases": (
            replace(
                INFO,
                name="bases",
                path="bases",
                weights="bases",
                vocabulary=BASES.vocabulary,
                mask_id=MASK,
                facts={"domain": "promoters"},
                length=512,
            ),
            BASES,
        ),
    }

    held = "tiny"

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        if isinstance(request, LoadModel):
            self.held = request.path
            yield ModelLoaded(run_id, *self.MODELS[request.path])
            return
        words = self.MODELS[self.held][1].vocabulary
        for event in super().perform(run_id, request):
            yield replace(event, token=frozen(event.token % words)) if isinstance(event, Frame) else event


class AtOnce(Runner):
    """Performs what it is given when it is asked what came of it, in the same thread."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__()
        self._fake, self._given = engine, list[tuple[int, Request]]()
        self._count = 0

    def submit(self, request: Request) -> int:
        self._count += 1
        self._given = [(self._count, request)]
        return self._count

    def cancel(self) -> None:
        self._given = []

    def take(self) -> list[Event]:
        given, self._given = self._given, []
        return [event for number, request in given for event in self._fake.perform(number, request)]

    def close(self) -> None:
        """There is no thread to end."""


def state_of(session: Session) -> object:
    """All that undoing has to bring back."""

    def told(page: object) -> tuple[object, ...]:
        document = page.document  # type: ignore[attr-defined]
        info, tokenizer = page.info, page.tokenizer  # type: ignore[attr-defined]
        return (
            (document.tokens.tolist(), document.locked.tolist(), document.limits, id(document.trajectory)),
            info and info.path,
            tokenizer and tokenizer.fingerprint,
        )

    page = session.pages.now
    return told(page), dict(page.form.entries), {key: told(other) for key, other in page.aside.items()}


class Anything(RuleBasedStateMachine):
    """A user does anything; `known` holds what was on show before the first step and after each."""

    @initialize()
    def begin(self) -> None:
        folder = tempfile.mkdtemp()
        self.settings = Settings(Path(folder) / "settings.json")
        self.settings.set("follow", True)
        self.session = Session(AtOnce(Models()), Reader(), self.settings)
        self.presets = Presets(self.session.form, self.settings)
        self.session.models.open("tiny")
        self.session.clock.tick()
        self.session.editor.set_prompt("Once upon a time [8] One day [6] The end.")
        self.session.form.set(steps=4, top_p=0.9, temperature=1.0, seed=1, samples=1, banned="", pattern="")
        self.stack.clear()
        self.known = [state_of(self.session)]
        self.newest: object = None
        self.made: list[Trajectory] = []
        self.stack.changed.connect(self.take)

    @property
    def stack(self) -> UndoStack:
        return self.session.editor.undo_stack

    def take(self) -> None:
        """Something was done, undone or done again."""
        if self.stack.index == len(self.known):
            self.known.append(state_of(self.session))
        elif self.stack.newest is not None and self.stack.newest is not self.newest:
            self.known[self.stack.index :] = [state_of(self.session)]
        self.newest = self.stack.newest

    def note(self, typed: bool = False) -> None:
        """Every change of what is on show is a step that can be undone; what is typed goes on with the step before."""
        self.session.clock.tick()
        run = self.session.view.run
        if run is not None and all(run is not other for other in self.made):
            self.made.append(run)
        if typed:
            self.known[self.stack.index] = state_of(self.session)
        assert state_of(self.session) == self.known[self.stack.index]

    @rule()
    def run(self) -> None:
        self.session.runs.start()
        self.note()

    @rule()
    def go_on(self) -> None:
        self.session.runs.go_on()
        self.note()

    @rule(start=st.integers(0, 20))
    def draw_again(self, start: int) -> None:
        length = len(self.session.view.document.tokens)
        self.session.view.select((min(start, length - 1), min(start + 3, length)))
        self.session.runs.draw_again()
        self.note()

    @rule(start=st.integers(0, 20), locked=st.booleans())
    def lock(self, start: int, locked: bool) -> None:
        length = len(self.session.view.document.tokens)
        self.session.editor.set_locked(list(range(min(start, length), min(start + 4, length))), locked)
        self.note()

    @rule(text=st.sampled_from(["The fox [5]", "Once [3] the end.", "ACGT [9]", "[60]"]))
    def prompt(self, text: str) -> None:
        self.session.editor.set_prompt(text)
        self.note()

    @rule(start=st.integers(0, 20), text=st.sampled_from(["star", "a [2] b", ""]))
    def type(self, start: int, text: str) -> None:
        start = min(start, len(self.session.view.document.tokens) - 1)
        self.session.editor.replace_range(start, start + 1, text)
        self.note()

    @rule(start=st.integers(0, 20), length=st.integers(1, 9))
    def gap(self, start: int, length: int) -> None:
        start = min(start, len(self.session.view.document.tokens) - 1)
        self.session.editor.set_gap(start, start + 1, length)
        self.note()

    @rule(start=st.integers(0, 20), words=st.sampled_from(["fox, star", "A", ""]))
    def limit(self, start: int, words: str) -> None:
        start = min(start, len(self.session.view.document.tokens) - 1)
        self.session.editor.limit(start, start + 1, words)
        self.note()

    @rule(position=st.integers(0, 20))
    def place(self, position: int) -> None:
        position = min(position, len(self.session.view.document.tokens) - 1)
        self.session.runs.place(position, 1)
        self.note(typed=True)  # the run that goes on is part of the step

    @rule(
        entries=st.fixed_dictionaries(
            {},
            optional={"steps": st.integers(1, 9), "seed": st.integers(0, 5), "banned": st.sampled_from(["", "sad"])},
        )
    )
    def form(self, entries: dict[str, object]) -> None:
        steps = len(self.stack.steps)
        self.session.form.set(**entries)
        self.note(typed=self.stack.newest is self.newest and len(self.stack.steps) == steps)

    @rule()
    def new_seed(self) -> None:
        self.session.form.new_seed()
        self.note()

    @rule(name=st.sampled_from(["Quick look", "Balanced"]))
    def preset(self, name: str) -> None:
        self.presets.choose(name)
        self.note()

    @rule(name=st.sampled_from(["tiny", "short", "bases"]))
    def open_model(self, name: str) -> None:
        self.session.models.open(name)
        self.note()

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def open_run(self, data: st.DataObject) -> None:
        self.session.show_run(data.draw(st.sampled_from(self.made)))
        self.note()

    @rule(step=st.integers(0, 9))
    def seek(self, step: int) -> None:
        self.session.playhead.seek(step)
        self.note()

    @rule()
    def undo(self) -> None:
        self.stack.undo()
        self.session.clock.tick()
        assert state_of(self.session) == self.known[self.stack.index]

    @rule()
    def redo(self) -> None:
        self.stack.redo()
        self.session.clock.tick()
        assert state_of(self.session) == self.known[self.stack.index]

    def teardown(self) -> None:
        if not hasattr(self, "known"):
            return
        del self.known[len(self.stack.steps) + 1 :]
        while self.stack.index:
            self.undo()
        while self.stack.index < len(self.stack.steps):
            self.redo()
        self.session.shutdown()
        gc.collect()


@pytest.mark.usefixtures("qtbot")
def test_whatever_is_done_can_all_be_undone_and_done_again() -> None:
    run_state_machine_as_test(
        Anything,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
