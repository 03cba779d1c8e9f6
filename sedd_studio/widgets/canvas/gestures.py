"""What the mouse does on the canvas: it selects, takes locks off by their signs, and makes gaps longer or shorter by
the handle at their end. Points are in the text's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.picture import Picture

FAR = 4
"""Pixels that the pressed mouse moves before it draws a selection."""
TOKEN = 2.76
"""Width of a masked position with the room after it, in em, on average."""


@dataclass(frozen=True)
class Handle:
    """The handle at the end of the gap `run`, in the rectangle `place`; `length` is what the gap would have now."""

    run: Run
    place: QRectF
    length: int


class Gestures:
    """Follows one gesture at a time. `hover` is what is pointed at, `lock` the locked passage whose sign is.

    `handle` is that of the gap pointed at, or of the one being dragged.
    """

    def __init__(self, view: View, editor: Editor, picture: Picture, caret: Caret) -> None:
        self._view, self._editor, self._picture, self._caret = view, editor, picture, caret
        self.hover: Run | None = None
        self.lock: Run | None = None
        self.handle: Handle | None = None
        self._pressed: QPointF | None = None
        self._lock_pressed: Run | None = None
        self._handle_from: QPointF | None = None

    @property
    def pulls(self) -> bool:
        return self._handle_from is not None

    @property
    def selects(self) -> bool:
        """Whether a selection is being drawn."""
        return self._pressed is not None

    def over_handle(self, point: QPointF) -> bool:
        return self.handle is not None and self.handle.place.adjusted(-5, -4, 5, 4).contains(point)

    def press(self, point: QPointF, extends: bool) -> None:
        """Begins a gesture at a point: the caret goes there, or selects as far as there where it `extends`."""
        self.lock = self._lock_at(point)
        nearest = self._picture.nearest(point)
        if self.over_handle(point):
            self._handle_from = point
        elif self.lock is not None:
            self._lock_pressed = self.lock
        elif nearest is not None:
            self._pressed = point
            if extends:
                self._caret.extend_to(nearest)
            else:
                self._caret.put(nearest)
                self._caret.deselect()

    def move(self, point: QPointF, position: int | None) -> None:
        if self._handle_from is not None:
            self._pull(point - self._handle_from)
        elif self._pressed is None:
            self.lock = self._lock_at(point)
            self.hover = None if position is None else self._view.word_at(position)
            if position is not None or not self.over_handle(point):
                self.handle = None if position is None else self._handle_of(position)
        else:
            self.hover = self.handle = self.lock = None
            nearest = self._picture.nearest(point)
            if nearest is not None and (point - self._pressed).manhattanLength() >= FAR:
                self._caret.extend_to(nearest)

    def release(self) -> None:
        """Ends the gesture and does what it asks for."""
        lock, self._lock_pressed, self._pressed = self._lock_pressed, None, None
        if self.handle is not None and self._handle_from is not None:
            self._handle_from = None
            handle = self.handle
            start, stop = handle.run
            still_there = start < len(self._view.document.locked) and gap_at(self._view, start) == handle.run
            if not still_there or handle.length != stop - start:
                self.handle = None
            if still_there and handle.length != stop - start:
                self._editor.set_gap(*handle.run, handle.length)
        elif lock is not None and lock == self.lock:
            self.lock = None
            self._editor.set_locked(list(range(*lock)), False)

    def forget(self) -> None:
        """The text is another: nothing of it is pointed at."""
        self.hover = self.lock = self.handle = self._pressed = self._lock_pressed = self._handle_from = None

    def _lock_at(self, point: QPointF) -> Run | None:
        """The locked passage whose sign is at a point."""
        start = self._picture.lock_at(point)
        return None if start is None else passage_at(self._view, start)

    def _pull(self, by: QPointF) -> None:
        """A line further down is as far as a line's width in the direction of the text."""
        assert self.handle is not None
        picture = self._picture
        lines = round(by.y() / picture.layout.line_height)
        start, stop = self.handle.run
        along = -by.x() if picture.layout.boxes[stop - 1].rtl else by.x()
        length = stop - start + round((along + lines * picture.line_width) / (TOKEN * picture.em))
        most = self._editor.room(start, stop)
        self.handle = Handle(self.handle.run, self.handle.place, min(max(length, 1), most))

    def _handle_of(self, position: int) -> Handle | None:
        """The handle of the gap at a position: a short bar behind its last token."""
        run = gap_at(self._view, position)
        if run is None:
            return None
        layout, em = self._picture.layout, self._picture.em
        box = layout.boxes[run[1] - 1]
        top = (box.line + 0.5) * layout.line_height - 0.55 * em
        left = box.x - 0.22 * em if box.rtl else box.x + box.width + 0.02 * em
        return Handle(run, QRectF(left, top, 0.2 * em, 1.1 * em), run[1] - run[0])


def passage_at(view: View, position: int) -> Run:
    """The run of positions round one that are all locked as it is, or all free as it is."""
    other = view.document.locked != view.document.locked[position]
    before, after = np.flatnonzero(other[:position]), np.flatnonzero(other[position:])
    start = int(before[-1]) + 1 if before.size else 0
    return start, position + int(after[0]) if after.size else len(other)


def gap_at(view: View, position: int) -> Run | None:
    """The run of unlocked positions that a position belongs to; None where it is locked."""
    return None if view.document.locked[position] else passage_at(view, position)
