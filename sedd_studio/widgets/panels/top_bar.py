"""The top bar: the model, what drives a run, and what the run will use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QEnterEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import IconButton, PushButton, keep_up, label
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.session import Session

WIDE, MIDDLING = 1140, 980
RUN_WIDTH = 196
"""Room for "Filling 1024 tokens"."""
PAUSE_WIDTH = 88
"""Room for "Pause", so that nothing moves when the button says "Play"."""


class RunButton(PushButton):
    """Says how many tokens a run fills; `aimed` is told when the pointer, which may press it, comes and goes."""

    aimed = Signal(bool)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("Run", "play", look, session.runs.start, primary=True)
        self._session = session
        self.setMinimumWidth(RUN_WIDTH)
        self.clicked.connect(lambda: self.aimed.emit(False))  # it is done, and is to be watched

    def refresh(self) -> None:
        running, run = self._session.runs.running, self._session.view.run
        count = run.free if running and run is not None else int((~self._session.view.document.locked).sum())
        self.setText(f"{'Filling' if running else 'Fill'} {count} {'token' if count == 1 else 'tokens'}")
        self.setAccessibleName(f"Run: {self.text().lower()}")
        self.setEnabled(self._session.models.ready)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.aimed.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.aimed.emit(False)


class TopBar(QFrame):
    """Run, Pause, Step and Stop in the middle; the pickers, made by the window, at the left; facts at the right."""

    def __init__(self, session: Session, look: Look, picker: QWidget, noise: QWidget) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("topBar")
        self.noise = noise
        self.run_button = RunButton(session, look)
        self.pause = PushButton("Pause", "pause", look, session.playhead.toggle)
        self.step = PushButton("Step", "step", look, session.playhead.step_once)
        self.stop = PushButton("Stop", "stop", look, session.stop)
        self.seed = label(role="muted")
        self.dice = IconButton("dice", "New seed", look, session.form.new_seed)
        self.samples = label(role="muted")
        self.device = label(role="chip")
        self.pause.setMinimumWidth(PAUSE_WIDTH)
        self.device.setFixedHeight(look.sizes.control)
        left = row(picker, noise, None, gap=10)
        middle = row(self.run_button, self.pause, self.step, self.stop, gap=10)
        right = row(None, self.seed, self.dice, 6, self.samples, 6, self.device, gap=10)
        row((left, 1), middle, (right, 1), margins=(16, 9, 16, 9), of=self)
        told = (session.models, session.runs, session.view, session.form, session.reader)
        keep_up(self.refresh, *(part.changed for part in told))

    def refresh(self) -> None:
        session, info = self._session, self._session.models.info
        running = session.runs.running
        recorded = session.playhead.recorded > 0
        self.run_button.refresh()
        self.pause.setText("Pause" if session.playhead.playing or not recorded else "Play")
        self.pause.sign.show("pause" if session.playhead.playing or not recorded else "play")
        self.pause.setEnabled(recorded)
        self.step.setEnabled(running or session.playhead.step < session.playhead.recorded)
        self.stop.setEnabled(running or session.reader.busy)
        self.seed.setText(f"seed {session.form.now.seed}")
        self.samples.setText("1 sample" if session.form.now.samples == 1 else f"{session.form.now.samples} samples")
        self._fit()
        if info is not None:
            self.device.setText(f"{info.device.upper()} · {info.precision}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the window is narrow, leave out what stands in the run form too, then the noise."""
        known = self._session.models.info is not None
        for part in (self.seed, self.dice, self.samples):
            part.setVisible(self.width() >= WIDE)
        self.noise.setVisible(known and self.width() >= MIDDLING)
        self.device.setVisible(known)
