"""Duo (Sahoo et al., arXiv 2506.10892) and its distilled students: uniform noise.

The network's mean is put into q(x_s | x_t, x0) as if it were x0, so its softmax is the law of x0 given all other
positions. GPT-2's tokenizer gets one token more, [PAD], a state like any other.
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


def leave_one_out(network: NetworkConfig, told_time: bool = True) -> DiffusionConfig:
    """Uniform noise and the law of a token given all others; the network is told sigma itself."""
    return DiffusionConfig(
        network, "uniform", parametrisation="leave_one_out", scale_by_sigma=False, time_free=not told_time
    )


def duo_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of Duo's folder on the hub."""
    return leave_one_out(flat_network(Reader(values, path)))


DUO = Layout(families.DUO, duo_config, spare="padding")
