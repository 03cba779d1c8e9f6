"""Areas that scroll."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.widgets.controls.layouts import Sheet, column


def test_a_bar_goes_once_nothing_need_scroll_without_it(qtbot: QtBot) -> None:
    """Beside the bar the text takes a line more, so that it would be needed for good."""
    text = QLabel("Once upon a time there was a little girl named Lily who loved to play in the park. " * 4)
    text.setWordWrap(True)
    inner = QWidget()
    column(text, of=inner)
    sheet = Sheet(inner)
    qtbot.addWidget(sheet)
    sheet.show()
    bar = sheet.verticalScrollBar()
    beside = bar.sizeHint().width()
    width = next(w for w in range(300, 600) if inner.heightForWidth(w - beside) > inner.heightForWidth(w))
    tall = inner.heightForWidth(width)
    for height, there in ((tall - 1, True), (tall, False), (tall // 2, True), (tall, False)):
        sheet.resize(width, height)
        qtbot.waitUntil(lambda there=there: bar.isVisible() == there)  # type: ignore[misc]
        assert sheet.viewport().width() == width - there * beside
    sheet.resize(width, tall - 1)
    text.setText("Once upon a time.")
    qtbot.waitUntil(lambda: not bar.isVisible())


class Contrary(QWidget):
    """Told to be low as long as it is narrow, tall once it is wide."""

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return 400 if self.width() >= 300 else 100

    def minimumSizeHint(self) -> QSize:
        return QSize(50, self.heightForWidth(0))


def test_what_needs_a_bar_only_without_one_has_it_and_the_area_comes_to_rest(qtbot: QtBot) -> None:
    inner = QWidget()
    column(Contrary(), gap=0, of=inner)
    sheet = Sheet(inner)
    qtbot.addWidget(sheet)
    sheet.show()
    requests = []
    sheet.verticalScrollBar().rangeChanged.connect(lambda *span: requests.append(span))
    for height in (200, 201, 200):
        sheet.resize(300, height)
        for _ in range(100):
            QApplication.processEvents()
    assert len(requests) < 30
