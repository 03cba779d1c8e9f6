"""Handwritten digits as sequences: 8 x 8 pixels in 17 grey levels, row by row, one character a pixel.

The data are "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI): lines of 64 levels and the digit,
with commas. Samples are classified by their five nearest real neighbours. One is recognised if at least four of them
are the same digit and the nearest is no farther away than 95 % of real digits are from each other; real digits are
held to the same rule, each against all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.language.documents import LeftOut, Record, Tell, lines, refuse, text_files
from engine.language.domains.domain import Domain, Measure, each_symbol
from engine.protocol import UserError

SIDE = 8
PIXELS = 64
LEVELS = "0123456789abcdefg"
NUMBER, DIGIT = re.compile(r"\d{1,3}(\.0+)?"), re.compile(r"\d(\.0+)?")
LABELS = ("label", "digit", "class", "target", "y")
OTHERS = ("", "id", "index", "part", "split")
NEIGHBOURS, AGREEING = 5, 4


def read(path: Path, tell: Tell = refuse) -> Iterator[Record]:
    """Pictures as 64 characters; what else is in a line (the part of the data, the digit) is left out."""
    for levels, _, place in _pictures(path, tell):
        yield Record("".join(LEVELS[level] for level in levels), place)


def _pictures(path: Path, tell: Tell) -> Iterator[tuple[list[int], str, str]]:
    """The 64 grey levels of each picture of a file, what stands for its digit, and its place."""
    for file in text_files([path]):
        for cells, digit, place in _split(file):
            levels = [round(float(cell)) for cell in cells if NUMBER.fullmatch(cell)]
            if not len(levels) == len(cells) == PIXELS or max(levels) >= len(LEVELS):
                tell(f"{place}: it is no picture of {SIDE} x {SIDE} grey levels from 0 to 16")
            else:
                yield levels, digit, place


def _split(file: Path) -> Iterator[tuple[list[str], str, str]]:
    """The cells of a table that are pixels, the one that is the digit (or nothing), and the place of each line.

    A first line may name the columns; without one a word at the beginning, the part of the data, is left out.
    """
    table = [(re.split(r"\s*[,;\t]\s*", line), line.place) for line in lines(file)]
    names = [name.lower() for name in table[0][0]] if table else []
    if len(names) >= PIXELS and not any(map(NUMBER.fullmatch, names)):
        label = next((name for name in LABELS if name in names), "")
        columns = [k for k, name in enumerate(names) if name not in (label, *OTHERS)]
        if len(columns) != PIXELS:
            raise UserError(f"{file} names {len(columns)} columns of pixels; {PIXELS} and one called label are read.")
        for cells, place in table[1:]:
            whole = [*cells, *[""] * (len(names) - len(cells))]
            yield [whole[k] for k in columns], whole[names.index(label)] if label else "", place
        return
    rows = [cells if NUMBER.fullmatch(cells[0]) else cells[1:] for cells, _ in table]
    worded = any(len(row) < len(cells) for row, (cells, _) in zip(rows, table, strict=True))
    first = not worded and _digit_is_first([row for row in rows if len(row) == PIXELS + 1], file)
    for row, (_, place) in zip(rows, table, strict=True):
        pixels = row[1:] if first and len(row) > PIXELS else row[:PIXELS]
        yield pixels, "".join(row[:1] if first else row[PIXELS : PIXELS + 1]), place


def _digit_is_first(rows: list[list[str]], file: Path) -> bool:
    """Whether the digit stands before the 64 pixels, and not after them as in the data of UCI.

    At an end where all are 0 there is a pixel, a corner. A UserError where both ends may be the digit.
    """
    ends = [k for k in (0, PIXELS) if rows and all(DIGIT.fullmatch(row[k]) for row in rows)]
    if len(ends) == 2:
        ends = [k for k in ends if any(float(row[k]) for row in rows)] or [PIXELS]
    if len(ends) == 2:
        raise UserError(f"{file} does not say which end of a line is the digit; name the columns, the digit as label.")
    return ends == [0] and all(NUMBER.fullmatch(row[PIXELS]) for row in rows)


def picture(text: str) -> np.ndarray:
    """Grey levels (8, 8) of 64 characters; what is missing or no level is 0."""
    levels = [max(0, LEVELS.find(character)) for character in text[:PIXELS]]
    return np.array(levels + [0] * (PIXELS - len(levels))).reshape(SIDE, SIDE)


def labelled(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of a file (n, 64) and their digits (n,)."""
    levels, digits = [], []
    for pixels, digit, place in _pictures(path, LeftOut()):
        if not DIGIT.fullmatch(digit):
            raise UserError(f"{place} holds a picture without its digit; end each line with the digit.")
        levels.append(pixels)
        digits.append(round(float(digit)))
    return np.array(levels, np.float64).reshape(-1, PIXELS), np.array(digits)


def measure(texts: Sequence[str], reference: Path | None) -> tuple[Measure, ...]:
    """The share of samples recognised as digits, the digits that they are, copies and ink, each beside the data's."""
    known, digits = labelled(reference) if reference else (np.empty((0, PIXELS)), np.empty(0, np.int64))
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
            "evenness of the ten digits", _evenness(made_votes[recognised].argmax(1)), _evenness(votes[real].argmax(1))
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


WRITES = "handwritten digits of 8 x 8 pixels, row by row"
IMAGES = Domain("digits", "Digits", "image", PIXELS, ("[64]",), WRITES, True, read, each_symbol(LEVELS), measure)
