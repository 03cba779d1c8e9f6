"""The rows of the history list: a list model of runs, and how one is drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QTextLayout
from PySide6.QtWidgets import QStyleOptionViewItem

from engine.protocol.sampler_table import TITLES
from sedd_studio.painting import icons
from sedd_studio.record.history import Entry, as_tree, stands_anywhere, words_of
from sedd_studio.record.previews import preview
from sedd_studio.widgets.controls.basic import plain
from sedd_studio.widgets.controls.rows import Index, Rows, StarredPainter

ROW = 58
PAD = 12
STAR = 16
INDENT, DEEPEST = 22, 8
"""Pixels by which a run stands further in than the one that it came from, up to so often."""
NEAR = 40
"""Characters before a match that are shown with it."""


def settings_line(entry: Entry, say: Callable[[str], str]) -> str:
    """What a run was asked for, and when: "stories-absorb · Tweedie · 64 steps · seed 3 · 24 Nov, 14:03"; in the words
    of `say`."""
    when = datetime.fromisoformat(entry.made).astimezone()
    samples = "" if entry.samples == 1 else f"{entry.samples} samples · "
    stopped = "" if entry.finished else "stopped · "
    day = f"{when.day} {when:%b, %H:%M}"
    sampler = say(TITLES.get(entry.sampler, entry.sampler))
    return f"{stopped}{entry.model} · {sampler} · {entry.steps} steps · {samples}seed {entry.seed} · {day}"


class RunRows(Rows):
    """The runs that a search found, each under the one that it came from; `words` are what was looked for."""

    rows: Sequence[Entry] = ()

    def __init__(self, say: Callable[[str], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._say = say
        self.words: list[str] = []
        self._depths: dict[int, int] = {}

    def show_runs(self, entries: Sequence[Entry], search: str) -> None:
        tree = as_tree(entries)
        depths, words = {entry.id: depth for entry, depth in tree}, words_of(search)
        if depths != self._depths or words != self.words:
            self.beginResetModel()
            self._depths, self.words, self.rows = depths, words, [entry for entry, _ in tree]
            self.endResetModel()
        else:
            self.show_rows([entry for entry, _ in tree])

    def told(self, entry: Entry, role: int) -> Any:
        text = preview(entry.text)
        star = "favourite, " if entry.favourite else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return excerpt(text, self.words)
            case Qt.ItemDataRole.ToolTipRole:
                parts = (preview(entry.prompt), self.about(entry, "\n"))
                return plain("\n".join(part for part in parts if part))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{star}{text}, {self.about(entry, ', ')}"
            case Qt.ItemDataRole.UserRole:
                return entry
            case RunRows.DEPTH:
                return self._depths.get(entry.id, 0)
        return None

    DEPTH = int(Qt.ItemDataRole.UserRole) + 1

    def about(self, entry: Entry, between: str = " · ") -> str:
        """What is told of a run beside its text."""
        return between.join(part for part in (entry.note, entry.change, settings_line(entry, self._say)) if part)


def matches(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where something stands that is looked for, as half-open runs of characters: a word at the beginning of one, a
    number as a whole one, signs and words of scripts without spaces anywhere. Accents and capitals are no matter."""
    plainly = "".join(map(folded, text))
    found = []
    for word in words:
        before, after = ("", "") if stands_anywhere(word) else (r"(?<!\w)", r"(?!\w)" if word.isdigit() else "")
        found += [
            match.span() for match in re.finditer(before + re.escape("".join(map(folded, word))) + after, plainly)
        ]
    return sorted(found)


def folded(sign: str) -> str:
    """A character without its accents and as a small one."""
    parts = unicodedata.normalize("NFD", sign)
    return (parts[0] if all(map(unicodedata.combining, parts[1:])) else sign).lower()[0]


def excerpt(text: str, words: Sequence[str], near: int = NEAR) -> str:
    """A text from a little before the first word on that is looked for."""
    found = matches(text, words)
    if not found or found[0][0] <= near:
        return text
    start = text.rfind(" ", 0, found[0][0] - near // 2) + 1
    return f"… {text[start:]}"


class RunPainter(StarredPainter):
    """Draws a run in two lines, further in than the one that it came from."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        model = index.model()
        words = model.words if isinstance(model, RunRows) else []
        area = QRectF(option.rect)
        depth = min(int(index.data(RunRows.DEPTH) or 0), DEEPEST)
        over, selected, focused = self.looks(option)
        with icons.lent(painter):
            self._background(painter, area, over, selected, focused)
            if entry.favourite or over or selected:
                name, colour = ("star-filled", "fresh") if entry.favourite else ("star", "muted")
                icons.draw(painter, name, self.star_area(area), self.look.colour(colour))
            left = area.left() + PAD + depth * INDENT
            if depth:
                self._elbow(painter, left - INDENT + 4, area.top())
            width = self.star_area(area).left() - left - PAD
            small = QFont(option.font)
            small.setPixelSize(self.look.sizes.small)
            about = model.about(entry) if isinstance(model, RunRows) else ""
            top = area.top() + 0.42 * ROW
            self._line(painter, option.font, str(index.data()), "text", QPointF(left, top), width, words)
            self._line(painter, small, about, "muted", QPointF(left, area.top() + 0.78 * ROW), width, words, entry.note)

    def _line(
        self,
        painter: QPainter,
        font: QFont,
        text: str,
        colour: str,
        start: QPointF,
        width: float,
        words: Sequence[str],
        note: str = "",
    ) -> None:
        """A line of text on its baseline, in which what is looked for is marked, and a note stands out."""
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        if words and not matches(shown, words):  # it stands further on
            shown = metrics.elidedText(excerpt(text, words, near=8), Qt.TextElideMode.ElideRight, width)
        layout = QTextLayout(shown, font)
        formats = [self._format(0, len(note), foreground="accent")] if note else []
        formats += [self._format(first, stop - first, background="fresh") for first, stop in matches(shown, words)]
        layout.setFormats(formats)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(max(1.0, width))
        layout.endLayout()
        painter.setPen(self.look.colour(colour))
        layout.draw(painter, QPointF(start.x(), start.y() - line.ascent()))

    def _format(self, start: int, length: int, **colours: str) -> QTextLayout.FormatRange:
        made = QTextLayout.FormatRange()
        made.start, made.length = start, length
        if "foreground" in colours:
            made.format.setForeground(self.look.colour(colours["foreground"]))
        if "background" in colours:
            made.format.setBackground(self.look.colour(colours["background"], 0.3))
            made.format.setFontUnderline(True)
        return made

    def _elbow(self, painter: QPainter, left: float, top: float) -> None:
        """From the run above to this one."""
        painter.setPen(QPen(self.look.colour("strong_border"), 1.2))
        painter.drawPolyline(
            [QPointF(left, top), QPointF(left, top + 0.36 * ROW), QPointF(left + 10, top + 0.36 * ROW)]
        )

    def _background(self, painter: QPainter, area: QRectF, over: bool, selected: bool, focused: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if selected or over:
            painter.setBrush(self.look.colour("selection" if selected else "hover"))
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 6, 6)
        if focused:
            self.ring(painter, area.adjusted(2, 2, -2, -2), 6)

    def star_area(self, row: QRectF) -> QRectF:
        return QRectF(row.right() - PAD - STAR, row.center().y() - STAR / 2, STAR, STAR)
