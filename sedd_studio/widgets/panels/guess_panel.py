"""The best guess: the text that the model would write if it had to stop at the step on show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QHideEvent, QShowEvent, QTextCharFormat
from PySide6.QtWidgets import QTextEdit, QWidget

from engine.protocol import Guessed
from sedd_studio.painting.theme import Look, Theme
from sedd_studio.painting.token_text import plain_pieces
from sedd_studio.session.models import Models
from sedd_studio.session.view import View
from sedd_studio.session.vocabulary import Say, Vocabulary
from sedd_studio.widgets.controls.basic import Elided, keep_up, label
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.heat import HeatBar
from sedd_studio.widgets.controls.layouts import column, row

if TYPE_CHECKING:
    from sedd_studio.session.guessing import Guesser

EMPTY = "The text that the model would write if it had to stop at the step on show, the surer a word the stronger."
NOW, OTHER = "If it had to stop here", "Of another step than the one on show"
WIDEST = 860
"""Pixels of a line, beyond which it is hard to read on."""
FAINTEST = 0.35
"""How opaque the least certain guess is written."""


class GuessPanel(QWidget):
    """Shows `guesser.guess` while it is visible: known words plain, guesses in colour, the surer the stronger."""

    def __init__(self, models: Models, view: View, guesser: Guesser, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._models, self._guesser, self._words, self._look = models, guesser, words, look
        self.title = label(NOW, "strong")
        self.note = Elided("help")
        self.text = QTextEdit()
        self.text.setObjectName("reading")
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setMaximumWidth(WIDEST)
        self.text.setAccessibleName("The best guess at this step")
        self.bar = HeatBar(look)
        legend, content = QWidget(), QWidget()
        row(label("unsure", "help"), self.bar, label("sure", "help"), gap=8, of=legend)
        column(Flow(self.title, legend, gap=16), self.note, (self.text, 1), gap=8, of=content)
        self.filled = Filled(content, EMPTY)
        self._written: tuple[Guessed | None, Theme] = None, look.theme
        column(self.filled, margins=(16, 10, 16, 10), of=self)
        view.changed.connect(self._grey)
        keep_up(self.refresh, guesser.changed, words.changed, look.changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._guesser.want("panel", True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._guesser.want("panel", False)

    def refresh(self) -> None:
        if not self.isVisible():
            return
        guess, tokenizer = self._guesser.guess, self._models.tokenizer
        self.filled.show_content(guess is not None and tokenizer is not None)
        if guess is None or tokenizer is None:
            self.filled.say(f"{EMPTY} {self._guesser.reason}".strip())
            self._written = None, self._look.theme
            self.text.clear()
            return
        self.note.show_text(summary(guess, self._words.say))
        self._write(plain_pieces(guess.tokens, tokenizer), guess)
        self._grey()

    def _grey(self) -> None:
        """A guess at another text than the one on show says so."""
        stale = self._guesser.stale
        self.title.setText(OTHER if stale else NOW)
        self.text.setEnabled(not stale)

    def _write(self, pieces: list[str], guess: Guessed) -> None:
        """The text, unless it stands there already. It is laid out once, not anew with each piece."""
        if self._written[0] is guess and self._written[1] is self._look.theme:
            return
        self._written = guess, self._look.theme
        place = self.text.verticalScrollBar().value()
        self.text.clear()
        cursor = self.text.textCursor()
        cursor.beginEditBlock()
        for piece, sure in zip(pieces, guess.probability.tolist(), strict=True):
            cursor.insertText(piece, self._format(sure))
        cursor.endEditBlock()
        self.text.verticalScrollBar().setValue(place)

    def _format(self, sure: float) -> QTextCharFormat:
        known = math.isnan(sure)
        form = QTextCharFormat()
        opacity = FAINTEST + (1 - FAINTEST) * sure
        form.setForeground(self._look.colour("text") if known else self._look.colour("fresh", opacity))
        form.setFontItalic(not known)
        return form


def summary(guess: Guessed, say: Say) -> str:
    """How many tokens are guessed, and how sure the model is of them on average."""
    open_ = ~np.isnan(guess.probability)
    count = int(open_.sum())
    if not count:
        return "Nothing is left to guess at this step."
    sure, entropy = guess.probability[open_].mean(), guess.entropy[open_].mean()
    tokens = "1 token" if count == 1 else f"{count:,} tokens"
    told = "{tokens} guessed, {sure:.0%} sure and {entropy:.2f} nats of entropy on average"
    return say(told, tokens=tokens, sure=sure, entropy=entropy, choices=math.exp(entropy))
