"""How a sequence that is no text looks: pixels, a molecule's structure, a strand of bases.

A painter draws tokens (L,), `FREE` where nothing is known, into a rectangle; a row in `PAINTERS` for each view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from engine.language.domains import View
from engine.language.domains.images import LEVELS, SIDE
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Tokens, UserError
from engine.protocol.errors import brought_by
from sedd_studio.painting.theme import Theme

BASE_COLOURS = {"A": "#2f7d46", "C": "#2f62bd", "G": "#a36a08", "T": "#b83d3d"}
BASES_IN_LINE = 60
SMALLEST_LETTER = 7
UNKNOWN_ATOM = "*"


@dataclass(frozen=True, eq=False)
class Scenery:
    """What is drawn: `tokens` (L,) and which are `locked` (L,), in a theme's colours."""

    tokens: Tokens
    locked: np.ndarray
    tokenizer: Tokenizer
    theme: Theme


def paint_image(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """Grey levels as squares; masked ones are dots, locked ones are framed."""
    size = min(area.width(), area.height()) / SIDE
    left = area.center().x() - size * SIDE / 2
    top = area.center().y() - size * SIDE / 2
    painter.setPen(Qt.PenStyle.NoPen)
    for position, token in enumerate(scene.tokens[: SIDE * SIDE].tolist()):
        row, column = divmod(position, SIDE)
        cell = QRectF(left + column * size, top + row * size, size, size).adjusted(0.5, 0.5, -0.5, -0.5)
        level = -1 if token == FREE else LEVELS.find(scene.tokenizer.piece(token))
        if level < 0:
            painter.setBrush(scene.theme.colour("mask"))
            painter.drawEllipse(cell.center(), size / 7, size / 7)
            continue
        grey = round(255 * (1 - level / (len(LEVELS) - 1)))
        painter.setBrush(QColor(grey, grey, grey))
        painter.drawRect(cell)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(scene.theme.colour("accent"), 2))
    for position in np.flatnonzero(scene.locked[: SIDE * SIDE]).tolist():
        row, column = divmod(position, SIDE)
        painter.drawRect(QRectF(left + column * size, top + row * size, size, size).adjusted(2, 2, -2, -2))
    return ""


def paint_molecule(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """The structure, with * for an atom that is still masked; or a sentence where the string is no molecule."""
    string = molecule_string(scene.tokens, scene.tokenizer)
    side = int(min(area.width(), area.height() * 1.6)), int(area.height())
    try:
        drawing = drawn_molecule(string, *side, scene.theme.dark)
    except UserError as error:
        return str(error)
    if drawing is None:
        masked = (scene.tokens == FREE).any()
        return "No molecule yet: the string so far has no structure." if masked else "This string is no molecule."
    target = QRectF(0, 0, side[0], side[1])
    target.moveCenter(area.center())
    from PySide6.QtSvg import QSvgRenderer  # a library of its own, for molecules alone

    QSvgRenderer(QByteArray(drawing.encode())).render(painter, target)
    return ""


def molecule_string(tokens: Tokens, tokenizer: Tokenizer) -> str:
    """The SMILES so far: up to the first end-of-text token, * for what is masked before the last known symbol."""
    known = tokens.tolist()
    if tokenizer.eot_id in known:
        known = known[: known.index(tokenizer.eot_id)]
    while known and known[-1] == FREE:
        known.pop()
    return "".join(UNKNOWN_ATOM if token == FREE else tokenizer.piece(token) for token in known)


@lru_cache(maxsize=256)
def drawn_molecule(string: str, width: int, height: int, dark: bool) -> str | None:
    """SVG of a structure without a background, or None where there is none; a UserError where RDKit is missing."""
    with brought_by("molecules"):
        from rdkit import Chem, rdBase
        from rdkit.Chem.Draw import rdMolDraw2D

    with rdBase.BlockLogs():  # the library prints what is wrong with a string
        molecule = Chem.MolFromSmiles(string) if string else None
    if molecule is None:
        return None
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options = drawer.drawOptions()
    if dark:
        rdMolDraw2D.SetDarkMode(options)
    options.clearBackground = False  # type: ignore[assignment]
    drawer.DrawMolecule(molecule)
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def paint_sequence(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """A bar for each base, its letter in it, 60 in a line; masked ones are low and grey, locked ones underlined."""
    lines = -(-len(scene.tokens) // BASES_IN_LINE)
    step, line = area.width() / BASES_IN_LINE, area.height() / max(1, lines)
    letters = QFont(painter.font())
    letters.setPixelSize(max(1, round(min(0.7 * step, 0.4 * line))))
    painter.setFont(letters)
    for position, token in enumerate(scene.tokens.tolist()):
        painter.setPen(Qt.PenStyle.NoPen)
        row, column = divmod(position, BASES_IN_LINE)
        base = "" if token == FREE else scene.tokenizer.piece(token)
        colour = QColor(BASE_COLOURS[base]) if base in BASE_COLOURS else scene.theme.colour("mask")
        height = line * (0.7 if base in BASE_COLOURS else 0.2)
        top = area.top() + row * line + line * 0.75 - height
        painter.setBrush(colour)
        bar = QRectF(area.left() + column * step + 0.5, top, step - 1, height)
        painter.drawRoundedRect(bar, 1.5, 1.5)
        if base in BASE_COLOURS and letters.pixelSize() >= SMALLEST_LETTER:
            painter.setPen(QColor("white"))
            painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, base)
            painter.setPen(Qt.PenStyle.NoPen)
        if scene.locked[position]:
            painter.setBrush(scene.theme.colour("accent"))
            painter.drawRect(QRectF(area.left() + column * step, area.top() + row * line + line * 0.82, step, 2))
    return ""


PAINTERS: dict[View, Callable[[QPainter, QRectF, Scenery], str]] = {
    "image": paint_image,
    "molecule": paint_molecule,
    "sequence": paint_sequence,
}
"""Each returns a sentence to show instead of a picture, or nothing."""
