"""The panels that are made when they are first wanted: the window is painted before they, and what they import, are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedd_studio.painting.theme import Look
from sedd_studio.window.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable

    from sedd_studio.widgets.panels.compare_panel import ComparePanel
    from sedd_studio.widgets.panels.guess_panel import GuessPanel
    from sedd_studio.widgets.panels.history_panel import HistoryPanel
    from sedd_studio.widgets.panels.likelihood_panel import LikelihoodPanel
    from sedd_studio.widgets.panels.queue_panel import QueuePanel
    from sedd_studio.widgets.panels.shelf_panel import ShelfPanel


def compare_panel(services: Services, look: Look) -> ComparePanel:
    """Runs, budgets and models beside each other."""
    from sedd_studio.widgets.panels.compare_panel import ComparePanel

    return ComparePanel(services.session, services.comparison, services.jobs, services.words, look)


def guess_panel(services: Services, look: Look) -> GuessPanel:
    """What the model would say if it stopped now."""
    from sedd_studio.widgets.panels.guess_panel import GuessPanel

    return GuessPanel(services.session.models, services.session.view, services.guesser, services.words, look)


def history_panel(services: Services, look: Look) -> HistoryPanel:
    """The runs that were made."""
    from sedd_studio.widgets.panels.history_panel import HistoryPanel

    return HistoryPanel(services.session, services.keeper, services.words, look)


def likelihood_panel(services: Services, look: Look) -> LikelihoodPanel:
    """The bound of the text on show."""
    from sedd_studio.widgets.panels.likelihood_panel import LikelihoodPanel

    models = services.session.models
    return LikelihoodPanel(models, services.scorer, services.ranking, services.colouring, services.words, look)


def queue_panel(services: Services, look: Look) -> QueuePanel:
    """Runs that wait."""
    from sedd_studio.widgets.panels.queue_panel import QueuePanel

    return QueuePanel(services.session.models, services.queue, services.words, look)


def shelf_panel(services: Services, look: Look, choose_folder: Callable[[], None]) -> ShelfPanel:
    """Models on offer, and on this disk; `choose_folder` asks for another one."""
    from sedd_studio.widgets.panels.shelf_panel import ShelfPanel

    return ShelfPanel(services.shelf, choose_folder, look)
