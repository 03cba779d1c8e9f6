"""The layout of published checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.models.config_reader import Names, Reader, network_config, shown
from engine.protocol import UserError
from engine.protocol.model_info import BLOCKS, BLOCKWISE
from engine.theory.diffusion import DiffusionConfig
from engine.theory.graphs import GRAPHS


def published_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a published checkpoint or a training run."""
    if "graph" not in values and isinstance(kind := values.get("model_type"), str):
        raise UserError(
            f"{path.parent} holds a model of the type {shown(kind)}, not one of score-entropy diffusion; choose "
            "another: one that writes from left to right is for the window, sedd sample, sedd infill and sedd baseline."
        )
    reader = Reader(values, path)
    noise = reader.choice(tuple(GRAPHS), "graph", "type")
    tokens = reader.size("states", "tokens")
    network = network_config(reader, Names(("model",)), GRAPHS[noise](tokens).states)
    schedule = reader.choice(("loglinear", "geometric"), "noise", "type")
    smallest, largest = 1e-4, 20.0
    if schedule == "geometric":
        smallest = reader.number(1e-12, 1.0, "noise", "sigma_min")
        largest = reader.number(1.0, 100.0, "noise", "sigma_max")
    scale = reader.flag("model", "scale_by_sigma")
    if scale and noise == "uniform":
        raise reader.error("has model.scale_by_sigma = true, which uniform noise does not allow")
    return DiffusionConfig(network, noise, schedule, smallest, largest, scale_by_sigma=scale)


def blocks_of(config: DiffusionConfig) -> dict[str, str]:
    """The fact that such models have seen whole blocks alone, cut from texts that were joined.

    For one that writes block by block a short text is the beginning of a long one; its fact is the size of its blocks.
    """
    if size := config.network.block_size:
        return {"writes": f"{BLOCKWISE} {size:,} tokens, each given those before"}
    return {BLOCKS: f"{config.network.length:,} tokens"}
