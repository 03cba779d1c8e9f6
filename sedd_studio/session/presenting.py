"""The chapters of Learn as they are presented: a step of the script at a time, and as they were afterwards."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sedd_studio.record.chapters.scripts import SCRIPTS, Step, choices_at
from sedd_studio.session.clock import Clock
from sedd_studio.session.gliding import Glide
from sedd_studio.session.learning import Kept, Learning

SECONDS = 1.2
"""In which a slider goes to where a step sets it."""


class Presenting(QObject):
    """Takes `learning` through the scripts of its chapters, from the one that is open on. `changed` is told when
    another step is on show."""

    changed = Signal()

    def __init__(self, learning: Learning, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._learning = learning
        self._glide = Glide(clock)
        self._before: Kept | None = None
        self.place = -1
        """Of the step on show in its chapter; -1 while the chapter is as one had it."""
        learning.opened.connect(self._begin_anew)

    @property
    def step(self) -> Step | None:
        """The one on show."""
        return SCRIPTS[self._learning.name][self.place] if self.place >= 0 else None

    def begin(self) -> None:
        """Presents the open chapter, as it stands."""
        self._before, self.place = self._learning.kept(), -1
        self.changed.emit()

    def end(self) -> None:
        """All is as it was before."""
        self._glide.stop()
        if self._before is not None:
            self._learning.bring_back(self._before)
        self._before, self.place = None, -1

    def turn(self, by: int) -> None:
        """Goes on to the next step, or back to the one before; from the last of a chapter to the next one's first."""
        place, learning = self.place + by, self._learning
        learning.want(True)  # another page may have come behind
        if not 0 <= place < len(SCRIPTS[learning.name]):
            name = learning.beside(by)
            if not name:
                return
            place = 0 if by > 0 else len(SCRIPTS[name]) - 1
            learning.open(name)
        self.place = place
        self._set(SCRIPTS[learning.name][place])
        self.changed.emit()

    def play(self) -> None:
        """Has the chapter's slider move by itself, or stop."""
        self._glide.stop()
        slide = next((each.name for each in self._learning.slides if each.seconds), "")
        if slide:
            self._learning.play(slide)

    def _begin_anew(self) -> None:
        """Another chapter is open, which has steps of its own."""
        self._glide.stop()
        self.place = -1

    def _set(self, step: Step) -> None:
        """Sets what a step sets; a slider that only looks something up goes there before one's eyes."""
        learning = self._learning
        self._glide.stop()
        begun, wanted = learning.choices, choices_at(learning.chapter, learning.name, self.place, learning.choices)
        same = learning.chapter.lesson(begun) == learning.chapter.lesson(wanted)
        ways = {
            each.name: (begun[each.name], wanted[each.name])
            for each in learning.slides
            if same and begun[each.name] != wanted[each.name]
        }

        def put(share: float) -> None:
            between = {name: round(first + share * (last - first)) for name, (first, last) in ways.items()}
            learning.take({**wanted, **between})
            if share == 1.0:
                self._play(step.plays)

        put(0.0)
        self._glide.begin(put, SECONDS if ways and not learning.calm else 0.0)

    def _play(self, slide: str) -> None:
        if slide and self._learning.calm:
            self._learning.end(slide, True)  # the still that it would end in
        elif slide:
            self._learning.play(slide)
