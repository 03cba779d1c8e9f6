"""Draws the pictures of docs/trajectories.md from real runs: `python -m scripts.trajectory_pictures [FOLDER]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from engine.bundled_models import DEFAULT_JUDGE
from engine.protocol import Generate
from engine.runs.looking_back import review_of
from engine.runs.map_modes import MAP_MODES
from engine.runs.trajectory import Trajectory
from scripts.recorded_runs import Recording

FOLDER = Path(__file__).parent.parent / "docs" / "images"
PROMPT = (
    "Once upon a time, there was a little fox named Max. [28] One day, [20] the smallest star fell into the river. "
    "[32] And the sky was never dark again."
)
SEED, SCALE = 7, 1.5


def main(folder: Path = FOLDER) -> None:
    """Draws all of them into `folder`."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from sedd_studio.painting import theme as themes
    from sedd_studio.painting.map_export import MapPicture, write_map

    app = QApplication(["pictures", *themes.STYLE])
    themes.apply(app, themes.LIGHT)

    def draw(name: str, run: Trajectory, mode: str, column: np.ndarray | None = None) -> None:
        list(write_map(MapPicture(run, 0, MAP_MODES[mode], themes.LIGHT, column), folder / f"map-{name}.png", SCALE))
        print(folder / f"map-{name}.png")

    absorb, uniform = Recording("stories-absorb"), Recording("stories-uniform")
    prompt = Generate(absorb.tokens(PROMPT), steps=64, seed=SEED)
    for sampler in ("subset", "confidence"):
        draw(sampler, absorb.run(changed(prompt, sampler=sampler)), "settled")
    causal = Recording(DEFAULT_JUDGE.name)
    draw("left-to-right", causal.run(Generate(causal.tokens(PROMPT), seed=SEED)), "settled")
    draw("remask", absorb.run(changed(prompt, sampler="remask")), "state")
    loose = Generate(uniform.tokens(96), steps=64, seed=SEED)
    draw("uniform", uniform.run(loose), "changes")
    few = absorb.run(changed(prompt, sampler="subset", steps=8))
    now, then, _ = absorb.look_back(review_of(few, 0))
    draw("regret", few, "regret", now - then)


def changed(request: Generate, **values: object) -> Generate:
    """The request with other options."""
    from dataclasses import replace

    return replace(request, **values)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
