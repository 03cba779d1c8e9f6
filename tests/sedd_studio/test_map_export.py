"""The map of a run as a picture, as a drawing and as a table, each with what the record says."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.runs.map_modes import MAP_MODES, OFFSET
from engine.runs.map_table import NAMES, caption_of, rows_of
from engine.runs.run_map import Difference, RunMap, State, difference
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.map_export import WIDE, MapPicture, write_map
from sedd_studio.painting.map_image import colour_table
from sedd_studio.painting.map_paint import MapScene, cell_of, cells_picture, paint_map
from sedd_studio.painting.map_places import MapPlaces
from sedd_studio.painting.theme import DARK, LIGHT
from sedd_studio.window.export_kinds import EXPORTS, View
from tests.sedd_studio.scene import Scene

STEPS, SCALE = 24, 2


@pytest.fixture
def run(scene: Scene) -> Trajectory:
    scene.run(STEPS, samples=2)
    scene.play(STEPS)
    made = scene.session.view.run
    assert made is not None
    return made


def picture_of(run: Trajectory, path: Path, mode: str, column: np.ndarray | None = None) -> MapPicture:
    picture = MapPicture(run, 1, MAP_MODES[mode], DARK, column)
    assert list(write_map(picture, path, SCALE))[-1] == 1.0
    return picture


@pytest.mark.parametrize("mode", MAP_MODES)
def test_the_colours_in_the_file_are_those_of_the_record(run: Trajectory, tmp_path: Path, mode: str) -> None:
    column = np.linspace(-5, 0.5, run.length)
    picture = picture_of(run, tmp_path / "map.png", mode, column)
    image = QImage(str(tmp_path / "map.png"))
    assert image.width() == SCALE * WIDE
    places = MapPlaces(STEPS + 1, run.length, WIDE - 40, picture.map_height)
    top = picture.size.height() - 20 - picture.map_height
    codes, table = MAP_MODES[mode].codes(RunMap(run, 1).grown(), column), colour_table(DARK)
    for step in range(0, STEPS + 1, 5):
        for position in range(0, run.length, 6):
            at = cell_of(places, step, position).center() + QPointF(20, top)
            assert image.pixel(int(SCALE * at.x()), int(SCALE * at.y())) == table[codes[step, position]], (
                step,
                position,
            )


def test_the_drawing_has_its_words_as_words(run: Trajectory, tmp_path: Path) -> None:
    picture_of(run, tmp_path / "map.svg", "state")
    root = ET.fromstring((tmp_path / "map.svg").read_text())
    words = "".join(root.itertext())
    assert caption_of(run, 1) in words
    assert all(word in words for word in ("hidden", "settled", "locked", "step"))
    assert any(element.tag.endswith("image") for element in root.iter())


def test_the_table_has_a_line_for_each_cell(run: Trajectory) -> None:
    regret = np.where(run.locked, np.nan, -0.5)
    lines = list(csv.DictReader(io.StringIO("".join(rows_of(run, 1, {"regret": regret})))))
    assert list(lines[0]) == [*NAMES, "regret"]
    assert len(lines) == (STEPS + 1) * run.length
    made = RunMap(run, 1).grown()
    for line in lines[::97]:
        step, position = int(line["step"]), int(line["position"]) - 1
        token = run.at(step, 1)[0][position]
        assert line["token"] == ("" if token == run.mask else str(token))
        assert line["state"] == made.told(step, position).name.lower()
        assert line["regret"] == ("" if run.locked[position] else "-0.5")
        settled = made.told(step, position) is State.SETTLED
        assert line["settled_in"] == (str(made.last[position]) if settled else "")


def test_a_run_held_against_another_is_drawn_and_written_as_such(run: Trajectory, tmp_path: Path) -> None:
    view = View(run, STEPS, 0, DARK, other=(run, 1))
    for kind, name in (("map", "a.png"), ("map_csv", "a.csv")):
        list(EXPORTS[kind].write(view, tmp_path / name))
    found, image = difference(run, 0, run, 1), QImage(str(tmp_path / "a.png"))
    picture = MapPicture(run, 0, view.map_mode, DARK)
    places, top = MapPlaces(STEPS + 1, run.length, WIDE - 40, picture.map_height), picture.size.height() - 20
    table = colour_table(DARK)
    for step in range(0, STEPS + 1, 5):
        for position in range(0, run.length, 6):
            at = cell_of(places, step, position).center() + QPointF(20, top - picture.map_height)
            seen = image.pixel(int(SCALE * at.x()), int(SCALE * at.y()))
            assert seen == table[found[step, position] + OFFSET], (step, position)
    lines = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    for line in lines[::89]:
        step, position = int(line["step"]), int(line["position"]) - 1
        there = run.at(step, 1)[0][position]
        assert line["other_token"] == ("" if there == run.mask else str(there))
        assert line["difference"] == Difference(int(found[step, position])).name.lower()
    assert caption_of(run, 1) in picture.mode.title


def test_a_line_says_which_run_it_is(run: Trajectory) -> None:
    said = caption_of(run, 1)
    assert said.startswith("stories-absorb: ")
    assert f"{STEPS} steps, {run.length} positions, seed 1729, sample 2 of 2" in said


def test_both_are_among_the_exports(run: Trajectory, tmp_path: Path, qtbot: QtBot) -> None:
    view = View(run.snapshot(), STEPS, 0, LIGHT)
    for kind, name in (("map", "a.svg"), ("map", "a.png"), ("map_csv", "a.csv")):
        list(EXPORTS[kind].write(view, tmp_path / name))
        assert (tmp_path / name).stat().st_size > 1000


def test_a_line_over_a_map_is_broken_where_no_step_is_known_and_joins_no_others(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To join the lines of 256 positions that are filled in any order took a fifth of a second at each painting."""
    monkeypatch.setattr(QPainter, "drawPolyline", lambda *_: pytest.fail("lines are joined"))
    curve = np.array([1, 5, np.nan, 3, np.nan, 6, 2])
    image = QImage(700, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    places = MapPlaces(8, len(curve), 660, 360)
    cells = cells_picture(image.copy(0, 0, len(curve), 8), places, 1.0)
    with QPainter(image) as painter:
        paint_map(painter, cells, places, MapScene(curve=curve), LIGHT, QFont())

    def near(x: float, y: float) -> bool:
        around = [(round(x) + dx, round(y) + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return min(QColor(image.pixel(*point)).red() for point in around) < 120  # the ink, on red, between white edges

    at = [cell_of(places, 0 if np.isnan(step) else int(step), place).center() for place, step in enumerate(curve)]
    for one, other, drawn in ((0, 1, True), (5, 6, True), (1, 3, False), (3, 5, False)):
        middle = (at[one] + at[other]) / 2
        assert near(middle.x(), middle.y()) == drawn, (one, other)
    assert QColor(image.pixel(at[3].toPoint())) != QColor("red")  # a point, where it has no neighbours
