"""UDLM (Schiff et al., arXiv 2412.10193): uniform noise, read as Duo; it may know classes of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.config_reader import Reader
from engine.models.duo_layout import leave_one_out
from engine.models.layout import Layout, flat_network
from engine.theory.diffusion import DiffusionConfig


def udlm_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of UDLM's folder on the hub."""
    reader = Reader(values, path)
    network = flat_network(reader)
    if reader.flag("cfg", absent=False):
        network = replace(network, classes=reader.size("classes", "cfg_num_classes"))
    return leave_one_out(network, reader.flag("time_conditioning", absent=True))


UDLM = Layout(families.UDLM, udlm_config)
