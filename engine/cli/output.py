"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from engine.plain_text import plain, plain_line
from engine.strict_json import to_json

T = TypeVar("T")
LONGEST_SENTENCE = 2_000
"""Characters."""


class PlainConsole(Console):
    """The one place where anything is printed: what a file brought along is seen, and nothing of it is obeyed.

    Neither markup in a text nor its control characters do anything; styles are those that the program gives.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The parts of what is printed, each plain."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else plain(text), style, control)


class EngineFailed(Exception):
    """The engine stopped with an error that is not the user's; `detail` is for a developer."""

    def __init__(self, headline: str, detail: str) -> None:
        super().__init__(headline)
        self.detail = detail


@dataclass
class Output:
    """One command's output: with `json_lines` its records, one JSON object a line, without its lines and tables."""

    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")] = False

    def __post_init__(self) -> None:
        self.results = PlainConsole(soft_wrap=True)
        self.notes = error_console()

    def mute(self) -> None:
        """Prints nothing from here on: of several processes only one speaks."""
        self.results.quiet = self.notes.quiet = True

    def record(self, **values: Any) -> None:
        """One JSON object on a line of its own; a number that is not finite, however deep, becomes null."""
        if self.json_lines and not self.results.quiet:
            self.results.file.write(to_json(values) + "\n")
            self.results.file.flush()

    def line(self, text: str | Text = "", style: str | None = None) -> None:
        if not self.json_lines:
            self.results.print(Text(text, style or "") if isinstance(text, str) else text)

    def table(self, table: Table, width: int = 120) -> None:
        """A table of results, at least `width` characters wide."""
        if not self.json_lines and not self.results.quiet:
            PlainConsole(file=self.results.file, width=max(width, self.results.width)).print(table)

    def follow(self, items: Iterable[T], description: str, total: float | None = None) -> Iterator[T]:
        """The items, with a bar while they are made; `total` of them are expected if they do not say."""
        with self.progress() as progress:
            yield from progress.track(items, total, description=description)

    def note(self, text: str) -> None:
        """A line for the reader that is no result."""
        self.notes.print(Text(text, "dim"))

    def progress(self) -> Progress:
        """A bar on standard error with the time left; it shows in a terminal only."""
        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.notes,
            transient=True,
            disable=not self.notes.is_terminal,
        )


def error_console() -> Console:
    """Where progress and errors go."""
    return PlainConsole(stderr=True, soft_wrap=True)


def print_error(error: Exception) -> None:
    """The error as one red sentence, and below it what a developer wants to know, if there is anything."""
    console = error_console()
    console.print(Text(plain_line(str(error), LONGEST_SENTENCE), "red"))
    if isinstance(error, EngineFailed) and error.detail:
        console.print(Text(error.detail.rstrip(), "dim"))


def counted(count: int, what: str) -> str:
    """So many of something, in words."""
    return f"{count:,} {what}{'s' * (count != 1)}"
