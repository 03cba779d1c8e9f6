"""The noise picker: which noise the model was trained with; picking another opens the model that matches."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.record.noises import NOISES
from sedd_studio.session.model_folders import counterpart
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.menu_button import MenuButton


class NoisePicker(MenuButton):
    """Shows the noise of the model; its menu offers each type, greyed out where no model matches."""

    def __init__(self, models: Models, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Noise", theme, parent)
        self._models = models
        self.choices.aboutToShow.connect(self._fill)
        models.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the noise of the model that is loaded."""
        if (info := self._models.info) is not None:
            own = NOISES[info.noise]
            self.setText(own.title)
            self.setToolTip(own.meaning)

    def _fill(self) -> None:
        self.choices.clear()
        if (info := self._models.info) is None:
            return
        for noise, other in NOISES.items():
            chosen = other is NOISES[info.noise]
            path = info.path if chosen else counterpart(info.path, info.noise, noise)
            action = QAction(other.title, self.choices)
            action.setCheckable(True)
            action.setChecked(chosen)
            action.setEnabled(path is not None)
            missing = f"There is no model like {info.name} of this kind."
            action.setToolTip(other.meaning if path is not None else missing)
            if path is not None and not chosen:
                action.triggered.connect(lambda _on=False, path=path: self._models.open(path))
            self.choices.addAction(action)
