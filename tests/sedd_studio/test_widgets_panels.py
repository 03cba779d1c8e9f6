"""Prompt editor, timeline, run form, banner, top bar and model picker, worked with real events."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate
from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.form import Form
from sedd_studio.record.pace import duration
from sedd_studio.record.sizes import count
from sedd_studio.session.presets import Presets
from sedd_studio.widgets.controls.basic import Choice, Number
from sedd_studio.widgets.controls.menu_button import MenuButton
from sedd_studio.widgets.controls.preset_choice import PresetChoice
from sedd_studio.widgets.panels.error_banner import ErrorBanner
from sedd_studio.widgets.panels.prompt_editor import PromptEditor
from sedd_studio.widgets.panels.run_form import RunForm
from sedd_studio.widgets.panels.status_line import StatusLine
from sedd_studio.widgets.panels.timeline import Timeline
from sedd_studio.widgets.panels.top_bar import TopBar
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import shown, window_of

W = TypeVar("W", bound=QWidget)
Left = Qt.MouseButton.LeftButton
Control = Qt.KeyboardModifier.ControlModifier


def run_form(scene: Scene) -> RunForm:
    session = scene.session
    presets = PresetChoice(session.errors, Presets(session.form, scene.settings, session), Look(LIGHT))
    return RunForm(session.form, session.models, presets, words_of(scene), Look(LIGHT))


# ---- prompt


def open_editor(qtbot: QtBot, scene: Scene, text: str) -> PromptEditor:
    editor = shown(qtbot, PromptEditor(scene.session.view, scene.session.editor, scene.session.questions, Look(LIGHT)))
    QTest.mouseClick(editor.toggle, Left)
    editor.editor.selectAll()
    QTest.keyClicks(editor.editor, text)
    return editor


@pytest.mark.parametrize("text", ["a book " * 700_000, "a" + " " * 40_000 + "[3]"])
def test_a_text_longer_than_any_prompt_is_not_pasted_and_said_to_be(text: str, scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "A fox [7] home.")
    QApplication.clipboard().setText(text)
    QTest.keyClick(editor.editor, Qt.Key.Key_V, Control)
    assert editor.editor.toPlainText() == "A fox [7] home."
    assert scene.session.errors.current is not None
    assert f"{len(text):,} characters" in scene.session.errors.current.headline


def test_control_and_enter_apply_the_prompt(scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "A fox [7] home.")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return, Control)
    assert int((~scene.session.view.canvas().locked).sum()) == 7
    assert not editor.apply_button.isEnabled()


def test_the_apply_button_applies_the_prompt_and_undo_brings_the_old_one_back(scene: Scene, qtbot: QtBot) -> None:
    before = scene.session.view.prompt
    editor = open_editor(qtbot, scene, "A fox ____ home.")
    QTest.mouseClick(editor.apply_button, Left)
    assert int((~scene.session.view.canvas().locked).sum()) == 12
    scene.session.editor.undo_stack.undo()
    assert editor.editor.toPlainText() == before


def test_a_prompt_that_cannot_be_applied_stays_in_the_field(scene: Scene, qtbot: QtBot) -> None:
    before = scene.session.view.prompt
    editor = open_editor(qtbot, scene, "A fox [0] home.")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return, Control)
    assert scene.session.errors.current is not None
    assert scene.session.view.prompt == before
    assert editor.editor.toPlainText() == "A fox [0] home."
    assert editor.apply_button.isEnabled()


def test_an_edit_that_is_not_applied_yet_survives_a_change_elsewhere(scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "half a thought")
    scene.session.editor.set_locked([0, 1], False)
    assert editor.editor.toPlainText() == "half a thought"


# ---- timeline


@pytest.fixture
def timeline(scene: Scene, qtbot: QtBot) -> Timeline:
    scene.run(64)
    scene.play(64)
    return shown(qtbot, Timeline(scene.session.view, scene.session.runs, words_of(scene), Look(LIGHT)))


def test_a_press_on_the_track_and_a_drag_move_the_playhead(scene: Scene, timeline: Timeline, qtbot: QtBot) -> None:
    track = timeline.track
    middle = track.height() // 2
    QTest.mousePress(track, Left, pos=QPoint(round(track.x_of(16)), middle))
    assert scene.session.playhead.step == 16
    QTest.mouseMove(track, QPoint(round(track.x_of(40)), middle))
    assert scene.session.playhead.step == 40
    QTest.mouseRelease(track, Left, pos=QPoint(round(track.x_of(40)), middle))
    QTest.mouseMove(track, QPoint(round(track.x_of(5)), middle))
    assert scene.session.playhead.step == 40
    assert timeline.step.text() == "step 40 of 64"


def test_keys_move_the_playhead(scene: Scene, timeline: Timeline, qtbot: QtBot) -> None:
    for key, step in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_PageUp, 7),
        (Qt.Key.Key_Left, 6),
        (Qt.Key.Key_End, 64),
    ):
        QTest.keyClick(timeline.track, key)
        assert scene.session.playhead.step == step


def test_scrubbing_stops_at_what_is_recorded(scene: Scene, qtbot: QtBot) -> None:
    scene.run(64)
    scene.play(20)
    track = shown(qtbot, Timeline(scene.session.view, scene.session.runs, words_of(scene), Look(LIGHT))).track
    QTest.mouseClick(track, Left, pos=QPoint(track.width() - 10, track.height() // 2))
    assert scene.session.playhead.step == 20


def test_the_play_button_plays_and_pauses(scene: Scene, timeline: Timeline, qtbot: QtBot) -> None:
    scene.session.playhead.seek(3)
    QTest.mouseClick(timeline.play, Left)
    assert scene.session.playhead.playing
    assert timeline.play.accessibleName() == "Pause the playback"
    QTest.mouseClick(timeline.play, Left)
    assert not scene.session.playhead.playing


def test_follow_live_is_let_go_by_scrubbing_and_taken_up_by_its_button(
    scene: Scene, timeline: Timeline, qtbot: QtBot
) -> None:
    QTest.keyClick(timeline.track, Qt.Key.Key_Home)
    assert not timeline.follow.isChecked()
    QTest.mouseClick(timeline.follow, Left)
    assert scene.session.playhead.following
    assert timeline.follow.isChecked()


def test_samples_are_gone_through_with_two_buttons(scene: Scene, qtbot: QtBot) -> None:
    scene.run(8, samples=3)
    scene.play(8)
    timeline = shown(qtbot, Timeline(scene.session.view, scene.session.runs, words_of(scene), Look(LIGHT)))
    assert not timeline.earlier.isEnabled()
    QTest.mouseClick(timeline.later, Left)
    QTest.mouseClick(timeline.later, Left)
    assert scene.session.playhead.sample == 2
    assert not timeline.later.isEnabled()


def test_the_timeline_names_step_noise_settled_calls_and_time(scene: Scene, timeline: Timeline) -> None:
    free = scene.session.view.step_info().free
    facts = timeline.facts.toolTip()
    assert f"{free} of {free} settled" in facts
    assert "64 calls" in facts
    assert "t 0.00" in facts


# ---- run form


def number(form: RunForm, name: str) -> Number:
    control = form.main.controls[name]
    assert isinstance(control, Number)
    return control


def test_slider_and_number_of_steps_go_together(scene: Scene, qtbot: QtBot) -> None:
    form = shown(qtbot, run_form(scene))
    slider = form.main.sliders["steps"]
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert (scene.session.form.now.steps, number(form, "steps").value()) == (1, 1)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert (scene.session.form.now.steps, number(form, "steps").value()) == (1024, 1024)
    number(form, "steps").selectAll()
    QTest.keyClicks(number(form, "steps"), "33")
    QTest.keyClick(number(form, "steps"), Qt.Key.Key_Return)
    assert scene.session.form.now.steps == 33
    assert slider.number() in (32, 34)


def test_the_sampler_menu_offers_what_fits_the_noise(scene: Scene, qtbot: QtBot) -> None:
    form = shown(qtbot, run_form(scene))
    expected = [sampler.title for sampler in SAMPLERS if scene.info.noise in sampler.noises]
    assert [form.sampler.itemText(row) for row in range(form.sampler.count())] == expected
    form.sampler.setFocus()
    QTest.keyClick(form.sampler, Qt.Key.Key_End)
    chosen = next(sampler for sampler in SAMPLERS if sampler.name == scene.session.form.now.sampler)
    assert chosen.title == expected[-1]
    assert form.main.fields["sampler"].statusTip() == chosen.summary


def form_of(qtbot: QtBot, scene: Scene) -> RunForm:
    form = shown(qtbot, run_form(scene))
    form.resize(304, 1500)
    QTest.mouseClick(form.more, Left)
    return form


def type_into(field: QWidget, text: str) -> None:
    field.setFocus()
    if isinstance(field, QLineEdit):
        field.selectAll()
        QTest.keyClicks(field, text)
    else:
        field.selectAll()  # type: ignore[attr-defined]
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)


def asked(scene: Scene) -> Generate:
    scene.session.runs.start()
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    return request


def test_the_settings_are_in_the_request_and_are_remembered(scene: Scene, qtbot: QtBot) -> None:
    form = form_of(qtbot, scene)
    spacing = form.main.controls["spacing"]
    assert isinstance(spacing, Choice)
    QTest.keyClick(spacing, Qt.Key.Key_End)
    spacing.activated.emit(spacing.currentIndex())
    type_into(form.main.controls["temperature"], "0.8")
    type_into(form.main.controls["top_p"], "0.7")
    type_into(form.folded.controls["banned"], "sad, angry cat ,")
    type_into(form.folded.controls["pattern"], "Once.*")
    request = asked(scene)
    assert (request.spacing, request.temperature, request.top_p) == ("cosine", 0.8, 0.7)
    assert request.words == ("sad", "angry cat")
    assert request.pattern == "Once.*"
    assert request.locking == "auto"
    assert "2 changed" in form.more.text()
    QTest.mouseClick(form.more, Left)
    assert not form.folded.isVisible()
    assert scene.settings["temperature"] == 0.8


def test_numbers_of_a_sampler_are_offered_with_it_and_kept_for_it(scene: Scene, qtbot: QtBot) -> None:
    form = form_of(qtbot, scene)
    scene.session.form.set(sampler="subset")
    assert not form.options
    scene.session.form.set(sampler="trapezoidal")
    assert form.more.text() == "More: banned words, pattern"
    type_into(form.options["theta"], "0.3")
    assert "1 changed" in form.more.text()
    assert asked(scene).options == (("theta", 0.3),)
    scene.session.form.set(sampler="remask")
    assert list(form.options) == ["rate"]
    assert asked(scene).options == ()
    scene.session.form.set(sampler="trapezoidal")
    assert float(form.options["theta"].property("value")) == 0.3


def test_under_uniform_noise_constraints_are_left_out_and_locking_is_offered(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise="uniform")
    form = form_of(qtbot, scene)
    scene.session.form.set(banned="sad", pattern="O.*", locking="particles")
    assert form.folded.controls["locking"].isVisible()
    assert not form.folded.controls["banned"].isEnabled()
    assert "absorbing" in form.folded.controls["pattern"].toolTip()
    request = asked(scene)
    assert (request.words, request.pattern, request.locking) == ((), "", "particles")


def test_from_left_to_right_each_free_token_is_a_step_and_nothing_of_noise_is_asked_for(
    qtbot: QtBot, tmp_path: Path
) -> None:
    scene = Scene(tmp_path, noise="none")
    form = form_of(qtbot, scene)
    scene.session.form.set(steps=7, sampler="tweedie", spacing="cosine", banned="sad", locking="particles")
    request = asked(scene)
    assert request.steps == (request.tokens == FREE).sum() > 7
    assert (request.sampler, request.spacing, request.words, request.locking) == ("auto", "time", (), "auto")
    assert [form.sampler.itemText(row) for row in range(form.sampler.count())] == ["From left to right"]
    assert not number(form, "steps").isEnabled()
    assert "each free token is a step" in form.main.fields["steps"].statusTip()
    assert not form.main.controls["spacing"].isEnabled()
    assert not form.folded.controls["locking"].isVisible()
    kept = Form.entries_of(request, "none")
    assert not {"steps", "sampler"} & kept.keys()  # those of the form stay for the next model


def test_a_form_is_filled_again_from_the_request_that_it_made(scene: Scene) -> None:
    changes = {"steps": 9, "sampler": "trapezoidal", "seed": 5, "samples": 2, "spacing": "sigma", "temperature": 0.5}
    more = {"top_p": 0.7, "banned": "sad, cat", "pattern": "O.*", "options": {"theta": 0.25}}
    scene.session.form.set(**changes, **more)
    form = scene.session.form.now
    again = Form({"locking": "auto", **Form.entries_of(asked(scene), "absorb")})
    assert again == form


# ---- banner, top bar, status, model


def bar_of(scene: Scene) -> TopBar:
    look = Look(LIGHT)
    return TopBar(scene.session, look, MenuButton("Model", look), MenuButton("Noise", look))


def test_the_banner_shows_an_error_opens_its_details_and_is_dismissed(scene: Scene, qtbot: QtBot) -> None:
    parent = shown(qtbot, QWidget())
    banner = ErrorBanner(scene.session.errors, Look(LIGHT), parent)
    assert not banner.isVisible()
    scene.session.errors.show("The folder is empty.", "Traceback")
    assert banner.isVisible()
    assert banner.headline.text() == "The folder is empty."
    assert not banner.detail_text.isVisible()
    QTest.mouseClick(banner.details, Left)
    assert banner.detail_text.isVisible()
    assert banner.detail_text.toPlainText() == "Traceback"
    QTest.mouseClick(banner.close_button, Left)
    assert not banner.isVisible()
    assert scene.session.errors.current is None


def test_the_run_button_starts_a_run_and_stop_cancels_it(scene: Scene, qtbot: QtBot) -> None:
    bar = shown(qtbot, bar_of(scene))
    assert not bar.stop.isEnabled()
    QTest.mouseClick(bar.run_button, Left)
    assert isinstance(scene.runner.requests[-1], Generate)
    assert bar.stop.isEnabled()
    QTest.mouseClick(bar.stop, Left)
    assert scene.runner.cancelled == 1


def test_pause_holds_the_picture_and_step_moves_it_on(scene: Scene, qtbot: QtBot) -> None:
    bar = shown(qtbot, bar_of(scene))
    scene.run(16)
    scene.play(5)
    QTest.mouseClick(bar.pause, Left)
    scene.play(9)
    assert scene.session.playhead.step == 9  # the step that the engine was at; it is held after that
    assert bar.pause.accessibleName() == "Go on"
    scene.session.playhead.seek(4)
    QTest.mouseClick(bar.step, Left)
    assert scene.session.playhead.step == 5


def test_the_status_line_says_how_far_the_run_is(scene: Scene, qtbot: QtBot) -> None:
    status = shown(qtbot, StatusLine(scene.session, words_of(scene), Look(LIGHT)))
    assert status.text.text() == "Ready"
    scene.run(10)
    scene.play(5)
    qtbot.waitUntil(lambda: status.text.text() == "Running: step 5 of 10, almost done")
    assert not status.bar.isVisible()
    scene.play(10)
    assert status.text.text().startswith("Finished: 10 steps, 10 network calls")
    assert not status.bar.isVisible()


def test_numbers_are_said_shortly() -> None:
    assert [count(n) for n in (512, 4_200, 11_800_000, 1_500_000_000)] == ["512", "4.2 k", "12 M", "1.5 G"]
    assert [duration(s) for s in (0.84, 42.4, 185)] == ["0.8 s", "42 s", "3 min 5 s"]
    assert [duration(s) for s in (3599.6, 18_495)] == ["1 h 0 min", "5 h 8 min"]


@pytest.mark.parametrize("samples", [1, 4])
def test_the_track_has_the_room_that_a_small_display_leaves(scene: Scene, qtbot: QtBot, samples: int) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(1280, 720)
    scene.run(16, samples=samples)
    scene.play(16)
    QApplication.processEvents()
    timeline = window.timeline
    assert timeline.track.width() >= (260 if samples == 1 else 160)
    assert timeline.follow.accessibleName() == "Keep the newest step in view"
    assert timeline.facts.text()
