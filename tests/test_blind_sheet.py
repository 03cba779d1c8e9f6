"""The sheet on which a reader chooses between two models: nothing on it tells which is which, and the key does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.blind_sheet import PAIRS, WAYS, counted, drawn, sheet


def test_each_pair_has_both_texts_and_the_key_says_which_stands_first() -> None:
    texts = {way: ([f"o{way}{k}" for k in range(PAIRS)], [f"n{way}{k}" for k in range(PAIRS)]) for way in WAYS}
    page, key = sheet(texts, 0)
    firsts = [line.removeprefix("**A.** ")[0] for line in page.splitlines() if line.startswith("**A.**")]
    assert [{"o": "old", "n": "new"}[letter] for letter in firsts] == key
    assert set(key) == {"old", "new"}
    assert all(text in page for pair in texts.values() for side in pair for text in side)
    assert "old" not in page.split("## ")[0]
    assert sheet(texts, 0) == (page, key)
    assert sheet(texts, 1)[1] != key


def test_texts_are_as_a_model_wrote_them() -> None:
    def perform(arguments: list[str]) -> str:
        assert arguments[-4:] == ["--sampler", "second-look", "--model", "folder"]
        return "".join(json.dumps({"text": text}) + "\n" for text in ("One\nday<|endoftext|>A", "b"))

    assert drawn(Path("folder"), next(iter(WAYS)), ("--sampler", "second-look"), perform) == [
        "One\nday<|endoftext|>A",
        "b",
    ]
    page, _ = sheet({"A way": (["One\nday<|endoftext|>A"], ["b"])}, 0)
    assert "One / day ⏎ A" in page


@pytest.mark.parametrize(
    ("marks", "expected"),
    [("ABAB", (4, 4, 1 / 16)), ("BABA", (0, 4, 1.0)), ("AB?-", (2, 2, 1 / 4)), ("ABBA", (2, 4, 11 / 16))],
)
def test_marks_are_counted_beside_what_lots_would_say(marks: str, expected: tuple[int, int, float]) -> None:
    assert counted(marks, ["new", "old", "new", "old"]) == pytest.approx(expected)
