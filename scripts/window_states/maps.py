"""The map of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.window_states.colours import look_back

if TYPE_CHECKING:
    from engine.protocol import Noise
    from sedd_studio.window.main_window import MainWindow


def run_map(
    home: Path,
    noise: Noise = "absorb",
    mode: str = "state",
    played: int = 64,
    where: str = "page",
    at: int = 41,
    samples: int = 4,
) -> object:
    """The map of a run, on its page or beside the text; a part marked, or held against another sample."""
    from PySide6.QtWidgets import QApplication

    from engine.runs.run_map import Marked, RunMap
    from sedd_studio.widgets.panels.map_panel import MapPanel
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, noise=noise)
    scene.run(64, samples=samples)
    if noise == "uniform":
        scene.change_again(3)
    scene.play(played)

    def prepare(window: MainWindow) -> None:
        shown = window.services.map
        window.session.playhead.seek(at)
        look_back(window)
        shown.choose(mode)
        window.canvas.caret.put(54)
        (window.places.show_beside if where == "beside" else window.places.show_page)("map")
        QApplication.processEvents()
        window.session.clock.tick()
        assert isinstance(shown.map, RunMap)
        if where == "marked":
            shown.mark(Marked((12, 30), (40, 75)))
        panel = window.findChild(MapPanel)
        assert panel is not None
        if where in ("order", "mean"):
            panel.line.setCurrentIndex(panel.line.findData(where))
            panel.line.activated.emit(panel.line.currentIndex())
        if where == "samples":
            panel.several.click()
            for _ in range(2 * samples):
                window.session.clock.tick()
        if where == "against":
            shown.hold_against(next(shown.others()))
            while window.session.reader.busy:
                QApplication.processEvents()

    return scene.session, prepare
