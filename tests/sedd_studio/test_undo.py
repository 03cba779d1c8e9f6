"""Undo undoes what was done last, whatever it was, and nothing that was generated is lost without one."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.language.domains import DOMAINS
from engine.language.tokenizers import Tokenizer
from engine.protocol import Event, Frame, LoadModel, ModelInfo, ModelLoaded, Request, frozen
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.session import undoing
from sedd_studio.session.presets import Presets
from sedd_studio.session.session import Session
from sedd_studio.session.undoing import UndoStack
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import INFO, MASK, TOKENIZER, FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

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
        self.note()

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


# ---- in the window


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    scene.session.editor.undo_stack.clear()
    return window_of(scene.session, scene.settings, qtbot)


def played(scene: Scene) -> None:
    scene.start()
    scene.play(8)


def run(scene: Scene, window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Control)
    played(scene)


def draw_again(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.keyClick(window.canvas, Qt.Key.Key_R)
    played(scene)


def alternatives(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    played(scene)


def noise_again(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.mouseClick(window.selection_bar.buttons["noise_again"], Qt.MouseButton.LeftButton)
    scene.start()


def go_on(scene: Scene, window: MainWindow) -> None:
    scene.session.playhead.seek(4)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Control | Shift)
    scene.start()


def another_model(scene: Scene, window: MainWindow) -> None:
    scene.load(replace(scene.info, name="bases", path="bases", weights="w"))


def preset(scene: Scene, window: MainWindow) -> None:
    window.run_form.presets.list.setFocus()
    QTest.keyClick(window.run_form.presets.list, Qt.Key.Key_End)


def lock(scene: Scene, window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    QTest.keyClick(window.canvas, Qt.Key.Key_L)


def typing(scene: Scene, window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    assert window.canvas.line.editor is not None
    QTest.keyClicks(window.canvas.line.editor, "dragon")
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)


def open_run(scene: Scene, window: MainWindow) -> None:
    run = scene.session.view.run
    assert run is not None
    scene.session.show_run(run.only(0))


def seed(scene: Scene, window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_D, Control)


DONE: dict[str, Callable[[Scene, MainWindow], None]] = {
    "Run": run,
    "Draw again": draw_again,
    "Alternatives": alternatives,
    "Noise again": noise_again,
    "Go on": go_on,
    "Open run": open_run,
    "Open bases": another_model,
    "Preset “Nothing cut off”": preset,
    "Unlock": lock,
    "Typing": typing,
    "New seed": seed,
}


@pytest.mark.parametrize("name", DONE)
def test_what_was_done_last_is_one_step_with_its_name_in_the_menu(name: str, scene: Scene, window: MainWindow) -> None:
    scene.run(8)
    scene.play(8)
    stack, before = scene.session.editor.undo_stack, state_of(scene.session)
    steps, shown = len(stack.steps), scene.session.view.canvas().tokens
    DONE[name](scene, window)
    after = state_of(scene.session)
    assert after != before
    assert len(stack.steps) == steps + 1
    assert window.actions_by_name["undo"].text() == f"&Undo {name}"
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert state_of(scene.session) == before
    scene.session.playhead.seek(8)  # it stands where one went on from
    np.testing.assert_array_equal(scene.session.view.canvas().tokens, shown)
    assert window.actions_by_name["redo"].text() == f"&Redo {name}"
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control | Shift)
    assert state_of(scene.session) == after


def test_what_is_typed_into_one_field_is_one_step(scene: Scene, window: MainWindow) -> None:
    before = scene.session.form.now.steps
    slider = window.run_form.slider
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert scene.session.form.now.steps > before
    assert [step.name for step in scene.session.editor.undo_stack.steps] == ["Steps"]
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert scene.session.form.now.steps == before


def test_a_run_that_is_undone_while_it_is_made_goes_on_and_comes_back_whole(scene: Scene, window: MainWindow) -> None:
    scene.run(8)
    scene.play(3)
    made = scene.session.view.run
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.run is not made
    scene.play(8)
    scene.session.editor.undo_stack.redo()
    assert scene.session.view.run is made
    assert made is not None
    assert made.result is not None


def test_the_steps_hold_no_more_than_a_number_of_bytes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(8)
    scene.play(8)
    assert scene.session.view.run is not None
    monkeypatch.setattr(undoing, "MOST_BYTES", 3 * scene.session.view.run.bytes)
    for _ in range(6):
        scene.run(8)
        scene.play(8)
    assert len(scene.session.editor.undo_stack.steps) == 2  # between three runs
    scene.session.editor.undo_stack.undo()
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.run is not None


def test_no_more_steps_are_kept_than_their_number(scene: Scene) -> None:
    for number in range(undoing.MOST_STEPS + 5):
        scene.session.form.new_seed()
        scene.session.form.set(steps=1 + number % 7)
    assert len(scene.session.editor.undo_stack.steps) == undoing.MOST_STEPS


# ---- a document belongs to a model


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Session:
    session = Session(AtOnce(Models()), Reader(), Settings(tmp_path / "settings.json"))
    open_model(session, "tiny")
    session.editor.set_prompt("Once upon a time [8] One day [6] The end.")
    session.form.set(steps=4, pattern="", banned="")
    session.editor.undo_stack.clear()
    return session


def open_model(session: Session, name: str) -> None:
    session.models.open(name)
    session.clock.tick()


def test_a_text_comes_back_with_its_run_when_its_model_does(session: Session) -> None:
    session.runs.start()
    session.clock.tick()
    session.editor.set_locked([0], False)
    document, run = session.view.document, session.view.run
    open_model(session, "bases")
    assert session.view.run is None
    open_model(session, "tiny")
    assert session.view.document is document
    assert session.view.run is run
    for _ in range(4):
        session.editor.undo_stack.undo()
        session.clock.tick()
    assert session.view.prompt == "Once upon a time [8] One day [6] The end."
    assert session.view.run is None
    assert session.models.ready


@pytest.mark.parametrize("other", ["bases", "short"])
def test_what_did_not_fit_another_model_comes_back_too(other: str, session: Session) -> None:
    session.editor.set_prompt("Once upon a time [30] The end.")
    open_model(session, other)
    assert session.view.prompt != "Once upon a time [30] The end."
    session.editor.set_prompt("[4]")
    open_model(session, "tiny")
    assert session.view.prompt == "Once upon a time [30] The end."
    open_model(session, other)
    assert session.view.prompt == "[4]"


def test_a_pattern_and_banned_words_stay_with_the_document_they_were_set_for(session: Session) -> None:
    session.form.set(banned="sad", pattern="[a-z ]*", temperature=0.5)
    open_model(session, "bases")
    assert (session.form.now.banned, session.form.now.pattern, session.form.now.temperature) == ("", "", 0.5)
    session.form.set(pattern="[ACGT]*")
    open_model(session, "tiny")
    assert (session.form.now.banned, session.form.now.pattern) == ("sad", "[a-z ]*")
    open_model(session, "bases")
    assert (session.form.now.banned, session.form.now.pattern) == ("", "[ACGT]*")


def test_a_text_stays_when_another_model_with_its_tokenizer_comes(session: Session) -> None:
    session.editor.set_prompt("The end [4]")
    document = session.view.document
    open_model(session, "short")
    assert session.view.document is document


def test_opening_a_run_of_another_model_puts_the_text_aside(session: Session) -> None:
    session.runs.start()
    session.clock.tick()
    made = session.view.run
    assert made is not None
    open_model(session, "bases")
    session.editor.set_prompt("ACGT [9]")
    session.show_run(made)
    assert session.view.run is made
    open_model(session, "bases")
    assert session.view.prompt == "ACGT [9]"
