"""The session on a fake engine: runs, locks, playhead, undo, errors."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Cancelled, Frame, Generate, frozen
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import TOKENIZER, FakeEngine, letter


def run_to_end(session: Session, qtbot: QtBot) -> None:
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)


def test_the_prompt_is_there_before_a_model_is(session: Session) -> None:
    tokens = session.view.canvas().tokens
    assert (tokens == FREE).sum() == 14
    assert session.view.prompt == "Once upon a time [8] One day [6] The end."


def test_a_run_fills_every_gap_and_changes_no_locked_word_in_any_frame(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=5)
    before = session.view.canvas()
    run_to_end(session, qtbot)
    assert session.playhead.recorded == 5
    for step in range(6):
        session.playhead.seek(step)
        shown = session.view.canvas()
        np.testing.assert_array_equal(shown.tokens[before.locked], before.tokens[before.locked])
    assert (session.view.canvas().tokens != FREE).all()


def test_the_request_holds_the_locked_tokens_and_the_form(make_session: MakeSession, qtbot: QtBot) -> None:
    engine = FakeEngine()
    session = make_session(engine)
    session.form.set(steps=3, sampler="euler", seed=11, samples=2)
    run_to_end(session, qtbot)
    request = engine.requests[-1]
    assert isinstance(request, Generate)
    assert (request.steps, request.sampler, request.seed, request.samples) == (3, "euler", 11, 2)
    np.testing.assert_array_equal(request.tokens, session.view.document.request)


def test_a_sampler_that_does_not_fit_the_noise_gives_way_to_the_default_and_stays_chosen(
    make_session: MakeSession, qtbot: QtBot
) -> None:
    engine = FakeEngine()
    session = make_session(engine)
    assert session.models.info is not None
    session.models.info = replace(session.models.info, noise="uniform")
    session.form.set(sampler="first-hitting")
    run_to_end(session, qtbot)
    request = engine.requests[-1]
    assert isinstance(request, Generate)
    assert request.sampler == "auto"
    assert session.form.now.sampler == "first-hitting"


def test_stop_ends_the_run_and_keeps_what_was_recorded(make_session: MakeSession, qtbot: QtBot) -> None:
    engine = FakeEngine(hold_at=2)
    session = make_session(engine)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 2)
    session.runs.stop()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.STOPPED)
    assert session.playhead.recorded == 2
    assert engine.closed == 1


def test_a_new_run_supersedes_the_one_that_is_going_on(make_session: MakeSession, qtbot: QtBot) -> None:
    engine = FakeEngine(hold_at=2)
    session = make_session(engine)
    session.form.set(steps=6, seed=1)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 2)
    session.form.set(seed=2)
    session.runs.start()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    free = np.flatnonzero(~session.view.document.locked)
    np.testing.assert_array_equal(session.view.canvas().tokens[free], letter(2, free))


def test_events_of_an_old_run_are_dropped(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=4)
    run_to_end(session, qtbot)
    before = session.view.canvas().tokens
    old = Frame(0, 5, 0.0, 0.0, frozen([0]), frozen([0]), frozen([1]), 1, 0.1)
    session.engine.deliver([old, Cancelled(0)])
    np.testing.assert_array_equal(session.view.canvas().tokens, before)
    assert session.runs.state is RunState.DONE


def test_a_failed_run_says_why_and_keeps_what_was_recorded(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session(FakeEngine(fail_at=3))
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.FAILED)
    assert session.errors.current is not None
    assert session.errors.current.headline == "The engine ran out of ink."
    assert session.playhead.recorded == 2


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(session: Session, qtbot: QtBot) -> None:
    session.models.open("broken")
    qtbot.waitUntil(lambda: session.runs.state is RunState.IDLE and session.errors.current is not None)
    assert session.models.info is not None
    run_to_end(session, qtbot)


def test_locking_takes_what_is_visible_and_undo_and_redo_go_there_and_back(session: Session, qtbot: QtBot) -> None:
    run_to_end(session, qtbot)
    position = int(np.flatnonzero(~session.view.document.locked)[0])
    token = session.view.canvas().tokens[position]
    session.editor.set_locked([position], True)
    assert session.view.canvas().locked[position]
    assert session.view.document.request[position] == token
    session.editor.undo_stack.undo()
    assert not session.view.canvas().locked[position]
    session.editor.undo_stack.redo()
    assert session.view.document.request[position] == token


def test_a_masked_position_cannot_be_locked(session: Session) -> None:
    session.editor.set_locked([int(np.flatnonzero(~session.view.document.locked)[0])], True)
    assert not session.editor.undo_stack.steps


def test_an_unlocked_word_stays_visible_until_a_run_replaces_it(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=4)
    word = session.view.canvas().tokens[0]
    session.editor.set_locked([0], False)
    assert session.view.canvas().tokens[0] == word
    assert session.view.document.request[0] == FREE
    run_to_end(session, qtbot)
    assert session.view.canvas().tokens[0] == letter(session.form.now.seed, np.array(0))


def test_unlocking_everything_is_one_edit(session: Session) -> None:
    session.editor.unlock_all()
    assert not session.view.canvas().locked.any()
    session.editor.undo_stack.undo()
    assert session.view.prompt == "Once upon a time [8] One day [6] The end."


def test_undoing_a_lock_keeps_the_run_on_show(session: Session, qtbot: QtBot) -> None:
    run_to_end(session, qtbot)
    run = session.view.run
    session.editor.set_locked([0], False)
    session.editor.undo_stack.undo()
    assert session.view.run is run
    assert session.view.canvas().locked[0]


def test_a_new_prompt_is_an_edit_and_undo_brings_the_run_back(session: Session, qtbot: QtBot) -> None:
    run_to_end(session, qtbot)
    shown = session.view.canvas().tokens
    assert session.editor.set_prompt("The end [4]")
    assert session.playhead.recorded == 0
    session.editor.undo_stack.undo()
    np.testing.assert_array_equal(session.view.canvas().tokens, shown)
    session.editor.undo_stack.redo()
    assert session.view.prompt == "The end [4]"


@pytest.mark.parametrize("text", ["", "[0]", "[100000]", "star " * 100])
def test_a_prompt_that_does_not_fit_is_answered_and_nothing_is_lost(session: Session, text: str) -> None:
    before = session.view.document
    assert not session.editor.set_prompt(text)
    assert session.errors.current is not None
    assert session.view.document is before
    assert not session.editor.undo_stack.steps


def test_a_gap_can_be_resized_and_undone(session: Session) -> None:
    start = int(np.flatnonzero(~session.view.document.locked)[0])
    assert session.editor.set_gap(start, start + 8, 3)
    assert session.view.prompt == "Once upon a time [3] One day [6] The end."
    session.editor.undo_stack.undo()
    assert session.view.prompt == "Once upon a time [8] One day [6] The end."
    assert not session.editor.set_gap(start, start + 8, 1000)


def test_the_playhead_follows_a_run_and_seeking_holds_it(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=6)
    run_to_end(session, qtbot)
    assert session.playhead.step == 6
    session.playhead.seek(2)
    assert (session.playhead.step, session.playhead.playing, session.playhead.following) == (2, False, False)
    session.playhead.step_once()
    assert session.playhead.step == 3
    session.playhead.seek(99)
    assert session.playhead.step == 6


def test_a_fast_run_is_shown_at_a_speed_that_eyes_can_follow(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=8)
    session.playhead.set_following(False)
    session.playhead.set_speed(20)
    seen: list[int] = []
    session.playhead.changed.connect(lambda: seen.append(session.playhead.step))
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    assert seen[-1] == 8
    assert len(set(seen)) > 4  # the engine was done at once, the steps came one by one


def test_following_is_remembered(session: Session, settings: Settings) -> None:
    session.playhead.set_following(False)
    assert not Settings(settings.path)["follow"]


def test_play_goes_on_from_the_playhead_to_the_end(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=6)
    session.playhead.set_speed(200)
    run_to_end(session, qtbot)
    session.playhead.play()
    assert session.playhead.step == 0
    qtbot.waitUntil(lambda: not session.playhead.playing)
    assert session.playhead.step == 6


def test_pause_holds_the_playhead_while_the_engine_goes_on(make_session: MakeSession, qtbot: QtBot) -> None:
    engine = FakeEngine(hold_at=2)
    session = make_session(engine)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.step == 2)
    session.playhead.pause()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert (session.playhead.step, session.playhead.recorded) == (2, 6)


def test_the_settled_curve_rises_to_the_number_of_free_positions(session: Session, qtbot: QtBot) -> None:
    session.form.set(steps=5)
    run_to_end(session, qtbot)
    curve = session.view.settled_curve()
    assert (curve[0], curve[-1]) == (0, 14)
    assert (np.diff(curve) >= 0).all()
    assert session.view.step_info().settled == session.view.step_info().free == 14


def test_every_sample_can_be_looked_at(session: Session, qtbot: QtBot) -> None:
    session.form.set(samples=3)
    run_to_end(session, qtbot)
    texts = []
    for sample in range(3):
        session.playhead.set_sample(sample)
        texts.append(session.view.full_text())
    assert len(set(texts)) == 3


def test_words_of_several_tokens_are_one_and_masks_stand_alone(session: Session) -> None:
    words = session.view.words()
    assert [position for word in words for position in range(*word)] == list(range(len(session.view.document.tokens)))
    free = np.flatnonzero(~session.view.document.locked)
    assert all(session.view.word_at(p) == (p, p + 1) for p in free.tolist())
    locked = [
        TOKENIZER.decode(session.view.document.tokens[a:b].tolist())
        for a, b in words
        if session.view.document.locked[a]
    ]
    assert locked[:4] == ["Once", " upon", " a", " time"]


def test_the_form_is_remembered(session: Session, settings: Settings) -> None:
    session.form.set(steps=17, seed=5)
    assert (Settings(settings.path)["steps"], Settings(settings.path)["seed"]) == (17, 5)


def test_shutting_down_ends_the_thread_even_in_the_middle_of_a_run(make_session: MakeSession, qtbot: QtBot) -> None:
    engine = FakeEngine(hold_at=1)
    session = make_session(engine)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 1)
    engine.go.set()
    session.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
