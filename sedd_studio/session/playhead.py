"""The playhead: which step and which sample of a run are on show, and how it moves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.runs.trajectory import Trajectory
from sedd_studio.record.playback import Playback
from sedd_studio.record.settings import Settings
from sedd_studio.session.clock import Clock


class Playhead(QObject):
    """Stands in the run that `on_show` says. `changed` is told when it stands elsewhere, or moves otherwise."""

    changed = Signal()

    def __init__(
        self, on_show: Callable[[], Trajectory | None], settings: Settings, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._on_show, self._settings, self._clock = on_show, settings, clock
        self._playback = Playback(settings["speed"], settings["follow"])
        self.sample = 0
        clock.add(self._advance)

    @property
    def step(self) -> int:
        """The step that is shown, 0 .. recorded."""
        return min(self._playback.step, self.recorded)

    @property
    def playing(self) -> bool:
        return self._playback.playing

    @property
    def following(self) -> bool:
        """Whether it keeps to the newest step."""
        return self._playback.following

    @property
    def speed(self) -> float:
        """Playing speed in steps a second."""
        return self._playback.speed

    @property
    def recorded(self) -> int:
        run = self._on_show()
        return run.recorded if run is not None else 0

    @property
    def samples(self) -> int:
        """Samples of the run, 1 if there is none."""
        run = self._on_show()
        return run.samples if run is not None else 1

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        if self.recorded or self._grows:
            self._playback.play(self.recorded, self._grows)
            self._clock.start()
            self.changed.emit()

    def pause(self) -> None:
        """Holds it; the engine goes on, and what it makes is recorded."""
        self._playback.pause()
        self.changed.emit()

    def step_once(self) -> None:
        self.seek(self.step + 1)

    def seek(self, step: int) -> None:
        """Shows a step and holds it."""
        self._playback.seek(min(max(step, 0), self.recorded))
        self.changed.emit()

    def set_following(self, following: bool) -> None:
        """Keeps it at the newest step, or lets it go."""
        self._playback.following = following
        self._settings.set("follow", following)
        if following:
            self._playback.playing = self._grows
        self._clock.tick()
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        self._playback.set_speed(speed)
        self._settings.set("speed", speed)

    def set_sample(self, sample: int) -> None:
        self.sample = min(max(sample, 0), self.samples - 1)
        self.changed.emit()

    def start(self, run: Trajectory, first: int = 0) -> None:
        """Plays a run from its step `first` on, as soon as that is there."""
        self.sample = min(self.sample, run.samples - 1)
        self._playback.start(run.steps, first)
        self._clock.start()

    def put(self, step: int, sample: int) -> None:
        """Stands at a step of a sample, as far as there are."""
        self.sample = min(sample, self.samples - 1)
        self.seek(step)

    @property
    def _grows(self) -> bool:
        run = self._on_show()
        return run is not None and run.under_way and not run.held

    def _advance(self, seconds: float) -> bool:
        if self._playback.advance(seconds, self.recorded, self._grows):
            self.changed.emit()
        return self.playing
