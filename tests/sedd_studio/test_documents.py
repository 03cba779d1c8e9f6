"""A document belongs to a model: it goes when another kind of model comes, and comes back with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from engine.protocol.options import ENTRIES
from engine.runs.trajectory import Trajectory
from sedd_studio.background.reader import Reader
from sedd_studio.record import page as pages
from sedd_studio.record.history import LeftOver
from sedd_studio.record.settings import Settings
from sedd_studio.session.recovery import read_left, restore, state_of
from sedd_studio.session.session import Session
from tests.sedd_studio.test_undo import AtOnce, Models
from tests.sedd_studio.windows import window_of


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Session:
    session = Session(AtOnce(Models()), Reader(), Settings(tmp_path / "settings.json"))
    open_model(session, "tiny")
    session.editor.set_prompt("Once upon a time [8] One day [6] The end.")
    session.form.set(steps=4, pattern="", banned="")
    session.editor.undo_stack.clear()
    return session


def open_model(session: Session, name: str) -> None:
    session.models.open(name)
    session.clock.tick()


def test_a_text_comes_back_with_its_run_when_its_model_does(session: Session) -> None:
    session.runs.start()
    session.clock.tick()
    session.editor.set_locked([0], False)
    document, run = session.view.document, session.view.run
    open_model(session, "bases")
    assert session.view.run is None
    open_model(session, "tiny")
    assert session.view.document is document
    assert session.view.run is run
    for _ in range(4):
        session.editor.undo_stack.undo()
        session.clock.tick()
    assert session.view.prompt == "Once upon a time [8] One day [6] The end."
    assert session.view.run is None
    assert session.models.ready


def test_documents_that_are_put_aside_hold_no_more_than_a_number_of_bytes(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_of(name: str) -> Trajectory:
        open_model(session, name)
        session.runs.start()
        session.clock.tick()
        assert session.view.run is not None
        return session.view.run

    run_of("tiny")
    asked = session.view.document.request
    second = run_of("bases")
    monkeypatch.setattr(pages, "ASIDE_BYTES", second.bytes)
    open_model(session, "short")
    *_, one, other = [aside.document for aside in session.pages.aside.values()]
    assert one.trajectory is None
    np.testing.assert_array_equal(one.request, asked)
    assert other.trajectory is second


@pytest.mark.parametrize("other", ["bases", "short"])
def test_what_did_not_fit_another_model_comes_back_too(other: str, session: Session) -> None:
    session.editor.set_prompt("Once upon a time [30] The end.")
    open_model(session, other)
    assert session.view.prompt != "Once upon a time [30] The end."
    session.editor.set_prompt("[4]")
    open_model(session, "tiny")
    assert session.view.prompt == "Once upon a time [30] The end."
    open_model(session, other)
    assert session.view.prompt == "[4]"


def test_a_form_belongs_to_its_document(session: Session) -> None:
    own = {"steps": 11, "sampler": "tweedie", "temperature": 0.5, "samples": 3, "seed": 77, "banned": "sad"}
    session.form.set(**own, pattern="[a-z ]*")
    open_model(session, "bases")
    assert (session.form.now.banned, session.form.now.pattern) == ("", "")  # of the other text
    session.form.set(steps=5, sampler="auto", temperature=1.5, samples=1, seed=9, pattern="[ACGT]*")
    bases = session.form.now
    open_model(session, "tiny")
    assert {name: session.form.now.entries[name] for name in own} == own
    assert session.form.now.pattern == "[a-z ]*"
    open_model(session, "bases")
    assert session.form.now.entries == bases.entries
    session.editor.undo_stack.undo()
    session.clock.tick()
    assert session.form.now.steps == 11


def test_forms_of_documents_come_back_with_the_session(session: Session, tmp_path: Path) -> None:
    session.form.set(steps=11, temperature=0.5, options={"theta": 0.3})
    open_model(session, "bases")
    session.form.set(steps=5, seed=9)
    left = read_left(LeftOver(json.loads(json.dumps(state_of(session))), None))
    again = Session(AtOnce(Models()), Reader(), Settings(tmp_path / "other.json"))
    open_model(again, "bases")
    again.editor.undo_stack.clear()
    restore(again, left)
    assert (again.form.now.steps, again.form.now.seed) == (5, 9)
    open_model(again, "tiny")
    form = again.form.now
    assert (form.steps, form.temperature, form.options) == (11, 0.5, {"theta": 0.3})


def test_a_session_of_an_earlier_version_has_the_usual_forms_for_documents_put_aside(
    session: Session, tmp_path: Path
) -> None:
    session.form.set(steps=11, banned="sad")
    open_model(session, "bases")
    state = json.loads(json.dumps(state_of(session)))
    del state["form"]
    for page in state["aside"]:
        page |= {name: page["form"][name] for name in ("banned", "pattern")}
        del page["form"]
    again = Session(AtOnce(Models()), Reader(), Settings(tmp_path / "other.json"))
    open_model(again, "bases")
    again.form.set(steps=5)
    again.editor.undo_stack.clear()
    restore(again, read_left(LeftOver(state, None)))
    assert again.form.now.steps == 5
    open_model(again, "tiny")
    assert (again.form.now.steps, again.form.now.banned) == (ENTRIES["steps"].entry_usual, "sad")


@pytest.mark.parametrize("begun", [False, True])
def test_no_text_is_lost_where_the_one_on_show_comes_back_without_its_model(
    begun: bool, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    story, bases = session.view.prompt, "ACGT [8]ACGT"
    session.form.set(steps=11)
    open_model(session, "bases")
    session.editor.set_prompt(bases)
    left = read_left(LeftOver(json.loads(json.dumps(state_of(session))), None))
    settings = Settings(tmp_path / "other.json")
    again = Session(AtOnce(Models()), Reader(), settings)
    open_model(again, "tiny")
    again.editor.undo_stack.clear()
    if begun:
        again.editor.set_prompt("The fox [4]")
    restore(again, left)
    window = window_of(again, settings, qtbot)
    assert again.view.prompt == bases
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert again.view.prompt == story
    assert again.form.now.steps == 11
    open_model(again, "bases")  # it is there again
    assert again.view.prompt == bases
    open_model(again, "tiny")
    assert again.view.prompt == story
    for _ in range(3 if begun else 2):
        QTest.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        again.clock.tick()
    assert again.view.prompt == ("The fox [4]" if begun else story)


@pytest.mark.parametrize("form", [{"steps": "many"}, {"steps": -1}, {"options": {"theta": "x"}}, {"banned": 3}])
def test_a_form_that_cannot_be_is_refused(session: Session, form: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="damaged"):
        read_left(LeftOver(state_of(session) | {"form": form}, None))


def test_a_text_stays_when_another_model_with_its_tokenizer_comes(session: Session) -> None:
    session.editor.set_prompt("The end [4]")
    document = session.view.document
    open_model(session, "short")
    assert session.view.document is document


def test_opening_a_run_of_another_model_puts_the_text_aside(session: Session) -> None:
    session.runs.start()
    session.clock.tick()
    made = session.view.run
    assert made is not None
    open_model(session, "bases")
    session.editor.set_prompt("ACGT [9]")
    session.show_run(made)
    assert session.view.run is made
    open_model(session, "bases")
    assert session.view.prompt == "ACGT [9]"
