"""BD3-LM (Arriola et al., arXiv 2503.09573): MDLM block by block, each given the blocks before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.config_reader import Reader
from engine.models.layout import Layout, flat_network
from engine.models.mdlm_layout import posterior
from engine.theory.diffusion import DiffusionConfig


def bd3lm_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of BD3-LM's folder on the hub."""
    reader = Reader(values, path)
    network = replace(flat_network(reader), block_size=reader.size("block_size", "block_size"))
    if reader.flag("time_conditioning", absent=False):  # what is finished would have to be computed anew in each step
        raise reader.error("has time_conditioning = true, which cannot be read here where a text is cut into blocks")
    return posterior(network, told_time=False)


BD3LM = Layout(families.BD3LM, bd3lm_config, spare="mask")
