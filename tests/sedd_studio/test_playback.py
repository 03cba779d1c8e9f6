"""The playhead by itself."""

from __future__ import annotations

import pytest

from sedd_studio.record.playback import SHORTEST_SHOW, Playback


def test_a_new_run_is_shown_in_the_shortest_show_if_the_engine_is_faster() -> None:
    playback = Playback(speed=10)
    playback.start(1000)
    for _ in range(30):
        playback.advance(SHORTEST_SHOW / 60, recorded=1000, running=False)
    assert playback.step == pytest.approx(500, abs=10)
    assert playback.playing


def test_a_short_run_is_shown_at_the_speed_that_was_set() -> None:
    playback = Playback(speed=10)
    playback.start(4)
    playback.advance(0.2, recorded=4, running=False)
    assert playback.step == 2


def test_the_playhead_waits_for_the_engine() -> None:
    playback = Playback(speed=10)
    playback.start(100)
    playback.advance(5.0, recorded=7, running=True)
    assert (playback.step, playback.playing) == (7, True)


def test_following_keeps_to_the_newest_step() -> None:
    playback = Playback(speed=1, following=True)
    playback.start(100)
    playback.advance(0.01, recorded=42, running=True)
    assert playback.step == 42


def test_it_stops_at_the_end_and_plays_again_from_the_start_at_the_speed_that_was_set() -> None:
    playback = Playback(speed=10)
    playback.start(100)
    playback.advance(99.0, recorded=100, running=False)
    assert (playback.step, playback.playing) == (100, False)
    playback.play(recorded=100, running=False)
    playback.advance(1.0, recorded=100, running=False)
    assert playback.step == 10


def test_a_change_of_speed_acts_at_once() -> None:
    playback = Playback(speed=10)
    playback.start(1000)
    playback.set_speed(20)
    playback.advance(1.0, recorded=1000, running=False)
    assert playback.step == 20
