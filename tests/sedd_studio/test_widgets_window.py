"""The whole window: keys that two things could want, themes, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme as themes
from sedd_studio.painting.theme import Look
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.page_names import LEARN
from sedd_studio.window.panels import PANELS
from sedd_studio.window.services import Services
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import cards_of, read


@pytest.fixture
def window(scene: Scene, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    before = qapp.palette(), qapp.font()
    themes.apply(qapp, themes.LIGHT)
    window = MainWindow(
        Services(scene.session, Settings(tmp_path / "window.json"), Keeper(tmp_path / "history.sqlite3")), themes.LIGHT
    )
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    yield window
    qapp.setPalette(before[0])
    qapp.setFont(before[1])


def test_control_and_enter_run_from_anywhere_and_what_is_typed_in_the_prompt_first(
    scene: Scene, window: MainWindow, qtbot: QtBot
) -> None:
    asked = len(scene.runner.requests)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(scene.runner.requests[-1], Generate)
    assert len(scene.runner.requests) == asked + 1
    window.prompt.toggle.setChecked(True)
    window.prompt.editor.setPlainText("A fox [5] home.")
    QTest.keyClick(window.prompt.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert scene.session.view.prompt == "A fox [5] home."
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert (request.tokens == FREE).sum() == 5
    assert len(scene.runner.requests) == asked + 2


def test_arrows_on_the_canvas_move_its_cursor_and_not_the_playhead(
    scene: Scene, window: MainWindow, qtbot: QtBot
) -> None:
    scene.run(8)
    scene.play(8)
    scene.session.playhead.seek(4)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert scene.session.playhead.step == 4


def test_space_presses_the_button_that_has_the_focus(scene: Scene, window: MainWindow, qtbot: QtBot) -> None:
    scene.run(8)
    scene.play(8)
    window.top_bar.seed.dice.setFocus()
    seed = scene.session.form.now.seed
    QTest.keyClick(window.top_bar.seed.dice, Qt.Key.Key_Space)
    assert scene.session.form.now.seed != seed
    assert not scene.session.playhead.playing


def test_another_theme_is_put_on_at_once(window: MainWindow, qapp: QApplication) -> None:
    window.actions_by_name["theme_dark"].trigger()
    assert window.look.theme is themes.DARK
    assert qapp.palette().window().color() == themes.DARK.colour("window")
    assert window.settings["theme"] == "dark"


def test_the_size_of_the_text_is_remembered(window: MainWindow) -> None:
    window.canvas.zoom_by(1)
    assert window.settings["zoom"] == window.canvas.zoom > 1


def test_everything_that_takes_the_focus_has_a_name(window: MainWindow) -> None:
    takers = [
        part
        for part in window.findChildren(QWidget)
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible() and not part.objectName().startswith("qt_")
    ]
    nameless = [
        type(part).__name__
        for part in takers
        if not part.accessibleName() and not (isinstance(part, QAbstractButton) and part.text())
    ]
    assert len(takers) > 10
    assert not nameless


def test_nothing_is_cut_off_at_the_smallest_size(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(window.minimumSize())
    QApplication.processEvents()
    for button in (window.top_bar.run_button, window.top_bar.pause, window.top_bar.step, window.top_bar.stop):
        assert button.width() >= button.minimumSizeHint().width()
    assert window.timeline.step.width() >= window.timeline.step.sizeHint().width()
    assert window.canvas.viewport().height() > 60


@pytest.mark.parametrize("theme", themes.THEMES.values(), ids=list(themes.THEMES))
def test_text_stands_out_from_what_is_behind_it(theme: themes.Theme) -> None:
    pairs = [
        ("text", "window", 7.0),
        ("text", "panel", 7.0),
        ("muted", "panel", 4.5),
        ("muted", "window", 4.5),
        ("lock_text", "lock_fill", 4.5),
        ("fresh", "window", 4.5),
        ("on_accent", "accent", 4.5),
        ("error", "error_fill", 4.5),
        ("accent", "window", 3.0),
    ]
    for front, back, least in pairs:
        assert contrast(theme, front, back) >= least, (theme.name, front, back)


def contrast(theme: themes.Theme, front: str, back: str) -> float:
    """The contrast ratio of two colours as WCAG defines it, 1 to 21."""
    one, other = sorted((luminance(theme, front), luminance(theme, back)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def luminance(theme: themes.Theme, name: str) -> float:
    colour = theme.colour(name)
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_part_of_the_window_is_drawn_in_the_theme_that_is_chosen(window: MainWindow) -> None:
    window.show_panel("compare")
    window.services.comparison.start()
    window.actions_by_name["theme_dark"].trigger()
    assert cards_of(window)
    parts = window.findChildren(QObject)
    held = {type(part).__name__: getattr(part, "_look", getattr(part, "look", None)) for part in parts}
    assert {"Track", "PaneText", "CardPainter", "Sign"} <= {name for name, look in held.items() if look is window.look}
    assert cards_of(window)
    painters = [window.canvas.picture._painter, *(view.text._painter for view in cards_of(window))]
    assert all(painter.theme is themes.DARK for painter in painters)
    middle = window.top_bar.stop.icon().pixmap(16).toImage().pixelColor(8, 8)
    assert middle == themes.DARK.colour("text")


def shown(window: MainWindow, qtbot: QtBot) -> QImage:
    """The window once all that is on show wears the theme and is laid out, which takes a turn for what is new."""
    parts = [part for part in window.findChildren(QWidget) if part.property(themes.WORN) and part.isVisible()]
    qtbot.waitUntil(lambda: {part.property(themes.WORN) for part in parts} == {window.look.theme.name})
    seen = [window.grab().toImage()]

    def settled() -> bool:
        seen.append(window.grab().toImage())
        return seen[-1] == seen[-2]

    qtbot.waitUntil(settled)
    qtbot.wait(60)
    qtbot.waitUntil(settled)
    return seen[-1]


def test_the_icon_of_a_hidden_button_is_drawn_in_another_theme_when_the_button_is_shown(qtbot: QtBot) -> None:
    look = Look(themes.LIGHT)
    hidden, shown = (IconButton("menu", "Menu", look) for _ in range(2))
    for button in (hidden, shown):
        qtbot.addWidget(button)
    shown.show()
    size, light = hidden.iconSize(), hidden.icon().pixmap(hidden.iconSize()).toImage()
    look.change(themes.DARK)
    dark = shown.icon().pixmap(size).toImage()
    assert dark != light
    assert hidden.icon().pixmap(size).toImage() == light
    hidden.show()
    assert hidden.icon().pixmap(size).toImage() == dark
    look.change(themes.LIGHT)
    assert hidden.icon().pixmap(size).toImage() == light


def test_what_was_hidden_while_the_theme_changed_is_drawn_in_it_when_it_is_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    names = [name for name in PANELS if name not in ("models", LEARN)]  # what these show comes when it comes
    looks: dict[str, list[QImage]] = {}
    for choice in ("dark", "light", "dark"):
        window.places.reset()
        window.actions_by_name[f"theme_{choice}"].trigger()
        for name in names:
            window.show_panel(name)
            window.top_bar.run_button.setFocus()
            read(window.session)
            looks.setdefault(f"{choice} {name}", []).append(shown(window, qtbot))
    window.services.keeper.close()  # which the page of the history began
    for name in names:
        first, again = looks[f"dark {name}"]
        assert first == again, name
        assert first != looks[f"light {name}"][0], name


def test_a_theme_is_put_on_a_part_at_a_turn_and_first_on_what_is_on_show(window: MainWindow, qtbot: QtBot) -> None:
    """All at once took more than a tenth of a second."""
    parts = [part for part in window.findChildren(QWidget) if part.property(themes.WORN)]
    parts += [page for page in window.places.pages.values() if page not in parts]
    order: list[QWidget] = []
    early: list[QWidget] = []
    turns: list[int] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            part = next(part for part in parts if part is watched)
            if event.type() == QEvent.Type.StyleChange and part not in order:
                order.append(part)
                turns.append(turn)
            if event.type() == QEvent.Type.Paint and part not in order:
                early.append(part)
            return False

    turn = 0

    def count() -> None:
        nonlocal turn
        turn += 1

    watch, turning = Watch(), QTimer()
    turning.timeout.connect(count)
    turning.start(0)
    for part in parts:
        part.installEventFilter(watch)
    window.actions_by_name["theme_dark"].trigger()
    assert not order
    qtbot.waitUntil(lambda: len(order) == len(parts), timeout=60_000)
    assert [part.isVisible() for part in order] == sorted((part.isVisible() for part in parts), reverse=True)
    assert {part.isVisible() for part in order} == {True, False}
    assert len(set(turns)) == len(parts)
    assert not early


def test_a_page_that_is_shown_before_its_turn_is_not_painted_in_the_theme_of_before(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_panel("compare")
    window.places.reset()
    shown(window, qtbot)
    worn: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                worn.append(page.property(themes.WORN))
            return False

    page, watch = window.places.pages["compare"], Watch()
    page.installEventFilter(watch)
    window.actions_by_name["theme_dark"].trigger()
    window.show_panel("compare")
    qtbot.waitUntil(lambda: bool(worn))
    assert set(worn) == {"dark"}


def test_typing_goes_on_where_it_was_after_control_and_enter(scene: Scene, window: MainWindow, qtbot: QtBot) -> None:
    window.prompt.toggle.click()
    field = window.prompt.editor
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "A fox [8]")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, " home.")
    assert field.toPlainText() == "A fox [8] home."


def test_the_name_of_a_file_is_shown_plainly_in_the_title(scene: Scene, window: MainWindow) -> None:
    scene.session.pages.call("a\u202etxt.exe\tq[*].txt")
    assert not set("\u202e\t") & set(window.windowTitle())
    assert window.windowTitle().startswith("a\ufffdtxt.exe q[*][*].txt")


def test_what_one_noise_left_open_is_not_taken_up_under_another(scene: Scene, window: MainWindow) -> None:
    def taken_up() -> set[bool]:
        return {scene.session.runs.can_go_on, scene.session.runs.can_noise_again}

    scene.run(steps=8)
    scene.play(8)
    scene.session.playhead.seek(3)
    scene.session.view.select((0, len(scene.session.view.document.tokens)))
    assert taken_up() == {True}
    scene.load(replace(scene.info, name="other", noise="uniform", mask_id=None))
    assert scene.session.view.run is not None
    assert taken_up() == {False}


def test_a_fresh_page_has_no_word_of_what_went_wrong_before(scene: Scene, window: MainWindow) -> None:
    scene.session.errors.show("It cannot be; choose another.")
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert scene.session.errors.current is None
