"""What layouts of networks that were adapted from other uses share: the mask comes last, and what the network gives at
a mask is the posterior, whatever the time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.models.config_reader import Reader, shown
from engine.models.filling import equal
from engine.models.layout import Weights
from engine.models.shapes import fitting
from engine.protocol import UserError
from engine.theory.diffusion import DiffusionConfig
from engine.theory.framing import Framing
from engine.theory.network import NetworkConfig

LONGEST = 1_024
"""Tokens of a text: rotary positions have no end, but such models were adapted on texts of about this length."""
Rules = Sequence[tuple[str, str]]
"""What a name begins with, by an expression, and what stands there instead."""


def adapted(network: NetworkConfig, framing: Framing, mask: int) -> DiffusionConfig:
    """A network that fills in masks. The ids of `framing` are those of the file, where the last state, not the `mask`,
    may be a token: they change places."""
    last = network.states - 1

    def placed(token: int | None) -> int | None:
        return mask if token == last else token

    never = tuple(mask if token == last else token for token in framing.never if token != mask)
    framing = replace(framing, before=placed(framing.before), after=placed(framing.after), never=never)
    network = replace(network, length=network.length - framing.room)
    return DiffusionConfig(network, parametrisation="posterior", scale_by_sigma=False, time_free=True, framing=framing)


def token_in(reader: Reader, name: str, states: int, mask: int, usual: int | None = None) -> int | None:
    """The id of a special token that a configuration may tell, else the `usual` one; None if the model has no such."""
    value = reader.group().get(name)
    value = usual if value is None else value
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise reader.error(f"has {name} = {shown(value)}, not a token")
    return value if value is not None and 0 <= value < states and value != mask else None


def named_by(rules: Rules, by_state: Sequence[str], head: str, embedding: str) -> Callable[..., dict[str, Tensor]]:
    """Reads weights by names of ours: `rules` change them, those `by_state` keep rows of the states that are known, and
    the matrix of the `head` is left out where it is that of the `embedding`."""

    def weights(found: Weights, config: DiffusionConfig, source: Path) -> dict[str, Tensor]:
        named = {renamed(name, rules): tensor for name, tensor in found.items()}
        if len(named) < len(found):
            raise UserError(f"{source} has two weights of one name; use another file.")
        for name in by_state:
            if name in named and named[name].ndim and len(named[name]) > config.network.states:
                named[name] = named[name][: config.network.states]
        if head in named and embedding in named:
            fitting(_tied(config, False), named, source)  # what is far too large is not compared
            if equal(named[head], named[embedding], source):
                del named[head]
        return named

    return weights


def _tied(config: DiffusionConfig, tied: bool) -> DiffusionConfig:
    network: Any = config.network
    return replace(config, network=replace(network, tied=tied))


def renamed(name: str, rules: Rules) -> str:
    """A name as the rules change it, one after the other."""
    for begins, instead in rules:
        name = re.sub(f"^{begins}", instead, name)
    return name


def tied_by(head: str) -> Callable[[DiffusionConfig, Weights], DiffusionConfig]:
    """Without a matrix of its own the `head` has that of the embedding."""

    def settle(config: DiffusionConfig, weights: Weights) -> DiffusionConfig:
        return _tied(config, head not in weights)

    return settle


def check_heads(reader: Reader, config: NetworkConfig) -> None:
    """A UserError unless the heads divide the width into even parts."""
    if config.hidden % (2 * config.heads):
        raise reader.error(f"has {config.heads} heads, which do not divide {config.hidden} into even parts")
