"""The map beside the text in a film, and the choice of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.runs.carried import read_run
from engine.runs.map_modes import MAP_MODES
from engine.runs.run_map import RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.film import as_pillow
from sedd_studio.painting.film_with_map import FilmWithMap
from sedd_studio.painting.map_image import colour_table
from sedd_studio.painting.map_paint import cell_of
from sedd_studio.painting.theme import DARK, LIGHT, Theme
from sedd_studio.window.export_kinds import EXPORTS, View
from tests.sedd_studio.exported import STEPS, made
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_runfile import assert_same
from tests.sedd_studio.windows import window_of

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def run(tmp_path: Path) -> Trajectory:
    return made(tmp_path)


def rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_film_with_the_map_shows_it_in_its_colours_with_a_line_at_the_step(run: Trajectory, theme: Theme) -> None:
    film = FilmWithMap(run, 1, theme, 1.0, MAP_MODES["state"])
    before, after = (np.asarray(as_pillow(film.picture(step))) for step in (3, STEPS))
    assert before.shape == after.shape == (max(720, film.height), 1280, 3)
    table, state = colour_table(theme), RunMap(run, 1).grown().state
    places = film.places
    for step in range(0, STEPS + 1, 2):
        for position in range(0, run.length, 5):
            at = film.corner + cell_of(places, step, position).center()
            if abs(step - 3) > 1:
                found = tuple(before[round(at.y()), round(at.x())])
                assert found == rgb(QColor(table[state[step, position]])), (step, position)
    at = film.corner + cell_of(places, 3, 4).center()
    assert tuple(before[round(at.y()), round(at.x())]) == rgb(theme.colour("fresh"))
    assert tuple(after[round(at.y()), round(at.x())]) != rgb(theme.colour("fresh"))


def test_a_film_with_the_map_opens_as_the_run(run: Trajectory, tmp_path: Path) -> None:
    list(EXPORTS["film"].write(View(run, STEPS, 1, LIGHT, "settled", beside=True), tmp_path / "run.webp"))
    assert_same(run, read_run(tmp_path / "run.webp"))
    with Image.open(tmp_path / "run.webp") as image:
        assert image.size == (1280, 720)


def test_the_dialog_of_a_page_or_a_film_offers_the_map_beside_the_text(
    scene: Scene, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.run(STEPS)
    scene.play(STEPS)
    window = window_of(scene.session, scene.settings, qtbot)
    offered: list[str] = []

    def pick(parent: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        offered[:] = kinds.split(";;")
        return str(tmp_path / "run.html"), offered[-1]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", pick)
    window.actions_by_name["export_page"].trigger()
    assert (
        offered
        == EXPORTS["page"].filters
        == [
            "Page that plays the run (*.html)",
            "Page with the map beside the text (*.html)",
        ]
    )
    qtbot.waitUntil(lambda: (tmp_path / "run.html").exists())
    data = (tmp_path / "run.html").read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    assert json.loads(data)["map"]["title"] == "State"
