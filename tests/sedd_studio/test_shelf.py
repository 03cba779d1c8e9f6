"""The page of models: found, opened, and asked what they are."""

from __future__ import annotations

import shutil
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QRectF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine import bundled_models
from engine.catalogue.families import KINDS
from engine.catalogue.offers import OFFERS
from engine.protocol import Noise
from sedd_studio.painting.model_pictures import draw
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.settings import Settings
from sedd_studio.record.sizes import GIB, count, memory, stored
from sedd_studio.session import shelf_rows
from sedd_studio.session.shelf_rows import Row, found_in, rows_of
from sedd_studio.widgets.controls.shelf_list import ACTS, come_of
from sedd_studio.widgets.panels.shelf_panel import NOTHING_SUCH, ShelfPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.shelf_page import NAME, Open, choose, loaded, names, open_page, says
from tests.sedd_studio.windows import window_of

CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def window(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(open_page, window, qtbot)


def test_the_page_is_made_when_it_is_first_shown_by_keys_or_by_the_button_of_the_model(
    window: MainWindow, opened: Open
) -> None:
    assert not window.places.widgets["models"].findChildren(QWidget)
    panel = opened()
    assert panel.search.hasFocus()
    assert window.places.page == "models"
    QTest.mouseClick(window.picker, LEFT)
    assert window.canvas.isVisible()
    QTest.mouseClick(window.picker, LEFT)
    assert panel.isVisible()
    assert window.places.widgets["models"].findChildren(ShelfPanel) == [panel]


def test_a_model_that_was_deleted_while_it_is_shown_leaves_the_page_when_it_does_not_open(
    window: MainWindow, opened: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "mdlm"}')
    window.settings.set("recent_models", [str(broken)])
    panel = opened()
    choose(panel, "broken")
    shutil.rmtree(broken)
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not names(panel, "disk"))


def test_models_stand_under_three_titles(
    window: MainWindow, opened: Open, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.json").write_text('{"model_type": "mdlm", "model_length": 77, "vocab_size": 9}')
    window.settings.set("recent_models", [str(mine), str(tmp_path / "gone")])
    panel = opened()
    bundled = {path.parent.name for path in bundled_models.ASSETS.glob("*/model.safetensors")}
    assert set(names(panel, "bundled")) == bundled
    assert names(panel, "disk") == ["mine"]
    assert names(panel, "hub") == [offer.name for offer in OFFERS]
    row = choose(panel, "mine")
    assert row.told == "Texts of 77 tokens"
    shown = dict(panel.card.facts.shown)
    assert (shown["Family"], shown["Noise"], shown["Tokenizer"]) == ("MDLM", "Absorbing noise", "none there")
    assert shown["Lies in"] == str(mine)


def test_a_button_shows_the_models_alone_that_write_something(opened: Open, window: MainWindow) -> None:
    panel = opened()
    assert list(panel.kinds.buttons) == ["", *KINDS]
    for writes, button in panel.kinds.buttons.items():
        QTest.mouseClick(button, LEFT)
        shown = {row.writes for row in panel.rows.rows if isinstance(row, Row)}
        assert shown == ({writes} if writes else set(KINDS))
    QTest.keyClicks(panel.search, "sedd-small")  # of texts; DNA was chosen last
    assert panel.chosen() is None
    assert panel.filled.sentence.text() == NOTHING_SUCH
    window.services.shelf.offer(NAME)
    assert panel.kinds.buttons[""].isChecked()
    assert panel.chosen() is not None


def test_every_kind_of_what_models_write_has_its_picture() -> None:
    look = Look(LIGHT)
    kinds: list[tuple[str, Noise]] = [*((writes, "absorb") for writes in KINDS), ("text", "uniform"), ("text", "none")]
    pictures = set()
    for writes, noise in kinds:
        image = QImage(88, 60, QImage.Format.Format_ARGB32)
        image.fill(0)
        with QPainter(image) as painter:
            draw(painter, QRectF(image.rect()), writes, noise, look)
        pictures.add(bytes(image.constBits()))
    assert len(pictures) == len(kinds)


def test_keys_go_through_the_list_while_one_types_and_enter_opens(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: QtBot
) -> None:
    panel = opened()
    first, second = names(panel, "bundled")[:2]
    QTest.keyClick(panel.search, Qt.Key.Key_Home, CTRL)
    while (row := panel.chosen()) is not None and row.name != first:
        QTest.keyClick(panel.search, Qt.Key.Key_Up)
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.chosen() == panel.rows.rows[2]
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: loaded(engine)[-1] == str(bundled_models.ASSETS / second))
    for _ in range(len(panel.rows.rows)):  # titles are passed over
        QTest.keyClick(panel.search, Qt.Key.Key_Down)
        assert panel.chosen() is not None
    assert panel.chosen() == panel.rows.rows[-1]


def test_a_search_that_finds_nothing_says_what_to_type_and_a_name_of_the_hub_is_offered(opened: Open) -> None:
    panel = opened()
    QTest.keyClicks(panel.search, "no such thing")
    assert not panel.filled.is_filled
    assert "owner/name" in panel.filled.sentence.text()
    assert not panel.card.isVisible()
    row = choose(panel, "someone/other")
    assert (row.group, says(panel)) == ("hub", "Download")
    assert [row.name for row in found_in([], "https://huggingface.co/someone/other")] == ["someone/other"]


