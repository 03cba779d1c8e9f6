"""What a folder holds, read with suspicion, since a file can hold anything, and not yet built."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine import strict_yaml
from engine.catalogue.glance import LARGEST_TABLE
from engine.files import open_regular
from engine.language.spare_tokens import Spare
from engine.models.config_reader import shown
from engine.models.pickles import unpickle
from engine.plain_text import plain_facts
from engine.protocol import UserError, is_lack_of_memory
from engine.stopping import look
from engine.strict_json import LARGEST_CONFIG, read_json
from engine.theory.diffusion import DiffusionConfig

CONFIG, WEIGHTS, PICKLED = "config.json", "model.safetensors", "pytorch_model.bin"
WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""What torch puts into the names of weights that were saved from a network that it distributes or compiles."""
MOST_TENSORS = 25_000
"""In a file of weights."""
LARGEST_INDEX = 2**21
"""Bytes of an index of parts, which is read whenever they are looked for: 80 for each of the most tensors."""
STORED = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Kinds of numbers by their names in such a file."""
MOST_SHARING = 2
"""Weights may share their numbers: in memory they take at most so many times what they take in the file."""


@dataclass(frozen=True)
class Stored:
    """What a folder holds, read but not yet built: the files of the weights, too, `source` for messages.

    `spare` says how its tokenizer is made to fit, `told_mask` which id the mask has in the file, where that is told.
    """

    config: DiffusionConfig
    weights: Mapping[str, Tensor]
    files: tuple[Path, ...]
    facts: dict[str, str]
    spare: Spare = "nothing"
    told_mask: int | None = None

    @property
    def mask(self) -> int:
        """That id, the last unless another is told; the noise may have no mask."""
        return self.config.network.states - 1 if self.told_mask is None else self.told_mask

    @property
    def source(self) -> Path:
        """The file of weights, the first of several."""
        return self.files[0]


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The file of weights in `folder`, or the parts that an index names there; a UserError if there are none."""
    for name in (WEIGHTS, PICKLED):
        if (folder / name).is_file():
            return (folder / name,)
        if (index := folder / f"{name}.index.json").is_file():
            parts = read_config(index, LARGEST_INDEX).get("weight_map")
            names = set(map(str, mapping(parts, index).values()))
            lacking = sorted(names - {file.name for file in folder.iterdir() if file.is_file()})
            if lacking or not names:
                missing = shown(next(iter(lacking), None))
                raise UserError(f"{index} names weights that are not there, {missing}; put all parts beside it.")
            return tuple(folder / part for part in sorted(names))
    raise UserError(f"{folder} has no weights; put {WEIGHTS} or {PICKLED} there.")


def read_weights(folder: Path, besides: tuple[str, ...] = ()) -> tuple[tuple[Path, ...], Mapping[str, Tensor]]:
    """The files of weights in `folder`, and what is in them by name, but for names that end in one of `besides`."""
    files = weight_files(folder)
    found: dict[str, Tensor] = {}
    for file in files:
        held = contents(file)
        if isinstance(held, Mapping):
            held = {name: value for name, value in held.items() if not str(name).endswith(besides)}
        join(found, tensors(held, file), file)
    return files, unwrapped(found, files[0])


def join(found: dict[str, Tensor], more: Mapping[str, Tensor], file: Path) -> None:
    """Puts the weights of a part of a model to those of the parts before; a UserError where one is there twice."""
    if twice := found.keys() & more.keys():
        raise UserError(f"{file} has {shown(min(twice))}, as another part has; put the parts of one model there.")
    found |= more


def begins(folder: Path, prefix: str) -> bool:
    """Whether the name of a weight in `folder` begins so; what cannot be read has none."""
    try:
        held = contents(weight_files(folder)[0])
    except UserError:
        return False
    return isinstance(held, Mapping) and any(str(name).startswith(prefix) for name in held)


def contents(file: Path) -> Any:
    """What a file of weights holds, whatever that is."""
    return _unpacked(file) if file.suffix == Path(WEIGHTS).suffix else unpickle(file)


