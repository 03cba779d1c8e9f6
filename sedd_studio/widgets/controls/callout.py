"""What the guided tour says, in a card beside what it points at, and the outline round that."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import column, row

WIDTH, GAP, MARGIN = 292, 14, 14
"""Pixels of the card, between it and what it points at, and from the edge of the window."""
LINE = 3.0
"""Pixels of the outline, which stands so far round what it is about."""


class Outline(QWidget):
    """A frame round another part of the window; clicks go through it."""

    def __init__(self, look: Look, home: QWidget) -> None:
        super().__init__(home)
        self._look = look
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def surround(self, target: QRect) -> None:
        """Stands round a place of its home, as far as that is in sight."""
        home, wide = self.parentWidget(), round(LINE) + 1
        assert home is not None
        self.setGeometry(target.adjusted(-wide, -wide, wide, wide) & home.rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            half = LINE / 2
            painter.setPen(QPen(self._look.colour("accent"), LINE))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), 9, 9)


class Callout(QFrame):
    """Says a `head`, a title and a text, with two buttons, which whoever tells it connects."""

    def __init__(self, look: Look, home: QWidget) -> None:
        super().__init__(home)
        self.setObjectName("callout")
        self.head, self.title, self.text = label("", "help"), label("", "strong"), label()
        self.text.setWordWrap(True)
        self.first, self.second = QPushButton(), QPushButton()
        for button in (self.first, self.second):
            button.setProperty("kind", "small")
            button.setAutoDefault(False)
        buttons = row(self.first, self.second, None, gap=8)
        column(self.head, self.title, self.text, 4, buttons, gap=5, margins=(16, 12, 16, 14), of=self)
        self.setFixedWidth(WIDTH)
        self.hide()

    def tell(self, head: str, title: str, text: str, first: str, second: str) -> None:
        """Says something else, aloud, too."""
        for part, said in ((self.head, head), (self.title, title), (self.text, text)):
            part.setText(said)
        for button, said in ((self.first, first), (self.second, second)):
            button.setText(said)
            button.setAccessibleDescription(f"{head}: {title}. {text}")
        self.setAccessibleName(f"{head}: {title}. {text}")
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def place(self, target: QRect | None, avoided: Iterable[QRect]) -> None:
        """Goes beside what it points at, over nothing that is `avoided`; else, and without a target, to the corner."""
        home, layout = self.parentWidget(), self.layout()
        assert home is not None
        assert layout is not None
        size = QSize(WIDTH, layout.totalHeightForWidth(WIDTH))
        corner = place_of(target, size, home.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), tuple(avoided))
        self.setGeometry(QRect(corner, size))
        self.raise_()


def place_of(target: QRect | None, size: QSize, room: QRect, avoided: tuple[QRect, ...]) -> QPoint:
    """Where in a `room` something of a size stands beside a target: at the foot of its right side, above it, under it,
    at its left; in the corner at the foot where that covers what is to be avoided, or has no room."""
    foot = QPoint(room.right() - size.width() + 1, room.bottom() - size.height() + 1)
    if target is None:
        return foot
    wide, high = size.width() + GAP, size.height() + GAP
    for corner in (
        QPoint(target.right() + 1 + GAP, max(target.top(), target.bottom() + 1 - size.height())),
        QPoint(target.left(), target.top() - high),
        QPoint(target.left(), target.bottom() + 1 + GAP),
        QPoint(target.left() - wide, target.top()),
    ):
        level = QPoint(min(max(corner.x(), room.left()), foot.x()), min(max(corner.y(), room.top()), foot.y()))
        place = QRect(level, size)
        if not any(place.intersects(other) for other in (target, *avoided)):
            return level
    return foot
