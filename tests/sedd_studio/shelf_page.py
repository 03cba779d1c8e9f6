"""What tests of the page of models do on it, and what a hub on this machine offers them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalogue.fetched import models_folder
from engine.catalogue.glance import ORIGIN
from engine.catalogue.offers import OFFERS
from engine.protocol import LoadModel
from sedd_studio.session.shelf_rows import Row
from sedd_studio.widgets.panels.shelf_panel import ShelfPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import FakeEngine

NAME = OFFERS[0].name
CONFIG = json.dumps({"graph": {"type": "absorb"}, "tokens": 300, "noise": {"type": "loglinear"}}).encode()
PUBLISHED = {"config.json": CONFIG, "model.safetensors": bytes(200_000), "modeling.py": b"raise SystemExit"}
Open = Callable[[], ShelfPanel]


def open_page(window: MainWindow, qtbot: QtBot) -> ShelfPanel:
    """Shows the page, by its keys."""
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    panel = window.places.widgets["models"].findChild(ShelfPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: bool(panel.rows.rows))
    return panel


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


def loaded(engine: FakeEngine) -> list[str]:
    return [request.path for request in engine.requests if isinstance(request, LoadModel)]


def fetched_by_hand(name: str = NAME) -> Path:
    """What a download leaves."""
    folder = models_folder() / name
    folder.mkdir(parents=True)
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_bytes(PUBLISHED[file])
    hashes = dict.fromkeys(("config.json", "model.safetensors"), "")
    (folder / ORIGIN).write_text(json.dumps({"hub": name, "revision": "main", "sha256": hashes}))
    return folder
