"""Prompts in many languages and signs: what is typed is what is shown, kept, found, exported and run, byte for byte."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from engine.cli import app
from engine.language.prompts import format_prompt
from engine.models.own_layout import save
from engine.runs.carried import carried_run, read_run
from engine.runs.trajectory import Trajectory
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record.history import History
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.export_kinds import EXPORTS, View
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import INFO, LENGTH, TOKENIZER
from tests.sedd_studio.windows import window_of

PROMPTS = {
    "German": ("Grüß Gott, schöne [3] Füße", "schöne"),
    "French": ("L'été à Noël: [3] “œuvre” çà", "œuvre"),
    "Chinese": ("从前有一只 [3]小猫、你好。", "猫"),
    "Arabic": ("مرحبا بالعالم [3] كيف", "بالعالم"),
    "Hebrew": ("שָׁלוֹם לכם [3] (12) סוף", "לכם"),
    "Hindi": ("नमस्ते [3] दुनिया", "दुनिया"),
    "Thai": ("สวัสดี [3]ครับ", "ครับ"),
    "emoji": ("👍🏽 👨\u200d👩\u200d👧 [3] 🇩🇪", "🇩🇪"),
    "marks": ("e\u0301 a\u0308\u0323 [3] ñ n\u0303", "n\u0303"),
    "signs of a shell": ("“$HOME” `a` \\n 'é' [3] !x %é", "é"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with the tokenizer of the fake engine, for what is copied."""
    folder = tmp_path_factory.mktemp("model")
    sizes = NetworkConfig(TOKENIZER.vocabulary + 1, LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    torch.manual_seed(0)
    save(folder, Diffusion(DiffusionConfig(sizes, "absorb", parametrisation="posterior")), TOKENIZER, "# Tiny", {})
    return folder


@pytest.fixture(params=PROMPTS)
def prompt(request: pytest.FixtureRequest) -> str:
    return PROMPTS[request.param][0]


@pytest.fixture
def window(prompt: str, session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    """The window in which the prompt was typed, and run by the keys."""
    session.form.set(steps=3, seed=2)
    window = window_of(session, settings, qtbot)
    field = window.prompt.editor
    window.prompt.toggle_editor()
    field.setFocus()
    field.selectAll()
    typed = QInputMethodEvent("", [])
    typed.setCommitString(prompt)
    QApplication.sendEvent(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


def run_of(window: MainWindow) -> Trajectory:
    run = window.session.view.run
    assert run is not None
    return run


def asked(run: Trajectory) -> str:
    assert run.origin is not None
    return format_prompt(run.origin.request.tokens, run.origin.tokenizer)


def held(prompt: str) -> tuple[str, str]:
    """What stands before and after the gap; the space before one belongs to what fills it."""
    before, after = prompt.split("[3]")
    return before.rstrip(), after


def test_it_is_run_shown_and_copied_as_it_was_typed(prompt: str, window: MainWindow) -> None:
    session, run = window.session, run_of(window)
    assert session.view.prompt == prompt
    assert asked(run) == prompt
    before, after = held(prompt)
    pieces = window.canvas.picture.text.pieces
    shown = "".join(piece or "" for piece in pieces)
    assert shown == session.view.full_text() == TOKENIZER.decode(run.at(3, 0)[0].tolist())
    assert shown.startswith(before)
    assert shown.endswith(after)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == shown


def test_every_file_gives_it_back_and_the_history_finds_it(prompt: str, window: MainWindow, tmp_path: Path) -> None:
    run, (before, after) = run_of(window), held(prompt)
    found = {}
    for kind in ("run", "text", "json", "csv", "page", "picture"):
        path = tmp_path / f"{prompt[:2].strip()}é{EXPORTS[kind].suffixes[0]}"
        list(EXPORTS[kind].write(View(run, 3, 0, LIGHT), path))
        found[kind] = path
    assert asked(read_run(found["run"])) == prompt
    text = found["text"].read_bytes().decode()
    assert text.startswith(before)
    assert text.endswith(f"{after}\n")
    values = json.loads(found["json"].read_bytes())
    assert values["prompt"] == prompt
    assert values["texts"] == [text[:-1]]
    with found["csv"].open(encoding="utf-8", newline="") as table:
        assert len(list(csv.DictReader(table))) == 4
    assert found["page"].read_bytes().decode().count("\ufffd") == 0
    for kind in ("page", "picture"):
        carried = carried_run(found[kind])
        assert asked(carried) == prompt
        assert carried.at(3, 0)[0].tolist() == run.at(3, 0)[0].tolist()
    word = next(word for text, word in PROMPTS.values() if text == prompt)
    with closing(History(tmp_path / "kept.sqlite3")) as history:
        history.add(run)
        for words in (word, f"seed 2 {word}"):
            assert [entry.prompt for entry in history.search(words)] == [prompt]
        assert history.search(f"{word} 龍") == []
        assert history.search("🐉") == []


def copied(window: MainWindow, what: str, model: Path) -> str:
    """What the command copies, for a model that is there."""
    run = run_of(window)
    assert run.origin is not None
    window.actions_by_name[what].trigger()
    return QGuiApplication.clipboard().text().replace(INFO.path, str(model))


def test_what_is_copied_runs_it(
    prompt: str, window: MainWindow, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = held(prompt)
    said = words_in_a_shell(copied(window, "copy_command", model), tmp_path)
    done = CliRunner().invoke(app, [*said, "--json"])
    assert done.exit_code == 0, done.output
    by_command = json.loads(done.stdout)["text"]
    assert by_command.startswith(before)
    assert by_command.endswith(after)
    exec(copied(window, "copy_python", model), {})
    assert capsys.readouterr().out == f"{by_command}\n"


def words_in_a_shell(command: str, folder: Path) -> list[str]:
    """What a shell makes of a command: the words that the program is given."""
    program = folder / "sedd"
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    program.chmod(0o755)
    paths = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env={"PATH": paths}, check=True)
    return done.stdout.decode().split("\0")[:-1]
