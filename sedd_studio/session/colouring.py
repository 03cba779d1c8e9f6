"""Which colours are behind the tokens."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.colour_modes import MODES, Mode, Shares, Sources


class Colouring(QObject):
    """The mode that is chosen; `changed` is told when other colours are to be shown."""

    changed = Signal()

    def __init__(self, sources: Sources, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sources, self._settings = sources, settings
        for signal in (
            sources.view.changed,
            sources.scorer.changed,
            sources.guesser.changed,
            sources.hindsight.changed,
            sources.influencer.changed,
        ):
            signal.connect(self._tell)
        self._want()

    @property
    def name(self) -> str:
        """The mode's name in `MODES`."""
        name = str(self._settings["colour"])
        return name if name in MODES else str(SETTINGS["colour"].default)

    @property
    def mode(self) -> Mode:
        return MODES[self.name]

    def choose(self, name: str) -> None:
        if name != self.name:
            self._settings.set("colour", name)
            self._want()
            self.changed.emit()

    def shares(self) -> Shares:
        """How strong the colour behind each position (L,) is; None for no colours."""
        return self.mode.shares(self._sources)

    def notes(self) -> Sequence[str]:
        """What is written small above each position (L,); nothing for none."""
        return self.mode.notes(self._sources)

    def arcs(self) -> list[tuple[tuple[int, int], int, float]]:
        """Ties between words: a run of positions, another position, nats."""
        return self._sources.influencer.arcs() if self.mode.influence is not None else []

    @property
    def said(self) -> str:
        """The same in words; empty without ties."""
        return self._sources.influencer.said if self.mode.influence is not None else ""

    def _want(self) -> None:
        self._sources.guesser.want("colours", self.mode.guesses)
        self._sources.hindsight.want("colours", self.mode.looks_back)
        self._sources.influencer.want(self.mode.influence)

    def _tell(self) -> None:
        if self.name != "plain":
            self.changed.emit()
