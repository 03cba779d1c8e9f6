"""MDLM (Sahoo et al., arXiv 2406.07524): absorbing noise, the posterior of a masked token.

Its substitution leaves a softmax over the clean tokens at masks, and the token itself elsewhere: `Posterior`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.config_reader import Reader
from engine.models.layout import Layout, flat_network
from engine.theory.diffusion import DiffusionConfig
from engine.theory.network import NetworkConfig


def posterior(network: NetworkConfig, told_time: bool) -> DiffusionConfig:
    """Absorbing noise and the posterior; where the network is not told the time it is fed sigma = 0."""
    return DiffusionConfig(network, parametrisation="posterior", scale_by_sigma=False, time_free=not told_time)


def mdlm_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of MDLM's folder on the hub."""
    reader = Reader(values, path)
    return posterior(flat_network(reader), reader.flag("time_conditioning", absent=False))


MDLM = Layout(families.MDLM, mdlm_config, spare="mask")
