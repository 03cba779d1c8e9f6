"""Models on one text beside each other: a row for each, whatever its tokenizer, and which of them mends a typo."""

from __future__ import annotations

import csv
import io
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.protocol import Evaluate, Mend
from engine.stopping import look
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.document import Document
from sedd_studio.record.settings import Settings
from sedd_studio.session import comparing_models, model_folders
from sedd_studio.session.compare_reading import LEVELS
from sedd_studio.session.models import Models
from sedd_studio.session.panes import PaneState
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import LENGTH, TOKENIZER, FakeEngine
from tests.sedd_studio.panes import choose, compare
from tests.sedd_studio.windows import cards_of, read, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
TEXT = "One day the smallest star fell."


@pytest.fixture
def window(
    engine: FakeEngine,
    make_session: MakeSession,
    settings: Settings,
    keeper: Keeper,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> MainWindow:
    """A finished text on show, and models of other tokenizers beside the open one."""
    noises = {"uniform-model": "uniform", "deaf": "absorb", "writer": "none"}
    monkeypatch.setattr(Models, "known", lambda self: ["tiny", *(f"/models/{name}" for name in noises)])
    monkeypatch.setattr(model_folders, "noise_of", lambda folder: noises.get(folder.name))
    session = make_session(engine)
    session.form.set(seed=5)
    window = window_of(session, settings, qtbot, keeper)
    session.view.show(Document.from_text(TEXT, TOKENIZER, LENGTH))
    window.services.comparison.choice.judge = "judge"
    QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    return window


def through(window: MainWindow, qtbot: QtBot) -> None:
    read(window.session)
    rows = window.services.comparison.models
    qtbot.waitUntil(lambda: bool(rows.rows) and not rows.busy)


def shown(window: MainWindow) -> list[list[str]]:
    """The lines of the table as they stand there."""
    model = window.panel("compare").table.model()
    return [
        [str(model.data(model.index(line, column))) for column in range(model.columnCount())]
        for line in range(model.rowCount())
    ]


def test_every_known_model_has_a_row_and_one_that_cannot_is_left_out_with_a_sentence(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    choose(window, "text")
    panel = window.panel("compare")
    assert [chip.text() for chip in panel.chips["models"].chips] == ["uniform-model", "deaf", "writer"]
    assert not panel.chips["steps"].isVisible()
    assert panel.summary.toolTip().startswith("4 models on the text in the studio")
    compare(window)
    through(window, qtbot)
    asked = [request for request in engine.requests if isinstance(request, Evaluate)]
    assert {request.text for request in asked} == {TEXT}
    assert [request.model for request in asked] == ["tiny", "/models/uniform-model", "/models/deaf", "/models/writer"]
    assert all((request.judge, request.chain.tokens.size, request.chain.seed) == ("judge", 0, 5) for request in asked)
    tiny, uniform, deaf, writer = shown(window)
    assert tiny[:5] == ["tiny", "≤ 1.400 ± 0.050", "20.0 ± 1.5", "3.25", "7"]
    assert uniform[1] == "≤ 2.300 ± 0.050"
    assert deaf[:2] == ["deaf", "left out: deaf hears nothing; choose another model."]
    assert writer[1] == "1.600 ± 0.050"  # exact, no bound
    assert "tiny needs the fewest bits a byte: 0.200 ± 0.071 less than writer." in panel.says.text()
    assert "tiny: 2 characters of the locks are scored and drawn, too" in panel.note.text()
    assert panel.table.isVisible()
    assert not panel.play.isVisible()


def test_locks_are_asked_about_as_characters(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    document = window.session.view.document
    locked = document.locked.copy()
    locked[:] = True
    locked[2] = False
    window.session.view.show(Document(document.tokens, locked))
    choose(window, "text")
    compare(window)
    through(window, qtbot)
    request = next(request for request in engine.requests if isinstance(request, Evaluate))
    given = [request.text[start:stop] for start, stop in request.given]
    pieces = [TOKENIZER.piece(token) for token in TOKENIZER.encode(TEXT)]
    assert given == ["".join(pieces[:2]), "".join(pieces[3:])]


@pytest.mark.parametrize("kind", ["text", "typo"])
def test_the_open_model_is_told_its_class_and_others_none(
    kind: str, window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, classes=3))
    window.session.models.open("tiny")
    qtbot.waitUntil(lambda: window.session.models.info is not None and window.session.models.info.classes == 3)
    window.session.form.set(label=2, guidance=1.5)
    choose(window, kind)
    compare(window)
    through(window, qtbot)
    asked = [request for request in engine.requests if isinstance(request, Evaluate | Mend)]
    told = [(request.model, request.chain.label, request.chain.guidance) for request in asked]
    assert told[0] == ("tiny", 2, 1.5)
    assert told[1:] == [(model, -1, 1.0) for model, *_ in told[1:]]
    assert "tiny: It is told class 2, guidance 1.5." in window.panel("compare").note.text()


def test_a_text_with_gaps_is_refused_in_a_sentence(window: MainWindow, engine: FakeEngine) -> None:
    window.session.view.show(Document.from_text("One day [4] fell.", TOKENIZER, LENGTH))
    choose(window, "text")
    compare(window)
    assert window.session.errors.current is not None
    assert "fill its gaps first" in window.session.errors.current.headline
    assert not [request for request in engine.requests if isinstance(request, Evaluate)]


def test_a_typo_is_planted_once_and_the_table_says_who_mends_it(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    choose(window, "typo")
    panel = window.panel("compare")
    assert [chip.text() for chip in panel.chips["models"].chips] == ["uniform-model", "deaf"]  # none left to right
    assert panel.samples.value() == 16
    window.resize(1600, 1000)
    assert panel.typo.width() == panel.typo.sizeHint().width()  # its fields stand together
    panel.typo.word.setFocus()
    QTest.keyClicks(panel.typo.word, "star")
    QTest.keyClick(panel.typo.word, Qt.Key.Key_Return)
    panel.typo.kind.setFocus()
    QTest.keyClick(panel.typo.kind, Qt.Key.Key_End)
    assert panel.typo.kind.currentData() == "swap"
    compare(window)
    through(window, qtbot)
    asked = [request for request in engine.requests if isinstance(request, Mend)]
    assert len(asked) == 3
    (text,) = {request.text for request in asked}
    (original,) = {request.original for request in asked}
    spoilt = text.split()[4]
    assert (original, sorted(spoilt)) == ("star", sorted("star"))
    assert spoilt != "star"
    assert {(request.levels, request.chain.samples) for request in asked} == {(LEVELS, 16)}
    tiny, lost, uniform, _, deaf = shown(window)
    assert tiny[:3] == ["tiny", "mended", "4 ± 10 %"]
    assert lost[:3] == ["", "others changed", "2 ± 2 %"]
    assert (uniform[0], uniform[6]) == ("uniform-model", "91 ± 10 %")
    assert "left out" in deaf[1]
    assert panel.says.text().startswith("uniform-model mends it best, at noise 0.7: in 91 ± 10 % of the texts")
    assert f"“star” became “{spoilt}” in “… One day the smallest {spoilt} fell …”." in panel.note.text()


def test_a_word_that_is_not_there_is_told_in_a_sentence(window: MainWindow, engine: FakeEngine) -> None:
    choose(window, "typo")
    window.services.comparison.choice.choose(word="castle")
    compare(window)
    read(window.session)
    assert window.session.errors.current is not None
    assert '"castle" is no word of this text' in window.session.errors.current.headline


def test_what_goes_on_can_be_stopped_and_what_has_come_stays(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.answers.clear()
    choose(window, "typo")
    compare(window)
    read(window.session)
    rows = window.services.comparison.models
    qtbot.waitUntil(lambda: rows.known)
    assert window.panel("compare").stop.isEnabled()
    assert 0 < (window.services.comparison.share or 0) < 1
    assert "Comparing 3 models" in window.services.comparison.work
    QTest.mouseClick(window.panel("compare").stop, LEFT)
    engine.answers.set()
    assert {row.state for row in rows.rows} == {PaneState.CANCELLED}
    qtbot.wait(100)
    assert len(rows.rows[0].mended) == 1
    assert not rows.rows[1].mended
    assert shown(window)[0][-1] == "cancelled"


@pytest.mark.parametrize("stop", ["Cancel all", "Stop", "the menu"])
@pytest.mark.parametrize("kind", ["text", "typo"])
def test_a_text_that_is_being_read_can_be_stopped(
    kind: str, stop: str, window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: object) -> NoReturn:
        begun.set()
        try:
            while True:
                look()
                time.sleep(0.001)
        finally:
            ended.set()

    monkeypatch.setattr(comparing_models, "runs_of", endless)
    choose(window, kind)
    compare(window)
    assert begun.wait(PATIENCE)
    assert window.services.comparison.busy
    assert window.panel("compare").stop.isEnabled()
    if stop == "the menu":
        window.actions_by_name["stop"].trigger()
    else:
        QTest.mouseClick(window.panel("compare").stop if stop == "Cancel all" else window.top_bar.stop, LEFT)
    assert ended.wait(PATIENCE)
    qtbot.waitUntil(lambda: not window.services.comparison.busy)
    read(window.session)
    assert not any(isinstance(request, (Evaluate, Mend)) for request in engine.requests)
    assert not window.panel("compare").stop.isEnabled()
    assert window.panel("compare").start.isEnabled()


def test_panes_come_back_with_another_kind(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, "text")
    compare(window)
    through(window, qtbot)
    choose(window, "steps")
    panel = window.panel("compare")
    assert panel.chips["steps"].isVisible()
    assert not panel.table.isVisible()
    assert not panel.chips["models"].chips
    choose(window, "text")
    assert panel.table.isVisible()
    assert panel.filled.is_filled


def test_runs_of_before_are_shown_whatever_was_to_be_compared(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, "typo")
    runs = []
    for seed in (1, 2):
        window.session.editor.set_prompt("One day [4]")
        window.session.form.set(seed=seed, steps=4)
        window.session.runs.start()
        qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
        run = window.session.view.run
        assert run is not None
        runs.append(run)
    window.services.comparison.show_runs(runs)
    window.show_panel("compare")
    panel = window.panel("compare")
    assert [card.pane.run for card in cards_of(window)] == runs
    qtbot.waitUntil(lambda: all(card.isVisible() for card in cards_of(window)))
    assert not panel.table.isVisible()
    assert panel.note.text() == "Marked words differ from the last run."


def test_the_table_is_exported_with_a_line_for_each_level(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "typo.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    choose(window, "typo")
    compare(window)
    through(window, qtbot)
    QTest.mouseClick(window.panel("compare").export, LEFT)
    qtbot.waitUntil(lambda: path.exists() and window.services.jobs.current is None)
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [(row["model"], float(row["level"])) for row in rows] == [
        (name, level) for name in ("tiny", "uniform-model") for level in LEVELS
    ]
    assert float(rows[0]["mended"]) == pytest.approx(0.04)
