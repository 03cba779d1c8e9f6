"""The page with the map of the run, connected to the rest of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.page_names import STUDIO

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def make_panel(window: MainWindow) -> MapPanel:
    """The panel; where one goes in it the caret goes in the text, and the other way round."""
    view, caret = window.session.view, window.canvas.caret
    services = window.services
    panel = MapPanel(
        view, window.session.runs, services.map, services.map_samples, services.hindsight, services.words, window.look
    )

    def put(position: int) -> None:
        if position < view.canvas().length:
            caret.put(position)
            window.canvas.viewport().update()

    def enter() -> None:
        window.places.show_page(STUDIO)
        window.canvas.setFocus()

    panel.put(caret.position)
    panel.went.connect(put)
    panel.entered.connect(enter)
    caret.moved.connect(panel.put)
    return panel
