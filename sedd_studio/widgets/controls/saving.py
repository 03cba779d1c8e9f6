"""A name is asked for, once more before a file is replaced, and a small file is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.files import with_ending, write_whole
from sedd_studio.widgets.controls.basic import plain

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs

Content = Callable[[], bytes]


def writing(path: Path, content: Content) -> Iterator[float]:
    """Writes what is made first, for `Jobs`; given up before it is written, it leaves no file."""
    yield 0.0
    found = content()
    yield 0.99
    write_whole(path, found)
    yield 1.0


def folder_of(widget: QWidget) -> str:
    """Where a dialog begins: where the last one of this window ended, or with the user's documents."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    begins = [widget.window().property("folder"), documents]
    return next((folder for folder in begins if folder and os.path.isdir(folder)), str(Path.home()))  # noqa: PTH112


def ask_for_file(parent: QWidget, title: str, kinds: str) -> Path | None:
    """The file that a user picks to be opened; None where it is given up."""
    given, _ = QFileDialog.getOpenFileName(parent, title, folder_of(parent), kinds)
    return _remembered(parent, Path(given)) if given else None


def _remembered(parent: QWidget, path: Path) -> Path:
    parent.window().setProperty("folder", str(path.parent))
    return path


def ask_where(parent: QWidget, title: str, name: str, kinds: Sequence[str]) -> Path | None:
    """The path that a user gives, with an ending of one of the `kinds`, "Table (*.csv)"; the picked one's where it has
    none. None where it is given up."""
    found = ask_which(parent, title, name, kinds)
    return None if found is None else found[0]


def ask_which(parent: QWidget, title: str, name: str, kinds: Sequence[str]) -> tuple[Path, str] | None:
    """As `ask_where`; and which of the kinds was picked, for those that end in the same way."""
    given, picked = QFileDialog.getSaveFileName(parent, title, str(Path(folder_of(parent), name)), ";;".join(kinds))
    if not given:
        return None
    first = picked if picked in kinds else kinds[0]
    endings = [ending for kind in (first, *kinds) for ending in kind.partition("*")[2].rstrip(")").split(" *")]
    path = with_ending(Path(given), endings)
    if path != Path(given) and os.path.exists(path):  # noqa: PTH110 - never raises; the dialog asked about what was typed
        question = f"There is a {path.name} already. Replace it?"
        if QMessageBox.question(parent, title, plain(question)) != QMessageBox.StandardButton.Yes:
            return None
    return _remembered(parent, path), first


def ask_and_write(parent: QWidget, title: str, name: str, kinds: Mapping[str, Content], jobs: Jobs) -> None:
    """Asks for a name, and has the content of the kind, "Table (*.csv)", as whose its file ends, written as a job."""
    contents = {kind.partition("*")[2].rstrip(")"): content for kind, content in kinds.items()}
    path = ask_where(parent, title, f"{name}{next(iter(contents))}", list(kinds))
    if path is not None:
        found = contents[path.suffix.lower()]()
        jobs.start(f"Writing {path.name}", lambda: writing(path, lambda: found), path)
