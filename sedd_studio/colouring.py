"""What the colours behind the tokens mean: one row a mode, and which is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.messages import FREE
from sedd_studio.scoring import Scorer
from sedd_studio.session import Session
from sedd_studio.settings import Settings

MOST_NATS = 8.0
MOST_CHANGES = 6
Shares = np.ndarray | None


@dataclass(frozen=True)
class Mode:
    """A way to colour: `shares` (L,) are from 0, no colour, to 1, the strongest, NaN for none; None if not known.

    `low` and `high` say in the legend what the ends mean; `missing` what to do where nothing is known.
    """

    title: str
    low: str
    high: str
    missing: str
    shares: Callable[[Session, Scorer], Shares]


def when_settled(session: Session, scorer: Scorer) -> Shares:
    """Early tokens faint, late ones strong."""
    run, state = session.document.trajectory, session.canvas()
    if run is None:
        return None
    _, settled = run.at(session.playhead, session.sample)
    chosen = (settled > 0) & ~state.locked & (state.tokens != FREE)
    return np.where(chosen, settled / max(1, run.steps), np.nan)


def how_often(session: Session, scorer: Scorer) -> Shares:
    """Tokens that changed more than once."""
    run, state = session.document.trajectory, session.canvas()
    if run is None:
        return None
    counts = run.change_counts(session.playhead, session.sample)
    return np.where(~state.locked & (counts > 0), np.minimum(counts / MOST_CHANGES, 1.0), np.nan)


def cost(session: Session, scorer: Scorer) -> Shares:
    """What each token adds to the bound on the likelihood."""
    costs = scorer.costs_on_show()
    return None if costs is None else np.minimum(costs / MOST_NATS, 1.0)


MODES: dict[str, Mode] = {
    "plain": Mode("No colours", "", "", "", lambda session, scorer: None),
    "settled": Mode("When it settled", "first step", "last step", "Run first.", when_settled),
    "changed": Mode("How often it changed", "never", f"{MOST_CHANGES} times and more", "Run first.", how_often),
    "cost": Mode(
        "What it costs", "0 nats", f"{MOST_NATS:g} nats and more", "Score the text in the Likelihood panel.", cost
    ),
}


class Colouring(QObject):
    """The mode that is chosen; `changed` is told when other colours are to be shown."""

    changed = Signal()

    def __init__(self, session: Session, scorer: Scorer, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scorer, self._settings = session, scorer, settings
        for signal in (session.canvas_changed, session.playhead_changed, scorer.changed):
            signal.connect(self._tell)

    @property
    def name(self) -> str:
        """The mode's name in `MODES`."""
        return str(self._settings["colour"])

    @property
    def mode(self) -> Mode:
        """The mode itself."""
        return MODES[self.name]

    def choose(self, name: str) -> None:
        """Colours by another mode from now on."""
        if name != self.name:
            self._settings.set("colour", name)
            self.changed.emit()

    def shares(self) -> Shares:
        """How strong the colour behind each position (L,) is; None for no colours."""
        return self.mode.shares(self._session, self._scorer)

    def _tell(self) -> None:
        if self.name != "plain":
            self.changed.emit()
