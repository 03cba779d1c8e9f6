"""Questions to a model that chats: the document is one where it is what the model's chat template makes of it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.language.chat import UNKNOWN, asked, question_in
from engine.protocol import FREE, UserError
from sedd_studio.record.document import Document
from sedd_studio.session.editor import Editor
from sedd_studio.session.errors import Errors
from sedd_studio.session.models import Models
from sedd_studio.session.view import View


class Questions(QObject):
    """Asks them, and reads them back from the document: nothing is kept. `changed` is told when other models can."""

    changed = Signal()

    def __init__(
        self, models: Models, view: View, editor: Editor, errors: Errors, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._models, self._view, self._editor, self._errors = models, view, editor, errors
        models.changed.connect(self.changed)
        self._read: tuple[Document, str | None, tuple[str, int] | None] | None = None

    @property
    def possible(self) -> bool:
        """Whether the model can be asked one."""
        chat = self._models.info.chat if self._models.info is not None else None
        return chat is not None and bool(chat.name)

    @property
    def refusal(self) -> str:
        """Why a model that brings a chat template cannot be asked one; empty if it can, or brings none."""
        chat = self._models.info.chat if self._models.info is not None else None
        return "" if chat is None or chat.name else f"{UNKNOWN[0].upper()}{UNKNOWN[1:]}."

    @property
    def way(self) -> str:
        """What the model's way to put turns is called."""
        chat = self._models.info.chat if self._models.info is not None else None
        return "" if chat is None else chat.name

    @property
    def longest(self) -> int:
        """Tokens of an answer, at most."""
        return max(1, self._models.length - 1)

    @property
    def now(self) -> tuple[str, int] | None:
        """The question that the document is, and the tokens of its answer; None if it is none."""
        document, info, tokenizer = self._view.document, self._models.info, self._models.tokenizer
        if info is None or tokenizer is None:
            return None
        if self._read is None or self._read[:2] != (document, info.weights):
            self._read = (document, info.weights, question_in(info.chat, document.request, tokenizer))
        return self._read[2]

    def refuse(self, reason: str) -> bool:
        """Says in the banner why one cannot be asked."""
        self._errors.show(reason)
        return False

    def ask(self, question: str, answer: int) -> bool:
        """Makes a question the document, with an answer of so many tokens to be filled; False, with the reason in the
        banner and nothing changed, if it cannot be."""
        info, tokenizer = self._models.info, self._models.tokenizer
        if info is None or tokenizer is None:
            return False
        try:
            tokens = asked(info.chat, question, answer, tokenizer, self._models.length)
        except UserError as error:
            return self.refuse(str(error))
        self._editor.set_document(Document(tokens, tokens != FREE))
        return True
