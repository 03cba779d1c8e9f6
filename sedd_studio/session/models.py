"""The model that the document belongs to, and the one that the engine holds."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine import bundled_models
from engine.language.domains import DOMAINS, TEXT, Domain
from engine.language.tokenizers import Tokenizer
from engine.protocol import Event, Failed, LoadModel, ModelInfo, ModelLoaded
from sedd_studio.record.page import BUNDLED_LENGTH
from sedd_studio.record.settings import Settings
from sedd_studio.session import model_folders
from sedd_studio.session.engine_link import EngineLink
from sedd_studio.session.errors import Errors


class Models(QObject):
    """`info` and `tokenizer` are those of the document: there may be a tokenizer before there is a model, and a
    document whose model the engine does not hold. `changed` is told when they are others."""

    changed = Signal()
    loading_changed = Signal()
    came = Signal(object)
    """With the `ModelLoaded` that was asked for: it is to be made the document's."""

    def __init__(self, engine: EngineLink, errors: Errors, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._errors, self._settings = engine, errors, settings
        self.info: ModelInfo | None = None
        self.tokenizer: Tokenizer | None = None
        self.loading = False
        self._opening = ""
        self._held: ModelInfo | None = None
        self._awaited = 0  # the request that the engine has not answered yet
        engine.superseded.connect(self._give_up)

    @property
    def ready(self) -> bool:
        """Whether the engine holds the model that the document belongs to, so that it can be run."""
        return self.info is not None and self.holds(self.info)

    def holds(self, info: ModelInfo) -> bool:
        """Whether the engine holds a model, and no other is being opened."""
        return not self._awaited and self._held is not None and self._held.same_weights(info)

    @property
    def domain(self) -> Domain:
        """The kind of sequence that the model writes; text where that is not known."""
        return DOMAINS.get(self.info.domain if self.info is not None else TEXT.name, TEXT)

    @property
    def exact(self) -> bool:
        """Whether the model says what a text costs without a bound: whole texts alone."""
        return self.info is not None and self.info.kind.exact

    @property
    def length(self) -> int:
        """The longest text of the model, in tokens."""
        return self.info.length if self.info is not None else BUNDLED_LENGTH

    def known(self) -> list[str]:
        """Folders to offer: the bundled models and those opened before, as far as they are still there."""
        return model_folders.known(self._settings["recent_models"])

    def speaks(self, tokenizer: Tokenizer) -> bool:
        """Whether tokens of this tokenizer mean the same here."""
        return self.tokenizer is not None and self.tokenizer.fingerprint == tokenizer.fingerprint

    def opens(self, path: str) -> bool:
        """Whether the model at `path` is being loaded, or is there."""
        return (
            self._opening == path if self.loading else self.info is not None and self.ready and self.info.path == path
        )

    def ensure(self) -> None:
        """Opens the document's model if it is on this machine and the engine does not hold it."""
        if (
            self.info is not None
            and not self.ready
            and not self.opens(self.info.path)
            and model_folders.is_model(Path(self.info.path))
        ):
            self.open(self.info.path)

    def open(self, path: str | Path = bundled_models.DEFAULT_MODEL) -> None:
        """Loads the model at `path`, ending a run that is going on."""
        self._opening = str(path)
        request = LoadModel(self._opening, self._settings["device"], self._settings["precision"], hashed=False)
        self._awaited = self._engine.submit(request, self._take)
        self.loading = True
        self.loading_changed.emit()

    def identify(self, info: ModelInfo) -> None:
        """Takes down the hash of the weights of the model that the engine holds."""
        if self._held is not None and self._held.same_weights(info):
            self._held = info
        if self.info is not None and not self.info.identified and self.info.same_weights(info):
            self.info = info
            self.changed.emit()

    def _give_up(self) -> None:
        self.loading = False

    def _take(self, event: Event) -> None:
        if isinstance(event, ModelLoaded):  # of a superseded request, too: what the engine holds is what it holds
            self._held = event.info
        if event.run_id != self._awaited:
            return
        wanted, self.loading, self._awaited = self.loading, False, 0
        match event:
            case ModelLoaded(info=info) if wanted:
                if Path(info.path).parent != bundled_models.ASSETS:
                    self._settings.remember_model(info.path)
                self.came.emit(event)
            case Failed(headline=headline, detail=detail, found=found) if wanted:
                self._errors.show(headline, detail or found)
        self.loading_changed.emit()
