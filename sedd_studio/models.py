"""The model folders that the window offers, told from their files alone: nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from engine.messages import Noise

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUNDLED = ASSETS / "stories-absorb"
JUDGE = ASSETS / "stories-gpt"
NOISES: dict[Noise, str] = {"absorb": "Absorbing", "uniform": "Uniform"}


def known(recent: Iterable[str]) -> list[str]:
    """The bundled models, the default one first, and recent ones, as far as they are still there."""
    bundled = sorted(path.parent for path in ASSETS.glob("*/model.safetensors"))
    paths = dict.fromkeys(map(str, [BUNDLED, *bundled, *map(Path, recent)]))
    return [path for path in paths if is_model(Path(path))]


def is_model(folder: Path) -> bool:
    """Whether the folder looks like one that writes by diffusion: an autoregressive model names its `model_type`."""
    if (folder / ".hydra").is_dir():
        return True
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and "model_type" not in described


def judge() -> str | None:
    """The folder of the bundled autoregressive model that judges samples, None if it is not there."""
    return str(JUDGE) if (JUDGE / "config.json").is_file() else None


def counterpart(path: str, noise: Noise, other: Noise) -> str | None:
    """The folder beside `path` whose name differs only in its noise, None if there is none."""
    folder = Path(path)
    name = folder.name.replace(noise, other)
    return str(folder.with_name(name)) if name != folder.name and is_model(folder.with_name(name)) else None
