r"""Formulas, typeset by ziamath, and painted as paths in the window's colours.

Typesetting takes as long as two frames. So a formula is typeset once for each shape that it has: where only its digits
are others, theirs are put in their places, which are as wide as each other. What has no shape yet is made ready by
`prepare` in another thread.
"""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from engine.protocol.errors import brought_by
from engine.stopping import look
from sedd_studio.painting.icons import lent

SIZE = 20
"""Pixels of the type that is typeset; it is scaled from there."""
STANDS_OUT = "#010203"
"""The colour that stands for results while it is typeset."""
DIGITS = "0123456789"
ONE_AT_A_TIME = Lock()
"""The library has one font for all threads: that of the window, and the one that writes a page."""
HREF = "{http://www.w3.org/1999/xlink}href"
TOKEN = re.compile(r"([MLQCZ])|(-?\d+(?:\.\d+)?(?:e-?\d+)?)")


@dataclass(frozen=True)
class Glyph:
    """A sign and where it stands; `sign` is a name in `_Font.paths`."""

    sign: str
    place: QTransform
    stands_out: bool


@dataclass(frozen=True)
class Typeset:
    """Glyphs and lines of a formula, in an area that begins at (0, 0) and has this size, at `SIZE`."""

    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    rules: tuple[QRectF, ...]

    def paint(self, painter: QPainter, at: QPointF, scale: float, text: QColor, result: QColor) -> None:
        """With its upper left corner there."""
        with lent(painter, smooth=False):
            painter.translate(at)
            painter.scale(scale, scale)
            for rule in self.rules:
                painter.fillRect(rule, text)
            for glyph in self.glyphs:
                painter.fillPath(glyph.place.map(PATHS[glyph.sign]), result if glyph.stands_out else text)


PATHS: dict[str, QPainterPath] = {}
"""Of every sign that was needed."""


SHAPES = 512
"""Of formulas that are kept."""
_prepared: set[str] = set()


def is_prepared(latex: str) -> bool:
    """Whether a line is typeset without the library, as quickly as anything else in a window."""
    return _without_digits(latex) in _prepared


def prepare(latex: str) -> None:
    """Typesets the shape of a line, in any thread; a UserError as in `typeset`."""
    typeset(latex)
    _prepared.add(_without_digits(latex))


def _without_digits(latex: str) -> str:
    return re.sub(r"\d", "0", latex)


def typeset(latex: str) -> Typeset:
    r"""A line of LaTeX, with `\result{...}` for what stands out; a UserError where the library is missing."""
    digits = re.findall(r"\d", latex)
    zeros = _without_digits(latex)
    shape, each = _shape(zeros), iter(_order(zeros))
    glyphs = tuple(
        Glyph(style[int(digits[next(each)])], glyph.place, glyph.stands_out)
        if (style := _digit_style(glyph.sign)) is not None
        else glyph
        for glyph in shape.glyphs
    )
    return Typeset(shape.width, shape.height, glyphs, shape.rules)


@lru_cache(maxsize=SHAPES)
def _order(zeros: str) -> tuple[int, ...]:
    """Which digit of a line each of its glyphs is that is one: above a sum stands first what is written last."""
    count = zeros.count("0")
    if "_" not in zeros or "^" not in zeros:
        return tuple(range(count))
    order: list[int] = []
    for power in range(len(str(count))):
        pieces = zeros.split("0")
        marks = [str(number // 10**power % 10) for number in range(count)]
        probe = "".join(f"{piece}{mark}" for piece, mark in zip(pieces, [*marks, ""], strict=True))
        read = [style.index(glyph.sign) for glyph in _set(probe).glyphs if (style := _digit_style(glyph.sign))]
        order = [value * 10**power + before for value, before in zip(read, order or [0] * len(read), strict=True)]
    return tuple(order)


def _digit_style(sign: str) -> list[str] | None:
    """The ten digits in the style of a sign that is one."""
    return next((style for style in _digits() if sign in style), None)


@lru_cache
def _digits() -> list[list[str]]:
    """The ten digits as they stand in a line, and raised."""
    return [[glyph.sign for glyph in _set(latex).glyphs[-10:]] for latex in (DIGITS, rf"x^{{{DIGITS}}}")]


@lru_cache(maxsize=SHAPES)
def _shape(latex: str) -> Typeset:
    return _set(latex)


def _set(latex: str) -> Typeset:
    look()
    with brought_by("studio"), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it finds its font by a way that Python 3.13 has again
        import ziamath  # it takes as long as twenty frames; the studio does it while it rests
    library: Any = ziamath
    coloured = re.sub(r"\\result\{", rf"\\textcolor{{{STANDS_OUT}}}{{", latex)
    with ONE_AT_A_TIME:
        library.config.svg2 = True
        root = ET.fromstring(library.Latex(coloured, size=SIZE).svg())
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    boxes: dict[str, tuple[float, float, float, float]] = {}
    glyphs, rules = [], []
    for part in root:
        match part.tag.rpartition("}")[2]:
            case "symbol":
                name = part.attrib["id"]
                boxes[name] = _four(part.attrib["viewBox"])
                PATHS.setdefault(name, _path(part[0].attrib["d"]) if len(part) else QPainterPath())
            case "use":
                sign = part.attrib.get("href", part.attrib.get(HREF, "")).removeprefix("#")
                glyphs.append(_glyph(part.attrib, sign, boxes[sign], QPointF(-left, -top)))
            case "rect":
                x, y, wide, high = (float(part.attrib[key]) for key in ("x", "y", "width", "height"))
                rules.append(QRectF(x - left, y - top, wide, high))
    return Typeset(width, height, tuple(glyphs), tuple(rules))


def _four(text: str) -> tuple[float, float, float, float]:
    left, top, width, height = map(float, text.split())
    return left, top, width, height


def _glyph(said: dict[str, str], sign: str, box: tuple[float, float, float, float], shift: QPointF) -> Glyph:
    left, top, _, height = box
    scale = float(said["height"]) / height
    place = QTransform.fromTranslate(float(said["x"]) + shift.x(), float(said["y"]) + shift.y())
    place.scale(scale, scale)
    place.translate(-left, -top)
    return Glyph(sign, place, said.get("fill") == STANDS_OUT)


def _path(drawn: str) -> QPainterPath:
    """A path from how SVG writes it: absolute moves, lines and curves."""
    path, numbers, last = QPainterPath(), list[float](), ""
    steps: dict[str, tuple[int, Callable[..., None]]] = {
        "M": (2, path.moveTo),
        "L": (2, path.lineTo),
        "Q": (4, path.quadTo),
        "C": (6, path.cubicTo),
    }
    for letter, number in TOKEN.findall(drawn):
        if letter == "Z":
            path.closeSubpath()
        elif letter:
            last, numbers = letter, []
        else:
            numbers.append(float(number))
            if len(numbers) == steps[last][0]:
                steps[last][1](*numbers)
                numbers = []
    return path
