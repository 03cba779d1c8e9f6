"""Where the models are that come along: `assets` in a checkout, which a wheel brings as `engine/assets`."""

from __future__ import annotations

from pathlib import Path


def _assets() -> Path:
    package = Path(__file__).resolve().parent
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent / "assets"


ASSETS = _assets()
DEFAULT_MODEL = ASSETS / "stories-absorb"
DEFAULT_JUDGE = ASSETS / "stories-gpt"
"""The autoregressive model that judges samples."""


def bundled(name: str) -> Path | None:
    """The folder of the bundled model of that name, None where there is none."""
    return next((folder for folder in ASSETS.glob("*/") if folder.name == name), None)
