"""GIDD (von Rutte et al., arXiv 2503.04482): masks and uniform noise mixed. Its tokenizer has the mask as last id."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.config_reader import Names, Reader, network_config
from engine.models.layout import Layout
from engine.theory.diffusion import DiffusionConfig

NAMES = Names(
    (),
    "num_hidden_layers",
    "num_attention_heads",
    "hidden_size",
    "max_seq_len",
    "timestep_cond_dim",
    "attention_dropout",
)


def gidd_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of GIDD's folder on the hub."""
    reader = Reader(values, path)
    return DiffusionConfig(
        network_config(reader, NAMES, reader.size("states", "vocab_size")),
        "mixed",
        "mixing",
        eps=reader.number(1e-9, 0.1, "t_eps"),
        parametrisation="plug_in",
        scale_by_sigma=False,
        p_uniform=reader.number(0.0, 0.999, "p_uniform"),
    )


GIDD = Layout(families.GIDD, gidd_config, spare="mask")
