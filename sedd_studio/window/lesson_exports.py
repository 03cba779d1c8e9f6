"""Figures and chapters of Learn as the window exports them: a name is asked for, and the file is written by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sedd_studio.painting.lessons.export import ChapterPicture, write_figure, write_page
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.widgets.controls.saving import ask_where

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

SCALE = 2.0
"""Of pictures in pixels: sharp on any display."""
NOTHING_YET = "The numbers of this chapter are still on their way; export it once they are there."
NOTHING_MOVES = "Nothing moves in this chapter yet; start it first, or export its figure alone."


@dataclass(frozen=True)
class LessonExport:
    """What is written: what it is called, the kinds of files as a dialog has them, and how it is written."""

    title: str
    kinds: tuple[str, ...]
    write: Callable[[ChapterPicture, Path], Iterator[float]]


LESSON_EXPORTS = {
    "figure": LessonExport(
        "Export the figure", ("Drawing (*.svg)", "Picture (*.png)"), lambda made, path: write_figure(made, path, SCALE)
    ),
    "page": LessonExport("Export the chapter", ("Page that moves (*.html)",), write_page),
}


def export(window: MainWindow, kind: str) -> None:
    """Asks for a name and has what is on show in Learn written; what is missing for it goes to the banner."""
    learning, errors = window.services.learning, window.session.errors
    shown, chosen = learning.shown, LESSON_EXPORTS[kind]
    if shown is None or (kind == "page" and learning.waits):
        errors.show(learning.refusal or NOTHING_YET)
        return
    if kind == "page" and len(learning.chapter.strip(shown).choices) < 2:
        errors.show(NOTHING_MOVES)
        return
    made = ChapterPicture(learning.name, shown, window.look.theme)
    ending = chosen.kinds[0].partition("*")[2].rstrip(")")
    name = f"learn-{[*CHAPTERS].index(learning.name) + 1}-{learning.name}{ending}"
    path = ask_where(window, chosen.title, name, chosen.kinds)
    if path is not None:
        errors.dismiss()
        window.services.jobs.start(f"Writing {path.name}", lambda: chosen.write(made, path), path)
