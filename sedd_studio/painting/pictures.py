"""How a sequence that is no text looks: pixels, a molecule's structure, a strand of bases.

A painter draws tokens (L,), `FREE` where nothing is known, into a rectangle, and a finder says which position of them
is at a point of it; a row in `PAINTERS` and one in `FINDERS` for each view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
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
REACH = 13
"""Pixels round an atom that are its own."""


@dataclass(frozen=True, eq=False)
class Scenery:
    """What is drawn: `tokens` (L,) and which are `locked` (L,), in a theme's colours."""

    tokens: Tokens
    locked: np.ndarray
    tokenizer: Tokenizer
    theme: Theme


def paint_image(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """Grey levels as squares; masked ones are dots, locked ones are framed."""
    painter.setPen(Qt.PenStyle.NoPen)
    for position, token in enumerate(scene.tokens[: SIDE * SIDE].tolist()):
        cell = pixel(area, position).adjusted(0.5, 0.5, -0.5, -0.5)
        level = -1 if token == FREE else LEVELS.find(scene.tokenizer.piece(token))
        if level < 0:
            painter.setBrush(scene.theme.colour("mask"))
            painter.drawEllipse(cell.center(), cell.width() / 7, cell.width() / 7)
            continue
        grey = round(255 * (1 - level / (len(LEVELS) - 1)))
        painter.setBrush(QColor(grey, grey, grey))
        painter.drawRect(cell)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(scene.theme.colour("accent"), 2))
    for position in np.flatnonzero(scene.locked[: SIDE * SIDE]).tolist():
        painter.drawRect(pixel(area, position).adjusted(2, 2, -2, -2))
    return ""


def pixel(area: QRectF, position: int) -> QRectF:
    """Where a pixel is."""
    row, column = divmod(position, SIDE)
    size, corner = min(area.width(), area.height()) / SIDE, area.center()
    return QRectF(corner.x() + (column - SIDE / 2) * size, corner.y() + (row - SIDE / 2) * size, size, size)


def pixel_at(area: QRectF, scene: Scenery, point: QPointF) -> int | None:
    """The pixel at a point."""
    among = range(min(SIDE * SIDE, len(scene.tokens)))
    return next((position for position in among if pixel(area, position).contains(point)), None)


def paint_molecule(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """The structure, with * for an atom that is still masked; or a sentence where the string is no molecule."""
    target = structure_place(area)
    try:
        drawing = structure(target, scene)
    except UserError as error:
        return str(error)
    if drawing is None:
        masked = (scene.tokens == FREE).any()
        return "No molecule yet: the string so far has no structure." if masked else "This string is no molecule."
    from PySide6.QtSvg import QSvgRenderer  # a library of its own, for molecules alone

    QSvgRenderer(QByteArray(drawing.svg.encode())).render(painter, target)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(scene.theme.colour("accent"), 2))
    for position, place in atoms(target, scene, drawing):
        if scene.locked[position]:
            painter.drawEllipse(place, REACH, REACH)
    return ""


def structure_place(area: QRectF) -> QRectF:
    """Where a structure is drawn: in the middle, and not much wider than it is high."""
    target = QRectF(0, 0, int(min(area.width(), area.height() * 1.6)), int(area.height()))
    target.moveCenter(area.center())
    return target


def structure(target: QRectF, scene: Scenery) -> Structure | None:
    """The structure of tokens, None where they have none; a UserError where RDKit is missing."""
    string = molecule_string(scene.tokens, scene.tokenizer)
    return drawn_molecule(string, int(target.width()), int(target.height()), scene.theme.dark)


def atoms(target: QRectF, scene: Scenery, drawing: Structure) -> list[tuple[int, QPointF]]:
    """The positions that are atoms, and where each is drawn; none where atoms were left out of the drawing."""
    found, left = [], len(molecule_string(scene.tokens, scene.tokenizer))
    for position, token in enumerate(scene.tokens.tolist()):
        piece = UNKNOWN_ATOM if token == FREE else scene.tokenizer.piece(token)
        if left > 0 and (piece == UNKNOWN_ATOM or any(map(str.isalpha, piece))):
            found.append(position)
        left -= len(piece)
    if len(found) != len(drawing.atoms):
        return []
    return [(at, QPointF(x, y) + target.topLeft()) for at, (x, y) in zip(found, drawing.atoms, strict=True)]


