"""The page that lists the keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QWidget

from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import column

ON_THE_CANVAS = (
    ("Arrows", "Move the cursor from word to word"),
    ("Shift + arrows", "Extend the selection"),
    ("Drag, double click, triple click", "Select words, a word, a sentence"),
    ("Ctrl + A, Esc", "Select everything, nothing"),
    ("L", "Lock or unlock the selection, or the word at the cursor; a click on a lock unlocks its words"),
    ("Enter or F2", "Edit the selection, or the word"),
    ("Typing", "Replace the selection"),
    ("Ctrl + C, X, V", "Copy, cut, paste"),
    ("Delete", "Make a gap of the selection, or of the word"),
    ("+ and -", "Make the gap at the cursor longer or shorter; the handle at its end does, too"),
    ("1 to 5, Enter", "Take a word of those shown under the position pointed at"),
    ("Ctrl + wheel", "Zoom"),
)


def show_shortcuts(parent: QWidget, commands: Iterable[tuple[str, str]]) -> QDialog:
    """Opens the page over `parent` and returns it; it closes by Esc. `commands` are keys and texts in the menu."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Keyboard shortcuts")
    native = QKeySequence.SequenceFormat.NativeText
    rows = [
        (QKeySequence(keys).toString(native), text.replace("&", "").removesuffix(" …"))
        for keys, text in commands
        if keys
    ]
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    everywhere = label("Everywhere", "strong"), _table(rows)
    on_the_text = label("On the text", "strong"), _table(ON_THE_CANVAS)
    column(*everywhere, *on_the_text, buttons, gap=10, margins=(24, 20, 24, 16), of=dialog)
    dialog.open()
    return dialog


def _table(entries: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    half = (len(entries) + 1) // 2
    for number, (keys, what) in enumerate(entries):
        row, side = number % half, 2 * (number // half)
        grid.addWidget(QLabel(what), row, side)
        grid.addWidget(QLabel(keys), row, side + 1)
    return grid
