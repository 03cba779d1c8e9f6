"""The session on disk: what a crash left, or a window that was closed, is brought back."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.history import LeftOver
from sedd_studio.record.page import MOST_ASIDE, Page
from sedd_studio.record.settings import Settings
from sedd_studio.session.recovery import aside_state, read_left, restore, state_of
from sedd_studio.session.session import Session
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.recording import LEFT, left_by, run
from tests.sedd_studio.windows import read, window_of


def test_restore_brings_back_text_locks_run_and_playhead(
    make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> None:
    session = make_session(FakeEngine())
    run(session, qtbot, steps=6, samples=2)
    session.playhead.set_sample(1)
    session.playhead.seek(4)
    session.editor.set_locked([6, 7], True)
    left = left_by(session, keeper)
    other = make_session(FakeEngine())
    window = window_of(other, settings, qtbot, keeper)
    assert not window.recovery_bar.isVisible()
    window.recovery_bar.offer(left)
    QTest.mouseClick(window.recovery_bar.restore_button, LEFT)
    read(window.session)
    assert not window.recovery_bar.isVisible()
    assert (other.playhead.step, other.playhead.sample) == (4, 1)
    np.testing.assert_array_equal(other.view.document.locked, session.view.document.locked)
    np.testing.assert_array_equal(other.view.canvas().tokens, session.view.canvas().tokens)
    assert other.view.prompt == session.view.prompt


def test_a_prompt_without_a_run_is_brought_back(make_session: MakeSession, keeper: Keeper, qtbot: QtBot) -> None:
    session = make_session(FakeEngine())
    session.editor.set_prompt("Once [9] star fell.")
    left = left_by(session, keeper)
    other = make_session(FakeEngine())
    restore(other, read_left(left))
    assert other.view.prompt == "Once [9] star fell."
    qtbot.waitUntil(lambda: other.models.ready)
    assert other.view.prompt == "Once [9] star fell."


@pytest.mark.parametrize(
    "damage",
    [
        {"tokens": [454] * 9, "locked": [True] * 9},  # not in the vocabulary
        {"tokens": [], "locked": []},
        {"tokens": [-1] * 60_000, "locked": [False] * 60_000},
        {"limits": [[0, 2, [10_000]]]},
        {"limits": [[0, 4, ["a"]], [1, 3, ["b"]]]},
        {"limits": [[0, 4, []]]},
    ],
)
def test_a_document_that_the_model_cannot_hold_never_comes_on_show(
    damage: dict[str, object], make_session: MakeSession, keeper: Keeper
) -> None:
    session = make_session(FakeEngine())
    state = state_of(session) | damage
    with contextlib.suppress(UserError):  # or it is refused
        restore(session, read_left(LeftOver(state, None)))
    tokens = session.view.canvas().tokens
    assert session.models.tokenizer is not None
    assert 0 < len(tokens) <= session.models.length
    assert tokens.max() < session.models.tokenizer.vocabulary
    assert all(session.view.limit_at(place) is not None for place in range(len(tokens)))
    assert session.view.prompt


def test_an_offer_can_be_dismissed_and_a_damaged_one_is_said(
    session: Session, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> None:
    window = window_of(session, settings, qtbot, keeper)
    text = session.view.full_text()
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, None))
    QTest.mouseClick(window.recovery_bar.dismiss_button, LEFT)
    assert not window.recovery_bar.isVisible()
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, b"nothing"))
    QTest.mouseClick(window.recovery_bar.restore_button, LEFT)
    read(window.session)
    assert "damaged" in window.banner.headline.text()
    assert session.view.full_text() == text


@pytest.mark.parametrize(
    "damage",
    [
        {"tokens": [100_000] * 9, "locked": [True] * 9},  # not in the vocabulary
        {"locked": [True]},
        {"tokens": [-1] * 60_000, "locked": [False] * 60_000},
        {"tokens": [1] * 500, "locked": [False] * 500},  # longer than the model takes
        {"limits": [[0, 2, [100_000]]]},
        {"limits": [[0, 4, ["a"]], [1, 3, ["b"]]]},
        {"banned": "x," * 40_000},
        {"tokenizer": 3},
    ],
)
def test_a_document_put_aside_that_is_damaged_never_comes_on_show(
    damage: dict[str, object], make_session: MakeSession
) -> None:
    session = make_session(FakeEngine())
    session.pages.begin()
    tokenizer, info = session.models.tokenizer, session.models.info
    assert tokenizer is not None
    assert info is not None
    key = (tokenizer.fingerprint, info.length)
    kept = json.loads(json.dumps(aside_state(*key, session.pages.now))) | damage
    with contextlib.suppress(UserError):  # or it is refused
        restore(session, read_left(LeftOver(state_of(session) | {"aside": [kept]}, None)))
    session.pages.turn_to(
        replace(info, name="other", weights="other", length=info.length + 1), tokenizer, "Once [9]", True
    )
    session.pages.turn_to(replace(info, weights="third"), tokenizer, "Once [9]", True)
    tokens = session.view.canvas().tokens
    assert 0 < len(tokens) <= info.length
    assert tokens.max() < tokenizer.vocabulary
    assert all(session.view.limit_at(place) is not None for place in range(len(tokens)))


@pytest.mark.parametrize("entry", ["tokenizer", "length", "tokens", "locked", "limits", "file", "form"])
def test_of_documents_put_aside_the_damaged_one_alone_is_left_out(entry: str, make_session: MakeSession) -> None:
    session = make_session(FakeEngine())
    good = json.loads(json.dumps(aside_state("good", 99, session.pages.now)))
    wrong: tuple[object, ...] = (None, -1, 10**30, [None], [10**30], {"a": [1]}, "x" * 20_000)
    for value in (value for value in wrong if (entry, value) not in (("form", {"a": [1]}), ("length", 10**30))):
        aside = [good, good | {"tokenizer": "other", entry: value}, 3, None, []]
        left = read_left(LeftOver(state_of(session) | {"aside": aside}, None))
        assert list(left.aside) == [("good", 99)]
    assert not read_left(LeftOver(state_of(session) | {"aside": {"a": good}}, None)).aside


def test_of_many_documents_put_aside_the_newest_are_read(make_session: MakeSession) -> None:
    session = make_session(FakeEngine())
    good = json.loads(json.dumps(aside_state("good", 99, session.pages.now)))
    aside = [good | {"tokenizer": str(number)} for number in range(300)]
    left = read_left(LeftOver(state_of(session) | {"aside": aside}, None))
    assert [name for name, _ in left.aside] == [str(number) for number in range(300 - MOST_ASIDE, 300)]
    assert all(isinstance(page, Page) for page in left.aside.values())  # read by then, and not in the window's thread
