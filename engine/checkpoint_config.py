"""Configurations of checkpoints: read with suspicion, since a file can hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.diffusion import DiffusionConfig
from engine.messages import UserError
from engine.network import NetworkConfig

FORMAT = "sedd-studio-1"

_LARGEST = {
    "states": 1_000_000,
    "length": 65_536,
    "hidden": 16_384,
    "blocks": 256,
    "heads": 256,
    "cond_dim": 16_384,
}


def _shown(value: object) -> str:
    """`value` as a message shows it: a file may hold a number of thousands of digits."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Reader:
    """Takes checked values out of nested mappings; `path` is named in the messages."""

    def __init__(self, values: Mapping[str, Any], path: Path) -> None:
        self._values, self._path = values, path

    def error(self, problem: str) -> UserError:
        return UserError(f"{self._path} {problem}; put the configuration that belongs to the weights there.")

    def value(self, *keys: str) -> Any:
        """The entry under `keys`, one level each."""
        found: Any = self._values
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                raise self.error(f"lacks the entry {'.'.join(keys)}")
            found = found[key]
        return found

    def group(self, *keys: str) -> Mapping[str, Any]:
        """The mapping under `keys`; the whole file without any."""
        found = self.value(*keys)
        if not isinstance(found, Mapping):
            raise self.error(f"has {'.'.join(keys)} = {_shown(found)}, not a group of entries")
        return found

    def size(self, name: str, *keys: str) -> int:
        """A whole number from 1 to what is sane for the size called `name`."""
        value = self.value(*keys)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST[name]:
            raise self.error(f"has {'.'.join(keys)} = {_shown(value)}, not a whole number from 1 to {_LARGEST[name]:,}")
        return value

    def number(self, low: float, high: float, *keys: str) -> float:
        """A number in [low, high]."""
        value = self.value(*keys)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(f"has {'.'.join(keys)} = {_shown(value)}, not a number from {low:g} to {high:g}")
        return float(value)

    def choice(self, choices: tuple[str, ...], *keys: str) -> Any:
        """One of `choices`."""
        value = self.value(*keys)
        if value not in choices:
            raise self.error(f"has {'.'.join(keys)} = {_shown(value)}, not one of {', '.join(choices)}")
        return value

    def flag(self, *keys: str, absent: bool | None = None) -> bool:
        """True or false; `absent`, if given, stands for an entry that older files lack."""
        value = absent if absent is not None and keys[-1] not in self.group(*keys[:-1]) else self.value(*keys)
        if not isinstance(value, bool):
            raise self.error(f"has {'.'.join(keys)} = {_shown(value)}, not true or false")
        return value


def published_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a published checkpoint or a training run."""
    if "graph" not in values and isinstance(kind := values.get("model_type"), str):
        raise UserError(
            f"{path.parent} holds a model of the type {_shown(kind)}, not one of score-entropy diffusion; choose "
            "another. One that writes from left to right is for the window, sedd sample, sedd infill and sedd baseline."
        )
    reader = Reader(values, path)
    noise = reader.choice(("absorb", "uniform"), "graph", "type")
    tokens = reader.size("states", "tokens")
    network = _network(reader, "model", "n_blocks", "n_heads", "hidden_size", tokens + (noise == "absorb"))
    schedule = reader.choice(("loglinear", "geometric"), "noise", "type")
    smallest, largest = 1e-4, 20.0
    if schedule == "geometric":
        smallest = reader.number(1e-12, 1.0, "noise", "sigma_min")
        largest = reader.number(1.0, 100.0, "noise", "sigma_max")
    scale = reader.flag("model", "scale_by_sigma")
    if scale and noise == "uniform":
        raise reader.error("has model.scale_by_sigma = true, which uniform noise does not allow")
    return DiffusionConfig(network, noise, schedule, smallest, largest, scale_by_sigma=scale)


def own_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a model that this program saved."""
    reader = Reader(values, path)
    states = reader.size("states", "network", "states")
    noise = reader.choice(("absorb", "uniform"), "noise")
    fits = {"absorb": ("log_score", "posterior"), "uniform": ("log_score", "leave_one_out")}[noise]
    parametrisation = reader.choice(fits, "parametrisation")
    return DiffusionConfig(
        network=replace(
            _network(reader, "network", "blocks", "heads", "hidden", states),
            marks_locks=reader.flag("network", "marks_locks", absent=False),
            absolute_positions=reader.flag("network", "absolute_positions", absent=False),
        ),
        noise=noise,
        schedule=reader.choice(("loglinear", "geometric"), "schedule"),
        sigma_min=reader.number(1e-12, 1.0, "sigma_min"),
        sigma_max=reader.number(1.0, 100.0, "sigma_max"),
        eps=reader.number(1e-9, 0.5, "eps"),
        parametrisation=parametrisation,
        scale_by_sigma=reader.flag("scale_by_sigma"),
        time_free=reader.flag("time_free"),
        log_sigma=reader.flag("log_sigma", absent=False),
    )


def _network(reader: Reader, group: str, blocks: str, heads: str, hidden: str, states: int) -> NetworkConfig:
    config = NetworkConfig(
        states=states,
        length=reader.size("length", group, "length"),
        hidden=reader.size("hidden", group, hidden),
        blocks=reader.size("blocks", group, blocks),
        heads=reader.size("heads", group, heads),
        cond_dim=reader.size("cond_dim", group, "cond_dim"),
        dropout=reader.number(0.0, 0.99, group, "dropout"),
    )
    if config.hidden % (2 * config.heads):
        raise reader.error(f"has {config.heads} heads, which do not divide {config.hidden} into even parts")
    return config
