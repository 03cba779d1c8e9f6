"""Exports are jobs: done in order, ended where their work looks, and leaving no file when they are given up."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from engine.runs.trajectory import Trajectory
from engine.stopping import Stopped, look, stoppable
from sedd_studio.background.jobs import Jobs
from sedd_studio.painting import film, map_export
from sedd_studio.painting.film import Film
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record import exports
from sedd_studio.window.export_kinds import EXPORTS, View, start
from tests.patience import PATIENCE
from tests.sedd_studio.exported import STEPS, made

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def run(tmp_path: Path) -> Trajectory:
    return made(tmp_path)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def test_jobs_are_done_in_order_and_their_failures_told(jobs: Jobs, qtbot: QtBot) -> None:
    done: list[str] = []

    def work(name: str) -> Iterator[float]:
        yield 0.5
        if name == "bad":
            raise UserError("It cannot be.")
        done.append(name)
        yield 1.0

    with qtbot.waitSignal(jobs.failed) as told:
        for name in ("first", "bad", "last"):
            jobs.start(name, partial(work, name))
    assert told.args == ["It cannot be.", ""]
    qtbot.waitUntil(lambda: jobs.current is None)
    assert done == ["first", "last"]


@pytest.mark.parametrize("place", ["none/page.html", "folder"])
def test_nothing_is_made_for_a_place_that_takes_no_file(jobs: Jobs, tmp_path: Path, qtbot: QtBot, place: str) -> None:
    (tmp_path / "folder").mkdir()
    made: list[str] = []

    def work() -> Iterator[float]:
        made.append(place)
        yield 1.0

    with qtbot.waitSignal(jobs.failed) as told:
        jobs.start("Writing page.html", work, tmp_path / place)
    assert told.args is not None
    assert told.args[0].endswith("; choose another place, or free some room.")
    assert not made
    qtbot.waitUntil(lambda: jobs.current is None)
    jobs.start("Writing page.html", work, tmp_path / "page.html")
    qtbot.waitUntil(lambda: jobs.current is None)
    assert made
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]  # to look leaves nothing


def test_a_cancelled_job_is_closed_and_leaves_no_file(
    jobs: Jobs, run: Trajectory, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = threading.Event(), threading.Event()
    picture = Film.picture

    def slow(self: Film, step: int) -> object:
        began.set()
        go.wait(PATIENCE)
        return picture(self, step)

    monkeypatch.setattr(Film, "picture", slow)
    start(jobs, EXPORTS["film"], View(run, STEPS, 0, LIGHT), tmp_path / "run.gif")
    qtbot.waitUntil(began.is_set)
    jobs.cancel()
    go.set()
    qtbot.waitUntil(lambda: jobs.current is None)
    assert not list(tmp_path.glob("run.gif*"))


@pytest.mark.parametrize("name", ["run.gif", "run.webp", "run.mp4", "run.png", "run.html", "run.json", "run.svg"])
def test_a_job_cancelled_while_the_file_is_put_together_leaves_none(
    jobs: Jobs, run: Trajectory, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    began, go = threading.Event(), threading.Event()
    export = next(export for export in EXPORTS.values() if Path(name).suffix in export.suffixes)

    def slow(*given: Any) -> Any:
        began.set()
        go.wait(PATIENCE)
        return quick(*given)

    place, part = {"Film": (film, "durations"), "Picture": (film, "carried")}.get(export.title, (exports, "described"))
    if export is EXPORTS["page"]:
        place, part = exports, "made_by"
    if export is EXPORTS["map"]:
        place, part = map_export, "caption_of"
    quick = getattr(place, part)
    monkeypatch.setattr(place, part, slow)
    start(jobs, export, View(run, STEPS, 0, LIGHT), tmp_path / name)
    qtbot.waitUntil(began.is_set)
    jobs.cancel()
    go.set()
    qtbot.waitUntil(lambda: jobs.current is None)
    assert not list(tmp_path.glob("run.*"))


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_film_can_be_given_up_at_each_picture_that_is_encoded(run: Trajectory, suffix: str) -> None:
    shown = Film(run, 0, LIGHT)

    def encode(most: int | None = None) -> int:
        """How often the encoder looks whether to go on; it is stopped after `most`."""
        images, looks = [film.as_pillow(shown.picture(step)) for step in shown.steps], itertools.count()
        with stoppable(lambda: next(looks) == most):
            for _ in film.ENCODERS[suffix](images, shown):
                pass
        return next(looks)

    assert encode() >= len(shown.steps)
    with pytest.raises(Stopped):
        encode(len(shown.steps) // 2)


def test_a_cancelled_job_ends_where_its_work_looks(jobs: Jobs, qtbot: QtBot) -> None:
    began = threading.Event()
    told: list[str] = []
    jobs.failed.connect(told.append)

    def work() -> Iterator[float]:
        yield 0.0
        began.set()
        while True:
            look()
            time.sleep(0.001)

    jobs.start("Work", work)
    qtbot.waitUntil(began.is_set)
    jobs.cancel()
    qtbot.waitUntil(lambda: jobs.current is None)
    assert told == []


def test_what_was_done_before_a_job_began_is_not_counted_as_its_pace(
    jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, seen = threading.Event(), threading.Event()

    def work() -> Iterator[float | None]:
        yield None  # it is not known yet how much had come
        began.set()
        seen.wait(PATIENCE)
        yield 0.5
        yield 0.6
        seen.clear()
        began.set()
        seen.wait(PATIENCE)

    jobs.start("Work", work)
    began.wait(PATIENCE)
    assert jobs.seconds_left is None
    began.clear()
    seen.set()
    began.wait(PATIENCE)
    job = jobs.current
    assert job is not None
    assert job.before == 0.5
    monkeypatch.setattr("sedd_studio.record.pace.time.monotonic", lambda: job.started + 10)
    assert jobs.seconds_left == pytest.approx(40)
    seen.set()
    qtbot.waitUntil(lambda: jobs.current is None)


def test_a_place_that_cannot_be_written_is_told(jobs: Jobs, run: Trajectory, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(jobs.failed) as told:
        start(jobs, EXPORTS["text"], View(run, STEPS, 0, LIGHT), tmp_path / "absent" / "run.txt")
    assert "choose another place" in told.args[0].lower()