def atom_at(area: QRectF, scene: Scenery, point: QPointF) -> int | None:
    """The atom that is closest to a point, and near."""
    target = structure_place(area)
    try:
        drawing = structure(target, scene)
    except UserError:
        return None
    near = {} if drawing is None else {at: (place - point) for at, place in atoms(target, scene, drawing)}
    closest = min(near, key=lambda at: QPointF.dotProduct(near[at], near[at]), default=None)
    return closest if closest is not None and near[closest].manhattanLength() <= 1.5 * REACH else None


def molecule_string(tokens: Tokens, tokenizer: Tokenizer) -> str:
    """The SMILES so far: up to the first end-of-text token, * for what is masked before the last known symbol."""
    known = tokens.tolist()
    if tokenizer.eot_id in known:
        known = known[: known.index(tokenizer.eot_id)]
    while known and known[-1] == FREE:
        known.pop()
    return "".join(UNKNOWN_ATOM if token == FREE else tokenizer.piece(token) for token in known)


@dataclass(frozen=True)
class Structure:
    """An SVG without a background, and where its atoms are, in the order of the string."""

    svg: str
    atoms: tuple[tuple[float, float], ...]


@lru_cache(maxsize=64)
def drawn_molecule(string: str, width: int, height: int, dark: bool) -> Structure | None:
    """The structure of a string, or None where there is none; a UserError where RDKit is missing."""
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
    places = [drawer.GetDrawCoords(atom) for atom in range(molecule.GetNumAtoms())]
    return Structure(str(drawer.GetDrawingText()), tuple((place.x, place.y) for place in places))


def paint_sequence(painter: QPainter, area: QRectF, scene: Scenery) -> str:
    """A bar for each base, its letter in it, 60 in a line; masked ones are low and grey, locked ones underlined."""
    count = len(scene.tokens)
    step, line = base_place(area, 0, count).size().toTuple()
    letters = QFont(painter.font())
    letters.setPixelSize(max(1, round(min(0.7 * step, 0.4 * line))))
    painter.setFont(letters)
    for position, token in enumerate(scene.tokens.tolist()):
        painter.setPen(Qt.PenStyle.NoPen)
        place = base_place(area, position, count)
        base = "" if token == FREE else scene.tokenizer.piece(token)
        colour = QColor(BASE_COLOURS[base]) if base in BASE_COLOURS else scene.theme.colour("mask")
        height = line * (0.7 if base in BASE_COLOURS else 0.2)
        painter.setBrush(colour)
        bar = QRectF(place.left() + 0.5, place.top() + line * 0.75 - height, step - 1, height)
        painter.drawRoundedRect(bar, 1.5, 1.5)
        if base in BASE_COLOURS and letters.pixelSize() >= SMALLEST_LETTER:
            painter.setPen(QColor("white"))
            painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, base)
            painter.setPen(Qt.PenStyle.NoPen)
        if scene.locked[position]:
            painter.setBrush(scene.theme.colour("accent"))
            painter.drawRect(QRectF(place.left(), place.top() + line * 0.82, step, 2))
    return ""


def base_place(area: QRectF, position: int, count: int) -> QRectF:
    """Where one of so many bases is, with the room over and under its bar."""
    row, column = divmod(position, BASES_IN_LINE)
    step, line = area.width() / BASES_IN_LINE, area.height() / max(1, -(-count // BASES_IN_LINE))
    return QRectF(area.left() + column * step, area.top() + row * line, step, line)


def base_at(area: QRectF, scene: Scenery, point: QPointF) -> int | None:
    """The base at a point."""
    count = len(scene.tokens)
    return next((position for position in range(count) if base_place(area, position, count).contains(point)), None)


PAINTERS: dict[View, Callable[[QPainter, QRectF, Scenery], str]] = {
    "image": paint_image,
    "molecule": paint_molecule,
    "sequence": paint_sequence,
}
"""Each returns a sentence to show instead of a picture, or nothing."""
FINDERS: dict[View, Callable[[QRectF, Scenery, QPointF], int | None]] = {
    "image": pixel_at,
    "molecule": atom_at,
    "sequence": base_at,
}
