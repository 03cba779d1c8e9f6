"""What holds for every chapter of Learn: its formula says the figure's numbers, its figure is painted and told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from sedd_studio.painting.lessons import picture
from sedd_studio.painting.lessons.drawing import CENTRE, Bar, Sign
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.score import arrows, largest
from sedd_studio.painting.theme import THEMES
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.breaking import words_of
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
        assert number == f"{value:z.{places}f}"


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


# ---- words on figures


@dataclass
class Said:
    """Words of a figure: what they are, where they stand, and in which colour."""

    text: str
    place: QRectF
    colour: QColor


def said_in(name: str, made: Shown, area: QRectF, monkeypatch: pytest.MonkeyPatch, part: str = "paint") -> list[Said]:
    """The words of a figure, or of the part of it that is painted so, without the room beside them."""
    found: list[Said] = []

    def write(
        painter: QPainter, area: QRectF, text: str, colour: QColor, font: QFont, flags: Qt.AlignmentFlag = CENTRE
    ) -> None:
        place = QFontMetricsF(font).boundingRect(area, int(flags), text)
        found.append(Said(text, place, colour))

    for module in (name, "drawing", "grid"):
        monkeypatch.setattr(import_module(f"sedd_studio.painting.lessons.{module}"), "write", write, raising=False)
    image = QImage(area.size().toSize(), QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        getattr(picture(name), part)(painter, area, made, THEMES["light"])
    monkeypatch.undo()
    return found


SCALE = re.compile("[\N{DIVISION SIGN}\N{MULTIPLICATION SIGN}] [0-9]|true|[0-9,]+")
"""What stands under a scale."""
SMALL = QRectF(12, 12, 515, 390)
"""Of a figure in a window of 1280 x 720."""


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("steps", [0, 1, 2, 5])
@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_words_that_do_not_match_are_not_crossed_by_their_frame(
    noise: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = import_module("sedd_studio.painting.lessons.many")
    for area in (SMALL, QRectF(0, 0, 300, 200)):
        frames: list[QRectF] = []
        monkeypatch.setattr(many, "draw_hollow", lambda painter, place, *rest, to=frames: to.append(place))
        words = said_in("many", shown("many", noise=noise, steps=steps), area, monkeypatch)
        assert any(said.text == "New Diego" for said in words)
        assert not any(frame.intersects(said.place) for frame in frames for said in words)


@pytest.mark.usefixtures("qapp")
@cases
def test_no_word_of_a_figure_is_cut_off_or_stands_in_another(
    name: str, choices: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, least = shown(name, **choices), picture(name).least_beside
    for wide, high in ((430, 260), (515, 390), (515, 480), (1000, 760)):
        for part, margin, room in (
            ("paint", 12, QRectF(12, 12, wide, high)),
            ("paint_beside", 4, QRectF(4, 4, 0.66 * wide, max(least, 0.6 * high))),
        ):
            seen = room.adjusted(-margin, -margin, margin, margin)
            words = said_in(name, made, room, monkeypatch, part)
            cut = [said.text for said in words if not seen.contains(said.place)]
            assert not cut, (part, wide, high)
            if (name, wide) != ("breaking", 430):  # thirty words of fifteen letters have no room there
                for one, other in combinations(filter(lambda said: said.text.strip(), words), 2):
                    both = one.place.intersected(other.place)
                    assert both.width() < 2 or both.height() < 5, (part, wide, high, one.text, other.text)


@pytest.mark.usefixtures("qapp")
def test_words_under_a_scale_stand_apart_and_within_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, choices, area in (
        ("training", {"noise": "absorb"}, SMALL),
        ("training", {"noise": "uniform"}, SMALL),
        ("precision", {}, SMALL),
        ("precision", {"groups": 8}, SMALL),
    ):
        words = said_in(name, shown(name, **choices), area, monkeypatch)
        rows: dict[int, list[QRectF]] = {}
        for said in words:
            if SCALE.fullmatch(said.text):
                rows.setdefault(round(said.place.center().y()), []).append(said.place)
        for row in rows.values():
            ordered = sorted(row, key=QRectF.left)
            assert all(other.left() - one.right() >= 4 for one, other in pairwise(ordered))
            assert ordered[-1].right() <= area.right() + 1


@pytest.mark.usefixtures("qapp")
def test_the_number_on_a_square_is_read_on_every_colour_that_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid.of(SMALL, 2, 3)
    for theme in THEMES.values():
        colours: list[QColor] = []
        module = import_module("sedd_studio.painting.lessons.grid")
        monkeypatch.setattr(module, "write", lambda *given, to=colours: to.append(given[3]))
        image = QImage(600, 400, QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            for chosen in (False, True):
                grid.draw_text(painter, (0, 0), ("tick", "tock"), "3.6 %", chosen, theme)
        assert len(colours) == 2
        for colour in colours:
            for behind in ("lock_fill", "mask", "window"):
                light, dark = sorted((luminance(colour.name()), luminance(theme.colours[behind])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme.name, behind)


@pytest.mark.usefixtures("qapp")
def test_a_frame_in_high_contrast_does_not_cross_the_words_in_it() -> None:
    grid, theme, place = Grid.of(SMALL, 2, 3), THEMES["contrast"], QRectF(50.5, 50.5, 40, 40)
    for across, framed in ((30.0, True), (70.0, False)):
        words = QRectF(70.5 - across / 2, 60.5, across, 20)
        image = QImage(150, 150, QImage.Format.Format_RGB32)
        image.fill(theme.colour("window"))
        with QPainter(image) as painter:
            grid.draw_square(painter, place, True, False, theme, words)
        assert (image.pixelColor(50, 70) == theme.colour("strong_border")) is framed
        assert image.pixelColor(70, 70) == theme.colour("lock_fill")


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("chance", [0.001, 0.07, 0.2, 0.9])
def test_the_frame_of_what_is_chosen_is_round_its_words(chance: float) -> None:
    theme, names, text = THEMES["light"], ("sun", "rain", "snow"), (2, 2)
    grid = Grid.of(SMALL, 3, 4)
    words, image = grid.label(text, names).toRect().adjusted(2, 2, -2, -2), QImage(600, 420, QImage.Format.Format_RGB32)
    image.fill(theme.colour("window"))
    with QPainter(image) as painter:
        grid.draw_square(painter, grid.square(text, chance), True, True, theme, grid.label(text, names))
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    crossed = {
        image.pixelColor(x, y).name()
        for x in range(words.left(), words.right() + 1)
        for y in range(words.top(), words.bottom() + 1)
    }
    assert theme.colours["accent"] in seen - crossed


# ---- breaking a text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We walk  home ", ("We", "walk", "home")),
        ("东京很大", ("东", "京", "很", "大")),
        ("我们walk 回家。", ("我", "们", "walk", "回", "家", "。")),
        ("กิน ข้าว", ("กิ", "น", "ข้", "า", "ว")),
        ("👩‍👩‍👧 naïve", ("👩‍👩‍👧", "naïve")),
        ("unverwechselbarkeit", tuple("unverwechselbarkeit")),
        ("", ()),
    ],
)
def test_a_text_is_broken_into_what_its_script_has_for_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


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
