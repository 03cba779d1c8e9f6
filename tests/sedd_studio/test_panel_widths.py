"""Panels as whole pages and as narrow columns: all of each can be read, and an empty one says what one will get."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.basic import Elided
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.panels import BESIDE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.recording import run
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
NARROW, WIDE = (300, 420), (1150, 620)


@pytest.fixture
def window(
    make_session: MakeSession, settings: Settings, engine: FakeEngine, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6, seed=1)
    return window_of(session, settings, qtbot, keeper)


@pytest.fixture
def holder(qtbot: QtBot) -> Iterator[QWidget]:
    """What holds a panel alone."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    yield made
    made.close()


def held(holder: QWidget, panel: QWidget, size: tuple[int, int]) -> None:
    layout = holder.layout()
    assert layout is not None
    layout.addWidget(panel)
    panel.show()
    holder.resize(*size)
    holder.show()
    QTest.qWait(50)
    assert holder.width() == size[0]


def cut(panel: QWidget) -> list[str]:
    """Texts of which a part is cut off, or that lie outside of what the panel shows."""
    found = []
    for label in panel.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        if not label.wordWrap() and not isinstance(label, Elided):
            wide = label.fontMetrics().horizontalAdvance(label.text())
            found += [label.text()] * (wide > label.contentsRect().width())
        elif label.wordWrap():
            found += [label.text()] * (label.heightForWidth(label.width()) > label.height())
    for part in panel.findChildren(QAbstractButton):
        if part.isVisible():
            right = part.mapTo(panel, QPoint(part.width(), 0)).x()
            found += [part.text()] * (right > panel.width())
    return found


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("name", BESIDE)
def test_nothing_is_cut_at_any_width(
    name: str, size: tuple[int, int], window: MainWindow, holder: QWidget, qtbot: QtBot
) -> None:
    panel = window.panel(name)
    held(holder, panel, size)
    assert panel.minimumSizeHint().width() <= NARROW[0]
    assert cut(panel) == []
    run(window.session, qtbot, steps=6, seed=1)
    if name == "likelihood":
        QTest.mouseClick(window.panel("likelihood").start, LEFT)
        qtbot.waitUntil(lambda: not window.services.scorer.scoring and bool(window.services.scorer.profile.size))
    QApplication.processEvents()
    QTest.qWait(50)
    assert cut(panel) == []
    for area in panel.findChildren(QScrollArea):
        assert area.horizontalScrollBar().maximum() == 0


def test_the_bound_stands_beside_its_plots_or_above_them(window: MainWindow, holder: QWidget, qtbot: QtBot) -> None:
    run(window.session, qtbot, steps=6, seed=1)
    held(holder, window.panel("likelihood"), WIDE)
    start = window.panel("likelihood").start.mapTo(holder, QPoint())
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: not window.services.scorer.scoring and bool(window.services.scorer.profile.size))
    assert window.panel("likelihood").start.mapTo(holder, QPoint()) == start
    value, plot = window.panel("likelihood").values["nats_per_token"], window.panel("likelihood")._plot
    assert plot is not None

    def places() -> tuple[QPoint, QPoint]:
        return value.mapTo(holder, QPoint()), plot.mapTo(holder, QPoint())

    qtbot.waitUntil(lambda: places()[1].x() > places()[0].x() + value.width())
    holder.resize(*NARROW)
    qtbot.waitUntil(lambda: places()[1].y() > places()[0].y() + value.height())
    holder.resize(*WIDE)
    qtbot.waitUntil(lambda: places()[1].x() > places()[0].x() + value.width())


@pytest.mark.parametrize(
    ("name", "filled"),
    [("likelihood", "figures"), ("history", "filled"), ("queue", "filled"), ("guess", "filled")],
)
def test_an_empty_panel_says_what_one_will_get(name: str, filled: str, window: MainWindow, holder: QWidget) -> None:
    panel = window.panel(name)
    window.services.guesser.want("panel", False)
    shown = getattr(panel, filled)
    assert isinstance(shown, Filled)
    assert not shown.is_filled
    assert shown.sentence.text().count(".") >= 1


@pytest.mark.parametrize("name", ["compare", "likelihood", "history", "queue"])
def test_an_empty_panel_has_one_button_for_each_thing(name: str, window: MainWindow, holder: QWidget) -> None:
    panel = window.panel(name)
    held(holder, panel, WIDE)
    pressed = [button for button in panel.findChildren(QPushButton) if button.isVisible()]
    assert len([button for button in pressed if button.property("kind") == "primary"]) == (name != "history")
    filled = panel.figures if name == "likelihood" else panel.filled
    assert not [button for button in pressed if filled.isAncestorOf(button)]


def test_a_run_fills_an_empty_history(window: MainWindow, engine: FakeEngine, holder: QWidget, qtbot: QtBot) -> None:
    recorder = window.services.record()
    held(holder, window.panel("history"), NARROW)
    place = window.panel("history").filled.geometry()
    run(window.session, qtbot, steps=6, seed=1)
    qtbot.waitUntil(lambda: len(window.panel("history").runs.rows) == 1)
    assert window.panel("history").filled.is_filled
    assert window.panel("history").filled.geometry() == place
    recorder.deleteLater()


def test_a_guess_at_another_text_is_grey_and_says_so(
    window: MainWindow, engine: FakeEngine, holder: QWidget, qtbot: QtBot
) -> None:
    held(holder, window.panel("guess"), NARROW)
    qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
    assert window.panel("guess").text.isEnabled()
    engine.hold_at = 3
    window.session.runs.start()
    qtbot.waitUntil(lambda: window.session.playhead.recorded == 3 and window.services.guesser.stale)
    qtbot.waitUntil(lambda: not window.panel("guess").text.isEnabled())
    assert window.panel("guess").title.text().startswith("Of another step")
    engine.go.set()
    qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
    qtbot.waitUntil(window.panel("guess").text.isEnabled)
    assert window.panel("guess").title.text() == "If it had to stop here"
