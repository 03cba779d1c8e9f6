"""The guided tour at a stop, or its offer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def tour(home: Path, stop: int, played: int = 64) -> object:
    """The guided tour at a stop, or its offer."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.window.touring import offer, tour_of
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    if played:
        scene.run(64)
        scene.play(played)

    def prepare(window: MainWindow) -> None:
        if stop < 0:
            offer(window)
            return
        tour = tour_of(window)
        tour.begin()
        while tour.place is not None and tour.place < stop:
            tour.next()
        QApplication.processEvents()
        tour.look()

    return scene.session, prepare
