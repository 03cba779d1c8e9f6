"""The page of models: found, opened, downloaded from a hub on this machine, and asked what they are."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QRectF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer as Backend
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine import bundled_models
from engine.catalogue.families import KINDS
from engine.catalogue.fetched import COMING, models_folder, same
from engine.catalogue.glance import ORIGIN
from engine.catalogue.offers import OFFERS
from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel, Noise
from sedd_studio.painting.model_pictures import draw
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.settings import Settings
from sedd_studio.record.sizes import GIB, count, memory, stored
from sedd_studio.session import shelf_rows
from sedd_studio.session.shelf_rows import Row, found_in, rows_of
from sedd_studio.widgets.controls.shelf_list import ACTS, ShelfPainter, come_of
from sedd_studio.widgets.panels.shelf_panel import NOTHING_SUCH, ShelfPanel
from sedd_studio.window.main_window import MainWindow
from tests.engine.families import Sizes, make
from tests.hub import files_of, hub
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
NAME = OFFERS[0].name
CONFIG = json.dumps({"graph": {"type": "absorb"}, "tokens": 300, "noise": {"type": "loglinear"}}).encode()
PUBLISHED = {"config.json": CONFIG, "model.safetensors": bytes(200_000), "modeling.py": b"raise SystemExit"}
Open = Callable[[], ShelfPanel]


@pytest.fixture
def window(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    """Shows the page, by its keys."""

    def show() -> ShelfPanel:
        QTest.keyClick(window, Qt.Key.Key_5, CTRL)
        panel = window.places.widgets["models"].findChild(ShelfPanel)
        assert panel is not None
        qtbot.waitUntil(lambda: bool(panel.rows.rows))
        return panel

    return show


def names(panel: ShelfPanel, group: str) -> list[str]:
    return [row.name for row in panel.rows.rows if isinstance(row, Row) and row.group == group]


def choose(panel: ShelfPanel, name: str) -> Row:
    """Searches for a row by typing, which chooses it."""
    panel.search.setFocus()
    panel.search.selectAll()
    QTest.keyClicks(panel.search, name)
    row = panel.chosen()
    assert row is not None
    assert row.name == name
    return row


def says(panel: ShelfPanel) -> str:
    return panel.card.button.text()


def button_of(panel: ShelfPanel, cross: bool = False) -> QPoint:
    """Where the button, or the cross, of the chosen row is."""
    painter, area = panel.list.itemDelegate(), panel.list.visualRect(panel.list.currentIndex()).toRectF()
    assert isinstance(painter, ShelfPainter)
    return (painter.cross_area if cross else painter.button_area)(area).center().toPoint()


def loaded(engine: FakeEngine) -> list[str]:
    return [request.path for request in engine.requests if isinstance(request, LoadModel)]


# ---- the page


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


# ---- downloads


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


def fetched_by_hand(name: str = NAME) -> Path:
    """What a download leaves."""
    folder = models_folder() / name
    folder.mkdir(parents=True)
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_bytes(PUBLISHED[file])
    hashes = dict.fromkeys(("config.json", "model.safetensors"), "")
    (folder / ORIGIN).write_text(json.dumps({"hub": name, "revision": "main", "sha256": hashes}))
    return folder


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


# ---- what is told


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
