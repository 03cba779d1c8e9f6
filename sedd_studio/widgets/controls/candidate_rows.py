"""The rows of the list of candidates: a token, a bar for its probability, and the number."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from engine.language.backends import END_OF_TEXT
from engine.plain_text import plain
from sedd_studio.painting import icons
from sedd_studio.painting.token_text import UNREADABLE
from sedd_studio.record.previews import END_SIGN
from sedd_studio.session.state import Candidate
from sedd_studio.widgets.controls.rows import Index, RowPainter, Rows

ROW = 22
WORD, NUMBER = 96, 46
"""Widths of the columns at the sides of the bar."""


def shown_piece(text: str) -> str:
    """A token's text so that a reader sees all of it: line ends and blanks have marks, a leading space has none."""
    if text == END_OF_TEXT:
        return END_SIGN
    bare = plain(text.removeprefix(" ").translate(UNREADABLE))
    return bare.replace("\n", "↵").replace(" ", "·") or "·"


def percent(probability: float) -> str:
    """A probability as a person says it: "61%", "0.4%", "<0.1%"."""
    share = 100 * probability
    if share >= 1:
        return f"{share:.0f}%"
    return f"{share:.1f}%" if share >= 0.1 else "<0.1%"


class Candidates(Rows):
    """What could stand at a position."""

    def told(self, row: Candidate, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return shown_piece(row.text)
            case Qt.ItemDataRole.ToolTipRole:
                score = "" if row.score is None else f"\nconcrete score {row.score:.3g}"
                return f"probability {row.probability:.4f}{score}\nClick to put it here and go on from this step"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{shown_piece(row.text)}, {percent(row.probability)}"
            case Qt.ItemDataRole.UserRole:
                return row
        return None


class CandidatePainter(RowPainter):
    """Draws a candidate on one line."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WORD + NUMBER + 60, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Candidate = index.data(Qt.ItemDataRole.UserRole)
        area = QRectF(option.rect)
        over, selected, focused = self.looks(option)
        with icons.lent(painter):
            painter.setPen(Qt.PenStyle.NoPen)
            if over or selected:
                painter.setBrush(self.look.colour("hover"))
                painter.drawRoundedRect(area, 4, 4)
            if focused:
                self.ring(painter, area, 4)
                painter.setPen(Qt.PenStyle.NoPen)
            room = area.width() - WORD - NUMBER
            painter.setBrush(self.look.colour("accent"))
            bar = QRectF(area.left() + WORD, area.center().y() - 3.5, max(2.0, room * row.probability), 7)
            painter.drawRoundedRect(bar, 2, 2)
            word = QRectF(area.left() + 4, area.top(), WORD - 8, area.height())
            number = QRectF(area.right() - NUMBER, area.top(), NUMBER - 4, area.height())
            text = QFontMetricsF(option.font).elidedText(str(index.data()), Qt.TextElideMode.ElideRight, word.width())
            painter.setPen(self.look.colour("text"))
            painter.drawText(word, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            painter.setPen(self.look.colour("muted"))
            share = percent(row.probability)
            painter.drawText(number, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, share)
