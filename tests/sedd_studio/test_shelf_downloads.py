"""Models on the page of models are downloaded from a hub on this machine, in turn, and can be cancelled."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer as Backend
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine.catalogue.fetched import COMING, models_folder, same
from engine.catalogue.offers import OFFERS
from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.shelf_list import ShelfPainter
from sedd_studio.widgets.panels.shelf_panel import ShelfPanel
from sedd_studio.window.main_window import MainWindow
from tests.engine.families import Sizes, make
from tests.hub import files_of, hub
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.shelf_page import NAME, PUBLISHED, Open, choose, fetched_by_hand, loaded, names, open_page, says
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


def button_of(panel: ShelfPanel, cross: bool = False) -> QPoint:
    """Where the button, or the cross, of the chosen row is."""
    painter, area = panel.list.itemDelegate(), panel.list.visualRect(panel.list.currentIndex()).toRectF()
    assert isinstance(painter, ShelfPainter)
    return (painter.cross_area if cross else painter.button_area)(area).center().toPoint()


def test_a_double_click_on_the_button_does_not_cancel_what_it_began(
    window: MainWindow, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, begun = opened(), list[str]()
    monkeypatch.setattr(window.services.fetcher, "fetch", begun.append)
    monkeypatch.setattr(panel.rows, "state", lambda row: "coming" if begun else "away")
    monkeypatch.setattr(window.services.fetcher, "cancel", lambda name: begun.append("cancelled"))
    choose(panel, NAME)
    area = panel.list.visualRect(panel.list.currentIndex())
    corner = QPoint(area.right() - 20, area.center().y())
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=corner)
    QTest.mouseDClick(panel.list.viewport(), LEFT, pos=corner)
    assert "cancelled" not in begun


def test_a_model_is_downloaded_cancelled_resumed_and_opened_without_a_network(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, gate, fetcher = opened(), threading.Event(), window.services.fetcher
    choose(panel, NAME)
    with hub({NAME: PUBLISHED}, gate) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        QTest.mouseClick(panel.list.viewport(), LEFT, pos=button_of(panel))
        qtbot.waitUntil(lambda: fetcher.coming.get(NAME, (0, 0))[0] > 0, timeout=60_000)
        assert says(panel) == "Cancel"
        assert window.download_line.text.text().startswith(f"Fetching {NAME}")
        QTest.mouseClick(panel.list.viewport(), LEFT, pos=button_of(panel, cross=True))
        qtbot.waitUntil(lambda: says(panel) == "Resume the download")
        gate.set()
        assert not window.banner.isVisible()
        assert (models_folder() / COMING / NAME / "config.json").is_file()
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: says(panel) == "Open", timeout=60_000)
    row = panel.chosen()
    assert row is not None
    assert (row.name, row.group, row.path) == (NAME, "disk", str(models_folder() / NAME))
    assert NAME in window.session.notices.text
    assert NAME not in names(panel, "hub")
    there = files_of(Path(row.path))
    assert there["model.safetensors"] == PUBLISHED["model.safetensors"]
    assert "modeling.py" not in there
    QTest.mouseClick(panel.card.button, LEFT)  # nobody listens there any more
    qtbot.waitUntil(lambda: loaded(engine)[-1] == row.path)


def test_a_model_has_one_row_whatever_the_case_of_its_name(opened: Open, window: MainWindow) -> None:
    assert NAME in {offer.name for offer in OFFERS}
    for name in (NAME.title(), NAME.upper()):  # of a time when each spelling had its own folder
        fetched_by_hand(name)
    panel = opened()
    assert [name for group in ("disk", "hub") for name in names(panel, group) if same(name, NAME)] == [NAME.upper()]
    assert choose(panel, NAME.upper()).facts["Licence"], "what is known of it on the list is told"
    fetcher, other = window.services.fetcher, OFFERS[1].name
    fetcher.coming[other.upper()] = (1, 2)
    fetcher.changed.emit()
    row = choose(panel, other)
    assert window.services.shelf.state(row) == "waits"
    assert fetcher.progress(row.name) == (1, 2)
    fetcher.fetch(other)
    assert list(fetcher.coming) == [other.upper()]
    window.services.shelf.cancel(row)
    assert not fetcher.coming


def test_a_model_whose_tokenizer_does_not_give_texts_back_is_fetched_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Open, qtbot: QtBot
) -> None:
    name = "kuleshov-group/udlm-lm1b"
    make(tmp_path / "made", "udlm", Sizes(states=9))
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dragon", "##s", "slept"]
    words = Backend(WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    words.pre_tokenizer = BertPreTokenizer()
    words.decoder = WordPieceDecoder()
    words.save(str(tmp_path / "made" / "tokenizer.json"))
    panel = opened()
    choose(panel, name)
    with hub({name: files_of(tmp_path / "made")}) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: says(panel) == "Open", timeout=60_000)
    row = panel.chosen()
    assert row is not None
    assert dict(row.facts)["Family"] == "UDLM"
    (told,) = Engine().perform(1, LoadModel(row.path, "cpu"))
    assert isinstance(told, Failed)
    assert told.headline.endswith("take a byte-level one, or one with a token for each character.")
    QTest.mouseClick(panel.card.ask, LEFT)
    qtbot.waitUntil(lambda: len(panel.card.report.shown) > 1, timeout=60_000)
    report = dict(panel.card.report.shown)
    assert report["Verdict"] == "It does not open as it is."
    assert report["Tokenizer"].startswith("WordPiece, not usable")


def test_downloads_wait_for_each_other_and_one_that_waits_can_be_cancelled(
    window: MainWindow, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, gate, fetcher = opened(), threading.Event(), window.services.fetcher
    other = OFFERS[1].name
    with hub({NAME: PUBLISHED, other: PUBLISHED}, gate) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        for name in (NAME, other):
            choose(panel, name)
            QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: fetcher.current == NAME)
        assert window.services.shelf.state(choose(panel, other)) == "waits"
        panel.list.setFocus()
        QTest.keyClick(panel.list, Qt.Key.Key_Delete)
        assert says(panel) == "Download"
        choose(panel, NAME)
        QTest.mouseClick(panel.card.button, LEFT)
        gate.set()
        qtbot.waitUntil(lambda: window.services.downloads.current is None)
    assert not fetcher.coming


def test_what_is_fetched_by_its_name_stands_on_the_page_while_it_comes_or_waits(
    window: MainWindow, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, gate, fetcher = opened(), threading.Event(), window.services.fetcher
    with hub({"someone/first": PUBLISHED}, gate) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        window.session.errors.show("No network; try again.")
        for name in ("someone/first", "someone/second"):
            choose(panel, name)
            QTest.keyClick(panel.search, Qt.Key.Key_Return)
        assert not window.banner.isVisible(), "what went wrong before is no matter any more"
        panel.search.clear()
        assert names(panel, "hub")[-2:] == ["someone/first", "someone/second"]
        for name in ("someone/second", "someone/first"):
            choose(panel, name)
            panel.list.setFocus()
            QTest.keyClick(panel.list, Qt.Key.Key_Delete)
        gate.set()
        qtbot.waitUntil(lambda: window.services.downloads.current is None)
    assert not fetcher.coming


def test_a_download_with_another_hash_is_refused_and_a_missing_one_told(
    window: MainWindow, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    with hub({NAME: PUBLISHED}, tampered="model.safetensors") as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        choose(panel, NAME)
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(window.banner.isVisible, timeout=60_000)
        assert "came with another hash" in window.banner.headline.text()
        qtbot.waitUntil(lambda: says(panel) == "Resume the download")
        choose(panel, "someone/gone")
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "no model someone/gone" in window.banner.headline.text(), timeout=60_000)
    assert not (models_folder() / NAME).exists()


def test_a_window_that_is_closed_ends_its_downloads(
    window: MainWindow, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, gate = opened(), threading.Event()
    with hub({NAME: PUBLISHED}, gate) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        choose(panel, NAME)
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: window.services.fetcher.current == NAME)
        window.close()
        window.services.close()
        gate.set()
    QApplication.processEvents()
    assert window.services.downloads.current is None
