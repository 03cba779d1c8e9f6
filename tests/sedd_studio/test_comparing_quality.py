"""Quality against compute: errors of many samples, the curve, its judge, and both in files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.protocol import Judge
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.compare_kinds import BUDGETS
from sedd_studio.session.compare_table import COLUMNS
from sedd_studio.session.panes import judged
from sedd_studio.widgets.controls.quality_curve import apart, round_numbers
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.panes import choose, compare, done, figures, on_compare
from tests.sedd_studio.windows import cards_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    return on_compare(make_session(engine), settings, qtbot, keeper)


def test_many_samples_give_errors_and_a_curve_whose_points_open_them(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    assert not window.panel("compare").curve.isVisible()
    window.panel("compare").samples.setValue(4)
    compare(window)
    done(window, qtbot)
    asked = [request for request in engine.requests if isinstance(request, Judge)]
    assert [len(request.texts) for request in asked] == [4] * len(BUDGETS)
    assert figures(cards_of(window)[0])["perplexity"].endswith(" ± 0.5")
    plot, _ = window.panel("compare").curve.findChildren(pyqtgraph.PlotWidget)
    (dots,) = (item for item in plot.getPlotItem().items if isinstance(item, pyqtgraph.ScatterPlotItem))
    x, y = dots.getData()
    np.testing.assert_allclose(x, np.log10([pane.calls for pane in window.services.comparison.panes]))
    verdicts = [pane.verdict for pane in judged(window.services.comparison.panes) if pane.verdict is not None]
    np.testing.assert_allclose(y, np.log10([verdict.perplexity for verdict in verdicts]))
    assert apart(np.array([4, 16, 64, 80, 256])) == [4, 16, 64, 256]
    assert round_numbers(np.array([12.0, 61.0])) == [10, 20, 50, 100]
    point = dots.points()[1]
    dots.sigClicked.emit(dots, [point], None)
    assert window.session.view.run is window.services.comparison.panes[1].run
    assert window.session.playhead.samples == 4


def test_the_table_and_the_curve_are_exported(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not window.panel("compare").export.isEnabled()
    compare(window)
    done(window, qtbot)
    table, curve = "Table (*.csv)", "Picture of the curves (*.png)"
    for name, kind in (
        ("table.csv", table),
        ("curve.png", curve),
        ("CURVE.PNG", table),
        ("story v1.2", table),
        ("curve v1.2", curve),
        ("absent/table.csv", table),
    ):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, given=(str(tmp_path / name), kind): given)
        QTest.mouseClick(window.panel("compare").export, LEFT)
    qtbot.waitUntil(lambda: window.session.errors.current is not None)
    assert (tmp_path / "story v1.2.csv").read_text() == (tmp_path / "table.csv").read_text()
    assert not QImage(str(tmp_path / "curve v1.2.png")).isNull()
    assert not QImage(str(tmp_path / "CURVE.PNG")).isNull()
    rows = list(csv.reader((tmp_path / "table.csv").read_text().splitlines()))
    assert rows[0] == list(COLUMNS)
    assert [row[2] for row in rows[1:]] == [str(budget) for budget in BUDGETS]
    assert [row[4] for row in rows[1:]] == [str(pane.calls) for pane in window.services.comparison.panes]
    assert float(rows[1][10]) == 1
    picture = QImage(str(tmp_path / "curve.png"))
    assert picture.width() >= window.panel("compare").curve.width()
    assert window.session.errors.current is not None
    assert "choose another place" in window.session.errors.current.headline


def test_no_judge_of_words_is_asked_about_other_sequences(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(fake_engine.INFO, name="dna", path="dna", weights="dna", facts={"domain": "dna"})
    monkeypatch.setattr(fake_engine, "INFO", other)
    window.session.models.open("dna")
    qtbot.waitUntil(lambda: window.session.models.ready and window.session.models.info == other)
    compare(window)
    comparison = window.services.comparison
    qtbot.waitUntil(lambda: bool(comparison.panes) and not comparison.busy)
    assert not [request for request in engine.requests if isinstance(request, Judge)]
    assert window.panel("compare").note.text().endswith("There is no judge for this kind of text.")
    choose(window, "noise")
    assert "none" not in comparison.choice.chosen.noises  # nor does it write it from left to right
