"""Tab goes through every page in reading order and comes round; what has the focus is in sight, and shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scripts.window_states import learning, pages, studio
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme as themes
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.chapter_list import ChapterList
from sedd_studio.widgets.controls.figure_view import FigureView
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.panels import PAGES
from tests.sedd_studio.windows import cards_of, window_of

MOST = 150
"""Controls of a page, at most."""
CLEAR, ENOUGH = 48, 60
"""How far apart two colours are to be told from each other, of 255, and on how many pixels they are to be so."""
Prepare = Callable[[MainWindow], object]


def queued(window: MainWindow) -> None:
    window.services.queue.add()
    window.show_panel("queue")


STATES: dict[str, tuple[Callable[[Path], object], Prepare]] = {
    "fresh": (studio.fresh, lambda window: None),
    "a selection": (studio.running, lambda window: window.session.view.select((20, 24))),
    "the prompt as text": (studio.finished, lambda window: None),
    "the whole form": (studio.settings, lambda window: window.run_form.more.setChecked(True)),
    "an error": (studio.error, lambda window: None),
    "position": (studio.position, lambda window: None),
    "likelihood": (pages.likelihood, lambda window: None),
    "guess": (pages.guess, lambda window: None),
    "queue": (studio.finished, queued),
    "history beside": (pages.history, lambda window: window.places.show_beside("history")),
    "no guess": (studio.fresh, lambda window: window.places.show_beside("guess")),
    "history page": (pages.history, lambda window: window.places.show_page("history")),
    "no history": (studio.fresh, lambda window: window.places.show_page("history")),
    "compare page": (pages.compare, lambda window: None),
    "no comparison": (studio.fresh, lambda window: window.places.show_page("compare")),
    "likelihood page": (pages.likelihood, lambda window: window.places.show_page("likelihood")),
    "models page": (pages.models, lambda window: None),
    "learn page": (learning.learn, lambda window: None),
}


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[None]:
    """The application looks as in use."""
    before = qapp.styleSheet(), qapp.palette(), qapp.font()
    yield
    qapp.setStyleSheet(before[0])
    qapp.setPalette(before[1])
    qapp.setFont(before[2])


def named(control: QWidget) -> str:
    return f"{type(control).__name__} “{control.accessibleName() or getattr(control, 'text', str)()}”"


def focused() -> QWidget:
    control = QApplication.focusWidget()
    assert control is not None
    return control


def in_sight(control: QWidget) -> bool:
    """Whether no area round it cuts anything of it off, but what is larger than the area."""
    seen, outer = QRect(control.rect()), control.parentWidget()
    while outer is not None:
        seen &= QRect(control.mapFrom(outer, QPoint()), outer.size())
        outer = None if outer.isWindow() else outer.parentWidget()
    return seen == control.rect()


def tour() -> list[tuple[QWidget, QImage, bool]]:
    """Every control that Tab leads to until it comes round, with its picture and whether all of it is in sight."""
    seen: list[tuple[QWidget, QImage, bool]] = []
    for _ in range(MOST):
        last = focused()
        QTest.keyClick(last, Qt.Key.Key_Tab)
        QApplication.processEvents()
        control = focused()
        assert control is not last, f"{named(control)} keeps the focus"
        if any(control is other for other, *_ in seen):
            assert control is seen[0][0], f"from {named(last)} Tab goes back to {named(control)}"
            return seen
        seen.append((control, control.grab().toImage(), in_sight(control)))
    raise AssertionError("Tab does not come round")


def differing(one: QImage, other: QImage) -> int:
    """On how many pixels two pictures differ clearly."""
    if one.size() != other.size():
        return -1
    return int((np.abs(pixels(one) - pixels(other)).max(1) > CLEAR).sum())


def pixels(image: QImage) -> np.ndarray:
    whole = image.convertToFormat(QImage.Format.Format_RGB32)  # what the bits belong to
    return np.frombuffer(whole.constBits(), np.uint8).reshape(-1, 4).astype(int)


def parts(window: MainWindow) -> list[QWidget]:
    """Of the window, in reading order."""
    middle: list[QWidget] = [window.document_bar, window.prompt, window.canvas, window.samples, window.timeline]
    side: list[QWidget] = [window.run_form, window.side_panel]
    pages = [window.places.widgets[name] for name in PAGES]
    compare = window.panel("compare")
    player: list[QWidget] = [compare.play, compare.slider] if cards_of(window) else []
    exports = [compare.page, compare.film, compare.export]
    return [
        window.rail,
        window.top_bar,
        window.banner,
        *middle,
        *side,
        *pages,
        *cards_of(window),
        *player,
        *exports,
        *(part for page in window.findChildren(LearnPanel) for part in (page.chapters, page.open_chapter)),
    ]


def show(state: str, theme: themes.Theme, tmp_path: Path, keeper: Keeper, qtbot: QtBot, qapp: QApplication) -> Any:
    themes.apply(qapp, theme)
    make, more = STATES[state]
    made: Any = make(tmp_path)
    session, prepare = made if isinstance(made, tuple) else (made, lambda window: None)
    window = window_of(session, Settings(tmp_path / "window.json"), qtbot, keeper)
    window.set_theme(theme)
    window.resize(1280, 720)
    prepare(window)
    more(window)
    for _ in range(3):
        QApplication.processEvents()
    if state.startswith("history"):
        qtbot.waitUntil(lambda: bool(window.panel("history").runs.rows))
    return window


def in_order(one: QRect, other: QRect) -> bool:
    """Whether one reads the other after the one: beside it in the same row, or under it."""
    if one.top() < other.bottom() and other.top() < one.bottom():
        return one.left() < other.left()
    return one.top() < other.top()


def part_of(control: QWidget, window: MainWindow) -> int:
    """The number of the last part of the window that the control stands in."""
    return max(number for number, part in enumerate(parts(window)) if part is control or part.isAncestorOf(control))


def themed(states: list[str]) -> list[tuple[str, themes.Theme]]:
    """Every state in the light theme, the first of them in each."""
    return [(state, themes.LIGHT) for state in states] + [
        (states[0], theme) for theme in themes.THEMES.values() if theme is not themes.LIGHT
    ]


@pytest.mark.parametrize(("state", "theme"), themed(list(STATES)), ids=lambda given: getattr(given, "name", given))
def test_tab_comes_round_in_reading_order_and_what_has_the_focus_shows_it(
    state: str, theme: themes.Theme, dressed: None, tmp_path: Path, keeper: Keeper, qtbot: QtBot, qapp: QApplication
) -> None:
    window = show(state, theme, tmp_path, keeper, qtbot, qapp)
    seen = tour()
    focused().clearFocus()
    QApplication.processEvents()
    for control, picture, whole in seen:
        assert whole, f"{named(control)} is not in sight"
        assert differing(picture, control.grab().toImage()) >= ENOUGH, f"{named(control)} does not show the focus"
    controls = [control for control, *_ in seen]
    start = controls.index(window.rail.menu)
    controls = controls[start:] + controls[:start]
    ever = {window.rail.menu, *window.rail.pages.values()}
    if state == "learn page":
        assert {type(control) for control in controls} >= {ChapterList, FigureView}
    assert ever | ({window.top_bar.run_button} if window.top_bar.isVisible() else set()) <= set(controls)
    for one, other in pairwise(controls):
        before, after = part_of(one, window), part_of(other, window)
        places = [QRect(control.mapTo(window, QPoint()), control.size()) for control in (one, other)]
        ordered = before < after or (before == after and in_order(*places))
        assert ordered, f"{named(other)} comes after {named(one)}"
