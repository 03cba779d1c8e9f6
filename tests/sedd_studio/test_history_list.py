"""The list of the history: searched, opened, starred, compared, removed and brought back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import FREE
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.history import Entry, as_tree
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.history_rows import RunRows, excerpt, matches
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.recording import LEFT, Record, record, run, settled
from tests.sedd_studio.windows import cards_of, listed_in, read, window_of

__all__ = ["record"]


@pytest.fixture
def listed(session: Session, settings: Settings, keeper: Keeper, record: Record, qtbot: QtBot) -> MainWindow:
    """A window whose history shows two runs, seeds 2 and 1."""
    window = window_of(session, settings, qtbot, keeper)
    record(session)
    run(session, qtbot, steps=6, seed=1)
    run(session, qtbot, steps=5, seed=2)
    settled(keeper)
    QTest.keyClick(window, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seeds(window) == [2, 1])
    return window


def seeds(window: MainWindow) -> list[int]:
    return [entry.seed for entry in window.panel("history").runs.rows]


def row_point(window: MainWindow, row: int, from_right: int | None = None) -> QPoint:
    rect = window.panel("history").list.visualRect(window.panel("history").runs.index(row))
    return rect.center() if from_right is None else QPoint(rect.right() - from_right, rect.center().y())


def click(window: MainWindow, row: int, from_right: int | None = None) -> None:
    viewport = window.panel("history").list.viewport()
    QTest.mouseClick(viewport, LEFT, Qt.KeyboardModifier.NoModifier, row_point(window, row, from_right))


def test_typing_searches_and_enter_opens_the_run_with_its_settings(listed: MainWindow, qtbot: QtBot) -> None:
    assert listed.panel("history").search.hasFocus()
    QTest.keyClicks(listed.panel("history").search, "seed 1")
    qtbot.waitUntil(lambda: seeds(listed) == [1])
    click(listed, 0)
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_Return)
    session = listed.session
    read(session)
    qtbot.waitUntil(lambda: not session.playhead.playing)
    assert (session.form.now.seed, session.form.now.steps) == (1, 6)
    assert (session.view.canvas().tokens != FREE).all()
    listed.show_panel("history")
    QTest.keyClicks(listed.panel("history").search, " dinosaur")
    qtbot.waitUntil(lambda: seeds(listed) == [])
    assert listed.panel("history").filled.sentence.isVisible()


def test_however_long_a_text_is_pasted_as_a_search_it_is_over_at_once(listed: MainWindow, qtbot: QtBot) -> None:
    QApplication.clipboard().setText("s e " * 10_000)
    QTest.keyClick(listed.panel("history").search, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    settled(listed.services.keeper)
    assert seeds(listed) == [2, 1]
    assert len(listed.panel("history").search.text()) <= 200


def test_the_star_is_set_by_a_click_and_by_a_key_and_filters(listed: MainWindow, qtbot: QtBot) -> None:
    click(listed, 1, from_right=20)
    qtbot.waitUntil(lambda: [entry.favourite for entry in listed.panel("history").runs.rows] == [False, True])
    QTest.mouseClick(listed.panel("history").favourites, LEFT)
    qtbot.waitUntil(lambda: seeds(listed) == [1])
    click(listed, 0)
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: seeds(listed) == [])


def test_runs_of_the_history_stand_beside_each_other_with_their_differences(listed: MainWindow, qtbot: QtBot) -> None:
    assert not listed.panel("history").compare.isEnabled()
    click(listed, 1)
    assert not listed.panel("history").compare.isEnabled()
    QTest.mouseClick(
        listed.panel("history").list.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ControlModifier,
        row_point(listed, 0),
    )
    QTest.mouseClick(listed.panel("history").compare, Qt.MouseButton.LeftButton)
    read(listed.session)
    comparison = listed.services.comparison
    assert listed.panel("compare").isVisible()
    older, newer = comparison.panes
    assert [older.title, newer.title] == ["6 steps · seed 1", "5 steps · seed 2"]
    different = comparison.differences(older)
    assert different is not None
    assert older.run is not None
    assert different[~older.run.locked].all()  # other seeds, other letters
    assert not different[older.run.locked].any()
    assert comparison.differences(newer) is None
    comparison.seek(0.5)
    assert [pane.step_at(comparison.position) for pane in (older, newer)] == [3, 2]
    assert all(view.text.text() for view in cards_of(listed))


def test_a_removed_run_comes_back_by_undo(listed: MainWindow, qtbot: QtBot) -> None:
    click(listed, 0)
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: seeds(listed) == [1])
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: seeds(listed) == [2, 1])
    QTest.keyClick(listed, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: seeds(listed) == [1])


def test_a_run_that_is_opened_is_shown_on_the_page_with_the_text(listed: MainWindow, qtbot: QtBot) -> None:
    assert listed.panel("history").isVisible()
    QTest.keyClick(listed, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not listed.panel("history").isVisible()
    assert listed.canvas.isVisible()
    QTest.keyClick(listed, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(seeds(listed)) == 2)
    click(listed, 0)
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_Return)
    qtbot.waitUntil(listed.canvas.isVisible)
    read(listed.session)


def depths(window: MainWindow) -> list[tuple[int, str]]:
    runs = window.panel("history").runs
    return [(runs.index(row).data(RunRows.DEPTH), entry.change) for row, entry in enumerate(runs.rows)]


def test_a_branch_stands_under_its_run_and_says_what_was_changed(listed: MainWindow, qtbot: QtBot) -> None:
    session, commands = listed.session, listed.actions_by_name
    listed.places.show_beside("history")

    def done(count: int) -> None:
        qtbot.waitUntil(lambda: len(listed.panel("history").runs.rows) == count)
        qtbot.waitUntil(lambda: not session.runs.running and not session.playhead.playing)

    free = int((~session.view.document.locked).argmax())
    session.playhead.seek(3)
    session.editor.set_locked([free, free + 1], True)
    commands["go_on"].trigger()
    done(3)
    assert depths(listed) == [(0, ""), (1, "from step 3, 2 locks added"), (0, "")]
    session.view.select((free + 2, free + 5))
    commands["draw_again"].trigger()
    done(4)
    assert depths(listed)[:3] == [(0, ""), (1, "from step 3, 2 locks added"), (2, "from step 5, 3 tokens drawn again")]
    session.playhead.seek(session.playhead.recorded)
    session.view.select((free + 2, free + 4))
    commands["noise_again"].trigger()
    done(5)
    assert [depth for depth, _ in depths(listed)] == [0, 1, 2, 3, 0]
    assert depths(listed)[3][1].endswith("2 tokens sent back to noise")
    click(listed, 4)  # the other run, which is opened and branched as it is
    QTest.keyClick(listed.panel("history").list, Qt.Key.Key_Return)
    read(session)
    qtbot.waitUntil(lambda: session.form.now.seed == 1 and not session.playhead.playing)
    session.playhead.seek(2)
    commands["go_on"].trigger()
    done(6)
    assert depths(listed)[:2] == [(0, ""), (1, "from step 2")]
    assert seeds(listed)[:2] == [1, 1]


def test_a_note_is_written_on_a_run_kept_and_found(listed: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    note = listed.panel("history").note
    assert not note.isEnabled()
    click(listed, 1)
    note.setFocus()
    QTest.keyClicks(note, "for the talk")
    QTest.keyClick(note, Qt.Key.Key_Return)
    settled(keeper)
    qtbot.waitUntil(lambda: [entry.note for entry in listed.panel("history").runs.rows] == ["", "for the talk"])
    assert [entry.note for entry in listed_in(keeper)] == ["", "for the talk"]
    click(listed, 0)
    assert note.text() == ""
    click(listed, 1)
    assert note.text() == "for the talk"
    QTest.keyClicks(listed.panel("history").search, "talk")
    qtbot.waitUntil(lambda: seeds(listed) == [1])
    assert "for the talk" in listed.panel("history").runs.index(0).data(Qt.ItemDataRole.ToolTipRole)


def marked(window: MainWindow) -> int:
    """Pixels of a row in the colour of what was found."""
    view = window.panel("history").list.viewport()  # transparent: what lies behind it is grabbed, too
    picture = window.grab(QRect(view.mapTo(window, QPoint()), view.size())).toImage()
    over, base = window.look.colour("fresh"), picture.pixelColor(6, 24)  # of the row, which may be pointed at
    sides = ((over.red(), base.red()), (over.green(), base.green()), (over.blue(), base.blue()))
    wanted = [round(0.3 * one + 0.7 * other) for one, other in sides]
    found = 0
    for y in range(8, 40):
        for x in range(picture.width()):
            colour = picture.pixelColor(x, y)
            shades = (colour.red(), colour.green(), colour.blue())
            found += all(abs(one - two) < 12 for one, two in zip(shades, wanted, strict=True))
    return found


def test_what_is_looked_for_is_marked_in_the_rows(listed: MainWindow, qtbot: QtBot) -> None:
    assert marked(listed) == 0
    QTest.keyClicks(listed.panel("history").search, "upon")
    qtbot.waitUntil(lambda: listed.panel("history").runs.words == ["upon"])
    qtbot.waitUntil(lambda: marked(listed) > 50)


def test_words_are_found_as_the_history_finds_them() -> None:
    text = "Le café, 12 foxes and 120; 你好世界 🐉"
    assert [text[slice(*place)] for place in matches(text, ["cafe", "12", "fox", "世", "🐉"])] == [
        "café"[:4],
        "12",
        "fox",
        "世",
        "🐉",
    ]
    assert matches("한국", ["하"]) == []
    assert excerpt("a " * 60 + "fox at last", ["fox"]).endswith("fox at last")
    assert excerpt("a " * 60 + "fox at last", ["fox"]).startswith("… a")


def test_old_rows_stand_at_the_top_and_circles_are_none() -> None:
    rows = [
        Entry(number, "2026-01-01T00:00:00+00:00", "", "", "", 4, 1, 1, "", "", True, False, key, parent)
        for number, key, parent in ((1, "", ""), (2, "a", "b"), (3, "b", "a"), (4, "c", "lost"), (5, "d", "d"))
    ]
    tree = as_tree(rows)
    assert [(entry.id, depth) for entry, depth in tree] == [(5, 0), (4, 0), (2, 0), (3, 1), (1, 0)]


def test_a_row_with_the_number_nought_is_one_like_others(listed: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    with closing(sqlite3.connect(keeper.path, isolation_level=None)) as database:
        database.execute("UPDATE runs SET id = 0 WHERE id = (SELECT min(id) FROM runs)")
    before = listed.panel("history").runs.rowCount()
    listed.panel("history").favourites.click()
    qtbot.waitUntil(lambda: not listed.panel("history").runs.rowCount())
    listed.panel("history").favourites.click()
    qtbot.waitUntil(lambda: 0 in [entry.id for entry in listed.panel("history").runs.rows])
    assert listed.panel("history").runs.rowCount() == before
