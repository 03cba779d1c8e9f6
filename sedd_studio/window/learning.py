"""The page of Learn in the window, and the ways between it and the studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.widgets.panels.trying_bar import TryingBar
from sedd_studio.window.page_names import LEARN, STUDIO

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def make_page(window: MainWindow) -> QWidget:
    """The page; with it comes the bar above the text that leads back to it."""
    services, look = window.services, window.look
    learning, trying = services.learning, services.trying
    page, bar = LearnPanel(learning, services.formulas.read, look), TryingBar(trying, look)
    layout = window.canvas_column.layout()
    assert isinstance(layout, QVBoxLayout)
    layout.insertWidget(0, bar)
    look.dress(bar)

    def begin() -> None:
        trial = None if learning.shown is None else learning.chapter.trial(learning.shown)
        if trial is not None:
            trying.begin(trial, learning.title)
            window.places.show_page(STUDIO)
            if trial.panel:
                window.places.show_beside(trial.panel)
            window.canvas.setFocus()

    def back() -> None:
        trying.end()
        window.places.show_page(LEARN)

    page.offer_exports([window.actions_by_name[name] for name in ("export_figure", "export_chapter")])
    page.tried.connect(begin)
    page.presented.connect(window.actions_by_name["present"].trigger)
    bar.returned.connect(back)
    return page
