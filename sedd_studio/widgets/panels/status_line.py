"""The status line at the foot of the window: what the engine is doing, how far it is, and the time left; and help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QProgressBar

from sedd_studio.record.pace import duration
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.basic import keep_up, label
from sedd_studio.widgets.controls.helping import HelpLine
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.session import Session

PAUSE = 100
"""Milliseconds between two sentences while a run goes on: nobody reads faster, and a progress bar is slow to draw."""


class StatusLine(QFrame):
    """One sentence and, while something is going on, a progress bar; at the right the help of what one works with."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._missed = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._catch_up)
        self.setObjectName("statusLine")
        self.text = label(role="help")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(160, 4)  # no higher than the text, so that nothing moves when it comes
        self.bar.setAccessibleName("Progress")
        self.help = HelpLine("Select words to lock, redraw or replace them")
        row(self.bar, self.text, (self.help, 1), gap=12, margins=(16, 6, 16, 6), of=self)
        keep_up(self.refresh, session.runs.changed, session.models.changed, session.reader.changed)

    def refresh(self) -> None:
        session = self._session
        running, run = session.runs.running, session.runs.progress
        self._missed = running and not session.runs.paused and self._pause.isActive()
        if self._missed:
            return
        if running:
            self._pause.start()
        self.bar.setVisible(running or session.models.loading)
        self.bar.setRange(0, 0 if session.models.loading else max(run.steps, 1))
        self.bar.setValue(run.step if running else 0)
        self.text.setText(self._sentence())
        self.setAccessibleName(self.text.text())

    def _catch_up(self) -> None:
        if self._missed:
            self.refresh()

    def _sentence(self) -> str:
        session = self._session
        if session.models.loading:
            return "Loading the model. The prompt can be edited meanwhile."
        if session.models.info is not None and not session.models.ready:
            return f"{session.models.info.name} is not loaded: its run can be played; open the model to run it again"
        if session.runs.running:
            made = session.runs.progress
            if session.runs.paused:
                return f"Paused at step {made.step} of {made.steps}"
            left = "" if made.seconds_left is None else f", {duration(made.seconds_left)} left"
            return f"Running: step {made.step} of {made.steps}{left}"
        if session.reader.busy:
            return "Reading the file"
        if session.runs.state is RunState.FAILED:
            return "The run failed; the message above says why"
        run = session.view.run
        if run is None:
            return "Ready" if session.models.info is not None else "No model is loaded"
        made = run.progress
        if run.result is None:
            return f"Stopped after step {made.step} of {made.steps}"
        return f"Finished: {made.steps} steps, {made.calls} network calls, {duration(made.seconds)}"
