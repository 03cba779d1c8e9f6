"""Closing keeps what a crash keeps, and the next start goes on from there, unless one wishes for a fresh page."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sedd_studio.record.history import default_path
from sedd_studio.record.settings import Settings
from tests.patience import PATIENCE
from tests.sedd_studio.fake_engine import save_tokenizer

ROOT = Path(__file__).parents[2]
STUDIO = """
import sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from engine import bundled_models

folder, what, *arguments = sys.argv[1:]
tiny, bases = (str(Path(folder) / name) for name in ("tiny", "bases"))
bundled_models.DEFAULT_MODEL = Path(tiny)

from sedd_studio.background.runner import Runner
from sedd_studio.session import session as session_module
from sedd_studio.session.state import RunState
from sedd_studio.window import app, services
from tests.sedd_studio.test_undo import Models

Models.MODELS = {
    path: (replace(Models.MODELS[name][0], path=path), Models.MODELS[name][1])
    for name, path in (("tiny", tiny), ("bases", bases))
}
Models.held = tiny
engine = Models(hold_at=3)
services.Runner = lambda: Runner(lambda: engine)
session_module.PROMPT = "Once [8]"

class Window(app.MainWindow):
    def __init__(self, *given):
        super().__init__(*given)
        self.timer = QTimer(self, interval=20)
        self.timer.timeout.connect(self.watch)
        self.timer.start()
        self.steps = iter(STEPS[what])
        self.wait = next(self.steps)

    def watch(self):
        if not self.wait(self):
            return
        following = next(self.steps, None)
        if following is None:
            self.timer.stop()
            engine.go.set()
            self.close()
        else:
            following(self)
            self.wait = next(self.steps)

def ready(window):
    return window.session.models.ready and not window.session.reader.busy

def run(window):
    window.session.editor.set_prompt("The fox [9] again.")
    window.session.form.set(steps=6)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

def type(window):
    window.session.editor.set_prompt("A small fox [4]")
    window.session.editor.set_locked([0], False)

def turn(window):
    window.session.models.open(bases)

def with_bases(window):
    return ready(window) and window.session.models.info.name == "bases"

def with_tiny(window):
    return ready(window) and window.session.models.info.name == "tiny"

def base_prompt(window):
    window.session.editor.set_prompt("ACGT [7]")

def type_limited(window):
    type(window)
    session = window.session
    session.editor.limit(5, 6, "fox")
    session.form.set(banned="star")
    session.pages.call("tale.txt")

def back(window):
    window.session.models.open(tiny)

def told_of_document(window):
    session = window.session
    limits, locked = session.view.document.limits, session.view.document.locked.tolist()
    print(told(window), limits, locked, session.form.now.banned, session.pages.name, sep="|", flush=True)

def told(window):
    session = window.session
    run = session.view.run
    return f"{session.view.full_text()}|{run and run.recorded}|{session.models.info and session.models.info.name}"

def tell(window):
    undo = window.actions_by_name["undo"].isEnabled()
    print(told(window), undo, window.recovery_bar.isVisible(), sep="|", flush=True)

looked = []
def settled(window):
    "The keeper has told what was left, and that is on show."
    if ready(window) and not looked:
        looked.append(False)
        window.services.keeper.find(lambda history: None, lambda _: looked.append(True))
    return looked[-1:] == [True] and ready(window)

def offers(window):
    from sedd_studio.widgets.controls.callout import Callout
    print([card.title.text() for card in window.findChildren(Callout) if card.isVisible()], flush=True)

