"""Pointing at a position shows what the model would put there; a click puts it there and goes on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Failed, Generate, Inspect
from sedd_studio.painting.token_text import shown_text
from sedd_studio.record.settings import Settings
from sedd_studio.session.pointing import REST
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.candidate_rows import percent, shown_piece
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot)


def gap(window: MainWindow) -> int:
    """The first free position."""
    return int((~window.session.view.document.locked).argmax())


def hover(window: MainWindow, position: int) -> None:
    viewport = window.canvas.viewport()
    QTest.mouseMove(viewport, QPoint(1, 1))
    QTest.mouseMove(viewport, window.canvas.picture.middle(position).toPoint())


def questions(engine: FakeEngine) -> list[Inspect]:
    return [request for request in engine.requests if isinstance(request, Inspect)]


def test_the_likely_tokens_are_listed_where_the_pointer_rests(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    position = gap(window)
    assert "Point at a position" in window.panel("position").facts.text()
    hover(window, position)
    assert window.panel("position").title.text() == f"{position + 1} · masked"
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    first = window.panel("position").candidates.index(0)
    assert first.data(Qt.ItemDataRole.AccessibleTextRole).endswith(", 50%")
    assert "concrete score 1" in first.data(Qt.ItemDataRole.ToolTipRole)
    assert "entropy 1.30 nats" in window.panel("position").facts.text()
    hover(window, 0)
    assert window.panel("position").title.text() == "1 · locked"
    qtbot.waitUntil(lambda: "what stands here: 25%" in window.panel("position").facts.text())


def test_a_pointer_that_passes_by_asks_nothing(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    position = gap(window)
    for step in range(5):
        hover(window, position + step)
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    assert [question.position for question in questions(engine)] == [position + 4]


def test_an_answer_asks_nothing_and_one_that_takes_long_is_waited_for(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session, position = window.session, gap(window)
    engine.answers.clear()
    hover(window, position)
    qtbot.waitUntil(lambda: len(questions(engine)) == 1)
    for _ in range(3):
        session.runs.changed.emit()
        session.view.changed.emit()
        qtbot.wait(2 * REST)
    assert len(questions(engine)) == 1
    engine.answers.set()
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    session.runs.changed.emit()
    qtbot.wait(2 * REST)
    assert len(questions(engine)) == 1


def test_the_keyboards_cursor_points_too(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(
        lambda: window.services.pointer.pointed is not None and bool(window.services.pointer.pointed.candidates)
    )


def test_a_click_puts_the_word_there_locks_it_and_goes_on(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session, position = window.session, gap(window)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.seek(1)
    hover(window, position + 3)
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    wanted = window.panel("position").candidates.rows[2]
    rect = window.panel("position").list.visualRect(window.panel("position").candidates.index(2))
    QTest.mouseClick(window.panel("position").list.viewport(), LEFT, NONE, rect.center())
    assert session.view.document.locked[position + 3]
    assert session.view.canvas().tokens[position + 3] == wanted.token
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    request = engine.requests[-1] if isinstance(engine.requests[-1], Generate) else engine.requests[-2]
    assert isinstance(request, Generate)
    assert request.first_step == 2
    assert request.tokens[position + 3] == wanted.token
    assert session.editor.undo_stack.undo_name == f"Put “{shown_piece(wanted.text)}” here"
    session.editor.undo_stack.undo()
    assert not session.view.document.locked[position + 3]


def test_enter_in_the_list_puts_a_word_before_any_run(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session, position = window.session, gap(window)
    hover(window, position)
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    window.panel("position").list.setCurrentIndex(window.panel("position").candidates.index(1))
    wanted = window.panel("position").candidates.rows[1].token
    QTest.keyClick(window.panel("position").list, Qt.Key.Key_Return)
    assert session.view.canvas().tokens[position] == wanted
    assert session.view.document.locked[position]
    assert not any(isinstance(request, Generate) for request in engine.requests)


def test_another_step_is_looked_at_anew_and_a_run_is_not_disturbed(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session, position = window.session, gap(window)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    hover(window, position)
    qtbot.waitUntil(lambda: len(questions(engine)) == 1)
    session.playhead.seek(0)
    qtbot.waitUntil(lambda: len(questions(engine)) == 2)
    assert questions(engine)[1].tokens[position] == FREE
    engine.hold_at = 1
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 1)
    hover(window, position + 1)
    qtbot.wait(250)
    assert len(questions(engine)) == 2
    assert "busy" in window.panel("position").facts.text()
    engine.go.set()
    qtbot.waitUntil(lambda: len(questions(engine)) == 3)


def test_what_a_token_adds_to_the_bound_is_told_once_the_text_is_scored(window: MainWindow, qtbot: QtBot) -> None:
    session, position = window.session, gap(window)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    hover(window, position)
    qtbot.waitUntil(lambda: "entropy" in window.panel("position").facts.text())
    assert "of the bound" not in window.panel("position").facts.text()
    window.services.scorer.start(0.1, given_locked=False)
    qtbot.waitUntil(lambda: f"{position / 10:.2f} nats of the bound" in window.panel("position").facts.text())
    session.playhead.seek(1)
    qtbot.waitUntil(lambda: "entropy" in window.panel("position").facts.text())
    assert "of the bound" not in window.panel("position").facts.text()


def test_a_token_that_no_font_can_draw_is_seen() -> None:
    seen = [shown_text(text) for text in ("fox\x00", "\x1b", "\x7f", "\t", "\n", "\r")]
    assert seen == ["fox␀", "␛", "␡", "\t", "\n", "\r"]
    assert shown_piece(" \x07") == "␇"


def test_pieces_and_shares_are_written_for_people() -> None:
    assert [shown_piece(text) for text in (" fox", "\n", "  ", "<|endoftext|>", " ")] == ["fox", "↵", "·", "¶", "·"]
    assert [percent(share) for share in (0.614, 0.004, 0.0001)] == ["61%", "0.4%", "<0.1%"]


def test_what_is_limited_is_asked_within_the_limits_and_said_to_be_of_what_is_allowed(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session, position = window.session, gap(window)
    hover(window, position)
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    assert questions(engine)[-1].within is None
    assert "allowed" not in window.panel("position").facts.text()
    session.editor.limit(position, position + 1, "fox")
    qtbot.waitUntil(lambda: "of what is allowed here" in window.panel("position").facts.text())
    within = questions(engine)[-1].within
    assert within is not None
    assert within.limits == ((position, position + 1, ("fox",)),)
    hover(window, position)
    qtbot.waitUntil(window.popover.isVisible)
    assert window.popover.sure.text() == "50% of the allowed"
    session.editor.limit(position, position + 1, "")
    qtbot.waitUntil(lambda: questions(engine)[-1].within is None)
    session.form.set(banned="star")
    qtbot.waitUntil(lambda: questions(engine)[-1].within is not None)


def test_a_question_that_the_engine_refuses_says_why(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEngine, "_answer", lambda self, run_id, request: Failed(run_id, "Nothing fits there."))
    hover(window, gap(window))
    qtbot.waitUntil(lambda: window.panel("position").facts.text() == "Nothing fits there.")
    assert not window.popover.isVisible()
    asked = window.services.pointer._question
    window.session.view.changed.emit()
    assert window.services.pointer._question == asked == 0
