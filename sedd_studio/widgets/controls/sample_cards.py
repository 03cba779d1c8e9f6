"""The samples of a run as small cards: a list model of their texts at the playhead, and how a card is drawn."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QFont, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from engine.protocol import FREE
from sedd_studio.painting import icons
from sedd_studio.painting.token_text import shown_text
from sedd_studio.widgets.controls.delegates import ThemedDelegate

if TYPE_CHECKING:
    from sedd_studio.session.favourites import Favourites
    from sedd_studio.session.ranking import Place, Ranking
    from sedd_studio.session.session import Session

CARD = QSize(212, 84)
GAP, PAD, STAR = 8, 8, 14
HIDDEN = " \N{MIDDLE DOT}"


class Roles(IntEnum):
    """What else a card shows: whether its sample is kept, and its place among the others."""

    KEPT = Qt.ItemDataRole.UserRole
    PLACE = Qt.ItemDataRole.UserRole + 1


Index = QModelIndex | QPersistentModelIndex


class SampleCards(QAbstractListModel):
    """A row for each sample of the run on show; its text is made when it is asked for."""

    def __init__(
        self, session: Session, favourites: Favourites, ranking: Ranking, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._favourites, self._ranking = session, favourites, ranking
        self._count = 0

    def refresh(self) -> None:
        """Shows the run and the step that the session shows."""
        count = self._session.playhead.samples if self._session.playhead.samples > 1 else 0
        if count != self._count:
            self.beginResetModel()
            self._count = count
            self.endResetModel()
        elif count:
            self.dataChanged.emit(self.index(0), self.index(count - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(index.row())
            case Qt.ItemDataRole.AccessibleTextRole:
                place = self._ranking.place(index.row())
                kept = ", kept" if self._favourites.has(index.row()) else ""
                ranked = f", {said_in_full(place)}" if place is not None else ""
                return f"Sample {index.row() + 1}{kept}{ranked}: {self.text(index.row())}"
            case Qt.ItemDataRole.ToolTipRole:
                place = self._ranking.place(index.row())
                return said_in_full(place) if place is not None else None
            case Roles.KEPT:
                return self._favourites.has(index.row())
            case Roles.PLACE:
                return self._ranking.place(index.row())
        return None

    def text(self, sample: int) -> str:
        """A sample's free text at the playhead, a dot for each masked position."""
        session = self._session
        document, tokenizer = session.view.document, session.models.tokenizer
        if tokenizer is None:
            return ""
        tokens = document.visible(session.playhead.step, sample)[~document.locked].tolist()
        pieces = (HIDDEN if token == FREE else shown_text(tokenizer.piece(token)) for token in tokens)
        return "".join(pieces).strip()


class CardPainter(ThemedDelegate):
    """Draws a card with a star that can be clicked: `starred` says which."""

    starred = QtSignal(int)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return CARD + QSize(GAP, 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card, kept = card_area(QRectF(option.rect)), bool(index.data(Roles.KEPT))
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
        over = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.theme.colour("accent" if selected else "border"))
        painter.setBrush(self.theme.colour("hover" if over or focused else "panel"))
        painter.drawRoundedRect(card, 8, 8)
        small = QFont(option.font)
        small.setPixelSize(self.theme.sizes.small)
        painter.setFont(small)
        painter.setPen(self.theme.colour("muted"))
        head = QRectF(card.left() + PAD, card.top() + 4, card.width() - 3 * PAD - STAR, 16)
        painter.drawText(head, f"{index.row() + 1}")
        place = index.data(Roles.PLACE)
        if place is not None:
            painter.setPen(self.theme.colour("text" if place.rank == 1 else "muted"))
            painter.drawText(head, Qt.AlignmentFlag.AlignRight, said_shortly(place))
        icon, colour = ("star-filled", "fresh") if kept else ("star", "muted" if over or selected else "border")
        icons.draw(painter, icon, star_area(card), self.theme.colour(colour))
        painter.setPen(self.theme.colour("text"))
        body = card.adjusted(PAD, 21, -PAD, -4)
        line = painter.fontMetrics().lineSpacing()
        body.setHeight(body.height() // line * line)  # no half lines
        painter.setClipRect(body)
        painter.drawText(body, int(Qt.TextFlag.TextWordWrap), str(index.data()))
        painter.restore()

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            star = star_area(card_area(QRectF(option.rect))).adjusted(-6, -6, 6, 6)
            if star.contains(event.position()):
                self.starred.emit(index.row())
                return True
        return False


def said_shortly(place: Place) -> str:
    """A sample's bound and its place among the others, as a card has room for it."""
    return f"<= {place.bound.nats:.3f} ± {place.bound.standard_error:.3f}   #{place.rank}"


def said_in_full(place: Place) -> str:
    """The same in words."""
    bound = f"at most {place.bound.nats:.3f} ± {place.bound.standard_error:.3f} nats a token given the locked words"
    return f"number {place.rank} of {place.of} by likelihood: {bound}"


def card_area(row: QRectF) -> QRectF:
    """Where the card is in its row."""
    return row.adjusted(0.5, 0.5, -GAP - 0.5, -0.5)


def star_area(card: QRectF) -> QRectF:
    """Where the star is on a card."""
    return QRectF(card.right() - PAD - STAR, card.top() + 5, STAR, STAR)
