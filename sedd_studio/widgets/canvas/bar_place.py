"""Where a bar lies at some words: as near to them as it covers no others."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize

from sedd_studio.painting.token_places import Kind
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.picture import Picture

SIDE = 4
"""Pixels that stay free at the edges of the canvas."""
SLACK = 3
"""Pixels of a line that its letters leave free above and below."""
SIDEWAYS = 0.25
"""How far a pixel to the side is, against one up or down."""


def place_for(picture: Picture, run: Run, size: QSize, room: QSize) -> QRectF:
    """Where something of a `size` lies at positions start .. stop - 1, in a viewport of the size `room`.

    It lies on no text and not on the positions. Where that cannot be, it lies above them, or under them at the top.
    """
    first, last = picture.ends_of(run)
    middle = first.center().x()
    found = []
    for top in _tops(picture, size, room):
        area = QRectF(0, top, room.width(), size.height())
        off = max(first.top() - area.bottom(), top - last.bottom(), 0.0)
        beside = [*_taken(picture, area), *_shares(picture, run, area)]
        for left, right in _between(sorted(beside), room.width()):
            if right - left >= size.width():
                at = min(max(middle - size.width() / 2, left), right - size.width())
                aside = abs(at + size.width() / 2 - middle)
                found.append((off + SIDEWAYS * aside, top, at))
    if found:
        _, top, left = min(found)
    else:
        left = min(max(middle - size.width() / 2, SIDE), room.width() - size.width() - SIDE)
        top = first.top() - size.height()
        if top < 0:
            top = last.bottom() if last.bottom() + size.height() <= room.height() else 0
    return QRectF(left, top, size.width(), size.height())


def _tops(picture: Picture, size: QSize, room: QSize) -> list[float]:
    """Where it may begin: on a line or two, under the text and, while the text does not scroll, above it."""
    line, lines = picture.layout.line_height, len(picture.layout.lines)
    start, high = picture.origin.y(), size.height()
    tops = [start + k * line + (line - high) / 2 for k in range(lines)] + [start + lines * line]
    if picture.height <= room.height():
        tops.append(start - high)
    return [top for top in tops if top >= 0 and top + high <= room.height()]


def _taken(picture: Picture, area: QRectF) -> list[tuple[float, float]]:
    """From where to where text stands in an area; gaps are none."""
    layout, origin = picture.layout, picture.origin
    top, bottom = area.top() + SLACK - origin.y(), area.bottom() - SLACK - origin.y()
    first = max(int(top // layout.line_height), 0)
    last = min(int(bottom // layout.line_height) + 1, len(layout.lines))
    boxes = [(one.x, one.x + one.width) for _, one in layout.seen(first, last) if one.width and one.kind != Kind.BLOCK]
    pills = [(pill.left, pill.right) for pill in layout.pills if first <= pill.line < last]
    return [(left + origin.x(), right + origin.x()) for left, right in boxes + pills]


def _shares(picture: Picture, run: Run, area: QRectF) -> list[tuple[float, float]]:
    """From where to where the positions themselves stand in an area."""
    layout, origin = picture.layout, picture.origin
    found = []
    for line, left, right, _ in layout.shares(run):
        top = origin.y() + line * layout.line_height
        if top + layout.line_height > area.top() + SLACK and top < area.bottom() - SLACK:
            found.append((left + origin.x(), right + origin.x()))
    return found


def _between(taken: list[tuple[float, float]], width: int) -> list[tuple[float, float]]:
    """What is free between what is taken, in order, and the edges of so wide a canvas."""
    found, free = [], float(SIDE)
    for left, right in taken:
        found.append((free, left - 2 * SIDE))
        free = max(free, right + 2 * SIDE)
    return [*found, (free, float(width - SIDE))]
