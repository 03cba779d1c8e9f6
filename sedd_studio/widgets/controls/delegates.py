"""What draws the rows of a list, in the colours of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate

from sedd_studio.painting.theme import Theme


class ThemedDelegate(QStyledItemDelegate):
    """Belongs to a `view` and draws its rows."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self.theme, self._view = theme, view

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme` from now on."""
        self.theme = theme
        self._view.viewport().update()
