"""Several samples of a run as cards: pick one, keep one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from engine.performing.engine import Engine
from engine.protocol import FREE, Bounded, Event, Frame, Score, Started
from engine.protocol import LoadModel as Load
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.record.settings import Settings
from sedd_studio.session.ranking import Place
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.sample_cards import Roles
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.test_steering import window as real_window  # a fixture
from tests.sedd_studio.windows import listed_in

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
__all__ = ["real_window"]


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    """A finished run of four samples."""
    session = make_session(engine)
    session.form.set(steps=6, samples=4)
    window = MainWindow(Services(session, settings, keeper), theme.LIGHT)
    qtbot.addWidget(window)
    window.show()
    assert window.samples.isHidden()
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    return window


def click(window: MainWindow, row: int, star: bool = False) -> None:
    strip = window.samples
    rect = strip.visualRect(strip.cards.index(row))
    place = strip.painter.star_area(rect.toRectF()).center().toPoint() if star else rect.center() + QPoint(0, 10)
    QTest.mouseClick(strip.viewport(), LEFT, NONE, place)


def test_every_sample_has_a_card_with_its_text_at_the_playhead(window: MainWindow) -> None:
    session, cards = window.session, window.samples.cards
    assert window.samples.isVisible()
    assert cards.rowCount() == 4
    assert session.models.tokenizer is not None
    for sample in range(4):
        whole = session.view.document.visible(6, sample)  # what is locked, too
        assert cards.index(sample).data() == session.models.tokenizer.decode(whole.tolist()).strip()
        assert cards.index(sample).data().startswith("Once upon a time")
    session.playhead.seek(0)
    masked = int((session.view.canvas().tokens == FREE).sum())
    assert cards.index(1).data().count("\N{MIDDLE DOT}") == masked


@pytest.mark.parametrize(("wide", "high"), [(1280, 720), (1366, 768), (1600, 1000), (900, 720)])
@pytest.mark.parametrize("samples", [2, 4, 7, 12])
def test_cards_stand_whole_or_it_is_seen_that_there_are_more(
    wide: int, high: int, samples: int, window: MainWindow, qtbot: QtBot
) -> None:
    window.session.form.set(samples=samples)
    window.session.runs.start()
    window.resize(wide, high)
    strip = window.samples
    qtbot.waitUntil(lambda: strip.cards.rowCount() == samples and window.session.runs.state is RunState.DONE)
    room = strip.viewport().width()
    qtbot.waitUntil(lambda: strip.visualRect(strip.cards.index(0)).width() == strip.painter.wide + 8)
    rows = [strip.visualRect(strip.cards.index(row)) for row in range(samples)]
    assert rows[0].width() > 170
    if rows[-1].right() >= room:
        cut = next(row for row in rows if row.right() >= room)
        assert 0.4 < (room - cut.left()) / cut.width() < 0.6
    assert samples > 4 or wide < 1280 or rows[-1].right() < room


def test_what_a_ranked_card_says_never_lies_over_its_number(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(1, 4, Bounded(0, 2.31, 0.01, 0.02, 40, 4))
    session, strip = window.session, window.samples
    session.playhead.seek(2)
    for wide in (180, 205, 212):
        strip.painter.wide = wide
        with monkeypatch.context() as patched:
            empty = head_of(window)
            patched.setattr(window.services.ranking, "place", lambda sample: place)
            ranked = head_of(window)
        assert ranked != empty
        number = ranked.copy(0, 0, 20, ranked.height())  # as it is without
        assert number == empty.copy(0, 0, 20, empty.height())


def head_of(window: MainWindow) -> QImage:
    """The line at the top of the first card, as it is drawn."""
    strip = window.samples
    option = QStyleOptionViewItem()
    option.initFrom(strip)
    option.rect = QRect(0, 0, strip.painter.wide + 8, 84)
    option.widget = strip
    image = QImage(option.rect.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as painter:
        strip.painter.paint(painter, option, strip.cards.index(0))
    return image.copy(0, 0, strip.painter.wide, 20)


def test_a_click_or_the_arrows_pick_a_sample_and_the_timeline_follows(window: MainWindow) -> None:
    session = window.session
    click(window, 2)
    assert session.playhead.sample == 2
    assert window.timeline.sample_text.text() == "sample 3/4"
    window.samples.setFocus()
    QTest.keyClick(window.samples, Qt.Key.Key_Left)
    assert session.playhead.sample == 1
    QTest.mouseClick(window.timeline.later, LEFT)
    assert window.samples.currentIndex().row() == 2


def test_a_kept_sample_is_a_favourite_run_of_its_own_in_the_history(
    window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    run = window.session.view.run
    assert run is not None
    click(window, 0, star=True)
    assert window.session.playhead.sample == 0
    window.session.playhead.set_sample(3)
    window.samples.setFocus()
    QTest.keyClick(window.samples, Qt.Key.Key_S)
    window.actions_by_name["keep_sample"].trigger()  # a second time changes nothing
    qtbot.waitUntil(lambda: len(listed_in(keeper, favourites=True)) == 2)
    newest, oldest = listed_in(keeper, favourites=True)
    for entry, sample in ((oldest, 0), (newest, 3)):
        kept = keeper.runs([entry.id])[0]
        assert kept.samples == 1
        assert kept.origin is not None
        assert kept.origin.request.first_sample == sample
        for step in range(7):
            np.testing.assert_array_equal(kept.at(step, 0), run.at(step, sample))
    assert "kept" in window.samples.cards.index(3).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "kept" not in window.samples.cards.index(1).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_sample_kept_during_a_run_is_kept_once_as_the_run_ended(
    window: MainWindow, engine: FakeEngine, keeper: Keeper, qtbot: QtBot, stopped: bool
) -> None:
    session = window.session
    engine.hold_at = 3
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    click(window, 2, star=True)
    assert "kept" in window.samples.cards.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    if stopped:
        session.runs.stop()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is not RunState.RUNNING)
    click(window, 2, star=True)  # it is kept already
    click(window, 1, star=True)
    qtbot.waitUntil(lambda: len(listed_in(keeper, favourites=True)) == 2)
    _, entry = listed_in(keeper, favourites=True)
    kept, run = keeper.runs([entry.id])[0], session.view.run
    assert run is not None
    assert entry.finished is not stopped
    assert kept.recorded == run.recorded
    np.testing.assert_array_equal(kept.newest, run.newest[2:3])


def test_a_kept_sample_is_made_again_by_its_own_request(real_window: MainWindow, tmp_path: Path) -> None:
    """With the real engine, under both kinds of noise: the same tokens in every step."""
    run = real_window.session.view.run
    assert run is not None
    kept = run.only(1)
    assert kept.origin is not None
    engine = Engine()
    list(engine.perform(0, Load(kept.origin.info.path, "auto", "auto")))
    events: list[Event] = list(engine.perform(1, kept.origin.request))
    assert isinstance(events[0], Started)
    tokens = events[0].tokens.copy()
    for event in events[1:-1]:
        assert isinstance(event, Frame)
        tokens[event.sample, event.position] = event.token
        shown = kept.at(event.step, 0)[0]
        np.testing.assert_array_equal(tokens[0], shown)
    assert kept.result is not None
    assert len(kept.result.log_weights) == 1


def rank(window: MainWindow) -> None:
    window.show_panel("likelihood")
    QTest.mouseClick(window.panel("likelihood").rank, LEFT)


def test_the_samples_are_ranked_by_what_they_filled_in_given_the_locked_words(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.nats_of = lambda request: (2.3, 2.1, 2.4, 2.2)[sample_of(request, window)]
    window.session.playhead.seek(2)  # the ends are scored, wherever the playhead is
    rank(window)
    qtbot.waitUntil(lambda: window.services.ranking.queue.done == 4)
    scores = [request for request in engine.requests if isinstance(request, Score)]
    assert [sample_of(request, window) for request in scores] == [0, 1, 2, 3]
    for request in scores:
        np.testing.assert_array_equal(request.given, window.session.view.document.locked)
    places = [window.services.ranking.place(sample) for sample in range(4)]
    assert [place and place.rank for place in places] == [3, 1, 4, 2]
    best = window.samples.cards.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "number 1 of 4 by likelihood: at most 2.100 ± 0.040 nats a token" in best
    card = window.samples.cards.index(1)
    assert card.data(Roles.OF_THE_LAST)  # the card shows an earlier text, and says that its place is of the last
    window.session.playhead.seek(window.session.playhead.recorded)
    assert not card.data(Roles.OF_THE_LAST)
    window.session.runs.start()
    assert not window.panel("likelihood").rank.isEnabled()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    assert window.services.ranking.place(1) is None  # another run is on show


def sample_of(request: Score, window: MainWindow) -> int:
    document, last = window.session.view.document, window.session.playhead.recorded
    return next(k for k in range(4) if np.array_equal(document.visible(last, k), request.tokens))


def test_a_ranking_can_be_stopped_and_what_is_known_stays(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.nats_of = lambda request: 2.0 if sample_of(request, window) == 0 or engine.go.wait(PATIENCE) else 3.0
    rank(window)
    qtbot.waitUntil(lambda: window.services.ranking.queue.done == 1)
    assert window.panel("likelihood").note.text().startswith("Ranking: 1 of 4 samples scored. ")
    assert window.panel("likelihood").progress.value() == 250
    QTest.mouseClick(window.panel("likelihood").stop, LEFT)
    engine.go.set()
    assert not window.services.ranking.queue.busy
    assert window.services.ranking.place(0) is not None
    assert window.services.ranking.place(1) is None
    assert window.panel("likelihood").rank.isEnabled()


def test_the_menu_ranks_with_the_likelihood_panel_open(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.panel("likelihood").isVisible()
    window.actions_by_name["rank_samples"].trigger()
    assert window.panel("likelihood").isVisible()
    qtbot.waitUntil(lambda: window.services.ranking.queue.done == 4)


def test_one_sample_and_an_unfinished_run_are_not_ranked(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session = window.session
    engine.hold_at = 3
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    assert "busy" in window.services.ranking.hindrance
    session.runs.stop()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is not RunState.RUNNING)
    assert "came to its end" in window.services.ranking.hindrance
    session.form.set(samples=1)
    engine.hold_at = None
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert "several samples" in window.services.ranking.hindrance
    assert not window.panel("likelihood").rank.isEnabled()
