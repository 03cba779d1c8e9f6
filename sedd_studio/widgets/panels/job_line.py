"""What is being done beside the engine, how far it is, and a button that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.widgets.controls.basic import IconButton, ProgressLine, label
from sedd_studio.widgets.controls.durations import duration

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs


class JobLine(QWidget):
    """Shows `jobs.current`; hidden while there is none."""

    def __init__(self, jobs: Jobs, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.text = label(role="help")
        self.bar = ProgressLine("Progress of the export")
        self.bar.setFixedWidth(140)
        self.cancel = IconButton("close", "Cancel", theme)
        self.cancel.clicked.connect(jobs.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 12, 0)
        row.setSpacing(8)
        for part in (self.text, self.bar, self.cancel):
            row.addWidget(part)
        jobs.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is being done now."""
        job, left = self._jobs.current, self._jobs.seconds_left
        self.setVisible(job is not None)
        if job is not None:
            self.text.setText(job.title + ("" if left is None else f", {duration(left)} left"))
            self.bar.show_share(job.share)
