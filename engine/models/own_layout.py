"""Our own layout: config.json (with "format"), model.safetensors, tokenizer.json, README.md as model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from engine.files import filling
from engine.language.tokenizers import Tokenizer
from engine.models.config_reader import Names, Reader, network_config
from engine.models.devices import PRECISIONS, Precision
from engine.models.stored import CONFIG, WEIGHTS
from engine.protocol import UserError
from engine.strict_json import to_json
from engine.theory.diffusion import READINGS, SCHEDULES, Diffusion, DiffusionConfig

FORMAT = "sedd-studio-1"
CARD = "README.md"
LATER = ("classes", "block_size")
"""Sizes of a network that are 0 where it lacks what they are of."""


def own_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a model that this program saved."""
    reader = Reader(values, path)
    states = reader.size("states", "network", "states")
    noise = reader.choice(tuple(READINGS), "noise")
    return DiffusionConfig(
        network=replace(
            network_config(reader, Names(("network",), "blocks", "heads", "hidden"), states),
            marks_locks=reader.flag("network", "marks_locks", absent=False),
            absolute_positions=reader.flag("network", "absolute_positions", absent=False),
            **{name: reader.size(name, "network", name) for name in LATER if name in reader.group("network")},
        ),
        noise=noise,
        schedule=reader.choice(SCHEDULES[noise], "schedule"),
        sigma_min=reader.number(1e-12, 1.0, "sigma_min"),
        sigma_max=reader.number(1.0, 100.0, "sigma_max"),
        eps=reader.number(1e-9, 0.5, "eps"),
        parametrisation=reader.choice(tuple(READINGS[noise]), "parametrisation"),
        scale_by_sigma=reader.flag("scale_by_sigma"),
        time_free=reader.flag("time_free"),
        log_sigma=reader.flag("log_sigma", absent=False),
        padding=reader.size("states", "padding") if "padding" in values else 0,
        p_uniform=reader.number(0.0, 0.999, "p_uniform", absent=0.0),
    )


def save(
    folder: Path,
    diffusion: Diffusion,
    tokenizer: Tokenizer,
    card: str | None,
    facts: Mapping[str, str] | None = None,
    precision: Precision = "bf16",
) -> None:
    """Writes our own layout into `folder`; matrices in `precision`. All files come, or none; without a card the one
    there stays.

    config.json comes last: a new folder that was being written when the machine stopped is not taken for a model.
    """
    dtype = PRECISIONS[precision]
    weights = {
        name: tensor.detach().to("cpu", dtype if tensor.ndim == 2 else torch.float32).contiguous()
        for name, tensor in diffusion.network.state_dict().items()
    }
    config = {"format": FORMAT, **asdict(diffusion.config), "facts": dict(facts or {})}
    del config["framing"]  # our own networks have none
    if not diffusion.config.padding:  # entries that earlier versions do not know
        del config["padding"]
    if not diffusion.config.p_uniform:
        del config["p_uniform"]
    for name in LATER:
        if not config["network"][name]:
            del config["network"][name]
    write_model(folder, weights, tokenizer, card, config)


def write_model(
    folder: Path, weights: Mapping[str, Tensor], tokenizer: Tokenizer, card: str | None, config: Mapping[str, Any]
) -> None:
    """Writes the files of a model as `save` does, whatever its layout."""
    with saving(folder), filling(folder, CONFIG) as made:
        save_file(dict(weights), made / WEIGHTS)  # one tensor after the other: as bytes they would be in memory again
        tokenizer.save(made)
        if card is not None:
            (made / CARD).write_bytes(encoded(card))
        (made / CONFIG).write_bytes((to_json(config, indent=2) + "\n").encode())


def encoded(card: str) -> bytes:
    """A card, Markdown, as it lies in a file, whatever characters the names of texts have."""
    return card.encode(errors="backslashreplace")


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """A UserError where a model cannot be written to the folder."""
    try:
        yield
    except (OSError, SafetensorError) as error:  # the library has an error of its own for a disk that is full
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"The model cannot be written to {folder}: {reason}; choose another folder.") from error
