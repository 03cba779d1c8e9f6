"""The legend of the colours behind the tokens, above the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import keep_up, label, plain
from sedd_studio.widgets.controls.heat import HeatBar
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.colouring import Colouring
    from sedd_studio.session.vocabulary import Vocabulary


class ColourLegend(QWidget):
    """Says what the colours mean; hidden while there are none."""

    def __init__(self, colouring: Colouring, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._colouring, self._words = colouring, words
        self.title, self.low, self.high = label(role="help"), label(role="help"), label(role="help")
        self.bar = HeatBar(look)
        row(self.title, self.low, self.bar, self.high, gap=8, of=self)
        keep_up(self.refresh, colouring.changed, words.changed)

    def refresh(self) -> None:
        mode = self._colouring.mode
        title, low, high = map(self._words.say, (mode.title, mode.low, mode.high))
        self.setVisible(self._colouring.name != "plain")
        shares = self._colouring.shares()
        known = shares is not None and not np.isnan(shares).all()
        lacking = mode.missing if shares is None else mode.none
        self.title.setText(f"{title}:" if known else f"{title}: {lacking}")
        self.low.setText(low)
        self.high.setText(high)
        for part in (self.low, self.bar, self.high):
            part.setVisible(known)
        self.setAccessibleName(f"Colours: {title}, from {low} to {high}")
        self.setAccessibleDescription(self._colouring.said)
        self.setToolTip(plain(self._colouring.said))
