"""The timeline is scrubbed, played and followed with real events, and says where in the run one is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.widgets.panels.timeline import Timeline
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import shown, window_of

Left = Qt.MouseButton.LeftButton


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


# ---- banner, top bar, status, model


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
