"""The page of settings: every row works the window, is kept, and is found by its words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from engine.protocol import LoadModel
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.basic import Check, Choice
from sedd_studio.widgets.dialogs.preferences import PREFERENCES, PreferencesDialog
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> PreferencesDialog:
    window.actions_by_name["settings"].trigger()
    dialog = window.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def choose(page: PreferencesDialog, name: str, value: object) -> None:
    """As with the keyboard: down to the entry, then Enter."""
    box = page.controls[name]
    assert isinstance(box, Choice)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_every_choice_is_a_sane_value_of_its_setting() -> None:
    for row in PREFERENCES:
        assert all(SETTINGS[row.name].accepts(value) for value in row.choices or (True, False))


def test_what_is_chosen_is_in_effect_and_kept(window: MainWindow, page: PreferencesDialog, settings: Settings) -> None:
    choose(page, "theme", "contrast")
    assert window.look.theme.name == "contrast"
    assert window.actions_by_name["theme_contrast"].isChecked()
    choose(page, "colour", "settled")
    assert window.services.colouring.name == "settled"
    choose(page, "zoom", 1.75)
    assert window.canvas.zoom == 1.75
    for name in ("reduced_motion", "follow"):
        box = page.controls[name]
        assert isinstance(box, Check)
        before = box.isChecked()
        QTest.keyClick(box, Qt.Key.Key_Space)
        assert box.isChecked() is not before
        assert settings[name] is not before
    kept = Settings(settings.path)
    assert [kept[name] for name in ("theme", "colour", "zoom", "reduced_motion")] == ["contrast", "settled", 1.75, True]


def test_the_next_model_is_opened_on_the_chosen_device(
    window: MainWindow, page: PreferencesDialog, engine: FakeEngine, qtbot: QtBot
) -> None:
    choose(page, "device", "cpu")
    choose(page, "precision", "fp32")
    window.session.models.open("other")
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.IDLE)
    assert engine.requests[-1] == LoadModel("other", "cpu", "fp32", hashed=False)


def test_the_page_is_no_taller_than_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(window.minimumSize())
    window.actions_by_name["settings"].trigger()
    page = window.findChild(PreferencesDialog)
    assert isinstance(page, PreferencesDialog)
    qtbot.waitUntil(page.isVisible)
    assert page.height() <= window.height()
    for button in page.buttons.buttons():
        assert page.rect().contains(button.geometry().translated(page.buttons.pos()))


def test_a_search_leaves_the_rows_that_have_its_words(page: PreferencesDialog) -> None:
    QTest.keyClicks(page.search, "projector size")
    assert [row.name for row in PREFERENCES if page.rows[row.name].isVisible()] == ["zoom"]
    assert not page.nothing.isVisible()
    page.search.setText("flux capacitor")
    assert not any(row.isVisible() for row in page.rows.values())
    assert page.nothing.isVisible()
    page.search.clear()
    assert all(row.isVisible() for row in page.rows.values())


def test_defaults_come_back_and_escape_closes(window: MainWindow, page: PreferencesDialog, settings: Settings) -> None:
    choose(page, "theme", "dark")
    QTest.mouseClick(page.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults), Qt.MouseButton.LeftButton)
    assert all(settings[row.name] == SETTINGS[row.name].default for row in PREFERENCES)
    box = page.controls["theme"]
    assert isinstance(box, Choice)
    assert box.currentData() == "system"
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_the_page_that_is_opened_again_shows_what_is_set_now(
    window: MainWindow, page: PreferencesDialog, settings: Settings
) -> None:
    page.search.setText("theme")
    QTest.keyClick(page, Qt.Key.Key_Escape)
    window.actions_by_name["colour_settled"].trigger()
    window.actions_by_name["settings"].trigger()
    assert window.findChildren(PreferencesDialog) == [page]
    assert page.isVisible()
    assert page.search.text() == ""
    box = page.controls["colour"]
    assert isinstance(box, Choice)
    assert box.currentData() == "settled"
