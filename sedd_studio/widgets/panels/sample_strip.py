"""The samples of a run beside each other, under the text: pick one, or keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QListView

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import keep_up
from sedd_studio.widgets.controls.sample_cards import CARD, CardPainter, SampleCards, card_width

if TYPE_CHECKING:
    from sedd_studio.session.favourites import Favourites
    from sedd_studio.session.ranking import Ranking
    from sedd_studio.session.session import Session
    from sedd_studio.session.vocabulary import Vocabulary

OWN_KEYS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}


class SampleStrip(QListView):
    """Hidden while the run has one sample. The star of a card, or S, keeps the sample among the favourites."""

    def __init__(
        self, session: Session, favourites: Favourites, ranking: Ranking, words: Vocabulary, look: Look
    ) -> None:
        super().__init__()
        self._session, self._favourites = session, favourites
        self.cards = SampleCards(session, favourites, ranking, words.say, self)
        self.setModel(self.cards)
        self.painter = CardPainter(look, self)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(CARD.height() + 14)
        self.setAccessibleName("Samples of the run")
        self.painter.starred.connect(favourites.keep)
        self.selectionModel().currentChanged.connect(self._pick)
        keep_up(self.refresh, session.runs.changed, session.view.changed, favourites.changed, ranking.changed)

    def refresh(self) -> None:
        several = self._session.playhead.samples > 1
        self.setVisible(several)
        self._fit()
        self.cards.refresh()
        if several and self.currentIndex().row() != self._session.playhead.sample:
            with QSignalBlocker(self.selectionModel()):
                chosen = self.cards.index(self._session.playhead.sample)
                self.selectionModel().setCurrentIndex(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(chosen)
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Cards as wide as there is room for."""
        wide = card_width(self.viewport().width(), self._session.playhead.samples)
        if wide != self.painter.wide:
            self.painter.wide = wide
            self.scheduleDelayedItemsLayout()

    def event(self, event: QEvent) -> bool:
        # The arrows move from card to card here; shortcuts of the window must not take them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_S and not event.modifiers():
            self.keep()
        else:
            super().keyPressEvent(event)

    def keep(self) -> None:
        self._favourites.keep(self._session.playhead.sample)

    def _pick(self, current: QModelIndex) -> None:
        if current.isValid():
            self._session.playhead.set_sample(current.row())
