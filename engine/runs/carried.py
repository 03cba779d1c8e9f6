"""The run that a page, a picture or a film carries, found by walking through the parts of the file; none is drawn.

Sizes stand in such files, and may be made up; so a part is looked for within the bytes that there are.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.files import ends_in
from engine.protocol import UserError
from engine.runs.runfile import LARGEST_FILE, content_of, decode, open_run
from engine.runs.trajectory import Trajectory

KEY = "sedd-run"
"""What the text with the run is called in a PNG file."""
IN_PAGE = re.compile(rb'<script type="application/x-sedd-run" id="run">([A-Za-z0-9+/=]+)</script>')
COMMENT = (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data")
"""The boxes in which the comment of an MP4 file lies, one in another."""
HEADS = {b"meta": 4, b"data": 8}
"""Bytes of some boxes that stand before what they hold."""
Parts = Iterator[tuple[bytes, bytes]]
"""Parts of a file: the name and what it holds."""


def read_run(path: Path) -> Trajectory:
    """The run in a file of any kind that has one; a UserError says what is wrong with it."""
    return carried_run(path) if ends_in(path, tuple(CARRIERS)) else open_run(path)


def carried_run(path: Path) -> Trajectory:
    """The run that a page, a picture or a film carries; a UserError if it carries none."""
    ending = next(ending for ending in CARRIERS if ends_in(path, (ending,)))
    content = content_of(path)
    try:
        run = base64.b64decode(CARRIERS[ending](content), validate=True)
    except (ValueError, zlib.error):
        run = b""
    if not run:
        raise UserError(f"{path.name} carries no run; choose a page, a picture or a film that SEDD Studio exported.")
    return decode(run)


def in_page(content: bytes) -> bytes:
    """What stands in the element for it of an HTML page."""
    found = IN_PAGE.search(content)
    return found[1] if found else b""


def in_png(content: bytes) -> bytes:
    """The text of that name."""
    for kind, data in png_parts(content):
        name, _, text = data.partition(b"\0")
        if name == KEY.encode() and kind == b"tEXt":
            return text
        if name == KEY.encode() and kind == b"zTXt":
            return zlib.decompressobj().decompress(text[1:], LARGEST_FILE // 2)
    return b""


def png_parts(content: bytes) -> Parts:
    """The chunks of a PNG file."""
    at = 8
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        at += 12 + size


def in_webp(content: bytes) -> bytes:
    """The XMP data."""
    return next((data for kind, data in webp_parts(content) if kind == b"XMP "), b"")


def webp_parts(content: bytes) -> Parts:
    """The chunks of a WebP file."""
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def in_gif(content: bytes) -> bytes:
    """The first comment."""
    if len(content) < 13:
        return b""
    at = 13 + colours(content[10])
    while content[at : at + 1] in (b"!", b","):
        kind, picture = content[at : at + 2], content[at : at + 10]
        at += 2 if kind.startswith(b"!") else 11 + colours(picture[-1])
        blocks, at = gif_blocks(content, at)
        if kind == b"!\xfe":
            return b"".join(blocks)
    return b""


def colours(flags: int) -> int:
    """Bytes of the table of colours that is announced by `flags`."""
    return 3 << (1 + flags % 8) if flags & 128 else 0


def gif_blocks(content: bytes, at: int) -> tuple[list[bytes], int]:
    """The blocks that begin at a place, and the place behind them."""
    blocks = []
    while at < len(content) and (size := content[at]):
        blocks.append(content[at + 1 : at + 1 + size])
        at += 1 + size
    return blocks, at + 1


def in_mp4(content: bytes) -> bytes:
    """The comment."""
    start, stop = 0, len(content)
    for name in COMMENT:
        found = next((place for kind, *place in mp4_boxes(content, start, stop) if kind == name), None)
        if found is None:
            return b""
        start, stop = found[0] + HEADS.get(name, 0), found[1]
    return content[start:stop]


def mp4_boxes(content: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two places of an MP4 file: the name, and where what it holds begins and ends."""
    while start + 8 <= stop:
        size, head = int.from_bytes(content[start : start + 4]), 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16]), 16
        end = min(start + size, stop) if size else stop
        if end < start + head:
            return
        yield content[start + 4 : start + 8], start + head, end
        start = end


CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    **dict.fromkeys((".html", ".htm"), in_page),
    ".png": in_png,
    ".gif": in_gif,
    ".webp": in_webp,
    ".mp4": in_mp4,
}
"""By the endings of names: how the run is found, in base64."""
