"""The top bar: the model, what drives a run, and what the run will use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.widgets.controls.basic import IconButton, PushButton, label

if TYPE_CHECKING:
    from sedd_studio.session.session import Session

WIDE, MIDDLING = 1140, 980
PAUSE_WIDTH = 88
"""Room for "Pause", so that nothing moves when the button says "Play"."""


class TopBar(QFrame):
    """Run, Pause, Step and Stop in the middle; the pickers, made by the window, at the left; facts at the right."""

    def __init__(
        self, session: Session, theme: Theme, picker: QWidget, noise: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.setObjectName("topBar")
        self.noise = noise
        self.run_button = PushButton("Run", "play", theme, primary=True)
        self.pause = PushButton("Pause", "pause", theme)
        self.step = PushButton("Step", "step", theme)
        self.stop = PushButton("Stop", "stop", theme)
        self.seed = label(role="muted")
        self.dice = IconButton("dice", "New seed", theme)
        self.samples = label(role="muted")
        self.device = label(role="chip")
        self.pause.setMinimumWidth(PAUSE_WIDTH)
        self._arrange(picker)
        self.run_button.clicked.connect(session.runs.start)
        self.pause.clicked.connect(session.playhead.toggle)
        self.step.clicked.connect(session.playhead.step_once)
        self.stop.clicked.connect(session.runs.stop)
        self.dice.clicked.connect(session.form.new_seed)
        for signal in (session.models.changed, session.runs.changed, session.playhead.changed, session.form.changed):
            signal.connect(self.refresh)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw icons in the colours of `theme`."""
        self._theme = theme

    def refresh(self) -> None:
        """Show what the session can do now."""
        session, info = self._session, self._session.models.info
        running = session.runs.running
        recorded = session.playhead.recorded > 0
        self.run_button.setEnabled(session.models.ready)
        self.pause.setText("Pause" if session.playhead.playing or not recorded else "Play")
        self.pause.set_icon("pause" if session.playhead.playing or not recorded else "play", self._theme)
        self.pause.setEnabled(recorded)
        self.step.setEnabled(running or session.playhead.step < session.playhead.recorded)
        self.stop.setEnabled(running)
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

    def _arrange(self, picker: QWidget) -> None:
        left, middle, right = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for part in (picker, self.noise):
            left.addWidget(part)
        left.addStretch(1)
        for part in (self.run_button, self.pause, self.step, self.stop):
            middle.addWidget(part)
        right.addStretch(1)
        right.addWidget(self.seed)
        right.addWidget(self.dice)
        right.addSpacing(6)
        right.addWidget(self.samples)
        right.addSpacing(6)
        right.addWidget(self.device)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 9, 16, 9)
        for group, weight in ((left, 1), (middle, 0), (right, 1)):
            group.setSpacing(10)
            row.addLayout(group, weight)
        self.device.setFixedHeight(self._theme.sizes.control)
