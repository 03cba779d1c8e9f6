"""What fills the screen: a chapter some steps into its script, the text of the studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.window_states.learning import answer, typeset_all
from sedd_studio.window.page_names import LEARN

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def presenter(home: Path, chapter: str, turns: int, formula: bool = False, laser: bool = False) -> object:
    """A chapter of Learn on the whole screen, so many steps into its script."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from sedd_studio.window.presenting import present
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.settings.set("reduced_motion", True)

    def prepare(window: MainWindow) -> None:
        window.services.learning.open(chapter)
        window.show_panel(LEARN)
        QApplication.processEvents()
        answer(scene)
        shown = present(window)
        QApplication.processEvents()  # it has the keys from here on
        for _ in range(turns):
            QTest.keyClick(shown, Qt.Key.Key_PageDown)
            answer(scene)
        if formula:
            QTest.keyClick(shown, Qt.Key.Key_F)
            typeset_all(window)
        if laser:
            shown.point(True)
            shown.laser.put(QPoint(shown.width() // 3, shown.height() // 2))

    return scene.session, prepare


def presenter_text(home: Path, played: int = 41, repeat: int = 1, domain: str = "text") -> object:
    """The text of the studio on the whole screen, or what else its model writes."""
    from sedd_studio.window.presenting import present
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, repeat=repeat, domain=domain)
    if played:
        scene.run(64)
        scene.play(played)
    return scene.session, present
