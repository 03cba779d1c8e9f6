"""Downloaded models are deleted from the page of models when the user agrees, and no others."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.catalogue.fetched import COMING, models_folder
from engine.catalogue.glance import ORIGIN
from engine.catalogue.offers import OFFERS
from sedd_studio.record.settings import Settings
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.shelf_page import NAME, Open, choose, fetched_by_hand, names, open_page, says
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(open_page, window, qtbot)


def answering(monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton) -> list[str]:
    """Has each question answered so, and gives what was asked."""
    asked: list[str] = []

    def question(parent: QWidget, title: str, text: str) -> QMessageBox.StandardButton:
        asked.append(text)
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


@pytest.mark.parametrize("by", ["button", "key"])
def test_a_model_that_was_downloaded_is_deleted_when_the_user_says_so_twice(
    by: str, window: MainWindow, opened: Open, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fetched_by_hand()
    panel = opened()
    choose(panel, NAME)

    def press() -> None:
        if by == "button":
            QTest.mouseClick(panel.card.remove, LEFT)
        else:
            panel.list.setFocus()
            QTest.keyClick(panel.list, Qt.Key.Key_Delete)

    asked = answering(monkeypatch, QMessageBox.StandardButton.No)
    press()
    assert asked == [f"Delete {NAME}, 1 MB, from this disk? It can be downloaded again."]
    assert folder.exists()
    answering(monkeypatch, QMessageBox.StandardButton.Yes)
    press()
    assert says(panel) == "Deleting …"
    assert not panel.card.button.isEnabled()
    assert not panel.card.remove.isEnabled()
    qtbot.waitUntil(lambda: says(panel) == "Download", timeout=60_000)
    assert not folder.exists()
    assert not window.banner.isVisible()
    assert NAME in names(panel, "hub")


def test_only_what_was_downloaded_and_is_not_open_can_be_deleted(
    window: MainWindow, opened: Open, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, QMessageBox.StandardButton.Yes)
    folder, mine = fetched_by_hand(), tmp_path / "mine"
    mine.mkdir()
    (mine / "config.json").write_text('{"model_type": "mdlm"}')
    window.settings.set("recent_models", [str(mine)])
    panel, models = opened(), window.session.models
    qtbot.waitUntil(lambda: "mine" in names(panel, "disk"))
    for name in ("mine", names(panel, "bundled")[0], OFFERS[1].name):
        choose(panel, name)
        assert not panel.card.remove.isVisible()
        panel.list.setFocus()
        QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    monkeypatch.setattr(models, "opens", lambda path: path == str(folder))
    window.services.shelf.changed.emit()
    choose(panel, NAME)
    assert panel.card.remove.isVisible()
    assert not panel.card.remove.isEnabled()
    assert "open another model first" in panel.card.remove.toolTip()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert not asked
    assert folder.exists()
    assert mine.exists()


def test_what_cannot_be_deleted_says_why_and_what_has_come_goes(
    window: MainWindow, opened: Open, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, QMessageBox.StandardButton.Yes)
    folder = fetched_by_hand()
    (folder / ORIGIN).write_text("{}")
    coming = models_folder() / COMING / OFFERS[1].name
    coming.mkdir(parents=True)
    (coming / "0123.part").write_bytes(bytes(500))
    panel = opened()
    choose(panel, NAME)
    QTest.mouseClick(panel.card.remove, LEFT)
    qtbot.waitUntil(window.banner.isVisible, timeout=60_000)
    assert "is none that was fetched; delete it yourself." in window.banner.headline.text()
    assert says(panel) == "Open"
    assert folder.exists()
    choose(panel, OFFERS[1].name)
    QTest.mouseClick(panel.card.remove, LEFT)
    qtbot.waitUntil(lambda: says(panel) == "Download", timeout=60_000)
    assert not coming.exists()
