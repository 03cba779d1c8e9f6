"""What holds for every chapter of Learn: its formula says the figure's numbers, its figure is painted and told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from sedd_studio.painting.lessons import picture
from sedd_studio.painting.lessons.drawing import Bar, Sign
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.score import arrows, largest
from sedd_studio.painting.theme import THEMES
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Shown, Slide
from tests.sedd_studio.chapter_cases import shown

RESULT = re.compile(r"\\result\{([^}]*)\}")


def cases_of(name: str) -> Any:
    return import_module(f"tests.sedd_studio.chapter_cases.{name}")


CASES = [pytest.param(name, case, id=f"{name}-{case}") for name in CHAPTERS for case in cases_of(name).CASES]
cases = pytest.mark.parametrize(("name", "choices"), CASES)


@cases
def test_a_formula_says_the_figures_numbers(name: str, choices: dict[str, object]) -> None:
    made = shown(name, **choices)
    lines = chapter(name).formula(made)
    said = [number for line in lines for number in RESULT.findall(line)]
    wanted = cases_of(name).results(made)
    assert len(said) == len(wanted)
    for number, value in zip(said, wanted, strict=True):
        places = len(number.partition(".")[2])
        assert number == f"{value:.{places}f}"


@cases
def test_a_chapter_says_little_and_has_three_controls_at_most(name: str, choices: dict[str, object]) -> None:
    made, told = shown(name, **choices), chapter(name)
    assert told.spoken(made)
    assert told.caption(made).count(". ") <= 1
    assert told.help
    for figure in (made.figure, None):
        controls = told.controls(made.choices, figure)
        assert 1 <= len(controls) <= 3
        assert all(0 <= made.choices[each.name] <= each.last for each in controls if isinstance(each, Slide))
        assert sum(isinstance(each, Slide) and bool(each.seconds) for each in controls) <= 1


def painted(name: str, made: Shown, width: int = 1000) -> set[bytes]:
    """The pictures of a figure and of what stands beside it, in every theme."""
    seen = set()
    for theme in THEMES.values():
        image = QImage(width, width // 2, QImage.Format.Format_RGB32)
        image.fill(theme.colour("window"))
        with QPainter(image) as painter:
            picture(name).paint(painter, QRectF(0, 0, 0.6 * width, width / 2), made, theme)
            picture(name).paint_beside(painter, QRectF(0.62 * width, 0, 0.37 * width, width / 2), made, theme)
        seen.add(bytes(image.constBits()))
    return seen


@pytest.mark.usefixtures("qapp")
@cases
def test_a_figure_is_painted_in_every_theme_and_size(name: str, choices: dict[str, object]) -> None:
    made = shown(name, **choices)
    assert len(painted(name, made)) == len(THEMES)
    assert len(painted(name, made, width=300)) == len(THEMES)


def luminance(colour: str) -> float:
    """Of a colour, relative to white."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@dataclass
class Beside:
    """What stands beside a figure: the signs of its legend, and where the rest ends and the legend begins."""

    signs: list[Sign]
    foot: float = 0.0
    legend: float = 0.0


def beside(name: str, made: Shown, area: QRectF, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """What is painted beside a figure."""
    found, module = Beside([]), import_module(f"sedd_studio.painting.lessons.{name}")

    def legend(painter: QPainter, place: QRectF, signs: list[Sign], theme: object, size: float) -> None:
        found.signs, found.legend = signs, place.bottom() - 1.8 * size * len(signs)

    def bars(painter: QPainter, place: QRectF, bars: list[Bar], *rest: Any) -> None:
        size = rest[2]
        found.foot = max(found.foot, place.top() + min(place.height(), 2.1 * size * len(bars)))

    def write(painter: QPainter, place: QRectF, *rest: object) -> None:
        found.foot = max(found.foot, place.center().y() + 5)

    monkeypatch.setattr(module, "draw_legend", legend)
    monkeypatch.setattr(module, "draw_bars", bars)
    monkeypatch.setattr(module, "write", write, raising=False)
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        picture(name).paint_beside(painter, area, made, THEMES["light"])
    monkeypatch.undo()
    return found


@pytest.mark.usefixtures("qapp")
@cases
def test_a_legend_lies_on_nothing_and_tells_its_signs_apart_without_colour(
    name: str, choices: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(name, **choices)
    found = beside(name, made, QRectF(0, 0, 240, picture(name).least_beside), monkeypatch)
    assert found.foot <= found.legend
    for theme in THEMES.values():
        for number, sign in enumerate(found.signs):
            for other in found.signs[:number]:
                light, dark = sorted((luminance(theme.colours[each.colour]) for each in (sign, other)), reverse=True)
                assert sign.kind != other.kind or (light + 0.05) / (dark + 0.05) > 1.3, (sign, other, theme.name)


# ---- all texts at once


@pytest.mark.parametrize("choices", cases_of("texts").CASES)
def test_the_numbers_of_the_texts_formula_multiply_to_its_result(choices: dict[str, object]) -> None:
    lines = " ".join(chapter("texts").formula(shown("texts", **choices))[1:])
    (said,) = RESULT.findall(lines)
    plain = re.sub(r"= \\result.*", "", lines).lstrip("= ").replace(r"\cdot", "*").replace("^", "**")
    assert eval(plain) == pytest.approx(float(said), abs=3e-4)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("noise", ["absorb", "uniform"])
@pytest.mark.parametrize("world", ["tick", "rain"])
def test_areas_are_chances(noise: str, world: str) -> None:
    made = shown("texts", world=world, noise=noise, level=70)
    law = made.figure.probability[made.choices["share"], 70]
    grid = Grid.of(QRectF(0, 0, 600, 500), len(made.figure.words), made.figure.states)
    squares = [grid.square(text, chance) for text, chance in zip(made.figure.texts.tolist(), law, strict=True)]
    whole = grid.square(made.figure.texts[0].tolist(), 1.0)
    areas = np.array([each.width() * each.height() for each in squares]) / (whole.width() * whole.height())
    assert np.abs(areas - law).max() < 1e-12
    assert grid.cell(made.figure.texts[0].tolist()).contains(whole)


# ---- the concrete score


@pytest.mark.parametrize("choices", cases_of("score").CASES)
def test_an_arrow_runs_wherever_a_step_back_may_go_and_says_its_ratio(choices: dict[str, object]) -> None:
    made = shown("score", **choices)
    figure, at = made.figure, made.choices["level"]
    found = list(arrows(figure, at))
    assert len(found) == (12 if figure.noise == "absorb" else 8)
    for start, end, place, ratio in found:
        one, other = figure.texts[start], figure.texts[end]
        assert (one != other).nonzero()[0].tolist() == [place]
        assert ratio == pytest.approx(figure.probability[at, end] / figure.probability[at, start], rel=1e-9)
        assert ratio <= largest(figure, at) * (1 + 1e-9)
