"""Our own layout: config.json (with "format"), model.safetensors, tokenizer.json, README.md as model card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as serialize

from engine.files import write_whole
from engine.language.tokenizers import Tokenizer
from engine.models.config_reader import Reader, network_config
from engine.models.devices import PRECISIONS, Precision
from engine.models.stored import CONFIG, WEIGHTS
from engine.protocol import UserError
from engine.strict_json import to_json
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.parametrisations import PARAMETRISATIONS

FORMAT = "sedd-studio-1"
CARD = "README.md"


def own_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of a model that this program saved."""
    reader = Reader(values, path)
    states = reader.size("states", "network", "states")
    noise = reader.choice(tuple(PARAMETRISATIONS), "noise")
    parametrisation = reader.choice(tuple(PARAMETRISATIONS[noise]), "parametrisation")
    return DiffusionConfig(
        network=replace(
            network_config(reader, "network", "blocks", "heads", "hidden", states),
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
        padding=reader.size("states", "padding") if "padding" in values else 0,
    )


def save(
    folder: Path,
    diffusion: Diffusion,
    tokenizer: Tokenizer,
    card: str,
    facts: Mapping[str, str] | None = None,
    precision: Precision = "bf16",
) -> None:
    """Writes our own layout into `folder`; matrices in `precision`. Each file is whole or not there.

    config.json comes last: a new folder that was being written when the machine stopped is not taken for a model.
    """
    dtype = PRECISIONS[precision]
    weights = {
        name: tensor.detach().to("cpu", dtype if tensor.ndim == 2 else torch.float32).contiguous()
        for name, tensor in diffusion.network.state_dict().items()
    }
    config = {"format": FORMAT, **asdict(diffusion.config), "facts": dict(facts or {})}
    if not diffusion.config.padding:  # an entry that earlier versions do not know
        del config["padding"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, serialize(weights))
        tokenizer.save(folder)
        write_whole(folder / CARD, card.encode(errors="backslashreplace"))
        write_whole(folder / CONFIG, (to_json(config, indent=2) + "\n").encode())
    except OSError as error:
        raise UserError(f"The model cannot be written to {folder}: {error.strerror}; choose another folder.") from error
