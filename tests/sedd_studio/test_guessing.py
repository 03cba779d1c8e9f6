"""The best guess: what the model would say if it had to stop at the step on show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Guess, Guessed, Inspect, frozen
from sedd_studio.painting.theme import DARK
from sedd_studio.record.settings import Settings
from sedd_studio.session.guessing import Guesser
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot)


def open_panel(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["guess_beside"].trigger()
    qtbot.waitUntil(window.panel("guess").isVisible)


def questions(engine: FakeEngine) -> list[Guess]:
    return [request for request in engine.requests if isinstance(request, Guess)]


def run(window: MainWindow, qtbot: QtBot) -> None:
    window.session.runs.start()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE and not window.session.playhead.playing)


def test_the_masked_words_of_the_step_on_show_are_guessed(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session = window.session
    run(window, qtbot)
    assert not questions(engine)  # nobody wants to know yet
    session.playhead.seek(2)
    open_panel(window, qtbot)
    masked = int((session.view.canvas().tokens == FREE).sum())
    assert masked
    qtbot.waitUntil(lambda: f"{masked} tokens guessed, 75% sure and 2.00 nats" in window.panel("guess").note.toolTip())
    whole = (
        session.models.tokenizer.decode(session.view.document.visible(6, 0).tolist())
        if session.models.tokenizer
        else ""
    )
    form = session.form.now.seed  # the fake guess is the run with seed 0
    assert form != 0 or window.panel("guess").text.toPlainText() == whole
    for place, token in enumerate(session.view.canvas().tokens.tolist()):
        if token == FREE:
            assert questions(engine)[-1].tokens[place] == FREE
    session.playhead.seek(6)
    qtbot.waitUntil(lambda: "Nothing is left" in window.panel("guess").note.toolTip())


def test_a_guess_and_what_may_stand_where_one_points_are_of_the_class_that_is_asked_for(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, classes=3))
    window = window_of(make_session(engine), settings, qtbot)
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: bool(questions(engine)))
    window.session.form.set(label=2, guidance=1.5)
    qtbot.waitUntil(lambda: (questions(engine)[-1].label, questions(engine)[-1].guidance) == (2, 1.5))
    window.services.pointer.point_at(10)
    qtbot.waitUntil(lambda: any(isinstance(request, Inspect) for request in engine.requests))
    asked = next(request for request in engine.requests if isinstance(request, Inspect))
    assert asked.within is not None
    assert (asked.within.label, asked.within.guidance) == (2, 1.5)


def test_guesses_are_slanted_and_known_words_are_not(window: MainWindow, qtbot: QtBot) -> None:
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: bool(window.panel("guess").text.toPlainText()))
    cursor = window.panel("guess").text.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.Start)
    cursor.movePosition(QTextCursor.MoveOperation.Right)
    assert not cursor.charFormat().fontItalic()  # the first word is locked
    free = int((~window.session.view.document.locked).argmax())
    before = sum(len(window.session.view.piece(position)) for position in range(free))
    cursor.setPosition(before + 1)
    assert cursor.charFormat().fontItalic()


def test_a_guess_is_laid_out_once(window: MainWindow, qtbot: QtBot) -> None:
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
    guesser = window.services.guesser
    changes: list[str] = []
    window.panel("guess").text.document().contentsChanged.connect(
        lambda: changes.append(window.panel("guess").text.toPlainText())
    )
    guesser.changed.emit()
    assert not changes
    assert guesser.guess is not None
    guesser.guess = replace(guesser.guess)
    guesser.changed.emit()
    assert len(changes) <= 2  # the one before goes, and it comes, however many words it has
    assert changes[-1]
    told = len(changes)
    window.set_theme(DARK)
    assert len(changes) > told  # its colours are others


def test_a_closed_panel_asks_nothing_and_a_run_is_not_disturbed(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session = window.session
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: len(questions(engine)) == 1)
    engine.hold_at = 3
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    assert len(questions(engine)) == 1
    engine.go.set()
    qtbot.waitUntil(lambda: len(questions(engine)) > 1)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
    window.actions_by_name["guess_beside"].trigger()
    assert not window.panel("guess").isVisible()
    asked = len(questions(engine))
    session.playhead.seek(1)
    qtbot.wait(120)
    assert len(questions(engine)) == asked


def test_the_same_step_is_asked_about_once(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    run(window, qtbot)
    open_panel(window, qtbot)
    window.session.playhead.seek(3)
    qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
    asked = len(questions(engine))
    window.session.form.set(steps=9)
    window.session.runs.changed.emit()
    qtbot.wait(100)
    assert len(questions(engine)) == asked


def test_a_guess_is_forgotten_when_a_run_of_another_tokenizer_is_opened(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Its tokens mean nothing to the new one, though neither model has a hash to tell them apart."""
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: window.services.guesser.guess is not None)
    scene = Scene(tmp_path)
    scene.run(8)
    scene.play(8)
    run = scene.session.view.run
    assert run is not None
    window.session.show_run(run)
    assert window.services.guesser.guess is None
    assert window.panel("guess").text.toPlainText() == ""


def test_certainty_and_entropy_colour_what_is_masked(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    run(window, qtbot)
    session.playhead.seek(3)
    for name, share in (("confidence", 0.75), ("entropy", 0.25)):
        window.actions_by_name[f"colour_{name}"].trigger()
        qtbot.waitUntil(lambda: window.services.colouring.shares() is not None)
        shares = window.services.colouring.shares()
        assert shares is not None
        masked = session.view.canvas().tokens == FREE
        np.testing.assert_allclose(shares[masked], share)
        assert np.isnan(shares[~masked]).all()
        assert window.legend.isVisible()


def test_an_answer_of_a_model_that_is_gone_is_not_taken(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    guesser = Guesser(scene.session)
    guesser.want("panel", True)
    shown: list[Guessed | None] = []
    guesser.changed.connect(lambda: shown.append(guesser.guess))
    (asked,) = scene.runner.asked
    assert isinstance(asked, Guess)
    dna = Scene(tmp_path, domain="promoters")
    dna.run(4)
    dna.play(4)
    run = dna.session.view.run
    assert run is not None
    scene.session.show_run(run)
    late = Guessed(-1, frozen(np.zeros_like(asked.tokens)), np.zeros(len(asked.tokens)), np.zeros(len(asked.tokens)))
    scene.session.engine.deliver([late])
    assert not any(shown)
