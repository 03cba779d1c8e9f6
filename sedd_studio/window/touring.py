"""The guided tour: from stop to stop, each of which waits for what one does; and its offer, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from sedd_studio.widgets.controls.callout import Callout, Outline
from sedd_studio.window.tour_stops import STOPS, Stop

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

LOOKS = 100
"""Milliseconds between two looks at what was done."""
OFFER = "Eight stops, at each of which you do something yourself: some three minutes. Help keeps the tour for later."
OVER = "That was the tour; Help keeps it"


def tour_of(window: MainWindow) -> Tour:
    """The tour of a window, on or not."""
    return window.findChild(Tour) or Tour(window)


def offer(window: MainWindow) -> None:
    """Offers the tour, unless it was offered before, whatever became of that."""
    if not window.settings["toured"]:
        window.settings.set("toured", True)
        tour_of(window).offer()


class Tour(QObject):
    """Is at the stop number `place`, or nowhere. Nothing of it moves by itself, and it takes nothing from who works:
    every control does what it does without it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._home = home = window.centralWidget() or window
        self.outline, self.callout = Outline(window.look, home), Callout(window.look, home)
        window.look.dress(self.callout)
        self.place: int | None = None
        self._before: Any = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOKS)
        self._timer.timeout.connect(self.look)
        self.callout.first.clicked.connect(self._press_first)
        self.callout.second.clicked.connect(self.end)
        window.session.runs.changed.connect(self._withdraw)
        for part in (window, home):
            part.installEventFilter(self)

    @property
    def stop(self) -> Stop | None:
        """The one that it is at."""
        return None if self.place is None else STOPS[self.place]

    # ---- what is done with it

    def offer(self) -> None:
        """Says that there is one, in the corner."""
        self.callout.tell("New here?", "A tour of the studio", OFFER, "Take the tour", "Not now")
        self._put()

    def _withdraw(self) -> None:
        """Who has something run needs no offer any more."""
        if self.place is None and self._window.session.runs.running:
            self.callout.hide()

    def begin(self) -> None:
        """Goes to the first stop."""
        self.place = -1
        self._timer.start()
        self.next()

    def next(self) -> None:
        """Goes to the next stop that is possible, or is over."""
        if self.place is None or any(self._go(number) for number in range(self.place + 1, len(STOPS))):
            return
        self.end()
        self._window.session.notices.say(OVER)

    def end(self) -> None:
        """Is no more, until it is asked for."""
        focused = self.callout.first.hasFocus() or self.callout.second.hasFocus()
        self._timer.stop()
        self.place, self._before = None, None
        self.outline.hide()
        self.callout.hide()
        if focused and self._window.canvas.isVisible():
            self._window.canvas.setFocus()

    def _press_first(self) -> None:
        """Takes the tour, or the next stop."""
        if self.place is None:
            self.begin()
        else:
            self.next()

    # ---- at a stop

    def _go(self, number: int) -> bool:
        """Goes to a stop; False where that is not to be."""
        stop, window = STOPS[number], self._window
        if not stop.possible(window):
            return False
        stop.bring(window)
        target = stop.at(window)
        if not target.isVisible():
            return False
        _bring_into_sight(target)
        self.place, self._before = number, None
        head = f"Stop {number + 1} of {len(STOPS)}"
        self.callout.tell(head, stop.title, stop.says, "Skip this one", "Leave the tour")
        target.setFocus()
        QWidget.setTabOrder(target, self.callout.first)
        QWidget.setTabOrder(self.callout.first, self.callout.second)
        self.look()
        return True

    def look(self) -> None:
        """Goes on if what the stop waits for was done."""
        stop, window = self.stop, self._window
        if stop is None:
            return
        state = stop.state(window)
        if state is not None and self._before is None:
            self._before = state
        if state is not None and stop.done(self._before, state):
            self.next()
        else:
            self._put()

    def _put(self) -> None:
        """The card and the outline stand where they belong now."""
        stop, window = self.stop, self._window
        target = None if stop is None else self._place_of(stop.at(window))
        if target is not None:
            self.outline.surround(target)
        else:
            self.outline.hide()
        spared = (window.canvas,) if stop is None else (window.canvas, stop.spares(window))
        if not self.callout.isHidden():
            self.callout.place(target, filter(None, map(self._place_of, spared)))

    def _place_of(self, part: QWidget) -> QRect | None:
        """Where a part of the window is; None while it is not to be seen."""
        return QRect(part.mapTo(self._home, QPoint()), part.size()) if part.isVisible() else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape leaves it where no other part has a use for that key; in a window of another size it keeps to what it
        points at."""
        if watched is self._home and event.type() == QEvent.Type.Resize:
            self._put()
        elif watched is self._window and self.place is not None and _is_escape(event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # else a run would be stopped
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.end()
                return True
        return False


def _is_escape(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape


def _bring_into_sight(target: QWidget) -> None:
    """Has areas round it scroll to it."""
    outer = target.parentWidget()
    while outer is not None:
        if isinstance(outer, QScrollArea):
            outer.ensureWidgetVisible(target)
        outer = outer.parentWidget()
