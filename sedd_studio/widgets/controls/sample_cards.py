"""The samples of a run as small cards: a list model of their texts at the playhead, and how a card is drawn."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from engine.plain_text import plain
from sedd_studio.painting import icons
from sedd_studio.painting.token_text import plain_pieces
from sedd_studio.painting.token_turning import runs_leftwards
from sedd_studio.record.previews import END_SIGN
from sedd_studio.widgets.controls.rows import Index, Rows, StarredPainter

if TYPE_CHECKING:
    from sedd_studio.session.favourites import Favourites
    from sedd_studio.session.ranking import Place, Ranking
    from sedd_studio.session.session import Session
    from sedd_studio.session.vocabulary import Say

CARD = QSize(212, 84)
GAP, PAD, STAR = 8, 8, 14
NARROWEST = 176
"""Pixels of a card that can still be read."""


class Roles(IntEnum):
    """What else a card shows: whether its sample is kept, its place among the others, and whether that is of another
    text than the card's: the sample's last."""

    KEPT = Qt.ItemDataRole.UserRole
    PLACE = Qt.ItemDataRole.UserRole + 1
    OF_THE_LAST = Qt.ItemDataRole.UserRole + 2


class SampleCards(Rows):
    """A row for each sample of the run on show; its text is made when it is asked for."""

    def __init__(
        self, session: Session, favourites: Favourites, ranking: Ranking, say: Say, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._favourites, self._ranking, self._say = session, favourites, ranking, say

    def refresh(self) -> None:
        samples = range(self._session.playhead.samples if self._session.playhead.samples > 1 else 0)
        if samples and samples == self.rows:
            self.dataChanged.emit(self.index(0), self.index(samples[-1]))
        self.show_rows(samples)

    def told(self, sample: int, role: int) -> Any:
        kept, place = self._favourites.has(sample), self._ranking.place(sample)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(sample)
            case Qt.ItemDataRole.AccessibleTextRole:
                ranked = f", {said_in_full(place, self._say)}" if place is not None else ""
                return f"Sample {sample + 1}{', kept' if kept else ''}{ranked}: {self.text(sample)}"
            case Qt.ItemDataRole.ToolTipRole:
                return said_in_full(place, self._say) if place is not None else None
            case Roles.KEPT:
                return kept
            case Roles.PLACE:
                return place
            case Roles.OF_THE_LAST:
                return self._session.playhead.step < self._session.playhead.recorded
        return None

    def text(self, sample: int) -> str:
        """A sample's whole text at the playhead, a dot for each masked position."""
        session = self._session
        document, tokenizer = session.view.document, session.models.tokenizer
        if tokenizer is None:
            return ""
        tokens = document.visible(session.playhead.step, sample)
        return plain("".join(plain_pieces(tokens, tokenizer))).rstrip(f" {END_SIGN}").lstrip()


class CardPainter(StarredPainter):
    """Draws a card, of which each is `wide`."""

    wide = CARD.width()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self.wide + GAP, CARD.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card, kept = card_area(QRectF(option.rect)), bool(index.data(Roles.KEPT))
        over, selected, focused = self.looks(option)
        with icons.lent(painter):
            painter.setPen(self.look.colour("accent" if selected else "border"))
            painter.setBrush(self.look.colour("hover" if over or (selected and focused) else "panel"))
            painter.drawRoundedRect(card, 8, 8)
            if focused:
                self.ring(painter, card, 8)
            small = QFont(option.font)
            small.setPixelSize(self.look.sizes.small)
            painter.setFont(small)
            painter.setPen(self.look.colour("muted"))
            head = QRectF(card.left() + PAD, card.top() + 4, card.width() - 3 * PAD - STAR, 16)
            number = f"{index.row() + 1}"
            painter.drawText(head, number)
            place = index.data(Roles.PLACE)
            if place is not None:
                later = bool(index.data(Roles.OF_THE_LAST))
                painter.setPen(self.look.colour("faint" if later else "text" if place.rank == 1 else "muted"))
                metrics = painter.fontMetrics()
                room = head.width() - metrics.horizontalAdvance(number) - PAD
                ways = said_shortly(place, later)
                said = next((way for way in ways if metrics.horizontalAdvance(way) <= room), ways[-1])
                painter.drawText(head, Qt.AlignmentFlag.AlignRight, said)
            icon, colour = ("star-filled", "fresh") if kept else ("star", "muted" if over or selected else "border")
            icons.draw(painter, icon, self.star_area(QRectF(option.rect)), self.look.colour(colour))
            painter.setPen(self.look.colour("text"))
            body = card.adjusted(PAD, 21, -PAD, -4)
            line = painter.fontMetrics().lineSpacing()
            body.setHeight(body.height() // line * line)  # no half lines
            painter.setClipRect(body)
            text = str(index.data())
            side = Qt.AlignmentFlag.AlignRight if runs_leftwards(text) else Qt.AlignmentFlag.AlignLeft
            painter.drawText(body, int(Qt.TextFlag.TextWordWrap) | side.value, text)

    def star_area(self, row: QRectF) -> QRectF:
        card = card_area(row)
        return QRectF(card.right() - PAD - STAR, card.top() + 5, STAR, STAR)


def said_shortly(place: Place, later: bool) -> list[str]:
    """A sample's bound and its place among the others, which are of a `later` text where the card shows it before its
    end; the longest way to say it first."""
    of, bound = "at the end " if later else "", f"<= {place.bound.nats:.3f}"
    rank = f"#{place.rank}"
    return [f"{of}{bound} ± {place.bound.half_width:.3f}   {rank}", f"{of}{bound}   {rank}", f"{of}{rank}", rank]


def said_in_full(place: Place, say: Say) -> str:
    """The same in words."""
    told = "number {rank} of {of} by likelihood: at most {nats:.3f} ± {error:.3f} nats a token given the locked words"
    return say(told, rank=place.rank, of=place.of, nats=place.bound.nats, error=place.bound.half_width)


def card_width(room: int, count: int) -> int:
    """How wide each of `count` cards is in so many pixels: all have their place there if they can be read then, else
    the last that is seen is cut in its middle, so that one sees that there are more."""
    if (fitting := room // max(1, count) - GAP) >= NARROWEST:
        return min(CARD.width(), fitting)
    whole = max(1, room // (CARD.width() + GAP))
    return round(room / (whole + 0.5)) - GAP


def card_area(row: QRectF) -> QRectF:
    """Where the card is in its row."""
    return row.adjusted(0.5, 0.5, -GAP - 0.5, -0.5)
