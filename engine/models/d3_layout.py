"""D3 (Sarkar et al.): score-entropy diffusion of DNA, told how active the sequence is to be.

The network is SEDD's, with an embedding of that signal beside it. It is read as it answers when it is given no signal,
and writes accordingly: sequences of any activity.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.catalogue import families
from engine.models.config_reader import Reader
from engine.models.layout import Layout, Weights, named
from engine.models.published_layout import published_config
from engine.theory.diffusion import DiffusionConfig

BESIDE = ("vocab_embed.signal_embedding.", "label_embed.")
"""What names of weights begin with that are asked by a signal alone, or never."""


def d3_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a run of D3's program."""
    reader = Reader(values, path)
    model = dict(reader.group("model"))
    if model.get("architecture", "transformer") != "transformer":
        reader.choice(("transformer",), "model", "architecture")
    model.setdefault("length", reader.group("dataset").get("sequence_length"))
    model.setdefault("scale_by_sigma", False)
    return published_config({**values, "model": model}, path)


def d3_weights(weights: Weights, config: DiffusionConfig, source: Path) -> dict[str, Tensor]:
    """Those of the network."""
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith(BESIDE)}
    return named(kept, config, source)


D3 = Layout(families.D3, d3_config, d3_weights, spare="bases", domain="promoters")
