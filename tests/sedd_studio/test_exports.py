"""Exports: every file is opened again, and what carries the run opens as the run."""

from __future__ import annotations

import csv
import io
import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from engine.runs.carried import read_run
from engine.runs.trajectory import Trajectory
from sedd_studio.painting import film
from sedd_studio.painting.film import Film, durations
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record import exports
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.export_kinds import EXPORTS
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.exported import STEPS, made, written
from tests.sedd_studio.files_at_hand import drop
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_runfile import assert_same
from tests.sedd_studio.windows import TIME_LEFT, window_of

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def run(tmp_path: Path) -> Trajectory:
    return made(tmp_path)


def test_the_text_is_that_of_every_sample_at_the_step(run: Trajectory, tmp_path: Path) -> None:
    assert run.origin is not None
    text = written("text", run, tmp_path / "run.txt").read_text(encoding="utf-8")
    parts = text.removesuffix("\n").split("\n\n---\n\n")
    assert parts == [run.origin.tokenizer.decode(run.at(STEPS, sample)[0].tolist()) for sample in range(2)]
    assert len(exports.texts(run, 2)[0]) < len(parts[0])


def test_json_holds_request_model_tokens_and_steps(run: Trajectory, tmp_path: Path) -> None:
    values = json.loads(written("json", run, tmp_path / "run.json").read_text(encoding="utf-8"))
    assert values["request"]["steps"] == STEPS
    assert values["model"]["name"] == "stories-absorb"
    assert values["tokens"][1] == run.at(STEPS, 1)[0].tolist()
    assert [row["step"] for row in values["steps"]] == list(range(STEPS + 1))


def test_the_table_has_a_line_for_each_step(run: Trajectory, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", run, tmp_path / "run.csv").read_text())))
    assert len(rows) == STEPS + 1
    assert [int(row["settled_1"]) for row in rows] == run.settled_curve(1).tolist()
    assert float(rows[-1]["time"]) == 0


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_the_page_needs_nothing_else_and_opens_as_the_run(noise: str, tmp_path: Path) -> None:
    run = made(tmp_path, noise)
    path = written("page", run, tmp_path / "run.html")
    page = path.read_text(encoding="utf-8")
    assert "://" not in page
    assert "__" not in page.replace("____", "")
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    tokens = list(data["start"][1])
    for frame in data["frames"]:
        for sample, position, token in zip(*[iter(frame)] * 3, strict=True):
            if sample == 1:
                tokens[position] = token
    assert tokens == run.at(STEPS, 1)[0].tolist()
    assert all(str(token) in data["pieces"] for token in tokens)
    assert_same(run, read_run(path))


def test_a_text_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.session.editor.set_prompt("</script><b>&bold [4]")
    scene.run(4)
    scene.play(4)
    run = scene.session.view.run
    assert run is not None
    page = exports.as_html(run)
    assert page.count("</script>") == 3
    assert "<title>&lt;/script&gt;&lt;b&gt;&amp;bold [4]</title>" in page


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".mp4"])
def test_a_film_shows_every_step_holds_its_end_and_opens_as_the_run(
    suffix: str, run: Trajectory, tmp_path: Path
) -> None:
    path = written("film", run, tmp_path / f"run{suffix}")
    assert_same(run, read_run(path))
    if suffix == ".mp4":
        with av.open(str(path)) as container:
            shown_for = len(list(container.decode(video=0))) / film.FILM_RATE
        assert shown_for == pytest.approx(sum(durations(STEPS + 1)) / 1000, abs=0.1)
        return
    with Image.open(path) as image:
        assert image.n_frames == STEPS + 1  # type: ignore[attr-defined]
        image.seek(STEPS)
        shown = np.asarray(image.convert("RGB"), np.float64)
    last = np.asarray(film.as_pillow(Film(run, 1, LIGHT, 1.0).picture(STEPS)), np.float64)
    assert np.abs(shown - last).mean() < 2


def test_the_colours_of_a_film_are_counted_in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library counts with the interpreter's lock held. Asked for all colours that there are, it looked through room
    for as many, and the window was held for a second."""
    pixels = np.random.default_rng(1).integers(0, 3, (200, 90, 3), np.uint8) * 100
    picture, counted = Image.fromarray(pixels), []
    count = Image.Image.getcolors
    expected = set(map(tuple, pixels.reshape(-1, 3).tolist()))

    def counts(part: Image.Image, most: int) -> object:
        counted.append(part.height)
        assert most <= part.width * part.height
        return count(part, most)

    monkeypatch.setattr(Image.Image, "getcolors", counts)
    values = film.palette_of([picture]).getpalette() or []
    assert max(counted) <= film.ROWS
    assert sum(counted) == 200
    assert set(zip(*[iter(values)] * 3, strict=True)) >= expected


@pytest.mark.parametrize("domain", ["text", "digits", "promoters"])
def test_a_picture_shows_the_step_in_the_domains_view_and_opens_as_the_run(domain: str, tmp_path: Path) -> None:
    run = made(tmp_path, domain=domain)
    path = written("picture", run, tmp_path / "run.png")
    with Image.open(path) as image:
        assert image.width == 2 * film.WIDTH
        assert len(image.convert("RGB").getcolors(10**6) or []) > 4
    assert_same(run, read_run(path))


def test_files_that_carry_no_run_are_refused_in_a_sentence(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.gif")
    (tmp_path / "page.html").write_text("<p>Once</p>")
    (tmp_path / "film.mp4").write_bytes(b"no film")
    (tmp_path / "picture.webp").write_bytes(b"no picture")
    for name in ("plain.png", "plain.gif", "page.html", "film.mp4", "picture.webp"):
        with pytest.raises(UserError, match="carries no run"):
            read_run(tmp_path / name)


@pytest.fixture
def window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    session.form.set(steps=6)
    window = window_of(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


@pytest.mark.parametrize("kind", EXPORTS)
def test_every_export_is_a_command_and_what_carries_a_run_is_dropped_on_the_window(
    kind: str, window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    window.actions_by_name["save_run" if kind == "run" else f"export_{kind}"].trigger()
    path = tmp_path / f"out{EXPORTS[kind].suffixes[0]}"
    qtbot.waitUntil(lambda: window.services.jobs.current is None and path.is_file())
    assert not window.job_line.isVisible()
    if kind not in ("run", "page", "picture", "film"):
        return
    text = window.session.view.full_text()
    window.session.editor.set_prompt("Once [5]")
    assert drop(window, path)
    window.session.playhead.seek(6)
    assert window.session.view.full_text() == text


def test_a_long_export_shows_how_far_it_is_and_can_be_ended(window: MainWindow, qtbot: QtBot) -> None:
    go = threading.Event()

    def work() -> Iterator[float]:
        for share in itertools.count(1):  # ended by the click alone
            yield min(share / 50, 0.9)
            go.wait(0.05)

    window.services.jobs.start("Writing film.gif", work)
    qtbot.waitUntil(lambda: window.job_line.bar.value() > 4)
    assert window.job_line.isVisible()
    assert TIME_LEFT.search(window.job_line.text.text())
    QTest.mouseClick(window.job_line.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.services.jobs.current is None)
    assert not window.job_line.isVisible()
