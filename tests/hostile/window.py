"""Damaged runs in the real window: each is shown, played and painted, and no exception may come of it."""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path

from PySide6.QtWidgets import QApplication

from engine.runs.carried import read_run
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services
from tests.sedd_studio.scene import Scene


@cache
def window() -> MainWindow:
    """The one window, on a model that answers nothing."""
    app = QApplication.instance() or QApplication([])
    app.setProperty("kept", True)
    folder = Path(tempfile.mkdtemp())
    scene = Scene(folder)
    keeper = Keeper(folder / "history.sqlite3")
    keeper.close()  # nothing is kept, and no thread is left
    made = MainWindow(Services(scene.session, scene.settings, keeper), theme.LIGHT)
    made.show()
    for name in made.places.widgets:
        made.show_panel(name)
    made.places.show_beside("map")
    scene.session.reader.close()  # nor by what has looked through the models
    return made


def close() -> None:
    """Takes the window away, if it was made: it would have the pointer and the keys of windows after it."""
    if window.cache_info().currsize:
        window().close()
        window().deleteLater()
        window.cache_clear()
        QApplication.processEvents()


def show_run(path: Path) -> None:
    """Opens a run in the window and looks at it from its first step to its last; raises what the window raised."""
    run = read_run(path)
    raised: list[BaseException] = []
    before, sys.excepthook = sys.excepthook, lambda kind, error, trace: raised.append(error)
    try:
        session = window().session
        session.show_run(run)
        for step in (0, run.recorded // 2, run.recorded):
            session.playhead.seek(step)
            session.playhead.set_sample(step)
            window().grab()
            QApplication.processEvents()
    finally:
        sys.excepthook = before
    if raised:
        raise raised[0]
