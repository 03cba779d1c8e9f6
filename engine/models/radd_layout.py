"""RADD (Ou et al., arXiv 2406.03736): absorbing noise, and a network that is told no time.

Its layer norms have biases and nothing modulates them. In our network the noise level shifts, scales and gates; with
modulations that do not depend on it, the shift is the bias and the gate 1. That computes the same, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.catalogue import families
from engine.models.config_reader import Names, Reader, network_config
from engine.models.layout import Layout, Weights, named
from engine.models.mdlm_layout import posterior
from engine.protocol import UserError
from engine.theory.diffusion import DiffusionConfig
from engine.theory.network import FREQUENCIES


def radd_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a folder on the hub, or of a run."""
    reader = Reader(values, path)
    network = network_config(reader, Names(("model",)), reader.size("states", "tokens") + 1)
    return posterior(replace(network, cond_dim=1), told_time=False)  # of zeros, however many are said


def folded(weights: Weights, config: DiffusionConfig, source: Path) -> dict[str, Tensor]:
    """The weights with each norm's bias as a modulation. Zeros take no memory before they are copied."""
    found = named(weights, config, source)
    if any("adaLN_modulation" in name for name in found):  # it is no such network
        return found
    width, told = config.network.hidden, config.network.cond_dim
    fixed = {
        **{f"blocks.{k}": ("norm1", "norm2") for k in range(config.network.blocks)},
        "output_layer": ("norm_final",),
    }
    nothing, one = torch.zeros(width), torch.ones(width)
    for place, norms in fixed.items():
        shifts = [_shift(found, f"{place}.{norm}.bias", width, source) for norm in norms]
        parts = [part for shift in shifts for part in ((shift, nothing) if len(norms) == 1 else (shift, nothing, one))]
        found[f"{place}.adaLN_modulation.bias"] = torch.cat(parts)
        found[f"{place}.adaLN_modulation.weight"] = torch.zeros(1).expand(len(parts) * width, told)
    for number, inputs in ((0, FREQUENCIES), (2, told)):
        found[f"sigma_map.mlp.{number}.weight"] = torch.zeros(1).expand(told, inputs)
        found[f"sigma_map.mlp.{number}.bias"] = torch.zeros(told)
    return found


def _shift(found: dict[str, Tensor], name: str, width: int, source: Path) -> Tensor:
    """The bias of a norm, taken from what was found."""
    bias = found.pop(name, None)
    if bias is None or bias.shape != (width,):
        raise UserError(f"{source} does not match its configuration: {name} is not {width} numbers; use another file.")
    return bias.float()


RADD = Layout(families.RADD, radd_config, folded)
