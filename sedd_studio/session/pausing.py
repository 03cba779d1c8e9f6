"""Pause and Step: they hold the run that is going on, in the engine and on show."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sedd_studio.session.engine_link import EngineLink
from sedd_studio.session.playhead import Playhead
from sedd_studio.session.runs import Runs


class Pausing(QObject):
    """Holds the run, and has it go on as it was: followed, played, or not."""

    def __init__(self, engine: EngineLink, runs: Runs, playhead: Playhead, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._runs, self._playhead = engine, runs, playhead
        self._followed = self._played = False
        self._newest = -1  # the step on show, if what comes after it is to be shown while the run is held
        engine.taken.connect(self._show_newest)

    def toggle(self) -> None:
        """Holds the run that is going on, or lets it go on; where there is none, what is recorded is played or held."""
        runs, playhead = self._runs, self._playhead
        if not runs.running:
            playhead.toggle()
        elif runs.paused:
            runs.set_paused(False)
            if self._followed:
                playhead.set_following(True)
            elif self._played:
                playhead.play()
        else:
            self._followed, self._played = playhead.following, playhead.playing or runs.recording is None
            self._newest = playhead.step if self._followed else -1  # the engine may be within a step
            runs.set_paused(True)
            playhead.pause()

    def step(self) -> None:
        """Shows the next step, and has it made if the run is paused before it."""
        playhead, recording = self._playhead, self._runs.recording
        if self._runs.paused and recording is not None and playhead.step == recording.recorded:
            self._newest = playhead.step
            self._engine.step()
        else:
            playhead.step_once()

    def _show_newest(self) -> None:
        if self._runs.paused and self._playhead.step == self._newest:
            self._newest = self._playhead.recorded
            self._playhead.seek(self._newest)
