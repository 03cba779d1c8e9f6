"""The model picker: which model is loaded; it leads to the page of models."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from sedd_studio.painting.theme import Look
from sedd_studio.record.sizes import count
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.basic import keep_up, plain
from sedd_studio.widgets.controls.menu_button import Picker
from sedd_studio.widgets.controls.saving import folder_of


class ModelPicker(Picker):
    """Shows the model's name, size and length; whoever arranges the window shows the page when it is clicked."""

    def __init__(self, models: Models, look: Look) -> None:
        super().__init__("Model", look)
        self._models = models
        keep_up(self.refresh, models.changed, models.loading_changed)

    def refresh(self) -> None:
        info = self._models.info
        self.setStatusTip("The page of models: those that come along, on this disk, and from the hub (Ctrl+5).")
        if self._models.loading:
            self.say("Loading the model …", "Loading …")
        elif info is None:
            self.say("No model", "No model")
        else:
            facts = f"{count(info.parameters)} · {info.length} tokens"
            self.say(f"{info.name}   {facts}", info.name)
            self.setToolTip(plain(info.path))
            self.setStatusTip(f"{info.name}: {facts}. Opens the page of models (Ctrl+5).")

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model folder", folder_of(self))
        if folder:
            self._models.open(folder)