STEPS = {
    "run": [ready, run, lambda window: window.session.playhead.recorded == 3],
    "type": [ready, type, ready],
    "turn": [ready, turn, with_bases, base_prompt, ready],
    "two": [ready, type_limited, ready, turn, with_bases, base_prompt, ready],
    "of document": [settled, back, with_tiny, told_of_document, ready],
    "title": [settled, lambda window: print(window.windowTitle(), flush=True), ready],
    "tell": [settled, tell, ready],
    "offers": [settled, offers, ready],
}
app.MainWindow, app.CLOSING = Window, 100.0
sys.exit(app.main(arguments))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folders that look like those of the fake models."""
    save_tokenizer(tmp_path / "tiny")
    (tmp_path / "bases").mkdir()
    for name in ("tiny", "bases"):
        (tmp_path / name / "config.json").write_text("{}")
    return tmp_path


def studio(folder: Path, what: str, *arguments: str) -> list[str]:
    """Starts the studio, does something, closes it, and returns what it told: text, steps, model, undo, offer."""
    command = [sys.executable, "-c", STUDIO, str(folder), what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.strip().split("|")


def test_a_window_that_is_closed_in_the_middle_of_a_run_shows_it_again(folder: Path) -> None:
    studio(folder, "run")
    text, recorded, model, undo, offer = studio(folder, "tell")
    assert text.startswith("The fox")
    assert recorded == "3"
    assert (model, undo, offer) == ("tiny", "False", "False")
    assert studio(folder, "tell") == [text, recorded, model, undo, offer]


def test_a_text_without_a_run_comes_back_with_what_is_not_locked(folder: Path) -> None:
    studio(folder, "type")
    assert studio(folder, "tell") == ["A small fox [4]", "None", "tiny", "False", "False"]


def test_a_text_comes_back_with_its_model(folder: Path) -> None:
    studio(folder, "turn")
    text, recorded, model, _, offer = studio(folder, "tell")
    assert (text, recorded, model, offer) == ("ACGT [7]", "None", "bases", "False")


def test_the_documents_of_other_models_come_back_too(folder: Path) -> None:
    studio(folder, "two")
    for _ in range(2):  # closing keeps them again
        assert studio(folder, "tell")[0] == "ACGT [7]"
    text, _, model, limits, locked, banned, file = studio(folder, "of document")
    assert (text, model, limits) == ("A small fox [4]", "tiny", "((5, 6, ('fox',)),)")
    assert locked.startswith("[False, True")
    assert (banned, file) == ("star", "tale.txt")


def test_the_tour_is_offered_at_the_first_start_that_opens_no_file_and_never_again(folder: Path) -> None:
    (folder / "prompt.txt").write_text("The end [3]")
    assert studio(folder, "offers", str(folder / "prompt.txt")) == ["[]"]
    assert studio(folder, "offers") == ["['A tour of the studio']"]
    assert studio(folder, "offers") == ["[]"]


def test_a_fresh_page_can_be_wished_for(folder: Path) -> None:
    studio(folder, "type")
    Settings().set("start", "fresh")
    assert studio(folder, "tell") == ["Once [8]", "None", "tiny", "False", "False"]


def test_a_file_that_is_given_opens_in_the_place_of_what_was_left(folder: Path) -> None:
    (folder / "prompt.txt").write_text("The end [3]")
    studio(folder, "type")
    assert studio(folder, "tell", str(folder / "prompt.txt"))[0] == "The end [3]"
    assert studio(folder, "tell")[0] == "The end [3]"
    assert studio(folder, "title") == ["prompt.txt - SEDD Studio"]


@pytest.mark.parametrize("how", ["gone", "broken"])
def test_where_a_model_cannot_come_back_its_text_does_and_the_usual_one_opens(how: str, folder: Path) -> None:
    studio(folder, "turn")
    if how == "gone":
        shutil.rmtree(folder / "bases")
    else:
        shutil.copytree(folder / "bases", folder / "broken")  # which the fake engine cannot open
        with closing(sqlite3.connect(default_path(), isolation_level=None)) as database:
            database.execute("UPDATE session SET state = replace(state, '/bases', '/broken')")
    for _ in range(2):
        assert studio(folder, "tell")[::2] == ["ACGT [7]", "tiny", "False"]
