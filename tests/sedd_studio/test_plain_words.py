"""With plain words on, no page, menu, legend or status says a term of the field; switching is seen at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import Attributed, Bounded
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.record.words import PLAIN
from sedd_studio.session.compare_table import as_csv
from sedd_studio.widgets.dialogs.preferences import PreferencesDialog
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.panels import BESIDE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.panes import add, choose, compare, done
from tests.sedd_studio.windows import cards_of, window_of

LEFT = Qt.MouseButton.LeftButton
TERMS = re.compile(
    r"sampler|solver|absorb|uniform|temperature|top-p|perplexity|entropy|\bnats\b|network call|noise level|tweedie|"
    r"fixed-size|first hitting|\bbound\b|budget",
    re.IGNORECASE,
)


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    window = window_of(make_session(engine), settings, qtbot, keeper)
    window.services.comparison.choice.judge = "judge"
    return window


def said_by(part: QWidget) -> Iterator[str]:
    """All that can be read of what is on show there, by the eye, the pointer or a screen reader."""
    for widget in (part, *part.findChildren(QWidget)):
        if widget.isVisible():
            yield from (widget.toolTip(), widget.statusTip())
            if isinstance(widget, QLabel | QAbstractButton):
                yield widget.text()
            if isinstance(widget, QComboBox):
                yield from (widget.itemText(row) for row in range(widget.count()))
            if isinstance(widget, pyqtgraph.PlotWidget):
                yield from (widget.getAxis(side).labelText for side in ("left", "bottom"))


def terms_of(part: QWidget) -> list[str]:
    return [text for text in said_by(part) if TERMS.search(text)]


def speak(window: MainWindow, words: str) -> None:
    window.actions_by_name[f"vocabulary_{words}"].trigger()
    QApplication.processEvents()


def test_the_compare_page_speaks_plain_words(window: MainWindow, qtbot: QtBot) -> None:
    window.show_panel("compare")
    page = window.panel("compare")
    add(page.chips["samplers"], "Tweedie")
    add(page.chips["samplers"], "Fixed-size subsets")
    page.chips["noises"].menu.aboutToShow.emit()
    page.samples.setValue(4)
    compare(window)
    done(window, qtbot)
    qtbot.waitUntil(lambda: "entropy, nats" in terms_of(page))
    assert "perplexity" in page.says.text()
    exact = {"Sampler", "Tweedie", "perplexity", "entropy, nats"}
    table = as_csv(window.services.comparison)
    assert exact <= set(terms_of(page))
    speak(window, "plain")
    qtbot.waitUntil(lambda: page.curve.drawn)
    assert terms_of(page) == []
    assert page.chips["samplers"].title.text() == "Method"
    assert [chip.text() for chip in page.chips["samplers"].chips] == ["Each at its time", "In random order"]
    assert cards_of(window)[0].title.toolTip() == "4 steps · Each at its time"
    assert "surprise" in page.says.text()
    assert as_csv(window.services.comparison) == table
    assert "Tweedie" in table
    speak(window, "exact")
    qtbot.waitUntil(lambda: page.curve.drawn)
    assert exact <= set(terms_of(page))


def test_what_is_chosen_at_once_and_why_nothing_can_be_are_said_in_plain_words(
    window: MainWindow, qtbot: QtBot
) -> None:
    speak(window, "plain")
    window.show_panel("compare")
    page = window.panel("compare")
    assert [page.kind.itemText(row) for row in (1, 2)] == ["Numbers of steps", "Methods"]
    choose(window, "sampler")
    assert terms_of(page) == []
    while page.chips["samplers"].chips:
        QTest.mouseClick(page.chips["samplers"].chips[0], LEFT)
    assert "choose another number of steps, method" in page.summary.toolTip()


def test_the_likelihood_panel_speaks_plain_words(window: MainWindow, qtbot: QtBot) -> None:
    scorer = window.services.scorer
    scorer.tokens = window.session.view.canvas().tokens
    scorer.points = [Bounded(0, 2.5, 0.1, 0.2, 40, calls) for calls in (32, 64)]
    scorer.profile = np.ones(8)
    window.show_panel("likelihood")
    window.actions_by_name["likelihood_page"].trigger()
    exact = {"nats a token", "perplexity", "network calls"}
    assert exact <= set(terms_of(window.panel("likelihood")))
    speak(window, "plain")
    assert terms_of(window.panel("likelihood")) == []
    assert "The model was asked 64 times." in window.panel("likelihood").note.text()
    speak(window, "exact")
    assert exact <= set(terms_of(window.panel("likelihood")))


def test_the_rest_of_the_window_speaks_plain_words(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.form.set(steps=6, samples=2)
    session.runs.start()
    qtbot.waitUntil(lambda: window.status_line.text.text().startswith("Finished"))
    assert "network calls" in window.status_line.text.text()
    window.actions_by_name["colour_entropy"].trigger()
    window.run_form.more.click()
    speak(window, "plain")
    for name in BESIDE:
        window.show_panel(name)
        QApplication.processEvents()
        assert (name, terms_of(window)) == (name, [])
    assert "the model" not in window.status_line.text.text()
    assert "model asked" in window.status_line.text.text()
    assert window.legend.title.text().startswith("How open it is")
    assert not [action.text() for action in window.findChildren(QAction) if TERMS.search(action.text())]


def test_a_score_that_ends_is_told_of_in_plain_words(window: MainWindow) -> None:
    scorer = window.services.scorer
    speak(window, "plain")
    scorer.points, scorer.about = [Bounded(1, 2.5, 0.1, 0.2, 40, 4)], "a text"
    scorer._question = 7
    window.session.engine.answered.emit(Attributed(7, np.zeros(40), True, np.zeros(8)))
    assert window.status_line.text.text() == "Scored a text: a word costs at most 2.50"


def test_the_page_of_settings_follows_its_own_choice(window: MainWindow) -> None:
    window.actions_by_name["settings"].trigger()
    page = window.findChild(PreferencesDialog)
    assert isinstance(page, PreferencesDialog)
    box = page.controls["vocabulary"]
    assert isinstance(box, QComboBox)
    assert "Entropy" in list(said_by(page))
    box.setCurrentIndex(box.findData("plain"))
    box.activated.emit(box.currentIndex())
    assert "Entropy" not in list(said_by(page))
    assert PLAIN["Entropy"] in list(said_by(page))
