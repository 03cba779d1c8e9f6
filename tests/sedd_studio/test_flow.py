"""A row that goes on in the next line is as high as what is in it, also after that has changed."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.widgets.controls.flow import Flow

WIDTH = 300


@pytest.fixture
def row(qtbot: QtBot) -> QWidget:
    """Three buttons in a widget of some width."""
    row = QWidget()
    Flow(*(QPushButton("a") for _ in range(3)), of=row)
    row.resize(WIDTH, 200)
    qtbot.addWidget(row)
    row.show()
    return row


def height(row: QWidget) -> int:
    QApplication.processEvents()
    return row.heightForWidth(WIDTH)


def test_it_follows_texts_and_what_is_hidden(row: QWidget) -> None:
    buttons = row.findChildren(QPushButton)
    one_line = height(row)
    buttons[1].setText("word " * 8)
    buttons[2].setText("word " * 8)
    assert height(row) > one_line
    buttons[2].hide()
    buttons[1].hide()
    assert height(row) == one_line
    buttons[2].show()
    buttons[1].show()
    buttons[1].setText("a")
    buttons[2].setText("a")
    assert height(row) == one_line
    buttons[0].setStyleSheet("font-size: 60px")
    assert height(row) > one_line
