"""The map of a run as a drawing (SVG): a caption, a legend, and the cells between their axes.

Words and lines are words and lines, the cells a picture of a pixel each. The window draws its own
(`painting.map_export`) and measures its words; here their width is estimated.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from html import escape

import numpy as np

from engine.plain_text import plain
from engine.runs.map_colours import table_of
from engine.runs.map_modes import MapMode, ramp
from engine.runs.map_table import caption_of, characters_at
from engine.runs.run_map import Cells, RunMap
from engine.runs.trajectory import Trajectory

WIDE, MARGIN, LINE, LEFT = 1100, 20, 22, 46
"""Pixels of the drawing, its edges, a line of text, and the axis of steps."""
LEAST, MOST, EACH = 240, 900, 6
"""Pixels of the map's height, at least and at most, and of a step, if they fit."""
WIDEST, TALLEST = 40.0, 24.0
"""Pixels of a cell, at most."""
UPRIGHT, FOOT, TALL_FOOT = 13.0, 26, 92
"""Pixels of a cell from which on each has its own text, turned up; of the foot, and of one with such texts."""
SIZE, SIGN = 12, 6.6
"""Pixels of a letter: its height, and about its width."""
TICK_GAP, TICKS = 28, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
SWATCH, BAR, GAP, APART = 14, 110, 6, 18
PAPER, INK, MUTED, EDGE = "#ffffff", "#191c22", "#5c6473", "#b9c0cc"
THEME = "light"
MARKS = str.maketrans({"\n": "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "\t": " "})


def drawn(run: Trajectory, sample: int, mode: MapMode, column: np.ndarray | None = None) -> str:
    """A sample of a run in the colours of a mode; `column` (L,) are the numbers of one that needs some."""
    made = RunMap(run, sample).grown()
    codes = mode.codes(made, column)
    legend, lines = _legend(mode, made, codes)
    top = MARGIN + (2 + lines) * LINE + 8
    room = WIDE - 2 * MARGIN - LEFT
    wide = min(room / run.length, WIDEST)
    tall = min(min(max(EACH * (run.steps + 1), LEAST), MOST) / (run.steps + 1), TALLEST)
    foot = TALL_FOOT if wide >= UPRIGHT else FOOT
    size = wide * run.length, tall * (run.steps + 1)
    left, high = MARGIN + LEFT, round(top + size[1] + foot + MARGIN)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}" '
        f'font-family="sans-serif" font-size="{SIZE}">'
    )
    cells = (
        f'<image x="{left}" y="{top}" width="{size[0]:.2f}" height="{size[1]:.2f}" preserveAspectRatio="none" '
        f'style="image-rendering: pixelated" href="{as_data(codes)}"/>'
    )
    parts = [
        svg,
        f"<title>{_said(caption_of(run, sample))}</title>",
        f'<rect width="{WIDE}" height="{high}" fill="{PAPER}"/>',
        _text(MARGIN, MARGIN + 15, mode.title, INK),
        _text(MARGIN, MARGIN + LINE + 15, caption_of(run, sample)),
        *legend,
        cells,
        f'<rect x="{left}" y="{top}" width="{size[0]:.2f}" height="{size[1]:.2f}" fill="none" stroke="{EDGE}"/>',
        *_steps(run.steps, left, top, tall),
        *_words(_pieces(made), left, top + size[1], wide),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _said(text: str) -> str:
    return escape(plain(text.translate(MARKS)))


def _text(x: float, y: float, text: str, colour: str = MUTED, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{more}>{_said(text)}</text>'


def _legend(mode: MapMode, made: RunMap, codes: Cells) -> tuple[list[str], int]:
    """A swatch for each kind of cell, and a bar from the low end of numbers to the high one; and how many lines."""
    parts, x, line = list[str](), float(MARGIN), 0
    low, high = mode.low(made), mode.high(made)
    for code, name in [*mode.legend(codes), *[(None, low + high)] * bool(low)]:
        took = SWATCH + GAP + SIGN * len(name) + (BAR + GAP if code is None else 0)
        if x > MARGIN and x + took > WIDE - MARGIN:
            x, line = float(MARGIN), line + 1
        y = MARGIN + (2 + line) * LINE
        if code is None:
            start = x + SIGN * len(low) + GAP
            parts.append(_text(x, y + 14, low))
            pieces = [table_of(THEME)[each] for each in ramp(np.linspace(0, 1, BAR // 5)).tolist()]
            parts += [_box(start + 5 * number, y + 4, 5, 12, colour, "") for number, colour in enumerate(pieces)]
            parts.append(_text(start + BAR + GAP, y + 14, high))
        else:
            parts += [_box(x, y + 3, SWATCH, SWATCH, table_of(THEME)[code]), _text(x + SWATCH + GAP, y + 14, name)]
        x += took + APART
    return parts, line + 1


def _box(x: float, y: float, wide: float, high: float, colour: tuple[int, int, int], edge: str = EDGE) -> str:
    stroke = f' stroke="{edge}"' if edge else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide}" height="{high}" fill="rgb{colour}"{stroke}/>'


def _steps(steps: int, left: float, top: float, tall: float) -> Iterator[str]:
    every = next((tick for tick in TICKS if tick * tall >= TICK_GAP), TICKS[-1])
    for step in range(0, steps + 1, every):
        yield _text(left - 6, top + (step + 0.5) * tall + 4, str(step), MUTED, ' text-anchor="end"')
    yield _text(left - 6, top + (steps + 1) * tall + 17, "step", MUTED, ' text-anchor="end"')


def _words(pieces: list[str], left: float, bottom: float, wide: float) -> Iterator[str]:
    """Every token turned up where there is room for each, else those that have room beside each other."""
    free = left
    for position, piece in enumerate(pieces):
        x = left + position * wide
        if wide >= UPRIGHT:
            y = bottom + 8
            yield _text(
                x + wide / 2 - 4, y, piece[:12], MUTED, f' transform="rotate(90 {x + wide / 2 - 4:.1f} {y:.1f})"'
            )
        elif (len(piece) > 1 or not piece.isascii()) and x >= free:
            yield _text(x, bottom + 17, piece)
            free = x + SIGN * len(piece) + 8


def _pieces(made: RunMap) -> list[str]:
    run = made.run
    if run.origin is None:
        return []
    tokens = run.at(made.read, made.sample)[0]
    return [piece.strip() for piece in characters_at(tokens, run.mask, run.origin.tokenizer)]


def as_data(codes: Cells) -> str:
    """Codes (rows, L) as the address of a picture of a pixel a cell (PNG)."""
    return f"data:image/png;base64,{base64.b64encode(as_png(codes)).decode()}"


def as_png(codes: Cells) -> bytes:
    """Codes (rows, L) as a picture of a pixel a cell, its colours a table."""
    rows, columns = codes.shape
    lines = np.zeros((rows, 1 + columns), np.uint8)  # each with its filter, which is none
    lines[:, 1:] = codes
    head = columns.to_bytes(4) + rows.to_bytes(4) + bytes((8, 3, 0, 0, 0))
    colours = np.array(table_of(THEME), np.uint8).tobytes()
    chunks = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks
    )
