"""What is being done beside the engine, how far it is, and a button that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import until_done
from sedd_studio.widgets.controls.basic import ProgressLine, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs


class JobLine(QWidget):
    """Shows `jobs.current`; hidden while there is none."""

    def __init__(self, jobs: Jobs, look: Look) -> None:
        super().__init__()
        self._jobs = jobs
        self.text = label(role="help")
        self.bar = ProgressLine("Progress")
        self.bar.setFixedWidth(140)
        self.cancel = IconButton("close", "Cancel", look, jobs.cancel)
        row(self.text, self.bar, self.cancel, gap=8, margins=(0, 0, 12, 0), of=self)
        keep_up(self.refresh, jobs.changed)

    def refresh(self) -> None:
        job, left = self._jobs.current, self._jobs.seconds_left
        self.setVisible(job is not None)
        if job is not None:
            self.text.setText(job.title + ("" if left is None else f", {until_done(left)}"))
            self.bar.show_share(job.share)
