"""Chapters of Learn in files: drawings that are what the window paints, pages that hold the record's own numbers."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from sedd_studio.painting.drawing_parts import GEOMETRY, parts_of
from sedd_studio.painting.lessons.export import ChapterPicture, write_figure, write_page
from sedd_studio.painting.theme import DARK, LIGHT
from sedd_studio.record.chapter_page import numbers_of
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Chapter, Shown, Strip
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.window.lesson_exports import NOTHING_MOVES
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.chapter_cases import shown
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

CASES: dict[str, dict[str, object]] = {"training": {"start": 1, "level": 40}, "walking": {"go": 10}}
"""What is chosen before, where there is nothing to see else."""
TRAP = '<!--<script> </script><img/src=x/onerror=a> &amp; "x" __DATA__'
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SVG = "{http://www.w3.org/2000/svg}"
names = pytest.mark.parametrize("name", CHAPTERS)
pytestmark = pytest.mark.usefixtures("qapp")


def picture_of(name: str, **choices: object) -> ChapterPicture:
    return ChapterPicture(name, shown(name, **(choices or CASES.get(name, {}))), LIGHT)


class Page(HTMLParser):
    """A page as a browser takes it apart: its elements, and what its scripts and styles hold."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.policy, self.held = "", dict[str, list[str]]()
        self._in = ""
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)
        self.data: dict[str, Any] = json.loads(self.held["script"][0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = tag
        if tag == "meta" and dict(attrs).get("http-equiv"):
            self.policy = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.held.setdefault(self._in, []).append(data)

    def says(self, frame: int, place: str) -> list[str]:
        """The words in a picture of a frame."""
        parts, styles = self.data["parts"], self.data["styles"]
        found = (parts[number] for number in self.data["frames"][frame][place])
        return [part[-1] for part in found if styles[part[0]][0] == "text"]


def page_of(made: ChapterPicture, path: Path) -> Page:
    assert [*write_page(made, path)][-1] == 1.0
    return Page(path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long strip only some places are drawn: all are drawn alike."""
    kinds: tuple[type[Chapter], ...] = (Chapter, type(chapter("walking")))
    whole = {kind: kind.strip for kind in kinds}

    def shorter(strip: Strip) -> Strip:
        every = max(1, len(strip.choices) // 3)
        return replace(strip, choices=strip.choices[::every], says=strip.says[::every], at=0)

    for kind, strip in whole.items():
        monkeypatch.setattr(kind, "strip", lambda self, shown, strip=strip: shorter(strip(self, shown)))


# ---- pages


@names
def test_a_page_has_the_records_numbers_at_every_place_of_its_slider(name: str) -> None:
    made, told = picture_of(name).shown, chapter(name)
    strip = told.strip(made)
    assert len(strip.choices) == len(strip.says) > 1
    assert strip.choices[strip.at].keys() == made.choices.keys()
    assert {told.lesson(choices) for choices in strip.choices} == {told.lesson(made.choices)}  # nothing is asked anew
    found = numbers_of(told, made, strip)
    assert any("each" in each for each in found.values())
    said = " ".join([*strip.says, *(told.spoken(Shown(made.figure, choices)) for choices in strip.choices)])
    assert not re.search(r"\b1 (step|walk|token|call)s\b|-0\.0+\b", said)
    for number, choices in enumerate(strip.choices):
        for field, place in told.numbers(Shown(made.figure, choices)).items():
            read = found[field]["same"] if "same" in found[field] else found[field]["each"][number]
            values = getattr(made.figure, field)
            wanted = values[place] if isinstance(values, np.ndarray) else values
            assert np.array_equal(np.array(read), np.array(wanted), equal_nan=np.array(read).dtype.kind == "f"), field


@names
@pytest.mark.usefixtures("few")
def test_a_page_shows_at_each_place_what_the_chapter_says_there(name: str, tmp_path: Path) -> None:
    made, told = picture_of(name), chapter(name)
    page = page_of(made, tmp_path / "page.html")
    strip = told.strip(made.shown)
    frames = page.data["frames"]
    assert len(frames) == len(strip.choices) == len(page.data["says"])
    assert len({json.dumps(frame["figure"]) for frame in frames}) > 1  # it moves
    for frame, choices in zip(frames, strip.choices, strict=True):
        here = Shown(made.shown.figure, choices)
        assert (frame["caption"], frame["spoken"]) == (told.caption(here), told.spoken(here))
        results = [part for line in told.formula(here) for part in re.findall(r"\\result\{([^}]*)\}", line)]
        assert all(result in "; ".join(frame["latex"]) for result in results)
        assert bool(frame["formula"]) == bool(frame["latex"])
        svg = ChapterPicture(name, here, LIGHT).as_svg()
        drawn = [each.text for each in ET.fromstring(svg).iter(f"{SVG}text")]
        number = frames.index(frame)
        assert page.says(number, "figure") + page.says(number, "beside") == drawn


def test_a_page_runs_its_own_script_and_asks_for_nothing(tmp_path: Path) -> None:
    page = page_of(picture_of("locks"), tmp_path / "page.html")
    script, style = page.held["script"][1], page.held["style"][0]

    def named(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert page.policy.startswith("default-src 'none'; ")
    assert f"script-src {named(script)};" in page.policy
    assert f"style-src {named(style)};" in page.policy
    assert set(re.findall(r"https?://[^\"' ]*", page.text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bsrc=|url\(|@import|<link|innerHTML|eval\(|fetch\(", page.text)
    assert "prefers-reduced-motion" in script
    assert len(page.text) < 2_000_000


def test_a_page_has_the_colours_of_its_theme(tmp_path: Path) -> None:
    made = picture_of("many")
    page = page_of(replace(made, theme=DARK), tmp_path / "dark.html")
    assert f"--text: {DARK.colours['text']};" in page.text
    assert "color-scheme: dark" in page.text
    looks = {value for _, look in page.data["styles"] for name, value in look if name in ("fill", "stroke")}
    assert DARK.colours["accent"] in looks
    assert LIGHT.colours["accent"] not in looks


@pytest.mark.usefixtures("few")
def test_a_sentence_of_the_users_does_nothing_in_a_page_or_a_drawing(tmp_path: Path) -> None:
    made = picture_of("breaking", sentence=TRAP, alphabet="--> <style>", level=0)
    page = page_of(made, tmp_path / "page.html")
    assert page.tags.count("script") == 2
    assert not {"img", "iframe", "object"} & {*page.tags}
    embedded = re.search(r'id="data">(.*?)</script>', page.text, re.DOTALL)
    assert embedded is not None
    assert "<" not in embedded[1]
    words = page.says(0, "figure")
    assert {*TRAP.split()} <= {*words}
    drawing = ET.fromstring(made.as_svg())
    assert {each.tag.removeprefix(SVG) for each in drawing.iter()} <= {"svg", "title", "desc", "g", *GEOMETRY}
    assert {"<!--<script>", "&amp;"} <= {each.text for each in drawing.iter(f"{SVG}text")}


def test_what_no_drawing_may_hold_is_seen_and_does_nothing() -> None:
    def paint(painter: QPainter) -> None:
        painter.drawText(QPointF(10, 20), "\N{RIGHT-TO-LEFT OVERRIDE}fox \x01\ufffe<b>")

    parts = parts_of(QSize(100, 40), paint)
    told = "\N{REPLACEMENT CHARACTER}fox \N{SYMBOL FOR START OF HEADING}\N{REPLACEMENT CHARACTER}<b>"
    assert sorted("".join(part.text for part in parts)) == sorted(told)  # in pieces, by direction
    assert all(ET.fromstring(part.as_svg()).text == part.text for part in parts)


def test_a_page_that_is_stopped_leaves_no_file(tmp_path: Path) -> None:
    work = write_page(picture_of("locks"), tmp_path / "page.html")
    assert 0 <= next(work) < next(work) < 1
    work.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


# ---- drawings


@names
def test_a_drawing_is_what_is_painted_with_its_words_as_words(name: str, tmp_path: Path) -> None:
    made = picture_of(name)
    for ending in (".svg", ".png"):
        list(write_figure(made, tmp_path / f"figure{ending}", 1.0))
    content = (tmp_path / "figure.svg").read_bytes()
    root = ET.fromstring(content)
    assert root.findtext(f"{SVG}desc") == chapter(name).spoken(made.shown)
    assert root.findtext(f"{SVG}title") == CHAPTERS[name]
    assert all(float(text.attrib["textLength"]) > 0 for text in root.iter(f"{SVG}text"))
    painted = QImage(str(tmp_path / "figure.png")).convertToFormat(QImage.Format.Format_Grayscale8)
    drawn = QImage(painted.size(), QImage.Format.Format_Grayscale8)
    drawn.fill(Qt.GlobalColor.white)
    with QPainter(drawn) as painter:
        QSvgRenderer(content).render(painter)
    one, other = (np.array(image.constBits()).astype(int) for image in (painted, drawn))
    assert np.abs(one - other).mean() < 3.0


# ---- in the window


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


def learn(window: MainWindow, qtbot: QtBot, name: str) -> LearnPanel:
    window.services.learning.open(name)
    QTest.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.services.learning.shown is not None and not window.services.learning.waits)
    panel = window.findChild(LearnPanel)
    assert panel is not None
    return panel


def given(monkeypatch: pytest.MonkeyPatch, path: Path | str) -> list[str]:
    """What the dialog is asked for; it answers with a path."""
    asked: list[str] = []

    def answer(parent: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        asked.append(Path(name).name)
        return str(path), kinds.split(";;", maxsplit=1)[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return asked


def test_a_chapter_is_exported_by_its_keys(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    panel = learn(window, qtbot, "precision")
    asked = given(monkeypatch, tmp_path / "page")
    with qtbot.waitSignal(window.services.jobs.saved):
        QTest.keyClick(panel.figure, Qt.Key.Key_P, CTRL_SHIFT)
    assert asked == ["learn-10-precision.html"]
    assert Page(tmp_path / "page.html").data["title"] == "Precision"
    assert window.session.notices.text == "Saved page.html"
    given(monkeypatch, tmp_path / "figure.svg")
    with qtbot.waitSignal(window.services.jobs.saved):
        QTest.keyClick(panel.figure, Qt.Key.Key_S, CTRL_SHIFT)
    ET.parse(tmp_path / "figure.svg")


def test_the_button_offers_both_and_the_studio_neither(window: MainWindow, qtbot: QtBot) -> None:
    actions = [window.actions_by_name[name] for name in ("export_figure", "export_chapter")]
    assert not any(action.isEnabled() for action in actions)
    panel = learn(window, qtbot, "precision")
    assert panel.exports.actions() == actions
    assert all(action.isEnabled() for action in actions)
    assert panel.export_button.isEnabled()
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not any(action.isEnabled() for action in actions)


def test_where_nothing_moves_yet_no_page_is_written(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    panel = learn(window, qtbot, "training")
    asked = given(monkeypatch, tmp_path / "page.html")
    QTest.keyClick(panel.figure, Qt.Key.Key_P, CTRL_SHIFT)
    assert not asked
    assert window.session.errors.current is not None
    assert window.session.errors.current.headline == NOTHING_MOVES
