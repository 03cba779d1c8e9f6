"""Handwritten digits as sequences: 8 x 8 pixels in 17 grey levels, row by row, one character a pixel.

The data are "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI): lines of 64 levels and the digit,
with commas. A sample counts as recognised if the digit of its nearest real neighbour is also that of most of its
five nearest, and it is no farther away than 95 % of real digits are from each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.datasets import lines
from engine.domains.domain import Domain, Measure
from engine.messages import UserError
from engine.tokenizers import Tokenizer, symbol_tokenizer

SIDE = 8
LEVELS = "0123456789abcdefg"
NEIGHBOURS = 5


def tokenizer(texts: Iterator[str], vocabulary: int) -> Tokenizer:
    """One token a grey level; texts and size have no say."""
    return symbol_tokenizer(LEVELS)


def read(path: Path) -> Iterator[str]:
    """Pictures as 64 characters; what else is in a line (the part of the data, the digit) is left out."""
    for line in lines(path):
        yield "".join(LEVELS[level] for level in pixels(line, path))


def pixels(line: str, path: Path) -> list[int]:
    """The 64 grey levels of a line of the file."""
    cells = line.split(",")
    numbers = cells[1:] if not cells[0].isdigit() else cells
    try:
        levels = [int(cell) for cell in numbers[: SIDE * SIDE]]
    except ValueError:
        levels = []
    if len(levels) != SIDE * SIDE or not all(0 <= level < len(LEVELS) for level in levels):
        raise UserError(f"{path} holds a line that is no picture of {SIDE} x {SIDE} grey levels from 0 to 16.")
    return levels


def picture(text: str) -> np.ndarray:
    """Grey levels (8, 8) of 64 characters; what is missing or no level is 0."""
    levels = [max(0, LEVELS.find(character)) for character in text[: SIDE * SIDE]]
    return np.array(levels + [0] * (SIDE * SIDE - len(levels))).reshape(SIDE, SIDE)


def measure(texts: Sequence[str], real: Sequence[str]) -> tuple[Measure, ...]:
    """The share of samples whose shape stands among real digits, beside that of real digits among the others."""
    if len(real) < 2 * NEIGHBOURS:
        return (Measure("like real digits", None, note="Real digits to compare with are too few."),)
    made, known = _vectors(texts), _vectors(real)
    near = np.sqrt(np.sort(_distances(known, known), axis=1)[:, 1])  # the nearest is itself
    limit = float(np.quantile(near, 0.95))
    nearest = np.sqrt(_distances(made, known).min(1))
    ink = [float(vectors.mean()) for vectors in (made, known)]
    return (
        Measure("like real digits", float((nearest <= limit).mean()), 0.95),
        Measure("copies", float((nearest == 0).mean()), float((near == 0).mean())),
        Measure("mean grey level", ink[0], ink[1]),
    )


def _vectors(texts: Sequence[str]) -> np.ndarray:
    return np.stack([picture(text).ravel() for text in texts]).astype(np.float64)


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m)."""
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0.0))


IMAGES = Domain("digits", "Digits", "image", SIDE * SIDE, ("[64]",), True, read, tokenizer, measure)
