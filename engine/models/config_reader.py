"""Configurations of checkpoints: read with suspicion, since a file can hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.protocol import UserError
from engine.theory.network import NetworkConfig

_LARGEST = {"states": 1_000_000, "length": 65_536, "hidden": 16_384, "blocks": 256, "heads": 256, "cond_dim": 16_384}
_LARGEST |= {"classes": 65_536, "block_size": 65_536, "inner": 131_072, "head_dim": 1_024}


def shown(value: object) -> str:
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
            raise self.error(f"has {'.'.join(keys)} = {shown(found)}, not a group of entries")
        return found

    def _told(self, keys: tuple[str, ...], absent: float | None) -> Any:
        """The entry under `keys`; `absent`, if given, where there is none, or null."""
        return absent if absent is not None and self.group(*keys[:-1]).get(keys[-1]) is None else self.value(*keys)

    def size(self, name: str, *keys: str, absent: int | None = None) -> int:
        """A whole number from 1 to what is sane for the size called `name`; `absent` as in `flag`."""
        value = self._told(keys, absent)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST[name]:
            raise self.error(f"has {'.'.join(keys)} = {shown(value)}, not a whole number from 1 to {_LARGEST[name]:,}")
        return value

    def number(self, low: float, high: float, *keys: str, absent: float | None = None) -> float:
        value = self._told(keys, absent)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(f"has {'.'.join(keys)} = {shown(value)}, not a number from {low:g} to {high:g}")
        return float(value)

    def choice(self, choices: tuple[str, ...], *keys: str) -> Any:
        value = self.value(*keys)
        if value not in choices:
            raise self.error(f"has {'.'.join(keys)} = {shown(value)}, not one of {', '.join(choices)}")
        return value

    def flag(self, *keys: str, absent: bool | None = None) -> bool:
        """True or false; `absent`, if given, stands for an entry that older files lack."""
        value = absent if absent is not None and keys[-1] not in self.group(*keys[:-1]) else self.value(*keys)
        if not isinstance(value, bool):
            raise self.error(f"has {'.'.join(keys)} = {shown(value)}, not true or false")
        return value


class Names(NamedTuple):
    """What a layout calls the entries of the network's sizes, and the group in which they stand."""

    group: tuple[str, ...]
    blocks: str = "n_blocks"
    heads: str = "n_heads"
    hidden: str = "hidden_size"
    length: str = "length"
    cond_dim: str = "cond_dim"
    dropout: str = "dropout"


def network_config(reader: Reader, names: Names, states: int) -> NetworkConfig:
    """The network's sizes."""
    config = NetworkConfig(
        states=states,
        length=reader.size("length", *names.group, names.length),
        hidden=reader.size("hidden", *names.group, names.hidden),
        blocks=reader.size("blocks", *names.group, names.blocks),
        heads=reader.size("heads", *names.group, names.heads),
        cond_dim=reader.size("cond_dim", *names.group, names.cond_dim),
        dropout=reader.number(0.0, 0.99, *names.group, names.dropout),
    )
    if config.hidden % (2 * config.heads):
        raise reader.error(f"has {config.heads} heads, which do not divide {config.hidden} into even parts")
    return config
