"""The small maps of all samples: what their colours and their order need is asked of the model; they have a legend."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import Review, Score
from engine.runs.map_modes import KINDS, MAP_MODES, RAMP
from sedd_studio.painting.map_legend import HIGH, Legend
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.maps import LEFT, panel_of
from tests.sedd_studio.windows import window_of

SAMPLES = 3


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    """A run of some samples, and the maps of all of them on its page."""
    session = make_session(engine)
    session.form.set(steps=6, samples=SAMPLES)
    window = window_of(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    QTest.keyClick(window, Qt.Key.Key_7, Qt.KeyboardModifier.ControlModifier)
    QTest.mouseClick(panel_of(window).several, LEFT)
    return window


def choose(panel: MapPanel, key: str, times: int) -> None:
    """Goes down the list of orders."""
    panel.sort.setFocus()
    for _ in range(times):
        QTest.keyClick(panel.sort, getattr(Qt.Key, key))


def reviews(engine: FakeEngine) -> int:
    return sum(isinstance(request, Review) for request in engine.requests)


def known(window: MainWindow) -> int:
    run = window.session.view.run
    assert run is not None
    return sum(window.services.hindsight.mean_of(run, sample) is not None for sample in range(SAMPLES))


def looks_back(window: MainWindow) -> bool:
    return window.services.hindsight.share is not None


def test_by_regret_all_samples_are_looked_back_on_and_coloured(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    panel = panel_of(window)
    made: dict[int, np.ndarray] = {}
    window.services.map_samples.made.connect(made.__setitem__)
    window.services.map.choose("regret")
    qtbot.waitUntil(lambda: known(window) == SAMPLES)
    assert reviews(engine) == SAMPLES
    qtbot.waitUntil(lambda: len(made) == SAMPLES and all((codes >= RAMP).any() for codes in made.values()))
    assert "nats less" in panel.legend.accessibleName()
    assert not panel.worst.isVisible()
    QTest.mouseClick(panel.several, LEFT)
    assert panel.worst.isVisible()
    assert reviews(engine) == SAMPLES


def test_an_order_that_is_not_known_is_asked_for_and_can_be_stopped(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    panel, looked = panel_of(window), window.services.hindsight
    assert not panel.stop.isEnabled()
    engine.answers.clear()
    choose(panel, "Key_End", 1)
    assert panel.sort.currentData() == "regret"
    qtbot.waitUntil(lambda: reviews(engine) == 1 and panel.stop.isEnabled())
    assert panel.part.parts[0].startswith(f"The regret is known of 0 of {SAMPLES} samples")
    QTest.mouseClick(panel.stop, LEFT)
    engine.answers.set()
    qtbot.waitUntil(lambda: looked.share is None)
    QApplication.processEvents()
    window.session.view.changed.emit()
    assert looked.share is None
    assert reviews(engine) == 1
    choose(panel, "Key_Home", 1)
    choose(panel, "Key_End", 1)
    qtbot.waitUntil(lambda: known(window) == SAMPLES)
    run = window.session.view.run
    assert run is not None
    means = [looked.mean_of(run, sample) or 0.0 for sample in panel.grid._order]
    assert means == sorted(means, reverse=True)
    assert panel.part.parts == (panel.part.parts[-1],)


def test_by_likelihood_all_samples_are_ranked_once(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    panel = panel_of(window)
    engine.nats_of = lambda request: float(request.tokens[~request.given].sum())
    choose(panel, "Key_Down", 3)
    assert panel.sort.currentData() == "likelihood"
    qtbot.waitUntil(lambda: all(window.services.ranking.place(sample) for sample in range(SAMPLES)))
    nats = [place.bound.nats for sample in panel.grid._order if (place := window.services.ranking.place(sample))]
    assert nats == sorted(nats)
    choose(panel, "Key_Up", 1)
    choose(panel, "Key_Down", 1)
    assert sum(isinstance(request, Score) for request in engine.requests) == SAMPLES


def test_nothing_is_looked_back_on_while_the_run_is_held_against_another(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    panel = panel_of(window)
    QTest.mouseClick(panel.several, LEFT)
    panel.against.setFocus()
    QTest.keyClick(panel.against, Qt.Key.Key_Down)
    window.services.map.choose("regret")
    assert not looks_back(window)
    QTest.keyClick(panel.against, Qt.Key.Key_Up)
    assert looks_back(window)
    qtbot.waitUntil(lambda: known(window) == 1)
    assert reviews(engine) == 1


def test_small_maps_have_their_own_legend_while_the_run_is_held_against_another(window: MainWindow) -> None:
    panel = panel_of(window)
    QTest.mouseClick(panel.several, LEFT)
    panel.against.setFocus()
    QTest.keyClick(panel.against, Qt.Key.Key_Down)
    assert "another token" in panel.legend.accessibleName()
    QTest.mouseClick(panel.several, LEFT)
    assert "another token" not in panel.legend.accessibleName()
    assert "settled" in panel.legend.accessibleName()
    assert panel.colour.isEnabled()
    assert not panel.against.isVisible()
    assert "Enter: open a sample" in panel.part.parts[-1]
    QTest.mouseClick(panel.several, LEFT)
    assert "another token" in panel.legend.accessibleName()
    assert not panel.colour.isEnabled()
    assert "mark a part" in panel.part.parts[-1]


@pytest.mark.parametrize("width", [240, 290, 420, 1200])
def test_the_legend_keeps_within_its_width(qtbot: QtBot, width: int) -> None:
    """The high end of numbers, too: that of regret stands behind a long word for the low one."""
    mode = MAP_MODES["regret"]
    legend = Legend([(code, KINDS[code]) for code in mode.kinds], "as likely now as when chosen", "4 nats less")
    image = QImage(width + 400, 200, QImage.Format.Format_RGB32)
    image.fill(LIGHT.colour("panel"))
    with QPainter(image) as painter:
        high = legend.height(width, painter.fontMetrics())
        legend.paint(painter, QPointF(0, 0), width, LIGHT)
    empty = LIGHT.colour("panel").rgb()
    painted = [(x, y) for x in range(image.width()) for y in range(200) if image.pixel(x, y) != empty]
    assert max(x for x, _ in painted) < width
    assert high - HIGH < max(y for _, y in painted) < high
