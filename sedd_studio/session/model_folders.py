"""The model folders that the window offers, told from their files alone: nothing is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import bundled_models
from engine.files import read_bounded
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.protocol import Noise, UserError
from engine.runs.schema import read_json
from sedd_studio.record.noises import NOISES

CHECKPOINTS = ("best.ckpt", "last.ckpt")
"""What a folder without a description may hold; only these, since a folder may hold any number of files."""
LARGEST = 2**20
"""Bytes of a description."""


def known(recent: Iterable[str]) -> list[str]:
    """The bundled models, the default one first, and recent ones, as far as they are still there."""
    bundled = sorted(path.parent for path in bundled_models.ASSETS.glob("*/model.safetensors"))
    paths = dict.fromkeys(map(str, [bundled_models.DEFAULT_MODEL, *bundled, *map(Path, recent)]))
    return [path for path in paths if is_model(Path(path))]


def is_model(place: Path) -> bool:
    """Whether it looks like the folder of a model, or is a file: a snapshot of a run, or a checkpoint of Lightning."""
    if os.path.isfile(place) or os.path.isdir(place / ".hydra"):  # noqa: PTH112, PTH113 - never raise
        return True
    return description(place) is not None or any(os.path.isfile(place / name) for name in CHECKPOINTS)  # noqa: PTH113


def description(folder: Path) -> dict[str, Any] | None:
    """What config.json says, None where it cannot be read."""
    try:
        return read_json(read_bounded(folder / "config.json", LARGEST), dict[str, Any], LARGEST)
    except (OSError, ValueError):
        return None


def noise_of(folder: Path) -> Noise | None:
    """The noise of a model, None where the description does not tell."""
    from engine.catalogue.glance import kind_in, shapes_in, told_mask  # not before the window is painted

    shapes = shapes_in(folder / "model.safetensors")
    return kind_in(description(folder) or {}, shapes, told_mask(folder))[1]


def with_same_tokenizer(tokenizer: Tokenizer, paths: Iterable[str]) -> list[tuple[str, Noise]]:
    """Those of the folders whose model has this very tokenizer, each with its noise."""
    found = []
    for path in paths:
        noise = noise_of(Path(path))
        try:
            if noise is not None and find_tokenizer(path).fingerprint == tokenizer.fingerprint:
                found.append((path, noise))
        except UserError:  # it has none, or a damaged one
            continue
    return found


def with_any_tokenizer(paths: Iterable[str]) -> list[tuple[str, Noise]]:
    """Those of the folders of whose model the noise is told, with it."""
    found = ((path, noise_of(Path(path))) for path in paths)
    return [(path, noise) for path, noise in found if noise is not None]


def judge() -> str | None:
    """The folder of the bundled autoregressive model that judges samples, None if it is not there."""
    folder = bundled_models.DEFAULT_JUDGE
    return str(folder) if (folder / "config.json").is_file() else None


def counterpart(path: str, noise: Noise, other: Noise) -> str | None:
    """The folder beside `path` whose name differs only in its noise, None if there is none."""
    folder = Path(path)
    name = folder.name.replace(NOISES[noise].ending, NOISES[other].ending)
    return str(folder.with_name(name)) if name != folder.name and is_model(folder.with_name(name)) else None
