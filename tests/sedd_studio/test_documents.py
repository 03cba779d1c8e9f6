"""A document belongs to a model: it goes when another kind of model comes, and comes back with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from sedd_studio.background.reader import Reader
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from tests.sedd_studio.test_undo import AtOnce, Models


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


def test_a_pattern_and_banned_words_stay_with_the_document_they_were_set_for(session: Session) -> None:
    session.form.set(banned="sad", pattern="[a-z ]*", temperature=0.5)
    open_model(session, "bases")
    assert (session.form.now.banned, session.form.now.pattern, session.form.now.temperature) == ("", "", 0.5)
    session.form.set(pattern="[ACGT]*")
    open_model(session, "tiny")
    assert (session.form.now.banned, session.form.now.pattern) == ("sad", "[a-z ]*")
    open_model(session, "bases")
    assert (session.form.now.banned, session.form.now.pattern) == ("", "[ACGT]*")


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
