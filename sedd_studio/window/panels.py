"""Every panel in one table. Each is made when it is first wanted: the window is painted before it, and what it imports,
are there. A new one is a function here and a row; its page, its commands, its place in the menu and its key follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from sedd_studio.window.page_names import LEARN, USUAL

if TYPE_CHECKING:
    from sedd_studio.widgets.panels.compare_panel import ComparePanel
    from sedd_studio.widgets.panels.guess_panel import GuessPanel
    from sedd_studio.widgets.panels.history_panel import HistoryPanel
    from sedd_studio.widgets.panels.likelihood_panel import LikelihoodPanel
    from sedd_studio.widgets.panels.position_panel import PositionPanel
    from sedd_studio.widgets.panels.queue_panel import QueuePanel
    from sedd_studio.widgets.panels.shelf_panel import ShelfPanel
    from sedd_studio.window.main_window import MainWindow


def position_panel(window: MainWindow) -> PositionPanel:
    """What may stand at a place."""
    from sedd_studio.widgets.panels.position_panel import PositionPanel

    services = window.services
    return PositionPanel(services.session.runs, services.pointer, services.words, window.look)


def compare_panel(window: MainWindow) -> ComparePanel:
    """Runs, budgets and models beside each other."""
    from sedd_studio.widgets.panels.compare_panel import ComparePanel

    services = window.services
    return ComparePanel(services.session, services.comparison, services.jobs, services.words, window.look)


def guess_panel(window: MainWindow) -> GuessPanel:
    """What the model would say if it stopped now."""
    from sedd_studio.widgets.panels.guess_panel import GuessPanel

    services = window.services
    return GuessPanel(services.session.models, services.session.view, services.guesser, services.words, window.look)


def history_panel(window: MainWindow) -> HistoryPanel:
    """The runs that were made; some of them are compared on that page."""
    from sedd_studio.widgets.panels.history_panel import HistoryPanel

    services = window.services
    panel = HistoryPanel(services.session, services.keeper, services.words, window.look)
    panel.compared.connect(window.compare)
    return panel


def likelihood_panel(window: MainWindow) -> LikelihoodPanel:
    """The bound of the text on show."""
    from sedd_studio.widgets.panels.likelihood_panel import LikelihoodPanel
    from sedd_studio.window.doing import score_file

    services = window.services
    scores = (services.scorer, services.ranking, services.colouring)
    panel = LikelihoodPanel(services.session.models, *scores, services.words, window.look)
    panel.file_wanted.connect(lambda: score_file(window))
    return panel


def queue_panel(window: MainWindow) -> QueuePanel:
    """Runs that wait."""
    from sedd_studio.widgets.panels.queue_panel import QueuePanel

    return QueuePanel(window.session.models, window.services.queue, window.services.words, window.look)


def shelf_panel(window: MainWindow) -> ShelfPanel:
    """Models on offer, and on this disk."""
    from sedd_studio.widgets.panels.shelf_panel import ShelfPanel

    return ShelfPanel(window.services.shelf, window.picker.choose_folder, window.look)


def learn_page(window: MainWindow) -> QWidget:
    """The chapters."""
    from sedd_studio.window.learning import make_page

    return make_page(window)


def map_panel(window: MainWindow) -> QWidget:
    """The whole run in one picture."""
    from sedd_studio.window.mapping import make_panel

    return make_panel(window)


@dataclass(frozen=True)
class Panel:
    """A panel that `make` makes.

    One with an `icon` has a page, on the rail and in the menu: `page` is what the command says that shows it, whose
    keys are Ctrl with its number on the rail and `page_key`. One that may stand beside the text has a command that
    says `beside`, with the key `beside_key`. It opens there unless it `opens_page`, and what has the focus then is its
    part of the name `first`.
    """

    title: str
    make: Callable[[MainWindow], QWidget]
    icon: str = ""
    page: str = ""
    page_key: str = ""
    beside: str = ""
    beside_key: str = ""
    first: str = ""
    opens_page: bool = False
    has_bar: bool = True
    """Whether what starts a run is above its page, too."""
    of_run: bool = False
    """Whether its page stays when another run is on show."""


PANELS: dict[str, Panel] = {
    USUAL: Panel("Position", position_panel, beside="Pos&ition", beside_key="Ctrl+P", first="list"),
    "compare": Panel("Compare", compare_panel, "columns", "&Compare", "Ctrl+M", first="start"),
    "likelihood": Panel(
        "Likelihood",
        likelihood_panel,
        "hill",
        "Likelihood on a &page",
        beside="&Likelihood beside the text",
        beside_key="Ctrl+K",
        first="start",
    ),
    "history": Panel(
        "History",
        history_panel,
        "branch",
        "&History",
        "Ctrl+H",
        beside="History b&eside the text",
        first="search",
        opens_page=True,
    ),
    "models": Panel("Models", shelf_panel, "shelf", "&Models, on this disk and from the hub", first="search"),
    LEARN: Panel("Learn", learn_page, "book", "L&earn how it works", has_bar=False),
    "map": Panel(
        "Map",
        map_panel,
        "map",
        "&Map of the run",
        beside="Map &beside the text",
        beside_key="Ctrl+Shift+M",
        opens_page=True,
        of_run=True,
    ),
    "guess": Panel("Best guess", guess_panel, beside="Best &guess", beside_key="Ctrl+G", first="text"),
    "queue": Panel("Queue", queue_panel, beside="&Queue", beside_key="Ctrl+U", first="list"),
}
"""By name, those with a page in the order of the rail."""
PAGES = tuple(name for name, panel in PANELS.items() if panel.icon)
BESIDE = tuple(name for name, panel in PANELS.items() if panel.beside)
