"""The texts of a file as a table: each with the bound that the command line gives it, and an end to it at any time."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from shiboken6 import isValid
from typer.testing import CliRunner

from engine.cli import app
from engine.performing.engine import Engine
from engine.protocol import Bounded, ModelLoaded, Score, frozen
from engine.protocol import LoadModel as Load
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.session.text_rows import COLUMNS
from sedd_studio.widgets.dialogs.texts_window import TextsWindow
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import LENGTH, FakeEngine
from tests.sedd_studio.test_steering import TOKENIZER, model
from tests.sedd_studio.windows import read, window_of

LEFT = Qt.MouseButton.LeftButton
TEXTS = ["Once upon a time there was a little fox.", "The end. " * 40, "One day the star fell."]


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


def open_file(window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch) -> TextsWindow | None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    window.actions_by_name["score_file"].trigger()
    read(window.session)
    found = window.findChild(TextsWindow)
    assert found is None or isinstance(found, TextsWindow)
    return found


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n<|endoftext|>\n".join(TEXTS), encoding="utf-8")
    return path


def test_every_text_has_a_line_with_its_bound(
    window: MainWindow, engine: FakeEngine, texts: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = open_file(window, texts, monkeypatch)
    assert table is not None
    qtbot.waitUntil(lambda: table.scores.done == 3)
    assert [row.text for row in table.rows.rows] == [text.strip() for text in TEXTS]
    cells = [[table.rows.index(r, c).data() for c in range(len(COLUMNS))] for r in range(3)]
    assert [row[2:4] for row in cells] == [["<= 2.000", "0.040"]] * 3
    assert cells[1][1] == f"first {LENGTH}"  # longer than the model
    assert cells[0][5] == f"<= {math.exp(2):.2f}"
    asked = [request for request in engine.requests if isinstance(request, Score)]
    assert [request.by_token for request in asked] == [False] * 3
    assert asked[0].tokens.tolist() == [*window.session.models.tokenizer.encode(TEXTS[0])]  # type: ignore[union-attr]
    assert table.note.text() == "3 of 3 texts"
    assert not table.stop.isEnabled()


def test_the_table_is_no_larger_than_the_window(
    window: MainWindow, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.setMinimumSize(0, 0)
    window.resize(800, 500)
    table = open_file(window, texts, monkeypatch)
    assert table is not None
    assert table.width() <= window.width()
    assert table.height() <= window.height()


def test_other_words_reach_a_table_that_is_there_and_none_that_is_closed(
    window: MainWindow, texts: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def titles(table: TextsWindow) -> list[str]:
        return [table.rows.headerData(column, Qt.Orientation.Horizontal) for column in range(len(COLUMNS))]

    table = open_file(window, texts, monkeypatch)
    assert table is not None
    exact = titles(table)
    with qtbot.waitSignal(table.rows.headerDataChanged):
        window.services.words.choose("plain")
    assert titles(table) != exact
    table.close()
    qtbot.waitUntil(lambda: not isValid(table))
    with qtbot.captureExceptions() as raised:
        window.services.words.choose("exact")
        window.services.words.choose("plain")
    assert not raised


@pytest.mark.parametrize(("content", "told"), [("A fox.\nA star.\nThe end.\n", True), ("A fox.\n", False)])
def test_lines_that_are_one_text_are_said_to_be(
    content: str, told: bool, window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines.txt").write_text(content, encoding="utf-8")
    table = open_file(window, tmp_path / "lines.txt", monkeypatch)
    assert table is not None
    qtbot.waitUntil(lambda: table.scores.done == 1)
    assert table.one.isVisible() is told


def test_of_a_text_as_long_as_a_book_the_table_looks_at_the_beginning(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    (tmp_path / "texts.txt").write_text("once upon a time " * 100_000, encoding="utf-8")
    table = open_file(window, tmp_path / "texts.txt", monkeypatch)
    assert table is not None
    index = table.rows.index(0, 0)
    assert len(index.data(Qt.ItemDataRole.ToolTipRole)) <= 2_000
    assert index.data().startswith("once upon a time once")
    assert len(index.data()) < 100


def test_it_can_be_stopped_and_exported(
    window: MainWindow, engine: FakeEngine, texts: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine.hold_at = 4
    table = open_file(window, texts, monkeypatch)
    assert table is not None
    qtbot.waitUntil(lambda: (known := table.scores.bounds[0]) is not None and known.calls == 12)
    assert table.note.text() == "0 of 3 texts"
    QTest.mouseClick(table.stop, LEFT)
    engine.go.set()
    assert not table.scores.busy
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out v1.2"), ""))
    QTest.mouseClick(table.export, LEFT)
    qtbot.waitUntil(lambda: window.services.jobs.current is None)
    rows = list(csv.reader((tmp_path / "out v1.2.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == list(COLUMNS)
    assert float(rows[1][2]) == 2.0
    assert rows[3][2:] == [""] * 4
    QTest.keyClick(table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(TextsWindow) is None)


def test_a_run_ends_it_and_closing_leaves_nothing_behind(
    window: MainWindow, engine: FakeEngine, texts: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hold_at = 4
    table = open_file(window, texts, monkeypatch)
    assert table is not None
    qtbot.waitUntil(lambda: table.scores.bounds[0] is not None)
    window.session.runs.start()
    engine.hold_at = None
    engine.go.set()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    assert not table.scores.busy
    assert sum(isinstance(request, Score) for request in engine.requests) == 1


def test_a_file_without_texts_is_told_in_the_banner(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    assert open_file(window, tmp_path / "empty.txt", monkeypatch) is None
    assert window.session.errors.current is not None
    assert "holds no text" in window.session.errors.current.headline


def test_what_cannot_be_scored_is_counted_in_the_banner(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text('{"text": "One day."}\n{"words": "lost"}\n{"text": "The end."}\n', encoding="utf-8")
    table = open_file(window, path, monkeypatch)
    assert table is not None
    qtbot.waitUntil(lambda: not table.scores.busy)
    assert [row.text for row in table.scores.rows] == ["One day.", "The end."]
    assert "1 record was left out" in window.banner.headline.text()
    assert "line 2" in window.banner.headline.text()


def test_a_line_of_the_table_is_what_the_command_line_prints(tmp_path: Path) -> None:
    text = "Once upon a time there was a dragon."
    tokens = frozen(TOKENIZER.encode(text))
    folder, engine = model(tmp_path, "absorb"), Engine()
    (loaded,) = engine.perform(0, Load(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    *_, last, _ = engine.perform(1, Score(tokens, np.zeros(len(tokens), bool), 0.1, by_token=False))
    assert isinstance(last, Bounded)
    (tmp_path / "texts.txt").write_text(text, encoding="utf-8")
    command = ["score", str(tmp_path / "texts.txt"), "--per", "text", "--goal", "0.1", "--model", str(folder)]
    result = CliRunner().invoke(app, [*command, "--precision", "fp32", "--device", "cpu", "--json"])
    printed = json.loads(result.stdout.splitlines()[0])
    assert last.nats == pytest.approx(printed["nats_per_token"], rel=1e-12)
    assert last.standard_error == pytest.approx(printed["nats_per_token_standard_error"], rel=1e-12)
