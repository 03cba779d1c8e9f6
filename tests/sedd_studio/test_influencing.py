"""What the word that is pointed at does to the others, and what it leans on: asked once, dropped when it is another."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import Influence, Run
from sedd_studio.record.settings import Settings
from sedd_studio.session.colour_modes import MOST_INFLUENCE
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of


def ran(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, **form: float) -> MainWindow:
    """A run that is over."""
    session = make_session(engine)
    session.form.set(steps=6, **form)
    window = window_of(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    return ran(engine, make_session, settings, qtbot)


def point(window: MainWindow, position: int) -> None:
    QTest.mouseMove(window.canvas.viewport(), window.canvas.picture.middle(position).toPoint())


def asked(engine: FakeEngine) -> list[Influence]:
    return [request for request in engine.requests if isinstance(request, Influence)]


def answered(window: MainWindow) -> bool:
    found = window.services.influencer
    return found.on_show() is not None and found.share is None


def asked_and_answered(window: MainWindow, word: Run) -> bool:
    return answered(window) and window.services.influencer.word == word


def test_a_locked_word_is_asked_about_given_the_locks_alone(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.actions_by_name["colour_influence"].trigger()
    assert not asked(engine)
    point(window, 0)
    qtbot.waitUntil(lambda: answered(window))
    (request,) = asked(engine)
    assert (request.given, request.words, request.positions) == ("locks", (window.session.view.word_at(0),), ())
    locked = window.session.view.canvas().locked
    nats, shares = window.services.influencer.on_show(), window.services.colouring.shares()
    assert nats is not None
    assert shares is not None
    assert (np.isnan(nats) == locked).all()
    np.testing.assert_allclose(shares[~locked], np.clip(nats[~locked] / MOST_INFLUENCE, 0, 1))
    arcs = window.canvas.picture._content.arcs
    assert arcs[0][0] == window.session.view.word_at(0)
    assert [strength for *_, strength in arcs] == sorted((float(nats[place]) for _, place, _ in arcs), reverse=True)
    notes = window.canvas.picture._content.notes
    assert all(notes[place] == f"{nats[place]:.2f}" for _, place, _ in arcs)
    said, piece = window.legend.accessibleDescription(), window.session.view.piece
    word = "".join(piece(place) or "" for place in range(*arcs[0][0])).strip()
    first = (piece(arcs[0][1]) or "").strip() or f"position {arcs[0][1] + 1}"
    assert said.startswith(f"“{word}” does most to “{first}” {nats[arcs[0][1]]:.2f}, ")
    assert said.endswith(" nats")


def test_a_word_is_asked_about_in_the_class_of_the_form(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, classes=3))
    window = ran(engine, make_session, settings, qtbot, label=2, guidance=1.5)
    window.actions_by_name["colour_influence"].trigger()
    point(window, 2)
    qtbot.waitUntil(lambda: answered(window))
    assert {(request.label, request.guidance) for request in asked(engine)} == {(2, 1.5)}


def test_under_uniform_noise_what_a_word_does_is_asked_of_what_is_not_locked(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that marks locked tokens has no law of them."""
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, noise="uniform", mask_id=None))
    window = ran(engine, make_session, settings, qtbot)
    window.actions_by_name["colour_influence"].trigger()
    locked = window.session.view.canvas().locked
    for place in (0, int(np.flatnonzero(~locked)[0])):
        word = window.session.view.word_at(place)
        window.session.view.select(word)
        qtbot.waitUntil(partial(asked_and_answered, window, word))
        beside = ~locked & ((np.arange(len(locked)) < word[0]) | (np.arange(len(locked)) >= word[1]))
        assert sorted(asked(engine)[-1].positions) == np.flatnonzero(beside).tolist()


def test_what_a_word_leans_on_is_asked_of_every_other_word(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.actions_by_name["colour_leans"].trigger()
    place = int(np.flatnonzero(~window.session.view.canvas().locked)[0])
    chosen = window.session.view.word_at(place)
    point(window, place)
    qtbot.waitUntil(lambda: answered(window))
    (request,) = asked(engine)
    assert request.given == "text"
    assert request.positions == tuple(range(*chosen))
    assert set(request.words) == {word for word in window.session.view.words() if word != chosen}
    nats = window.services.influencer.on_show()
    assert nats is not None
    assert np.flatnonzero(np.isnan(nats)).tolist() == list(range(*chosen))


def test_another_word_drops_what_is_asked_and_the_same_word_is_not_asked_about_twice(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.answers.clear()
    window.actions_by_name["colour_leans"].trigger()
    found = window.services.influencer
    window.session.view.select((0, 1))
    qtbot.waitUntil(lambda: found.share is not None)
    window.session.view.select((1, 2))
    assert found.share is None
    engine.answers.set()
    qtbot.waitUntil(lambda: answered(window) and found.word == (1, 2))
    count = len(asked(engine))
    window.session.view.changed.emit()
    QTest.qWait(300)
    assert len(asked(engine)) == count
    window.actions_by_name["colour_plain"].trigger()
    assert window.services.colouring.arcs() == []
    assert not window.canvas.picture._content.arcs


def test_a_selection_comes_before_what_is_pointed_at_and_a_gap_is_no_word(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.actions_by_name["colour_influence"].trigger()
    window.session.playhead.seek(0)
    gap = int(np.flatnonzero(~window.session.view.canvas().locked)[0])
    window.session.view.select((gap, gap + 1))
    QTest.qWait(300)
    assert not asked(engine)
    window.session.view.select((0, 1))
    point(window, 3)
    qtbot.waitUntil(lambda: answered(window))
    assert asked(engine)[-1].words == ((0, 1),)


def test_keys_choose_a_word_as_well(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    window.actions_by_name["colour_influence"].trigger()
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: answered(window))
    assert asked(engine)[-1].words == (window.session.view.word_at(0),)


@pytest.mark.parametrize("way", ["colour_leans", "colour_influence"])
def test_what_is_in_view_is_asked_about_first_and_anew_when_it_is_scrolled(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, way: str
) -> None:
    canvas, view = window.canvas, window.session.view
    window.resize(900, 560)
    canvas.set_zoom(3.0)
    QTest.qWait(1)
    bar = canvas.verticalScrollBar()
    bar.setValue(bar.maximum())
    below = canvas.seen
    assert 0 < below[0] < below[1] == view.canvas().length
    place = int(np.flatnonzero(~view.canvas().locked)[0])
    chosen = view.word_at(place)
    engine.answers.clear()
    view.select(chosen)
    window.actions_by_name[way].trigger()
    found = window.services.influencer
    qtbot.waitUntil(lambda: found.share is not None)
    bar.setValue(0)
    above = canvas.seen
    qtbot.waitUntil(lambda: not found._again.isActive())
    engine.answers.set()
    qtbot.waitUntil(lambda: answered(window))
    first, then = asked(engine)
    for request, seen in ((first, below), (then, above)):
        parts = request.words if way == "colour_leans" else [(at, at + 1) for at in request.positions]
        hidden = [part[1] <= seen[0] or part[0] >= seen[1] for part in parts]
        assert any(hidden)
        assert hidden == sorted(hidden)
    nats = found.on_show()
    assert nats is not None
    assert np.flatnonzero(np.isnan(nats)).tolist() == list(range(*chosen))