def _unpacked(source: Path) -> dict[str, Tensor]:
    """The tensors of a file, which holds as much as they take: the library sees to that."""
    try:
        with open_regular(source) as file:
            if (size := int.from_bytes(file.read(8), "little")) > LARGEST_TABLE:
                raise UserError(f"{source} is damaged or cut short; put a whole copy there.")
            described = file.read(size)
        with safe_open(source, "pt") as table:  # it is sound
            if (count := len(table.keys())) > MOST_TENSORS:
                raise UserError(f"{source} holds {count:,} arrays, more than any model has; use another file.")
        return _mapped(source, described) or load_file(source)
    except (SafetensorError, OSError) as error:
        if is_lack_of_memory(error):
            raise
        if isinstance(error, PermissionError):
            raise UserError(f"{source} cannot be read: {error.strerror}; allow reading it.") from error
        raise UserError(f"{source} is damaged or cut short; put a whole copy there.") from error


def _mapped(source: Path, described: bytes) -> dict[str, Tensor]:
    """The arrays of a sound file, mapped: values are read where they are looked at. None of them where some are of a
    kind that models are not stored in, or lie at odd places.

    The library maps them as well, but keeps some bytes for each for good: 7 kB whenever a small model is opened.
    """
    table = json.loads(described)
    table.pop("__metadata__", None)
    start, held = len(described) + 8, torch.from_file(str(source), size=source.stat().st_size, dtype=torch.uint8)
    kinds = [STORED.get(entry["dtype"]) for entry in table.values()]
    places = [[start + at for at in entry["data_offsets"]] for entry in table.values()]
    if any(kind is None or place[0] % kind.itemsize for kind, place in zip(kinds, places, strict=True)):
        return {}
    found = {}
    for (name, entry), kind, (begin, end) in zip(table.items(), kinds, places, strict=True):
        look()
        if kind is not None:
            found[name] = held[begin:end].view(kind).view(entry["shape"])
    return found


def plain(name: str) -> list[str]:
    """The parts of a weight's name, without `WRAPPERS`."""
    return [part for part in name.split(".") if part not in WRAPPERS] or [name]


def unwrapped(weights: Mapping[str, Tensor], source: Path) -> dict[str, Tensor]:
    """The same weights by the names that they have in the network: without `WRAPPERS` and what all names begin with."""
    names = [plain(name) for name in weights]
    same = takewhile(lambda parts: len(set(parts)) == 1, zip(*(parts[:-1] for parts in names), strict=False))
    begin = sum(1 for _ in same)
    found = dict(zip((".".join(parts[begin:]) for parts in names), weights.values(), strict=True))
    if len(found) < len(weights):
        raise UserError(f"{source} has two weights of one name; use another file.")
    return found


def tensors(weights: Any, source: Path) -> dict[str, Tensor]:
    """`weights` by name if they are ordinary arrays of numbers that lie in the file, and a UserError if not."""
    if not isinstance(weights, Mapping) or not all(_ordinary(value) for value in weights.values()):
        raise UserError(f"{source} does not hold the weights of a model; use another file.")
    if sum(tensor.nbytes for tensor in weights.values()) > MOST_SHARING * source.stat().st_size:
        raise UserError(f"{source} is too small for the weights that it names; put a whole copy there.")
    return {str(name): tensor for name, tensor in weights.items()}


def _ordinary(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and value.nbytes <= value.untyped_storage().nbytes()
    )


def read_config(path: Path, most: int = LARGEST_CONFIG) -> Mapping[str, Any]:
    """The named entries of JSON in a file of at most `most` bytes; a UserError if it cannot be read as such."""
    return _entries(lambda: read_json(path, most), path, "JSON")


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The named entries of a configuration in YAML; a UserError if it cannot be read as such."""
    return _entries(lambda: strict_yaml.read_yaml(path), path, "YAML")


def _entries(read: Callable[[], Any], path: Path, language: str) -> Mapping[str, Any]:
    try:
        values = read()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; put a whole copy there.") from error
    except strict_yaml.NotPlain as error:
        raise UserError(f"{path} {error}; write it as plain entries and lists.") from error
    except Exception as error:  # parsers raise many kinds for odd tags, numbers, dates, encodings and depths
        if is_lack_of_memory(error):
            raise
        raise UserError(f"{path} is not valid {language}; put a whole copy there.") from error
    return mapping(values, path)


def mapping(values: Any, path: Path) -> Mapping[str, Any]:
    """`values` read from `path` if they are named entries, and a UserError if not."""
    if not isinstance(values, Mapping):
        raise UserError(f"{path} does not hold a model's configuration; put a whole copy there.")
    return values


def facts_in(values: Mapping[str, Any], path: Path) -> dict[str, str]:
    """What a configuration tells beside the sizes; nothing where it tells nothing."""
    return plain_facts(mapping(values.get("facts") or {}, path))
