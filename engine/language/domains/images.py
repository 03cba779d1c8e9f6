"""Handwritten digits as sequences: 8 x 8 pixels in 17 grey levels, row by row, one character a pixel.

The data are "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI): lines of 64 levels and the digit,
with commas. Samples are classified by their five nearest real neighbours. One is recognised if at least four of them
are the same digit and the nearest is no farther away than 95 % of real digits are from each other; real digits are
held to the same rule, each against all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.language.documents import lines
from engine.language.domains.domain import Domain, Measure
from engine.language.tokenizers import Tokenizer, symbol_tokenizer
from engine.protocol import UserError

SIDE = 8
LEVELS = "0123456789abcdefg"
NEIGHBOURS, AGREEING = 5, 4


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


def labelled(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of a file (n, 64) and their digits (n,)."""
    levels, digits = [], []
    for line in lines(path):
        levels.append(pixels(line, path))
        last = line.split(",")[-1].strip()
        if not last.isdigit():
            raise UserError(f"{path} holds a picture without its digit; end each line with the digit.")
        digits.append(int(last))
    return np.array(levels, np.float64).reshape(-1, SIDE * SIDE), np.array(digits)


def measure(texts: Sequence[str], reference: Path | None) -> tuple[Measure, ...]:
    """The share of samples recognised as digits, the digits that they are, copies and ink, each beside the data's."""
    known, digits = labelled(reference) if reference else (np.empty((0, SIDE * SIDE)), np.empty(0, np.int64))
    if len(known) < 2 * NEIGHBOURS:
        return (Measure("recognised as a digit", None, note="Real digits to compare with are too few."),)
    made = np.stack([picture(text).ravel() for text in texts]).astype(np.float64)
    near, votes = _neighbours(known, known, digits, itself=True)
    limit = float(np.quantile(near, 0.95))
    made_near, made_votes = _neighbours(made, known, digits, itself=False)
    recognised, real = (
        (distance <= limit) & (vote.max(1) >= AGREEING) for distance, vote in ((made_near, made_votes), (near, votes))
    )
    return (
        Measure("recognised as a digit", float(recognised.mean()), float(real.mean())),
        Measure(
            "evenness of the ten digits",
            _evenness(made_votes[recognised].argmax(1)),
            _evenness(votes[real].argmax(1)),
        ),
        Measure("copies of real ones", float((made_near == 0).mean()), float((near == 0).mean())),
        Measure("mean grey level", float(made.mean()), float(known.mean())),
        Measure("real digits that the classifier gets right", float((votes.argmax(1) == digits).mean())),
    )


def _neighbours(some: np.ndarray, known: np.ndarray, digits: np.ndarray, itself: bool) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n,) to the nearest of `known`, and votes (n, 10) of the nearest for each digit.

    `itself` leaves out each picture's own place in `known`.
    """
    squares = (some**2).sum(1)[:, None] + (known**2).sum(1) - 2 * some @ known.T
    if itself:
        np.fill_diagonal(squares, np.inf)
    nearest = np.argpartition(squares, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    votes = (digits[nearest][..., None] == np.arange(10)).sum(1)
    return np.sqrt(np.maximum(squares.min(1), 0.0)), votes


def _evenness(digits: np.ndarray) -> float:
    """The entropy of the digits' frequencies over its maximum: 1 if all ten come equally often."""
    shares = np.bincount(digits, minlength=10) / max(1, len(digits))
    return float(-(shares * np.log(np.maximum(shares, 1e-300))).sum() / np.log(10))


IMAGES = Domain("digits", "Digits", "image", SIDE * SIDE, ("[64]",), True, read, tokenizer, measure)
