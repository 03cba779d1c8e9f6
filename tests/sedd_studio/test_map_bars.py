"""The scroll bars of a map are there where they are needed, and come to rest."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.widgets.controls.map_view import ZOOM, MapView

OFTEN = 40


class Counted(MapView):
    """Is hidden when it has been laid out so often that it would not end."""

    laid_out = 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.laid_out += 1
        if self.laid_out == OFTEN:
            self.hide()


@pytest.fixture
def view(qtbot: QtBot) -> Counted:
    view = Counted(Look(LIGHT))
    qtbot.addWidget(view)
    view.show()
    return view


@pytest.mark.parametrize(("rows", "columns"), [(9, 64), (17, 22), (65, 64), (3, 300)])
def test_bars_come_to_rest_at_every_size(view: Counted, rows: int, columns: int) -> None:
    view.show_cells(np.zeros((rows, columns), np.uint8), rows, ["a"] * columns)
    for power in range(4):
        for width in range(300, 1000, 61):
            for height in (150, 330, 487):
                view.resize(width, height)
                view.laid_out = 0
                view.set_zoom(ZOOM**power)
                for _ in range(3):
                    QApplication.processEvents()
                assert view.laid_out < OFTEN, (width, height, power)
                seen = view.places.plot
                bars = (view.horizontalScrollBar(), view.verticalScrollBar())
                for bar, whole, page in zip(bars, view.places.whole, (seen.width(), seen.height()), strict=True):
                    assert bar.isVisible() or whole <= page + 1
                    assert bar.maximum() >= whole - page - 1


def test_a_map_that_is_seen_whole_has_no_bars(view: Counted) -> None:
    view.show_cells(np.zeros((9, 64), np.uint8), 9, ["a"] * 64)
    for zoom, seen in ((1.0, False), (2.0, True), (1.0, False)):
        view.set_zoom(zoom)
        QApplication.processEvents()
        assert view.horizontalScrollBar().isVisible() is seen
