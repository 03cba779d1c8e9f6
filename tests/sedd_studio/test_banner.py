"""An error, and an offer to bring back what was left, are told of over the text, and move nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.history import LeftOver
from sedd_studio.widgets.panels.shelf_panel import ShelfPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
LONG = "What was read is none of what can be read here; choose another file, or write it anew. " * 3


@pytest.fixture
def window(scene: Scene, qtbot: QtBot, keeper: Keeper) -> MainWindow:
    scene.run(16)
    scene.play(16)
    return window_of(scene.session, scene.settings, qtbot, keeper)


def places(window: MainWindow) -> dict[str, QRect]:
    """Where every part of the window is but what lies over it."""
    QApplication.processEvents()
    parts = (part for part in window.findChildren(QWidget) if part.isVisible() and not part.isWindow())
    over = (window.banner, window.recovery_bar)
    return {
        str(number): part.rect().translated(part.mapTo(window, part.rect().topLeft()))
        for number, part in enumerate(parts)
        if part not in over and not any(one.isAncestorOf(part) for one in over)
    }


@pytest.mark.parametrize("size", [(900, 560), (1280, 720), (1600, 1000)])
@pytest.mark.parametrize("page", ["studio", "likelihood"])
def test_an_error_and_its_details_move_nothing(window: MainWindow, size: tuple[int, int], page: str) -> None:
    window.resize(*size)
    window.places.show_page(page)
    before, folded = places(window), window.run_form.summary.isVisible()
    banner = window.banner
    window.session.errors.show(LONG, "one line\n" * 40)
    assert list(places(window).values()) == list(before.values())
    QTest.mouseClick(banner.details, LEFT)
    assert banner.detail_text.isVisible()
    assert list(places(window).values()) == list(before.values())
    assert window.run_form.summary.isVisible() == folded
    area = banner.rect().translated(banner.mapTo(window, banner.rect().topLeft()))
    assert window.rect().contains(area)
    assert banner.headline.height() >= banner.headline.heightForWidth(banner.headline.width())
    if page == "studio":
        timeline = window.timeline.mapTo(window, window.timeline.rect().topLeft())
        assert area.bottom() < timeline.y()
        assert area.top() > window.canvas.mapTo(window, window.canvas.rect().topLeft()).y()


def area_of(window: MainWindow, part: QWidget) -> QRect:
    return part.rect().translated(part.mapTo(window, part.rect().topLeft()))


@pytest.mark.parametrize("size", [(900, 560), (1280, 720), (1600, 1000)])
@pytest.mark.parametrize("page", ["studio", "compare"])
def test_an_offer_moves_nothing_and_an_error_stands_above_it(
    window: MainWindow, size: tuple[int, int], page: str
) -> None:
    window.resize(*size)
    window.places.show_page(page)
    before, bar = places(window), window.recovery_bar
    bar.offer(LeftOver({"prompt": "x"}, None))
    assert list(places(window).values()) == list(before.values())
    area = area_of(window, bar)
    assert window.rect().contains(area)
    over = window.timeline if page == "studio" else window.statusBar()
    assert 0 < area_of(window, over).top() - area.bottom() < 24
    assert bar.text.height() >= bar.text.heightForWidth(bar.text.width())
    window.session.errors.show(LONG, "one line\n" * 40)
    assert list(places(window).values()) == list(before.values())
    assert 0 < area.top() - area_of(window, window.banner).bottom() < 24
    QTest.mouseClick(bar.dismiss_button, LEFT)
    QApplication.processEvents()
    assert 0 < area_of(window, over).top() - area_of(window, window.banner).bottom() < 24
    assert list(places(window).values()) == list(before.values())


def test_an_offer_and_an_error_are_reached_by_tab_in_their_order(window: MainWindow) -> None:
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, None))
    window.session.errors.show("It did not work; try again.")
    window.top_bar.device.setFocus()
    for part in (window.recovery_bar.restore_button, window.recovery_bar.dismiss_button, window.banner.close_button):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget() is part


def test_an_error_stays_in_its_place_when_the_window_or_the_page_is_another(window: MainWindow) -> None:
    window.resize(1280, 720)
    window.session.errors.show("It did not work; try again.")
    pages = "studio", "studio", "history", "compare"
    for size, page in zip(((1600, 1000), (900, 560), (1100, 800), (900, 560)), pages, strict=True):
        window.resize(*size)
        window.places.show_page(page)
        QApplication.processEvents()
        area = window.banner.rect().translated(window.banner.mapTo(window, window.banner.rect().topLeft()))
        assert window.rect().contains(area)
        over = {"studio": window.timeline, "history": window.panel("history").note}.get(page, window.statusBar())
        assert 0 < over.mapTo(window, over.rect().topLeft()).y() - area.bottom() < 28
    QTest.mouseClick(window.banner.close_button, LEFT)
    assert not window.banner.isVisible()


@pytest.mark.parametrize("size", [(900, 560), (1280, 720)])
def test_messages_cover_none_of_the_buttons_with_which_a_download_is_tried_again(
    window: MainWindow, size: tuple[int, int], qtbot: QtBot
) -> None:
    window.resize(*size)
    window.places.show_page("models")
    panel = window.places.widgets["models"].findChild(ShelfPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: bool(panel.rows.rows))
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, None))
    window.session.errors.show(LONG)
    QApplication.processEvents()
    for part in (window.recovery_bar, window.banner):
        assert not area_of(window, part).intersects(area_of(window, panel.card))
        assert area_of(window, panel.filled).contains(area_of(window, part))
