"""The window looks as it did: small pictures of its states in every theme, each in another size of the window, made
at two scales, against those kept.

What has changed on purpose is kept, after a look, by
`python scripts/screenshots.py tests/screenshots --small --only STATE ...`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "screenshots"
STATES = (
    "fresh",
    "running",
    "finished",
    "settings",
    "position",
    "likelihood",
    "compare",
    "guess",
    "error",
    "uniform",
    "editing",
    "models",
    "learn-score",
    "influence",
    "digits",
)
MAPS = ("map", "map-regret")
"""Compared at one scale: columns of a map are whole pixels of the display, so its small pictures differ by scale."""
THEMES = ("light", "dark", "contrast")
MEAN, LARGE, SHARE = 1.5, 40, 0.004
"""Of 255: how much pixels may differ on average; how much is a large difference, and how many may have one."""


def differences(one: Path, other: Path) -> tuple[float, float]:
    """The mean difference of two pictures, slightly blurred, and the share of pixels with a large one."""
    blurred = [Image.open(path).convert("RGB").filter(ImageFilter.GaussianBlur(1)) for path in (one, other)]
    found = np.asarray(ImageChops.difference(*blurred), np.float64).max(-1)
    return float(found.mean()), float((found > LARGE).mean())


def alike(one: Path, other: Path) -> bool:
    mean, share = differences(one, other)
    return mean < MEAN and share < SHARE


@pytest.mark.parametrize("scale", ["1", "2"])
def test_the_window_looks_as_it_did(scale: str, tmp_path: Path) -> None:
    states = STATES + MAPS if scale == "1" else STATES
    command = [sys.executable, "scripts/screenshots.py", str(tmp_path), "--small", "--scale", scale, "--only", *states]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    names = [f"{state}-{theme}.png" for theme in THEMES for state in states]
    other = {
        name: differences(tmp_path / name, KEPT / name) for name in names if not alike(tmp_path / name, KEPT / name)
    }
    assert not other


def test_what_a_user_would_see_is_told_apart() -> None:
    """States and themes differ by more than is allowed, so the test above can fail."""
    names = [f"{state}-{theme}.png" for theme in THEMES for state in STATES + MAPS]
    for number, one in enumerate(names):
        for other in names[:number]:
            assert not alike(KEPT / one, KEPT / other), (one, other)
