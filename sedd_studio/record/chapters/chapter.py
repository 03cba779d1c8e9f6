"""What a chapter of Learn is: words, controls and formulas over what the engine has computed. No mathematics, no Qt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from engine.protocol import Noise
from engine.protocol.lessons import Figure, Lesson

Choices = Mapping[str, Any]
"""What has been chosen in a chapter, by the names of its controls."""
NOISES: dict[Noise, str] = {"absorb": "Absorbing", "uniform": "Uniform"}


@dataclass(frozen=True)
class Shown:
    """A figure, and the choices that it is shown for. Where they change only what is looked up, it stays the same."""

    figure: Any
    choices: Choices


@dataclass(frozen=True)
class Slide:
    """A slider over notches 0 .. `last`; `says` is what its notch stands for. One that `plays` moves by itself in
    `seconds` when asked to."""

    name: str
    title: str
    last: int
    says: str = ""
    seconds: float = 0.0
    help: str = ""


@dataclass(frozen=True)
class Pick:
    """One of some `options`, titles by value; its own stands before them if it is `titled`, or they are many."""

    name: str
    title: str
    options: Mapping[Any, str]
    help: str = ""
    titled: bool = False


@dataclass(frozen=True)
class Press:
    """Buttons, values with titles: each tells the chapter its value when it is pressed, and none stays down. A slider
    that it `plays` moves by itself from then on."""

    name: str
    title: str
    options: Mapping[Any, str]
    help: str = ""
    plays: str = ""


@dataclass(frozen=True)
class Write:
    """A line to type in, at most `longest` characters; one has so many times the width of others as its `share`."""

    name: str
    title: str
    longest: int
    hint: str = ""
    help: str = ""
    share: int = 1


Control = Slide | Pick | Press | Write


@dataclass(frozen=True)
class Trial:
    """What "Try it in the studio" sets up: a prompt, entries of the run form, a model with this noise, a panel beside
    the text; `says` is a sentence for whoever comes from the chapter."""

    prompt: str
    says: str
    entries: Mapping[str, object] = field(default_factory=dict)
    noise: Noise = "absorb"
    panel: str = ""


Where = Mapping[str, tuple[int | slice, ...]]
"""Fields of a figure, and which part of each: its leading indices."""
USUAL_SECONDS = 6.0


@dataclass(frozen=True)
class Strip:
    """What a chapter shows one after another: a figure for each of some `choices`, on a slider with a `title`, that
    `says` what each is, and takes so many `seconds` where it moves by itself; the chapter stands at number `at`."""

    title: str
    choices: tuple[Choices, ...]
    says: tuple[str, ...]
    seconds: float
    at: int


class Chapter(ABC):
    """One chapter. It holds nothing: choices come in and go out."""

    help: str = ""
    """What the keys and the mouse do in the figure."""

    @abstractmethod
    def start(self) -> Choices:
        """The choices to begin with."""

    @abstractmethod
    def lesson(self, choices: Choices) -> Lesson:
        """What the engine is asked. The same for choices that only look something up."""

    @abstractmethod
    def caption(self, shown: Shown) -> str:
        """Two sentences at most."""

    @abstractmethod
    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        """Three at most; before there is a `figure`, too."""

    @abstractmethod
    def spoken(self, shown: Shown) -> str:
        """What the figure shows, for those who do not see it."""

    @abstractmethod
    def formula(self, shown: Shown) -> tuple[str, ...]:
        """Lines of LaTeX with the figure's numbers; see `formulas`."""

    @abstractmethod
    def trial(self, shown: Shown) -> Trial | None:
        """What can be tried in the studio; None where there is nothing."""

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        """The choices after one of them."""
        return {**choices, name: value}

    @abstractmethod
    def numbers(self, shown: Shown) -> Where:
        """What of the figure's record is shown."""

    def strip(self, shown: Shown) -> Strip:
        """Every notch of the slider that can move by itself, or else of the first one."""
        figure, choices = shown.figure, shown.choices
        slides = [each for each in self.controls(choices, figure) if isinstance(each, Slide)]
        main = next((each for each in slides if each.seconds), slides[0])
        made = tuple(self.choose(choices, figure, main.name, notch) for notch in range(main.last + 1))
        says = [each.says for one in made for each in self.controls(one, figure) if _is(each, main)]
        return Strip(main.title, made, tuple(says), main.seconds or USUAL_SECONDS, choices[main.name])

    def about(self, choices: Choices) -> tuple[Control, ...]:
        """Controls for what it is about, such as the world: they stand above it."""
        return ()

    def about_says(self, choices: Choices) -> str:
        """What is said beside them."""
        return ""


def _is(control: Control, slide: Slide) -> TypeGuard[Slide]:
    """Whether it is that slider, wherever it stands."""
    return isinstance(control, Slide) and control.name == slide.name
