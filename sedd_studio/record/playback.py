"""The playhead: which step of the recorded run is shown, and how it moves."""

from __future__ import annotations

SHORTEST_SHOW = 4.0
"""Seconds in which a new run is shown if the engine is faster: a person should see it happen."""


class Playback:
    """Production and presentation are apart: the engine records as fast as it can, the playhead moves as asked.

    While `following` it stands at the newest step; else, while `playing`, it moves at `speed` steps a second.
    """

    def __init__(self, speed: float, following: bool = False) -> None:
        self.speed = speed
        self.step = 0
        self.playing = False
        self.following = following
        self._pace = speed
        self._fraction = 0.0

    def start(self, steps: int, first: int = 0) -> None:
        """A run of `steps` begins at step `first`: show it, all of it in `SHORTEST_SHOW` unless `speed` is faster."""
        self.step, self.playing, self._fraction = first, True, 0.0
        self._pace = max(self.speed, steps / SHORTEST_SHOW)

    def set_speed(self, speed: float) -> None:
        self.speed = self._pace = speed

    def seek(self, step: int) -> None:
        self.step, self.playing, self.following, self._fraction = step, False, False, 0.0

    def pause(self) -> None:
        """Stand still; what is produced meanwhile is recorded."""
        self.playing = self.following = False

    def play(self, recorded: int, running: bool) -> None:
        """Move on from where the playhead is, or from the start if it is at the end of a run that is over."""
        if not running:
            self.following = False
            if self.step >= recorded:
                self.step = 0
        self.playing, self._pace, self._fraction = True, self.speed, 0.0

    def advance(self, seconds: float, recorded: int, running: bool) -> bool:
        """Moves for `seconds` of wall time; returns whether the step or the state changed."""
        before = self.step, self.playing
        if self.following:
            self.step = recorded
        elif self.playing:
            self._fraction += seconds * self._pace
            whole = int(self._fraction)
            self._fraction -= whole
            self.step = min(self.step + whole, recorded)
        if self.step >= recorded and not running:
            self.playing = False
        return before != (self.step, self.playing)
