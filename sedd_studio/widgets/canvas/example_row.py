"""Prompts to try, at the foot of the canvas while nothing is made yet. They move nothing."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from sedd_studio.session.examples import GAP, Examples
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.controls.basic import Elided, label
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import column

MOST = 3
LONGEST = 48
"""Characters of a prompt that are shown."""
GAP_ABOVE, FOOT = 10, 8
"""Pixels between the two lines, and under them."""


class ExampleRow(QFrame):
    """Offers `examples.now` where the text leaves room for it."""

    def __init__(self, canvas: TokenCanvas, examples: Examples) -> None:
        super().__init__(canvas.viewport())
        self._canvas, self._examples = canvas, examples
        self.setAccessibleName("What to begin with")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.writes = Elided("help")
        self.buttons = [QPushButton() for _ in range(MOST)]
        for place, button in enumerate(self.buttons):
            button.setProperty("kind", "small")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, place=place: self._choose(place))
        self._line = QWidget()
        self._flow = Flow(label("Try", "help"), *self.buttons, of=self._line)
        column(self.writes, self._line, gap=GAP_ABOVE, of=self)
        for one, other in pairwise((canvas, *self.buttons)):
            self.setTabOrder(one, other)
        examples.changed.connect(self.refresh)
        canvas.moved.connect(self._place)
        self.hide()
        self.refresh()

    def refresh(self) -> None:
        now = self._examples.now
        if now is not None:
            self.writes.show_text(now.writes)
            self._line.setVisible(bool(now.prompts))
            for place, button in enumerate(self.buttons):
                button.setVisible(place < len(now.prompts))
                if place < len(now.prompts):
                    self._say(button, now.prompts[place])
        self._place()

    def _say(self, button: QPushButton, prompt: str) -> None:
        text = " ".join(GAP.sub(" … ", prompt).split())
        text = text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"
        button.setText(text.replace("&", "&&"))
        button.setAccessibleName(f"Try: {text}")
        explain(button, f"Makes this the prompt: {prompt}")

    def _choose(self, place: int) -> None:
        now = self._examples.now
        if now is not None:
            self._canvas.setFocus()
            self._examples.choose(now.prompts[place])

    def _place(self) -> None:
        """At the foot of the canvas, as much of it as the text leaves room for."""
        now, picture = self._examples.now, self._canvas.picture
        left, width, foot = round(picture.origin.x()), int(picture.line_width), self._canvas.viewport().height() - FOOT
        prompts = self._flow.heightForWidth(width) if now is not None and now.prompts else 0
        writes = self.writes.sizeHint().height() + (GAP_ABOVE if prompts else 0)
        fits = foot - picture.height >= prompts + writes
        self.writes.setVisible(fits)
        height = prompts + (writes if fits else 0)
        self.setGeometry(left, foot - height, width, height)
        self.setVisible(now is not None and height > 0 and foot - height >= picture.height)
