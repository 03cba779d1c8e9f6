"""The run on show as it is presented: from one quarter of it to the next, and as it stood afterwards."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.runs.trajectory import Trajectory
from sedd_studio.session.gliding import Glide
from sedd_studio.session.session import Session

PARTS = 4
"""Of a run, between which it stands still."""
SECONDS = 2.5
"""In which a part is shown."""


class PresentedRun(QObject):
    """Takes the playhead of the session through the run on show, and makes one where there is none yet."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._glide = Glide(session.clock)
        self._before: tuple[Trajectory | None, int, int, bool] = (None, 0, 0, False)

    def begin(self) -> None:
        """Notes where the playhead stands."""
        playhead = self._session.playhead
        self._before = self._session.view.run, playhead.step, playhead.sample, playhead.following

    def end(self) -> None:
        """The playhead stands where it stood; a run that was made meanwhile stays as it is."""
        self._glide.stop()
        run, step, sample, following = self._before
        playhead = self._session.playhead
        if run is not None and run is self._session.view.run and not run.under_way:
            playhead.put(step, sample)
            if following:
                playhead.set_following(True)
        self._before = (None, 0, 0, False)

    @property
    def stops(self) -> list[int]:
        """The steps at which it stands still."""
        recorded = self._session.playhead.recorded
        return sorted({round(recorded * part / PARTS) for part in range(PARTS + 1)})

    def turn(self, by: int) -> None:
        """Plays on to the next stop, or is back at the one before at once. Where there is no run yet, one is made; one
        that is still being made is held, or let go."""
        playhead, runs = self._session.playhead, self._session.runs
        if runs.running:
            self.play()
        elif by > 0 and not playhead.recorded:
            runs.start()
        elif by > 0:
            self._play_on()
        else:
            self._glide.stop()
            playhead.seek(max((stop for stop in self.stops if stop < playhead.step), default=0))

    def play(self) -> None:
        """Has it go on, or stand still."""
        self._glide.stop()
        self._session.pausing.toggle()

    def step(self, by: int) -> None:
        """So many steps further."""
        self._glide.stop()
        self._session.playhead.seek(self._session.playhead.step + by)

    def _play_on(self) -> None:
        playhead = self._session.playhead
        moves = self._glide.under_way or playhead.playing
        first = playhead.step
        last = min((stop for stop in self.stops if stop > first), default=first)
        if self._glide.under_way:
            self._glide.arrive()
            return

        def put(share: float) -> None:
            playhead.seek(round(first + share * (last - first)))

        calm = bool(self._session.settings["reduced_motion"])
        self._glide.begin(put, 0.0 if calm or moves or last == first else SECONDS)
