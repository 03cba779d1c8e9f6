"""A sheet on which a reader says which of two models writes better: `python -m scripts.blind_sheet OLD NEW OUT`.

Of each pair of texts one is by either model, drawn from the same seed in the same way, none left out, and which stands
first is drawn by lot. With `--sampler` the new one draws by that: a model can be held against itself. The key is a file
of its own. `--marks` counts a reader's letters, one a pair.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from math import comb
from pathlib import Path

import numpy as np

from engine.files import write_whole
from scripts.results import run
from scripts.results_page import quoted
from scripts.results_plan import NUCLEUS, PROMPT

PAIRS = 20
SHEET, KEY = "blind-sheet.md", "blind-key.json"
HEAD = (
    "# Which is better?\n\nOf each pair one text was written in one way and one in another, in random order; `scripts/"
    "blind_sheet.py` drew them, none left out. Write a letter for each pair, A or B, and only then look at the key.\n"
)
WAYS: dict[str, tuple[str, ...]] = {
    "Stories from nothing": ("sample", "--samples", str(PAIRS), "--steps", "64", *NUCLEUS),
    "Beginning, middle and end are given": (
        "infill",
        "--text",
        PROMPT,
        "--samples",
        str(PAIRS),
        "--steps",
        "64",
        *NUCLEUS,
    ),
}


def drawn(model: Path, way: str, how: Sequence[str] = (), perform: Callable[[list[str]], str] = run) -> list[str]:
    """The texts that a model writes in one of the `WAYS`, with further options `how`."""
    printed = perform([*WAYS[way], *how, "--model", str(model)])
    return [json.loads(line)["text"] for line in printed.splitlines()]


def sheet(texts: Mapping[str, tuple[Sequence[str], Sequence[str]]], seed: int) -> tuple[str, list[str]]:
    """The sheet, Markdown, of the texts of the old and the new model under each heading, and its key: "old" or "new"
    for what stands first in each pair."""
    lots = np.random.default_rng(seed)
    lines, key = [HEAD], []
    for title, (old, new) in texts.items():
        lines.append(f"## {title}\n")
        for pair in zip(old, new, strict=True):
            first = int(lots.integers(2))
            key.append(("old", "new")[first])
            shown = "\n\n".join(f"**{letter}.** {quoted(pair[k])}" for letter, k in (("A", first), ("B", 1 - first)))
            lines.append(f"### {len(key)}\n\n{shown}\n")
    return "\n".join(lines), key


def counted(marks: str, key: Sequence[str]) -> tuple[int, int, float]:
    """How many letters, A or B, chose the new model, how many there are, and how often lots would choose it as often.

    Other letters are pairs on which the reader did not decide.
    """
    chosen = [
        first == "new" if mark == "A" else first == "old"
        for mark, first in zip(marks, key, strict=True)
        if mark in "AB"
    ]
    new, made = sum(chosen), len(chosen)
    return new, made, sum(comb(made, k) for k in range(new, made + 1)) / 2**made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sampler", help="that of the new model; default: the usual one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--marks", help="a reader's letters, one a pair: only counts them")
    asked = parser.parse_args()
    if asked.marks is None:
        how = ("--sampler", asked.sampler) if asked.sampler else ()
        made, key = sheet({way: (drawn(asked.old, way), drawn(asked.new, way, how)) for way in WAYS}, asked.seed)
        write_whole(asked.out / SHEET, made.encode())
        write_whole(asked.out / KEY, (json.dumps(key) + "\n").encode())
    else:
        new, made_of, by_chance = counted(asked.marks, json.loads((asked.out / KEY).read_text(encoding="utf-8")))
        print(f"{new} of {made_of} for the new model; lots say so {by_chance:.2%} of the time.")
