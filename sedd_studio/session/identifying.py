"""The hash of large weights: taken while nothing else is asked of the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from engine.protocol import Cancelled, Event, Identified, Identify, ModelInfo
from sedd_studio.session.session import Session

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper

REST = 2_000
"""Milliseconds that the window is left alone before."""


class Identifier(QObject):
    """Asks which weights the open model has, once it has rested for a while; what is asked for meanwhile ends that, and
    it is asked anew. The run on show, if it is of that model, is kept in the history with the answer."""

    def __init__(self, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._keeper = session, keeper
        self._question = 0
        self._refused = ""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._ask)
        for signal in (session.models.changed, session.models.loading_changed, session.runs.changed):
            signal.connect(self._follow)
        session.engine.answered.connect(self._take)

    @property
    def _lacks(self) -> bool:
        """Whether the hash of the model that is open is neither known nor refused."""
        models = self._session.models
        info = models.info
        return info is not None and models.ready and not info.identified and info.weights != self._refused

    def _follow(self) -> None:
        if self._lacks and not self._question:
            self._rest.start()

    def _ask(self) -> None:
        if not self._lacks or self._question:
            return
        if self._session.runs.silence or self._session.engine.busy:
            self._rest.start()
        else:
            self._question = self._session.engine.ask(Identify())

    def _take(self, event: Event) -> None:
        if event.run_id != self._question:
            return
        self._question = 0
        models, run = self._session.models, self._session.view.run
        match event:
            case Identified(info=info):
                if run is not None and run.origin is not None and told_of(run.origin.info, info):
                    run.origin = replace(run.origin, info=info)
                    self._keeper.keep(run)
                models.identify(info)
            case Cancelled():
                self._follow()
            case _ if models.info is not None:
                self._refused = models.info.weights


def told_of(known: ModelInfo, info: ModelInfo) -> bool:
    """Whether the hash of a model that is known without one has been found."""
    return not known.identified and known.same_weights(info)
