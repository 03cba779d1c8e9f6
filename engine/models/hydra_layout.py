"""Models with the nested configuration of MDLM's and Duo's programs: as {"config": ..., "vocab_size": ...} in
config.json, which is how the hub keeps a bare network (DiDi-Instruct, arXiv 2509.25035, among them).

The noise is that of the algorithm: MDLM's and SEDD's mask tokens, Duo's and UDLM's change them into others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.config_reader import Names, Reader, network_config, shown
from engine.models.duo_layout import leave_one_out
from engine.models.layout import Layout
from engine.models.mdlm_layout import posterior
from engine.theory.diffusion import DiffusionConfig
from engine.theory.network import NetworkConfig

MASKED = ("mdlm", "subs", "didi", "sdtt", "remdm")
SCORED = ("sedd",)
IN_BLOCKS = "bd3lm"


def hydra_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a bare network that the hub keeps."""
    reader = Reader(values, path)
    inner = ("config",)
    network = network_config(reader, Names((*inner, "model")), reader.size("states", "vocab_size"))
    if "classes" in values:
        network = replace(network, classes=reader.size("classes", "classes"))
    algo = reader.group(*inner, "algo")
    if reader.flag(*inner, "algo", "causal_attention", absent=False):
        raise reader.error("has causal_attention = true, a model that writes from left to right, not read here")
    told = reader.flag(*inner, "algo", "time_conditioning", absent=True) if "time_conditioning" in algo else None
    name = str(reader.value(*inner, "algo", "name")).lower()
    if name.startswith(IN_BLOCKS):
        network = replace(network, block_size=reader.size("block_size", *inner, "block_size"))
    return by_algorithm(reader, network, name, told)


def by_algorithm(reader: Reader, network: NetworkConfig, name: str, told_time: bool | None) -> DiffusionConfig:
    """The model that a program of this name trains; `told_time` None where that is not said."""
    if name.startswith(families.UNIFORM):
        return leave_one_out(network, told_time is not False)
    if name.startswith((*MASKED, IN_BLOCKS)):
        return posterior(network, told_time is True)
    if name.startswith(SCORED):
        return DiffusionConfig(network, scale_by_sigma=True, time_free=told_time is False)
    raise reader.error(
        f"has the algorithm {shown(name)}, not one of {', '.join((*MASKED, IN_BLOCKS, *SCORED, *families.UNIFORM))}"
    )


HYDRA = Layout(families.HYDRA, hydra_config, spare="mask")
