"""A painting as the parts of an SVG, few and small: what stands in many pictures alike is one part of all of them.

Qt's own writer of SVG says more than is needed: a group with all of the painter's state round every shape. Its parts
are taken out of there with what is said of them, numbers have two decimals at most, and a rectangle is one again, round
or not. A text says how wide it is, so that it keeps its place in whatever type it is shown.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QBuffer, QIODevice, QRect, QSize
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from engine.plain_text import plain
from engine.stopping import look

GEOMETRY: dict[str, tuple[str, ...]] = {
    "path": ("d", "transform"),
    "rect": ("x", "y", "width", "height", "rx"),
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "line": ("x1", "y1", "x2", "y2"),
    "polyline": ("points",),
    "polygon": ("points",),
    "text": ("x", "y", "textLength"),
}
"""Elements of SVG, and which of their attributes say where something is."""
USUAL = {
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "opacity": "1",
    "stroke-dashoffset": "0",
    "vector-effect": "none",
    "font-weight": "400",
    "font-style": "normal",
    "transform": "matrix(1,0,0,1,0,0)",
    "stroke": "none",
    "stroke-miterlimit": "4",
    "stroke-width": "1",
}
"""What goes without saying."""
OF_LINES = (
    "stroke-opacity",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "stroke-miterlimit",
)
OF_TEXT = ("font-family", "font-size", "font-weight", "font-style")
OF_QT = ("vector-effect", "stroke-dashoffset", "{http://www.w3.org/XML/1998/namespace}space")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
ROUND = re.compile(r"M([-\d.]+),([-\d.]+)( C[^CLMZ]+ L[^CLMZ]+){3} C[^CLMZ]+( L[^CLMZ]+)? Z ?")
"""A path round a rectangle with round corners, which begins where its first corner does."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold."""
Paint = Callable[[QPainter], None]


@dataclass(frozen=True)
class Part:
    """An element of SVG: its `tag`, its `style` as pairs, its `place` as `GEOMETRY` has it for the tag, its text."""

    tag: str
    style: tuple[tuple[str, str], ...]
    place: tuple[str, ...]
    text: str = ""

    def as_svg(self) -> str:
        """The element."""
        named = [*zip(GEOMETRY[self.tag], self.place, strict=False), *self.style]
        told = "".join(f' {name}="{escape(value)}"' for name, value in named if value)
        return f"<{self.tag}{told}>{escape(self.text)}</text>" if self.text else f"<{self.tag}{told}/>"


def parts_of(size: QSize, paint: Paint) -> tuple[Part, ...]:
    """What is painted in an area of that size, which begins at (0, 0)."""
    from PySide6.QtSvg import QSvgGenerator  # seldom needed

    buffer, made = QBuffer(), QSvgGenerator()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made.setOutputDevice(buffer)
    made.setSize(size)
    made.setViewBox(QRect(0, 0, size.width(), size.height()))
    with QPainter(made) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint(painter)
    written = bytes(buffer.data().data()).decode("utf-8", "replace")
    root = ET.fromstring(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", plain(written)))
    return tuple(_parts(root, {}))


def _parts(element: ET.Element, said: Mapping[str, str]) -> Iterator[Part]:
    for child in element:
        look()
        tag = child.tag.rpartition("}")[2]
        told = {**said, **child.attrib}
        if tag == "g":
            yield from _parts(child, told)
        elif tag in GEOMETRY:
            yield _part(tag, told, child.text or "")


def _part(tag: str, said: dict[str, str], text: str) -> Part:
    """One part; what its groups say of it is said of itself."""
    own = {name: value for name, value in said.items() if name not in OF_QT}
    if tag != "text":
        own = {name: value for name, value in own.items() if name not in OF_TEXT}
    elif text:
        own["textLength"] = f"{_width(own, text):.1f}"
    if own.get("stroke", "none") == "none":
        own = {name: value for name, value in own.items() if name not in OF_LINES}
    if own.get("fill") == "none" or tag in ("text", "line", "polyline"):
        own.pop("fill-rule", None)
    round_one = tag == "path" and ROUND.fullmatch(own["d"])
    if round_one:
        tag, own = "rect", _rectangle(own, round_one)
    names = GEOMETRY[tag]
    place = tuple(_rounded_off(own.get(name, "")) for name in names if name != "transform")
    moved = own.get("transform", "") not in ("", USUAL["transform"])
    style = {
        name: _rounded_off(value)
        for name, value in own.items()
        if (name not in names or name == "transform") and USUAL.get(name) != value
    }
    if not moved:
        style.pop("transform", None)
    return Part(tag, tuple(sorted(style.items())), place, text)


def _width(said: Mapping[str, str], text: str) -> float:
    font = QFont(said["font-family"])
    font.setPixelSize(round(float(said["font-size"])))
    font.setWeight(QFont.Weight(int(said["font-weight"])))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return QFontMetricsF(font).horizontalAdvance(text)


def _rectangle(said: dict[str, str], found: re.Match[str]) -> dict[str, str]:
    """A path that goes round a rectangle with round corners, as one."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", found[0])]
    across, down = numbers[::2], numbers[1::2]
    left, top = min(across), min(down)
    radius = float(found[2]) - top
    rest = {name: value for name, value in said.items() if name not in ("d", "fill-rule")}
    return {
        **rest,
        "x": f"{left:.4f}",
        "y": f"{top:.4f}",
        "width": f"{max(across) - left:.4f}",
        "height": f"{max(down) - top:.4f}",
        "rx": f"{radius:.4f}",
    }


def _rounded_off(said: str) -> str:
    """With two decimals at most, and without what is not needed."""
    return NUMBER.sub(lambda found: short(float(found[0])), said).strip()


def short(number: float) -> str:
    """A number with two decimals, if it needs them."""
    said = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if said == "-0" else said
