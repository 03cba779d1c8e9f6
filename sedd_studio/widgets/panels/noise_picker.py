"""The noise picker: which noise the model was trained with; picking another opens the model that matches."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Theme
from sedd_studio.record.noises import NOISES
from sedd_studio.session.model_folders import counterpart
from sedd_studio.session.models import Models


class NoisePicker(QToolButton):
    """Shows the noise of the model; its menu offers each type, greyed out where no model matches."""

    def __init__(self, models: Models, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Noise")
        self.setFixedHeight(theme.sizes.control)
        self._menu = QMenu(self)
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        models.changed.connect(self.refresh)
        self.set_theme(theme)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw the chevron in the colours of `theme`."""
        self.setIcon(icons.icon("chevron-down", theme.colour("muted"), theme.colour("faint")))

    def refresh(self) -> None:
        """Show the noise of the model that is loaded."""
        if (info := self._models.info) is not None:
            own = NOISES[info.noise]
            self.setText(own.title)
            self.setToolTip(own.meaning)

    def _fill(self) -> None:
        self._menu.clear()
        if (info := self._models.info) is None:
            return
        for noise, other in NOISES.items():
            chosen = other is NOISES[info.noise]
            path = info.path if chosen else counterpart(info.path, info.noise, noise)
            action = QAction(other.title, self._menu)
            action.setCheckable(True)
            action.setChecked(chosen)
            action.setEnabled(path is not None)
            missing = f"There is no model like {info.name} of this kind."
            action.setToolTip(other.meaning if path is not None else missing)
            if path is not None and not chosen:
                action.triggered.connect(lambda _on=False, path=path: self._models.open(path))
            self._menu.addAction(action)
