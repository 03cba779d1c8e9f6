"""What a checkpoint layout is: how its files are recognised, and become a configuration and weights of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.catalogue.families import Family
from engine.language.spare_tokens import Spare
from engine.language.tokenizer_files import mask_in
from engine.models.config_reader import Names, Reader, network_config, shown
from engine.protocol import UserError
from engine.theory.diffusion import DiffusionConfig
from engine.theory.network import NetworkConfig, Rotary

PREFIX = "backbone."
FREQUENCIES = "rotary_emb.inv_freq"
APART = (
    *("sampling_eps_min", "sampling_eps_max", "rotary_emb.cos_cached", "rotary_emb.sin_cached"),
    *("noise.", "teacher."),
)
"""Beginnings of the names of what lies beside a network: buffers that follow from the sizes, other modules."""

Weights = Mapping[str, Tensor]


def named(weights: Weights, config: DiffusionConfig, source: Path) -> dict[str, Tensor]:
    """The weights by the names that they have in our network, which is that of all these families.

    The frequencies of rotary positions, which follow from the sizes, may be missing.
    """
    kept = {name: tensor for name, tensor in weights.items() if not name.removeprefix(PREFIX).startswith(APART)}
    found = {name.removeprefix(PREFIX): tensor for name, tensor in kept.items()}
    if len(found) < len(kept):
        raise UserError(f"{source} has two weights of one name; use another file.")
    sizes = config.network
    return {FREQUENCIES: Rotary(sizes.hidden // sizes.heads).inv_freq} | found


@dataclass(frozen=True)
class Layout:
    """The layout `of` a family: `config` makes our configuration of its own or raises a UserError; `weights` gives
    those of the network, and by them `settle` may make the configuration another. `spare` says what becomes of a mask
    that the tokenizer has; where nothing tells the mask, `mask` knows the usual one. Names of weights that end in one
    of `besides` are none. Models that were trained `in_blocks` know no text of another length; what they write is of a
    `domain`, if one is named."""

    of: Family
    config: Callable[[Mapping[str, Any], Path], DiffusionConfig]
    weights: Callable[[Weights, DiffusionConfig, Path], dict[str, Tensor]] = named
    spare: Spare = "nothing"
    settle: Callable[[DiffusionConfig, Weights], DiffusionConfig] = lambda config, weights: config
    mask: Callable[[Mapping[str, Any]], int | None] = lambda values: None
    besides: tuple[str, ...] = ()
    in_blocks: bool = True
    domain: str = ""

    @property
    def family(self) -> str:
        """What it is called."""
        return self.of.name

    @property
    def facts(self) -> dict[str, str]:
        """What is told of its models."""
        return {"family": self.family} | ({"domain": self.domain} if self.domain else {})


FLAT = Names((), hidden="hidden_dim", length="model_length")
"""What the configurations that descend from MDLM's call the sizes."""


def flat_network(reader: Reader) -> NetworkConfig:
    """The network of a configuration that descends from MDLM's; a UserError if it writes from left to right."""
    if reader.flag("causal", absent=False):
        raise reader.error("has causal = true, a model that writes from left to right, which cannot be read here")
    return network_config(reader, FLAT, reader.size("states", "vocab_size"))


def mask_of(values: Mapping[str, Any], folder: Path, states: int, usual: int | None = None) -> int:
    """The id of the mask by the configuration or the tokenizer in `folder`, or else the `usual` one or the last."""
    declared = values.get("mask_token_id", values.get("mask_index"))
    found = mask_in(folder) if declared is None else declared
    if found is None:
        return states - 1 if usual is None else usual
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < states:
        raise UserError(
            f"{folder} has the mask {shown(found)}, not one of the model's {states} states; put the files there "
            "that belong together."
        )
    return found
