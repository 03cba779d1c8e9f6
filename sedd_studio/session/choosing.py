"""What is chosen to be compared the next time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.language.domains import is_in_words
from engine.protocol import ModelInfo, UserError
from engine.protocol.noises import NOISE_KINDS
from sedd_studio.session import model_folders
from sedd_studio.session.compare_kinds import KINDS, MOST, Asked, Chosen, Model, panes
from sedd_studio.session.costs import calls_a_second
from sedd_studio.session.panes import Pane
from sedd_studio.session.session import Session


class Choosing(QObject):
    """Holds what is `chosen`, the `others` among which models can be chosen, and the folder of the `judge`.

    `changed` is told when something else would be compared, or it would be made of something else.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.chosen = Chosen()
        self.others: list[Model] = []
        self.judge = model_folders.judge()
        self._about: ModelInfo | None = None
        session.models.changed.connect(self._follow_model)
        session.form.changed.connect(self.changed)

    def choose(self, **changes: Any) -> None:
        """Has other things compared the next time."""
        self.chosen = replace(self.chosen, **changes)
        self.changed.emit()

    def choose_kind(self, name: str) -> None:
        """All at once, as one of `KINDS` has it; the number of texts stays, unless it is too small."""
        kind, asked = KINDS[name], self.asked
        if asked is None:
            return
        self.others = []
        self.choose(**vars(replace(kind.choose(asked), samples=max(kind.texts, self.chosen.samples))))
        if kind.needs_models:
            self.look_for_models(lambda: self.choose(models=tuple(self._fitting()[: MOST - 1])))

    def _fitting(self) -> list[Model]:
        """The others that can do what is chosen, whatever their text: a written word stays from left to right."""
        return [other for other in self.others if self.chosen.rows != "typo" or not NOISE_KINDS[other[1]].exact]

    def look_for_models(self, then: Callable[[], object] = lambda: None) -> None:
        """Finds the `others`: known models, each with its noise; for panes those with the loaded one's tokenizer."""
        models = self._session.models
        tokenizer, info = models.tokenizer, models.info
        if tokenizer is None or info is None:
            return
        paths, rows = [path for path in models.known() if path != info.path], self.chosen.rows

        def find() -> list[Model]:
            return (
                model_folders.with_any_tokenizer(paths) if rows else model_folders.with_same_tokenizer(tokenizer, paths)
            )

        def take(found: list[Model]) -> None:
            if models.tokenizer is tokenizer and rows == self.chosen.rows:
                self.others = found
                then()
                self.changed.emit()

        self._session.reader.read(find, take, "Looking for models to compare")

    @property
    def asked(self) -> Asked | None:
        """What panes would be made of; None without a model."""
        info = self._session.models.info
        return None if info is None else Asked(self._session.runs.asked, info, self.fitting_judge)

    @property
    def fitting_judge(self) -> str | None:
        """The judge, if it can read what the model writes."""
        info, tokenizer = self._session.models.info, self._session.models.tokenizer
        reads = info is not None and tokenizer is not None and is_in_words(info.domain, tokenizer)
        return self.judge if reads else None

    def plan(self) -> list[Pane]:
        """The panes that would be made; a UserError where they cannot be."""
        if self.asked is None:
            raise UserError("Open the model first.")
        return panes(self.asked, self.chosen)

    def expected_seconds(self, planned: list[Pane]) -> float | None:
        """How long they may take, at the pace of the run on show; None where there is none of this model."""
        pace = calls_a_second(self._session)
        return None if pace is None else sum(pane.work for pane in planned) / pace

    def _follow_model(self) -> None:
        """Another model has other counterparts."""
        info = self._session.models.info
        if info is not self._about:
            known = self._about is not None and info is not None and info.path == self._about.path
            self._about = info
            if not known:
                self.others = []
                self.choose(samplers=(), noises=(), models=(), word="")
