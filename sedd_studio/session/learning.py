"""The chapter of Learn that is open: what is chosen in it, and the figure that the engine has told for that."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.protocol import Cancelled, Event, Failed, Finished, Lesson, Told
from engine.protocol.lessons import Figure
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Choices, Press, Shown, Slide
from sedd_studio.session.session import Session

KEPT = 6
"""Figures of each chapter that are kept for when they are wanted again: to type in one costs the others none."""
Kept = tuple[str, Mapping[str, Choices]]
"""The name of a chapter, and choices by the names of all that were opened."""


class Learning(QObject):
    """`chapter` is called `name`; `choices` are made in it, `shown` is the figure of the last for which there is one,
    and `refusal` says why there is none. It asks the engine one lesson at a time, and nothing while it is not wanted.

    What a slider only looks up is on show at once; what needs another lesson is when that has come.
    """

    opened = Signal()
    """Another chapter is open."""
    changed = Signal()
    """What is chosen, or what is shown, is another, or whether it moves by itself."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._clock, self._settings = session.engine, session.clock, session.settings
        self._wanted = False
        self._choices: dict[str, Choices] = {}
        self._figures: dict[Lesson, Figure] = {}
        self._question = 0
        self._asked: Lesson | None = None
        self._passed = 0.0
        self.playing = ""
        """The slider that moves by itself; empty where none does."""
        self.shown: Shown | None = None
        self.refusal = ""
        self.name, self.chapter = "", chapter(next(iter(CHAPTERS)))
        session.engine.answered.connect(self._take)
        session.models.came.connect(self._forget)
        session.clock.add(self._move)
        self._open(next(iter(CHAPTERS)))

    # ---- chapters

    def open(self, name: str) -> None:
        """Opens a chapter, as it was left."""
        if name != self.name:
            self._open(name)
            self.opened.emit()
            self._follow()

    def turn(self, step: int) -> None:
        """Opens the next chapter, or the one before."""
        if name := self.beside(step):
            self.open(name)

    def beside(self, step: int) -> str:
        """The name of the chapter so many further; empty where there is none."""
        names = [*CHAPTERS]
        place = names.index(self.name) + step
        return names[place] if 0 <= place < len(names) else ""

    @property
    def seen(self) -> list[str]:
        """The chapters that were opened, ever."""
        return [name for name in CHAPTERS if name in self._settings["chapters"]]

    @property
    def title(self) -> str:
        return CHAPTERS[self.name]

    @property
    def calm(self) -> bool:
        """Whether nothing may move by itself."""
        return bool(self._settings["reduced_motion"])

    # ---- what is chosen

    @property
    def choices(self) -> Choices:
        return self._choices[self.name]

    def choose(self, name: str, value: Any) -> None:
        """Makes a choice; what moves by itself stops, but for what the choice is to move."""
        self.playing = ""
        controls = self.chapter.controls(self.choices, None)
        plays = next((each.plays for each in controls if isinstance(each, Press) and each.name == name), "")
        self._choose(name, value)
        slide = self._slide(plays)
        if slide is not None and self.calm:
            self._choose(plays, slide.last)  # the still that it would end in
        elif slide is not None:
            self.play(plays)

    def take(self, choices: Choices) -> None:
        """Chooses all that can be chosen in the open chapter at once."""
        self.playing = ""
        self._choices[self.name] = choices
        self._follow()

    def move(self, slide: str, by: int) -> None:
        """Moves a slider by so many notches, as far as it goes."""
        found = next((each for each in self.slides if each.name == slide), None)
        if found is not None:
            self.choose(slide, min(max(self.choices[slide] + by, 0), found.last))

    def end(self, slide: str, last: bool) -> None:
        """Puts a slider to its end, or to its begin."""
        self.move(slide, sys.maxsize if last else -sys.maxsize)

    @property
    def slides(self) -> list[Slide]:
        """The sliders of the open chapter."""
        controls = self.chapter.controls(self.choices, None if self.shown is None else self.shown.figure)
        return [each for each in controls if isinstance(each, Slide)]

    def kept(self) -> Kept:
        """Which chapter is open, and what is chosen in each."""
        return self.name, dict(self._choices)

    def bring_back(self, kept: Kept) -> None:
        """Opens the chapter that was open, with all as it was chosen."""
        name, self._choices = kept[0], dict(kept[1])
        self._open(name)
        self.opened.emit()
        self._follow()

    def play(self, slide: str) -> None:
        """Has a slider move by itself, from its begin if it is at its end; or stops it. Not where nothing may move."""
        self.playing = "" if self.playing == slide or self.calm else slide
        found = self._slide(self.playing)
        if found is not None:
            if self.choices[slide] >= found.last:
                self._choose(slide, 0)
            self._passed = 0.0
            self._clock.start()
        self.changed.emit()

    def want(self, wanted: bool) -> None:
        """The page is on show from now on, or no more."""
        self._wanted = wanted
        if not wanted:
            self.playing = ""
        self._follow()

    @property
    def waits(self) -> bool:
        """Whether the figure for what is chosen is still to come."""
        return bool(self._question)

    # ---- behind it

    def _open(self, name: str) -> None:
        self.name, self.chapter, self.playing = name, chapter(name), ""
        self._choices.setdefault(name, self.chapter.start())
        self.shown, self.refusal = None, ""

    def _choose(self, name: str, value: Any) -> None:
        figure = self._figures.get(self.chapter.lesson(self.choices))
        self._choices[self.name] = self.chapter.choose(self.choices, figure, name, value)
        self._follow()

    def _follow(self) -> None:
        """Shows what is known of what is chosen, or asks for it."""
        if not self._wanted:
            return
        if self.name not in self._settings["chapters"]:
            self._settings.change("chapters", lambda kept: [*(each for each in kept if each != self.name), self.name])
        lesson = self.chapter.lesson(self.choices)
        figure = self._figures.get(lesson)
        if figure is not None:
            self.shown, self.refusal = Shown(figure, self.choices), ""
        elif lesson != self._asked:
            if self._question and self._asked is not None:
                self._engine.drop(self._question)
                self._figures.pop(self._asked, None)  # it may not be whole
            self._asked, self._question = lesson, self._engine.ask(lesson)
        self.changed.emit()

    def _take(self, event: Event) -> None:
        if event.run_id != self._question or self._asked is None:
            return
        match event:
            case Told(figure=figure):
                self._figures.pop(self._asked, None)
                self._figures[self._asked] = figure
                same = [lesson for lesson in self._figures if lesson.chapter == self._asked.chapter]
                for lesson in same[:-KEPT]:
                    del self._figures[lesson]
                if self.chapter.lesson(self.choices) == self._asked:
                    self.shown, self.refusal = Shown(figure, self.choices), ""
            case Failed(headline=headline):
                self._question, self.refusal, self.shown = 0, headline, None
            case Finished():
                self._question, self._asked = 0, None
            case Cancelled():
                self._figures.pop(self._asked, None)  # it may not be whole
                self._question, self._asked = 0, None
                self._follow()
        self.changed.emit()

    def _forget(self) -> None:
        """Another model is open: what the one before has answered holds no more."""
        self._figures = {lesson: figure for lesson, figure in self._figures.items() if not lesson.of_model}
        if self._asked is not None and self._asked.of_model:
            self._engine.drop(self._question)
            self._question, self._asked = 0, None
        if self.chapter.lesson(self.choices).of_model:
            self.shown, self.refusal = None, ""
            self._follow()

    def _slide(self, name: str) -> Slide | None:
        return next((each for each in self.slides if each.name == name and each.seconds), None)

    def _move(self, seconds: float) -> bool:
        """Moves what moves by itself, by whole notches."""
        slide = self._slide(self.playing)
        if slide is None:
            return False
        self._passed += seconds
        notches = int(self._passed * slide.last / slide.seconds)
        if notches:
            self._passed -= notches * slide.seconds / slide.last
            before = self.choices[slide.name]
            self._choose(slide.name, min(slide.last, before + notches))
            if self.choices[slide.name] >= slide.last:
                self.playing = ""
                self.changed.emit()
        return bool(self.playing)