def drop(window: MainWindow, address: str) -> bool:
    """Drops the address of a page on the window; whether it is taken."""
    data = QMimeData()
    data.setUrls([QUrl(address)])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, none)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPoint(50, 50), copy, data, LEFT, none))
    return enter.isAccepted()


@pytest.mark.parametrize("dropped", [True, False])
def test_a_page_of_the_hub_that_is_dropped_and_a_name_that_is_given_are_offered(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, dropped: bool
) -> None:
    before = loaded(engine)
    assert not drop(window, "https://example.org/someone/other")
    if dropped:
        assert drop(window, "https://huggingface.co/someone/other")
    else:
        window.open("someone/other")
    panel = window.places.widgets["models"].findChild(ShelfPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: says(panel) == "Download")
    row = panel.chosen()
    assert row is not None
    assert row.name == "someone/other"
    assert loaded(engine) == before


def test_what_does_not_fit_says_so_with_both_numbers(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_rows, "free", lambda: 4 * GIB)
    panel = opened()
    row = choose(panel, OFFERS[-1].name)
    assert row.room == f"needs {memory(OFFERS[-1].needed)}, 4.0 GiB are free"
    assert panel.card.warning.isVisible()
    assert row.room in panel.card.warning.text()
    assert choose(panel, NAME).fits
    assert not panel.card.warning.isVisible()
    assert panel.free.text() == "4.0 GiB of memory are free"


def test_the_buttons_of_the_kinds_stand_beside_each_other_on_a_small_screen(opened: Open, window: MainWindow) -> None:
    window.resize(1024, 576)
    panel = opened()
    QApplication.processEvents()
    buttons = list(panel.kinds.buttons.values())
    assert all(one.geometry().right() < other.geometry().left() for one, other in pairwise(buttons))
    assert all(button.width() >= button.minimumWidth() for button in buttons)


def test_the_doctor_says_what_a_model_is(opened: Open, window: MainWindow, qtbot: QtBot) -> None:
    panel = opened()
    row = choose(panel, "digits-absorb")
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_I)
    assert panel.card.report.shown == [("", "Looking at its files …")]
    qtbot.waitUntil(lambda: len(panel.card.report.shown) > 1, timeout=60_000)
    assert panel.card.report.shown[0] == ("Verdict", "It opens.")
    assert ("Kind", "a diffusion model") in panel.card.report.shown
    choose(panel, "stories-gpt")
    assert not panel.card.report.isVisible()
    assert choose(panel, row.name).path == window.services.shelf.examined
    assert panel.card.report.isVisible()


def test_the_doctor_says_what_to_do_about_a_folder_that_does_not_open(
    opened: Open, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text('{"model_type": "mdlm"}')
    window.settings.set("recent_models", [str(tmp_path / "mine")])
    panel = opened()
    choose(panel, "mine")
    QTest.mouseClick(panel.card.ask, LEFT)
    qtbot.waitUntil(lambda: len(panel.card.report.shown) > 1, timeout=60_000)
    titles = [title for title, _ in panel.card.report.shown]
    assert titles[:2] == ["Verdict", "To do"]
    assert not window.banner.isVisible()


def test_a_folder_that_is_gone_or_may_not_be_looked_at_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").write_bytes(bytes(5_000_000))
    rows = rows_of([str(tmp_path / "last.ckpt"), str(tmp_path / "gone"), "\0"])
    (row,) = (row for row in rows if row.group == "disk")
    assert (row.name, row.kind) == ("last.ckpt", "5 MB")


def test_sizes_are_told_in_words() -> None:
    assert [count(number) for number in (999, 11_800_000, 170_000_000, 1_720_030_208)] == [
        "999",
        "12 M",
        "170 M",
        "1.7 G",
    ]
    assert [stored(number) for number in (1, 679_000_000, 4_060_000_000)] == ["1 MB", "679 MB", "4.1 GB"]
    assert [memory(number) for number in (24 * 2**20, 9 * GIB)] == ["24 MiB", "9.0 GiB"]
    assert [come_of(told) for told in ((0, 0), (9, 9))] == ["Asking the hub", "Checking"]
    assert come_of((412_000_000, 679_000_000)) == "412 of 679 MB"
    assert come_of((412_000_000, 4_060_000_000)) == "412 MB of 4.1 GB"


def test_each_row_says_aloud_what_can_be_done(opened: Open) -> None:
    panel = opened()
    for place, row in enumerate(panel.rows.rows):
        aloud = panel.rows.index(place).data(Qt.ItemDataRole.AccessibleTextRole)
        if isinstance(row, Row):
            assert row.name in aloud
            assert aloud.endswith(ACTS[panel.rows.state(row)])


def test_the_button_that_clears_a_search_is_in_the_middle_of_its_field(opened: Open) -> None:
    panel = opened()
    QTest.keyClicks(panel.search, "a")
    (button,) = panel.search.findChildren(QToolButton)
    drawn = button.mapTo(panel.search, button.rect().center()).y()
    assert abs(drawn - panel.search.rect().center().y()) <= 1
    assert button.height() < panel.search.height()
