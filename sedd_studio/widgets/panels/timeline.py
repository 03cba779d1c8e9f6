"""The timeline under the canvas: play, scrub and speed, and what is true at the step that is shown."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.basic import Choice, Elided, IconButton, label
from sedd_studio.widgets.controls.track import Track

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
SPEEDS = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


class Timeline(QFrame):
    """Shows the recorded run and moves the playhead in it."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._recorded: tuple[object, ...] = ()
        self.setObjectName("card")
        self.play = IconButton("play", "Play", theme)
        self.speed = Choice("Playing speed", theme)
        self.step = label(role="strong")
        self.facts = Elided()
        self.sample_text = label(role="muted")
        self.earlier = IconButton("chevron-left", "Previous sample", theme)
        self.later = IconButton("chevron-right", "Next sample", theme)
        self.go_on = IconButton(
            "step", "Go on from this step, with the locks as they are now", theme, "Go on from here"
        )
        self.follow = IconButton("ring", "Keep the newest step in view", theme, "Follow live", "toggle")
        self.follow.setCheckable(True)
        self.track = Track(theme)
        self._arrange()
        self._connect()
        self.refresh_run()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self._theme = theme
        for part in (self.play, self.speed, self.earlier, self.later, self.go_on, self.follow, self.track):
            part.set_theme(theme)

    def refresh_run(self) -> None:
        """Show what is recorded, then where the playhead is."""
        session = self._session
        info = session.step_info()
        changed = np.asarray(session.changed_steps(), dtype=np.int64)
        self.track.show_run(info.steps, info.free, np.asarray(session.settled_curve(), dtype=np.int64), changed)
        several = session.samples > 1
        for part in (self.earlier, self.later, self.sample_text):
            part.setVisible(several)
        self.sample_text.setText(f"sample {session.sample + 1}/{session.samples}")
        self.earlier.setEnabled(session.sample > 0)
        self.later.setEnabled(session.sample + 1 < session.samples)
        self.refresh_playhead()

    def refresh_playhead(self) -> None:
        """Show the playhead and what is true there."""
        session = self._session
        info = session.step_info()
        self.track.show_step(session.playhead)
        self.play.set_icon("pause" if session.playing else "play", self._theme)
        self.play.set_name("Pause the playback" if session.playing else "Play")
        self.play.setEnabled(session.recorded_steps > 0)
        self.go_on.setVisible(session.can_go_on and not session.playing and not session.following)
        self.follow.setChecked(session.following)
        self.follow.set_icon("dot" if session.following else "ring", self._theme)
        if session.recorded_steps == 0 and session.state is not RunState.RUNNING:
            self.step.setText("No run yet")
            self.facts.show_text(f"{info.free} positions to fill" if info.free else "every position is locked")
        else:
            self.step.setText(f"step {info.step} of {info.steps}")
            self.facts.show_text("   ".join(self._facts()))
        self.track.setAccessibleDescription(f"{self.step.text()}, {info.settled} of {info.free} settled")

    def _refresh_canvas(self) -> None:
        """Draw the curve anew only if it can be another one."""
        session = self._session
        recorded = (session.recorded_steps, session.samples, session.sample, session.step_info().free)
        if recorded != self._recorded:
            self._recorded = recorded
            self.refresh_run()

    def _facts(self) -> list[str]:
        session = self._session
        info, run = session.step_info(), session.progress
        # The noise that a run begins with has no finite amount to name.
        sigma = "" if math.isnan(info.sigma) else f"{SIGMA} {info.sigma:.2f} · "
        facts = [
            f"{sigma}t {info.time:.2f}",
            f"{info.settled} of {info.free} settled",
            f"{run.calls} calls · {run.seconds:.1f} s",
        ]
        if run.seconds_left is not None:
            facts[-1] += f" · {run.seconds_left:.1f} s left"
        return facts

    def _connect(self) -> None:
        session = self._session
        self.play.clicked.connect(session.toggle_play)
        self.go_on.clicked.connect(session.go_on)
        self.follow.clicked.connect(session.set_following)
        self.speed.activated.connect(lambda: session.set_speed(self.speed.currentData()))
        self.earlier.clicked.connect(lambda: session.set_sample(session.sample - 1))
        self.later.clicked.connect(lambda: session.set_sample(session.sample + 1))
        self.track.valueChanged.connect(session.seek)
        session.run_changed.connect(self.refresh_run)
        session.canvas_changed.connect(self._refresh_canvas)
        session.playhead_changed.connect(self.refresh_playhead)

    def _arrange(self) -> None:
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} steps/s", speed)
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self._session.speed))
        self.speed.setCurrentIndex(nearest)
        self.speed.setFixedWidth(112)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.play)
        head.addWidget(self.speed)
        head.addSpacing(4)
        head.addWidget(self.step)
        head.addSpacing(6)
        head.addWidget(self.facts, 1)
        samples = QHBoxLayout()
        samples.setSpacing(0)
        for part in (self.earlier, self.sample_text, self.later):
            samples.addWidget(part)
        head.addLayout(samples)
        head.addWidget(self.go_on)
        head.addWidget(self.follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.track)
