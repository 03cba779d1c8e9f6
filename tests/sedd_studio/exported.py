"""A run of a few steps, and the files that it is exported to."""

from __future__ import annotations

from pathlib import Path

from engine.runs.trajectory import Trajectory
from sedd_studio.painting.theme import LIGHT
from sedd_studio.window.export_kinds import EXPORTS, View
from tests.sedd_studio.scene import Scene

STEPS = 8


def made(folder: Path, noise: str = "absorb", domain: str = "text") -> Trajectory:
    scene = Scene(folder, noise, domain=domain)  # type: ignore[arg-type]
    scene.run(STEPS, samples=2)
    scene.play(STEPS)
    run = scene.session.view.run
    assert run is not None
    return run


def written(kind: str, run: Trajectory, path: Path) -> Path:
    list(EXPORTS[kind].write(View(run, STEPS, 1, LIGHT), path))
    return path
