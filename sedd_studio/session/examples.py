"""What one can begin with while nothing is made yet: prompts to try, and what the model writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.language.tokenizers import Tokenizer
from engine.plain_text import plain_line
from engine.protocol import UserError
from sedd_studio.record.document import Document
from sedd_studio.session.editor import Editor
from sedd_studio.session.models import Models
from sedd_studio.session.view import View

GAP = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Beginning:
    """What the model `writes`, as a sentence, empty before there is a model; and other `prompts` than that on show."""

    writes: str
    prompts: tuple[str, ...]


class Examples(QObject):
    """`now` is what is offered, None once there is a run or another prompt than ours; `changed` is told when it is
    another. The studio begins with the prompt `first`."""

    changed = Signal()

    def __init__(self, models: Models, view: View, editor: Editor, first: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._view, self._editor, self._first = models, view, editor, first
        self._known: dict[str, str] = {}
        self.now: Beginning | None = None
        models.changed.connect(self._learn)
        view.changed.connect(self._look)
        editor.undo_stack.changed.connect(self._look)  # a run has begun
        self._learn()

    def choose(self, prompt: str) -> None:
        """Makes it the prompt, in one step."""
        self._editor.set_prompt(prompt)

    def _learn(self) -> None:
        """Our prompts, by how they look to the model; those that do not fit it are none."""
        tokenizer = self._models.tokenizer
        if tokenizer is not None:
            prompts = (self._first, *self._models.domain.examples)
            shown = ((self._as_shown(prompt, tokenizer), prompt) for prompt in prompts)
            self._known = {looks: prompt for looks, prompt in shown if looks}
        self._look()

    def _as_shown(self, prompt: str, tokenizer: Tokenizer) -> str:
        try:
            return Document.from_text(prompt, tokenizer, self._models.length).text(tokenizer)
        except UserError:
            return ""

    def _look(self) -> None:
        now = self._beginning() if self._is_fresh() else None
        if now != self.now:
            self.now = now
            self.changed.emit()

    def _is_fresh(self) -> bool:
        view, document = self._view, self._view.document
        touched = view.run is not None or document.edited is not None or (document.request != document.tokens).any()
        return not touched and (view.prompt in self._known or not document.locked.any())

    def _beginning(self) -> Beginning:
        info, domain = self._models.info, self._models.domain
        writes = "" if info is None else plain_line(info.facts.get("writes", "")) or domain.writes
        others = (prompt for looks, prompt in self._known.items() if looks != self._view.prompt)
        prompts = tuple(each for each in others if each in domain.examples and GAP.sub("", each).strip())
        return Beginning(writes and f"This model writes {writes}.", prompts)
