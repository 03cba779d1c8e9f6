"""What a folder holds, read with suspicion, since a file can hold anything, and not yet built."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Stored:
    """What a folder holds, read but not yet built: where the weights lie, too, for messages."""

    config: DiffusionConfig
    weights: Mapping[str, Tensor]
    source: Path
    facts: dict[str, str]


def read_weights(folder: Path) -> tuple[Path, Mapping[str, Tensor]]:
    """The file of weights in `folder`, and what is in it by name."""
    if (source := folder / WEIGHTS).is_file():
        try:
            return source, tensors(load_file(source), source)
        except (SafetensorError, OSError) as error:
            if is_lack_of_memory(error):
                raise
            if isinstance(error, PermissionError):
                raise UserError(f"{source} cannot be read: {error.strerror}; allow reading it.") from error
            raise UserError(f"{source} is damaged or cut short; put a whole copy there.") from error
    if (source := folder / PICKLED).is_file():
        return source, tensors(unpickle(source), source)
    raise UserError(f"{folder} has no weights; put {WEIGHTS} or {PICKLED} there.")


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
