"""What the next run replaces is told apart from what stays, and the button says how much it is."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_widgets_canvas import Left, free_word
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return window_of(scene.session, scene.settings, qtbot)


def looks(window: MainWindow, position: int) -> QImage:
    """How a position is drawn."""
    picture = window.canvas.picture
    box, height = picture.layout.boxes[position], picture.layout.line_height
    place = QRectF(
        QPointF(box.x, box.line * height) + picture.origin,
        QPointF(box.x + box.width, (box.line + 1) * height) + picture.origin,
    )
    return window.canvas.viewport().grab(place.toRect()).toImage()


def ink(image: QImage) -> float:
    """How far the darkest part is from the background."""
    grey = [image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())]
    return float(np.ptp(grey))


def ends(window: MainWindow, scene: Scene) -> None:
    scene.run(64)
    scene.play(64)
    QApplication.processEvents()


def test_a_word_that_is_finished_but_not_locked_does_not_look_final(scene: Scene, window: MainWindow) -> None:
    scene.run(64)
    scene.play(63)
    word = free_word(scene)
    while scene.session.view.canvas().age[word[0]] < 10:
        word = free_word(scene, after=word[1])
    runs, locked = looks(window, word[0]), looks(window, 1)
    scene.play(64)
    over = looks(window, word[0])
    assert ink(over) < ink(runs)
    assert over != runs
    assert looks(window, 1) == locked
    scene.session.editor.set_locked(list(range(*word)), True)
    assert scene.session.view.document.locked[word[0]]
    assert looks(window, word[0]) != over


def test_pointing_at_run_dims_what_it_replaces_until_it_is_pressed(scene: Scene, window: MainWindow) -> None:
    ends(window, scene)
    button, (free, _) = window.top_bar.run_button, free_word(scene)
    plain, locked = looks(window, free), looks(window, 1)
    QTest.mouseMove(window, window.canvas.geometry().center())
    QTest.mouseMove(button)
    assert ink(looks(window, free)) < ink(plain)
    assert looks(window, 1) == locked
    QTest.mouseClick(button, Left)
    scene.start()
    scene.play(64)
    assert looks(window, free) == plain


def test_the_button_says_how_much_it_fills_and_keeps_its_place(scene: Scene, window: MainWindow) -> None:
    button = window.top_bar.run_button
    free = int((~scene.session.view.document.locked).sum())
    place = button.geometry()
    assert button.text() == f"Fill {free} tokens"
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_L)
    now = int((~scene.session.view.document.locked).sum())
    assert now > free
    assert button.text() == f"Fill {now} tokens"
    scene.run(16)
    scene.play(3)
    assert button.text() == f"Filling {now} tokens"
    assert button.accessibleName() == f"Run: filling {now} tokens"
    scene.play(16)
    scene.session.editor.set_prompt("Once [1] a time")
    assert button.text() == "Fill 1 token"
    QApplication.processEvents()
    assert button.geometry() == place
