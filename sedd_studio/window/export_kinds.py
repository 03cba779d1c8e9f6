"""Runs as the window saves and exports them: a name is asked for, and the file is written by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.runs import runfile
from engine.runs.map_modes import MAP_MODES, MapMode, against
from engine.runs.map_table import rows_of
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.film import ENCODERS, Film, write_film, write_picture
from sedd_studio.painting.film_with_map import FilmWithMap
from sedd_studio.painting.map_export import MapPicture, write_map
from sedd_studio.painting.theme import Theme
from sedd_studio.record import exports
from sedd_studio.record.page_map import map_data
from sedd_studio.widgets.controls.saving import writing

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs

SCALE = 2.0
"""Of exported pictures: sharp on any display."""


@dataclass(frozen=True, eq=False)
class View:
    """What is exported: a run as it stands, at a step, one sample of it where one alone can be shown, in a theme; its
    map by a `mode`, with numbers (L,) of its positions by name where the model was asked for some, `beside` the text or
    not; held against a sample of an `other` run, if there is one."""

    run: Trajectory
    step: int
    sample: int
    theme: Theme
    mode: str = "state"
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    beside: bool = False
    other: tuple[Trajectory, int] | None = None

    @property
    def map_mode(self) -> MapMode:
        """In which colours its map is drawn."""
        return MAP_MODES[self.mode] if self.other is None else against(*self.other)

    @property
    def column(self) -> np.ndarray | None:
        """The numbers (L,) that these colours need."""
        return self.columns.get(self.map_mode.column)


Write = Callable[[View, Path], Iterator[float]]


@dataclass(frozen=True)
class Export:
    """A kind of file: what it is called, how its name may end, how it is written, and what it is called with the map
    beside the text, if that can be."""

    title: str
    suffixes: tuple[str, ...]
    write: Write
    with_map: str = ""

    @property
    def filters(self) -> list[str]:
        """The choices of a dialog, that with the map last."""
        endings = " ".join("*" + suffix for suffix in self.suffixes)
        return [f"{title} ({endings})" for title in (self.title, self.with_map) if title]


def as_bytes(text: Callable[[View], str]) -> Write:
    """Writes what is a text."""
    return lambda view, path: writing(path, lambda: text(view).encode())


def as_map(view: View, path: Path) -> Iterator[float]:
    """Draws the map."""
    return write_map(MapPicture(view.run, view.sample, view.map_mode, view.theme, view.column), path, SCALE)


def as_page(view: View) -> str:
    """The page, with the map if it stands beside the text."""
    return exports.as_html(view.run, map_data(view.run, view.map_mode, view.column) if view.beside else None)


def as_film(view: View, path: Path) -> Iterator[float]:
    """Draws the film, with the map if it stands beside the text."""
    film = Film(view.run, view.sample, view.theme, SCALE / 2)
    if view.beside:
        film = FilmWithMap(view.run, view.sample, view.theme, SCALE / 2, view.map_mode, view.column)
    return write_film(film, path)


def as_run(view: View, path: Path) -> Iterator[float]:
    """Writes the run."""
    yield 0.0
    runfile.save_run(path, view.run)


EXPORTS: dict[str, Export] = {
    "run": Export("Run", (runfile.SUFFIX,), as_run),
    "text": Export("Text", (".txt",), as_bytes(lambda view: exports.as_text(view.run, view.step))),
    "json": Export("JSON", (".json",), as_bytes(lambda view: exports.as_json(view.run, view.step))),
    "csv": Export("Table of the steps", (".csv",), as_bytes(lambda view: exports.as_csv(view.run))),
    "page": Export("Page that plays the run", (".html",), as_bytes(as_page), "Page with the map beside the text"),
    "picture": Export(
        "Picture",
        (".png",),
        lambda view, path: write_picture(Film(view.run, view.sample, view.theme, SCALE), view.step, path),
    ),
    "film": Export("Film", tuple(ENCODERS), as_film, "Film with the map beside the text"),
    "map": Export("Map of the run", (".png", ".svg"), as_map),
    "map_csv": Export(
        "Table of the map",
        (".csv",),
        as_bytes(lambda view: "".join(rows_of(view.run, view.sample, view.columns, view.other))),
    ),
}


def start(jobs: Jobs, export: Export, view: View, path: Path) -> None:
    """Writes the file, as a job."""
    jobs.start(f"Writing {path.name}", lambda: export.write(view, path), path)
