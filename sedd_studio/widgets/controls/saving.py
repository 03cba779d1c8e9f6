"""A name is asked for, and a small file is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from engine.files import write_whole
from sedd_studio.record.endings import with_ending
from sedd_studio.session.errors import Errors

Content = Callable[[], bytes]


def ask_and_write(parent: QWidget, title: str, name: str, kinds: Mapping[str, Content], errors: Errors) -> None:
    """Asks for a name, and writes the content of the kind, "Table (*.csv)", as whose its file ends; else of the one
    that was picked. Trouble is told by `errors`."""
    contents = {kind.partition("*")[2].rstrip(")"): content for kind, content in kinds.items()}
    first = f"{name}{next(iter(contents))}"
    given, picked = QFileDialog.getSaveFileName(parent, title, first, ";;".join(kinds))
    if not given:
        return
    endings = sorted(contents, key=lambda ending: ending not in picked)
    path = with_ending(Path(given), tuple(endings))
    try:
        write_whole(path, contents[path.suffix.lower()]())
    except OSError as error:
        errors.show(f"{path} cannot be written ({error.strerror}); choose another place.")
