"""The page that lists the keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QWidget

from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import Sheet, column, row

BAR = 24
"""Room for a scroll bar."""

ON_THE_CANVAS = (
    ("Arrows", "Move the cursor from word to word"),
    ("Shift + arrows", "Extend the selection"),
    ("Drag, double click, triple click", "Select words, a word, a sentence"),
    ("Ctrl + A, Esc", "Select everything, nothing"),
    ("L, R", "Lock or unlock, or redraw, the word at the cursor; a click on a lock unlocks its words"),
    ("Ctrl + L, Ctrl + R", "The same for the selection"),
    ("Enter or F2", "Edit the selection, or the word"),
    ("Typing", "Replace the selection"),
    ("Ctrl + C, X, V", "Copy, cut, paste"),
    ("Delete", "Make a gap of the selection, or of the word"),
    ("+ and -", "Make the gap at the cursor longer or shorter; the handle at its end does, too"),
    ("1 to 5, Enter", "Take a word of those shown under the position pointed at"),
    ("Ctrl + wheel", "Zoom"),
)
WHILE_PRESENTING = (
    ("Page Down, Page Up", "The next step, the one before; where there is no run, Page Down makes one"),
    ("B or .", "A black screen, and back"),
    ("L", "A large pointer, which follows the mouse, and Shift with the arrows"),
    ("Space", "Play, or hold"),
    ("Ctrl + Enter", "Run the text"),
    ("F", "The formula of a chapter"),
    ("Left, Right", "Noise, or steps"),
    ("Up, Down", "Scroll a long text"),
    ("Esc or F5", "End it; all is as it was before"),
)


def show_shortcuts(parent: QWidget, commands: Iterable[tuple[str, str]]) -> QDialog:
    """Opens the page over `parent` and returns it; it closes by Esc. `commands` are keys and texts in the menu."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Keyboard shortcuts")
    native = QKeySequence.SequenceFormat.NativeText
    rows = [
        (QKeySequence.listToString(QKeySequence.listFromString(keys), native), text.replace("&", "").removesuffix(" …"))
        for keys, text in commands
        if keys
    ]
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    everywhere = label("Everywhere", "strong"), _table(rows, 2)
    on_the_text = label("On the text", "strong"), _table(ON_THE_CANVAS, 1)
    presenting = label("While presenting (F5)", "strong"), _table(WHILE_PRESENTING, 1)
    page = QWidget()
    column(*on_the_text, 6, *everywhere, 6, *presenting, gap=10, margins=(24, 20, 24, 8), of=page)
    area = Sheet(page)
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrows scroll it
    area.setAccessibleName("Keyboard shortcuts")
    area.setFocus()
    column((area, 1), row(buttons, margins=(24, 0, 24, 16)), gap=8, of=dialog)
    size = page.sizeHint() + QSize(BAR, buttons.sizeHint().height() + 24)
    dialog.resize(size.boundedTo(parent.window().size()))
    dialog.open()
    return dialog


def _table(entries: Sequence[tuple[str, str]], columns: int) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    lines = -(-len(entries) // columns)
    for number, (keys, what) in enumerate(entries):
        line, side = number % lines, 2 * (number // lines)
        grid.addWidget(QLabel(keys), line, side)
        grid.addWidget(QLabel(what), line, side + 1)
    grid.setColumnStretch(2 * columns - 1, 1)
    return grid
