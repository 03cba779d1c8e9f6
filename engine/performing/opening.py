"""A folder becomes a model that performs."""

from __future__ import annotations

from pathlib import Path

from engine.models.gguf import gguf_in
from engine.models.layouts import family_of
from engine.models.loading import load
from engine.models.stored import CONFIG
from engine.performing.causal_performer import CausalPerformer
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.performer import Performer
from engine.strict_json import entries


def open_folder(folder: Path, device: str, precision: str, hashed: bool = True) -> Performer:
    """The model in its own folder, `hashed` as in `engine.models.identity`; a UserError says what is wrong with it."""
    if is_causal(folder):
        return CausalPerformer.load(folder, device, precision, hashed)
    return DiffusionPerformer(load(folder, device, precision, hashed))


def is_causal(folder: Path) -> bool:
    """Whether it is a GGUF file, or config.json describes a model of the `transformers` library, which names its
    type."""
    if gguf_in(folder) is not None:
        return True
    described = entries(folder / CONFIG)
    return (
        "model_type" in described
        and not {"graph", "format"} & described.keys()
        and family_of(described, folder) is None
    )
