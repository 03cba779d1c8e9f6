"""Small controls that several widgets use: labels, a choice list, numbers and sliders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QCoreApplication, QRectF, QSignalBlocker, Qt, SignalInstance
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QStatusTipEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QSlider,
)

from engine import plain_text
from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look


def keep_up(refresh: Callable[[], object], *signals: SignalInstance) -> None:
    """Calls `refresh` now, and whenever one of the signals is told."""
    for signal in signals:
        signal.connect(refresh)
    refresh()


def label(text: str = "", role: str = "") -> QLabel:
    """A plain-text label; `role` picks its look in the style sheet."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def plain(text: str) -> str:
    """A text as a tooltip or a question shows it as it is; Qt may take one for markup in which there is a "<"."""
    text = plain_text.plain(text)
    if "<" not in text:
        return text
    import html  # seldom needed, and not before the window is painted

    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"


def literal(text: str) -> str:
    """A text as a button or a menu shows it as it is: a single "&" would underline what follows."""
    return text.replace("&", "&&")


GAP = "   "
"""Between the parts of a line."""


class Elided(QLabel):
    """One line of quiet text, or of parts of which the last give way first, that ends in dots where it has no room."""

    def __init__(self, role: str = "muted") -> None:
        super().__init__()
        self.parts: tuple[str, ...] = ()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, *parts: str) -> None:
        if parts != self.parts:
            self.parts = parts
            self.setToolTip(plain(GAP.join(parts)))
            self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics, parts = self.fontMetrics(), self.parts
        while len(parts) > 1 and metrics.horizontalAdvance(GAP.join(parts)) > self.width():
            parts = parts[:-1]
        self.setText(metrics.elidedText(GAP.join(parts), Qt.TextElideMode.ElideRight, self.width()))


class ProgressLine(QProgressBar):
    """A thin line that fills; it is there only while something goes on, but keeps its place."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setRange(0, 1000)
        self.setAccessibleName(name)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)

    def show_share(self, share: float | None) -> None:
        """How much is done, from 0 to 1; None: nothing goes on."""
        self.setVisible(share is not None)
        self.setValue(0 if share is None else round(1000 * share))


class Check(QCheckBox):
    """A box to tick, drawn by us: the style's own is hardly seen on dark."""

    BOX = 16.0

    def __init__(self, text: str, look: Look) -> None:
        super().__init__(text)
        self._look = look

    def paintEvent(self, event: QPaintEvent) -> None:
        look, on = self._look, self.isChecked()
        box = QRectF(1, (self.height() - self.BOX) / 2, self.BOX, self.BOX)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            focused = self.hasFocus()
            edge = "text" if on and focused else "accent" if on or focused else "muted"
            painter.setPen(QPen(look.colour(edge), 2.0 if focused else 1.2))
            painter.setBrush(look.colour("accent" if on else "field"))
            painter.drawRoundedRect(box, 4, 4)
            if on:
                icons.draw(painter, "tick", box.adjusted(1.5, 1.5, -1.5, -1.5), look.colour("on_accent"))
            painter.setPen(look.colour("text" if self.isEnabled() else "faint"))
            left = self.BOX + 9
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic
            painter.drawText(QRectF(left, 0, self.width() - left, self.height()), flags, self.text())


class Choice(QComboBox):
    """A drop-down list of titles by value, with our chevron. The wheel scrolls what is round it and chooses nothing.

    An item with a status tip says it while the list is open and the item is marked.
    """

    def __init__(self, name: str, look: Look, titles: Mapping[Any, str] | None = None) -> None:
        super().__init__()
        for value, title in (titles or {}).items():
            self.addItem(title, value)
        self._look = look
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.highlighted.connect(self._tell)

    def give_way(self) -> None:
        """It may be narrower than its longest title, which ends in dots then."""
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def _tell(self, row: int) -> None:
        told = self.itemData(row, Qt.ItemDataRole.StatusTipRole)
        if told:
            QCoreApplication.sendEvent(self, QStatusTipEvent(told))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            place = QRectF(self.width() - 22, self.height() / 2 - 5.5, 11, 11)
            icons.draw(painter, "chevron-down", place, self._look.colour("muted"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Number(QDoubleSpinBox):
    """A number to type, with `decimals` digits behind the point; the wheel changes it only while it has the focus.

    What cannot be taken stays as it was typed. It has `arrows`, or other buttons beside it.
    """

    def __init__(self, name: str, low: float, high: float, look: Look, decimals: int = 0, arrows: bool = True) -> None:
        super().__init__()
        self._look = look
        self._arrows = arrows
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSingleStep(0.05 if decimals else 1)
        self.setFixedHeight(look.sizes.control)
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look = self._look
        if not self._arrows:
            return
        with QPainter(self) as painter:
            left, middle = self.width() - 20, self.height() / 2
            for name, top, spent in (
                ("chevron-up", middle - 10, self.value() == self.maximum()),
                ("chevron-down", middle + 1, self.value() == self.minimum()),
            ):
                icons.draw(painter, name, QRectF(left, top, 9, 9), look.colour("border" if spent else "muted"))

    def take(self) -> bool:
        """Makes what is typed the value, as leaving the field does; False if it cannot be one."""
        if self.hasAcceptableInput():
            self.interpretText()
            return True
        return False

    @property
    def refusal(self) -> str:
        low, high = self.textFromValue(self.minimum()), self.textFromValue(self.maximum())
        return f"{self.accessibleName()} must be a number from {low} to {high} and is “{self.text()}”; type another."

    def focusOutEvent(self, event: QFocusEvent) -> None:
        with self._keeping():
            super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        with self._keeping():
            super().hideEvent(event)

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Keeps what was typed, which Qt would give up."""
        typed = None if self.hasAcceptableInput() else self.text()
        yield
        if typed is not None:
            self.lineEdit().setText(typed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Slider(QSlider):
    """A slider over some `notches`, first and last, each of which stands for a number: `number_of` says which, and
    `notch_of` where a number lies."""

    def __init__(
        self,
        name: str,
        notches: tuple[int, int],
        number_of: Callable[[int], float],
        notch_of: Callable[[float], float],
        steps: tuple[int, int] = (1, 5),
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.number_of, self.notch_of = number_of, notch_of
        self.setRange(*notches)
        self.setSingleStep(steps[0])
        self.setPageStep(steps[1])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)

    def number(self) -> float:
        return self.number_of(self.value())

    def show_number(self, number: float) -> None:
        """Move the handle to `number` without a signal."""
        if self.number() != number:
            with QSignalBlocker(self):
                self.setValue(round(self.notch_of(number)))
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
