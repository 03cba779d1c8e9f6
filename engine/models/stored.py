"""What a folder holds, read with suspicion, since a file can hold anything, and not yet built."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.protocol import UserError, is_lack_of_memory
from engine.theory.diffusion import DiffusionConfig

CONFIG, WEIGHTS, PICKLED = "config.json", "model.safetensors", "pytorch_model.bin"
WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""What torch puts into the names of weights that were saved from a network that it distributes or compiles."""


@dataclass(frozen=True)
class Stored:
    """What a folder holds, read but not yet built: the files of the weights, too, `source` for messages."""

    config: DiffusionConfig
    weights: Mapping[str, Tensor]
    files: tuple[Path, ...]
    facts: dict[str, str]

    @property
    def source(self) -> Path:
        """The file of weights, the first of several."""
        return self.files[0]


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The file of weights in `folder`, or the parts that an index names there; none if there are none."""
    for name in (WEIGHTS, PICKLED):
        if (folder / name).is_file():
            return (folder / name,)
        if (index := folder / f"{name}.index.json").is_file():
            parts = mapping(parse(json.loads, index, "JSON"), index).get("weight_map")
            names = set(map(str, mapping(parts, index).values()))
            lacking = sorted(part for part in names if Path(part).name != part or not (folder / part).is_file())
            if lacking or not names:
                raise UserError(f"{index} names weights that are not there, {lacking[:1]}; put all parts beside it.")
            return tuple(folder / part for part in sorted(names))
    return ()


def read_weights(folder: Path) -> tuple[tuple[Path, ...], Mapping[str, Tensor]]:
    """The files of weights in `folder`, and what is in them by name."""
    files = weight_files(folder)
    if not files:
        raise UserError(f"{folder} has no weights; put {WEIGHTS} or {PICKLED} there.")
    found: dict[str, Any] = {}
    for file in files:
        part = _unpacked(file) if file.suffix == Path(WEIGHTS).suffix else unpickle(file)
        found |= tensors(part, file)
    return files, unwrapped(found, files[0])


def _unpacked(source: Path) -> dict[str, Tensor]:
    try:
        return load_file(source)
    except (SafetensorError, OSError) as error:
        if is_lack_of_memory(error):
            raise
        if isinstance(error, PermissionError):
            raise UserError(f"{source} cannot be read: {error.strerror}; allow reading it.") from error
        raise UserError(f"{source} is damaged or cut short; put a whole copy there.") from error


def unwrapped(weights: Mapping[str, Tensor], source: Path) -> dict[str, Tensor]:
    """The same weights by the names that they have in the network: without `WRAPPERS` and what all names begin with."""
    names = [[part for part in name.split(".") if part not in WRAPPERS] or [name] for name in weights]
    while len({parts[0] for parts in names}) == 1 and all(len(parts) > 1 for parts in names):
        names = [parts[1:] for parts in names]
    found = dict(zip((".".join(parts) for parts in names), weights.values(), strict=True))
    if len(found) < len(weights):
        raise UserError(f"{source} has two weights of one name; use another file.")
    return found


def unpickle(source: Path) -> Any:
    """A pickle of tensors. Only plain data is admitted: a file that asks for code to be run is refused."""
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged zip, forbidden global, end of file, ...
        if is_lack_of_memory(error):
            raise
        reason = "asks to run code" if "Unsupported" in str(error) or "GLOBAL" in str(error) else "is damaged"
        raise UserError(f"{source} {reason} and was not opened; use a copy from a source you trust.") from error


def tensors(weights: Any, source: Path) -> dict[str, Tensor]:
    """`weights` by name if they are ordinary arrays of numbers in memory, and a UserError if not."""
    if not isinstance(weights, Mapping) or not all(_ordinary(value) for value in weights.values()):
        raise UserError(f"{source} does not hold the weights of a model; use another file.")
    return {str(name): tensor for name, tensor in weights.items()}


def _ordinary(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.layout == torch.strided
        and value.device.type == "cpu"
    )


def parse(parser: Callable[[bytes], Any], path: Path, language: str) -> Any:
    """The file at `path` as `parser` reads it; a UserError if it is not valid in that `language`."""
    try:
        return parser(path.read_bytes())  # a mark of the byte order is read, too
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; allow reading it.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: wrong JSON, UTF-8, dates, numbers
        raise UserError(f"{path} is not valid {language}; put a whole copy there.") from error


def mapping(values: Any, path: Path) -> Mapping[str, Any]:
    """`values` read from `path` if they are named entries, and a UserError if not."""
    if not isinstance(values, Mapping):
        raise UserError(f"{path} does not hold a model's configuration; put a whole copy there.")
    return values
