"""The model picker: which model is loaded, and a menu to open another."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QInputDialog

from sedd_studio.painting.theme import Look
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.basic import keep_up, plain
from sedd_studio.widgets.controls.menu_button import MenuButton
from sedd_studio.widgets.controls.saving import folder_of

if TYPE_CHECKING:
    from sedd_studio.session.fetching import Fetcher

PUBLISHED = "louaaron/sedd-small"
"""What the authors of SEDD published: GPT-2's size and vocabulary, trained on OpenWebText."""


class ModelPicker(MenuButton):
    """Shows the model's name, size and length; its menu opens another, from here or from the hub."""

    def __init__(self, models: Models, fetcher: Fetcher, look: Look) -> None:
        super().__init__("Model", look)
        self._models, self._fetcher = models, fetcher
        self.choices.aboutToShow.connect(self._fill)
        keep_up(self.refresh, models.changed, models.loading_changed)

    def refresh(self) -> None:
        info = self._models.info
        if self._models.loading:
            self.say("Loading the model …", "Loading …")
        elif info is None:
            self.say("No model", "No model")
        else:
            facts = f"{count(info.parameters)} · {info.length} tokens"
            self.say(f"{info.name}   {facts}", info.name)
            self.setToolTip(plain(info.path))
            self.setStatusTip(f"{info.name}: {facts}. The menu opens another model.")

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model folder", folder_of(self))
        if folder:
            self._models.open(folder)

    def choose_from_hub(self) -> None:
        question = "Its name on the Hugging Face hub, as owner/name"
        name, agreed = QInputDialog.getText(self, "Open a model from the hub", question, text=PUBLISHED)
        if agreed and name.strip():
            self._fetcher.fetch(name.strip())

    def _fill(self) -> None:
        self.choices.clear()
        for path in self._models.known():
            chosen = self._models.info is not None and self._models.info.path == path
            self.offer(Path(path).name, path, chosen, partial(self._models.open, path))
        self.choices.addSeparator()
        self.choices.addAction("Open a folder …", self.choose_folder)
        self.choices.addAction("From the hub …", self.choose_from_hub)


def count(number: int) -> str:
    """A number of parameters in words: 11_800_000 is "12 M"."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.0f} {name}" if number >= 10 * unit else f"{number / unit:.1f} {name}"
    return str(number)
