"""A training run of the published program: its configuration, and the averaged weights of its last checkpoint."""

from __future__ import annotations

from pathlib import Path

import yaml

from engine.models.published_layout import published_config
from engine.models.stored import Stored, mapping, parse, tensors, unpickle
from engine.protocol import UserError

RUN_CONFIG, RUN_WEIGHTS = Path(".hydra", "config.yaml"), Path("checkpoints-meta", "checkpoint.pth")


def read_run(folder: Path) -> Stored:
    """Configuration and averaged weights of the run in `folder`."""
    values = mapping(parse(yaml.safe_load, folder / RUN_CONFIG, "YAML"), folder / RUN_CONFIG)
    config = published_config(values, folder / RUN_CONFIG)
    source = folder / RUN_WEIGHTS
    if not source.is_file():
        raise UserError(f"The training run has no weights; put checkpoint.pth into {source.parent}.")
    state = unpickle(source)
    try:
        weights, averaged, step = state["model"], state["ema"]["shadow_params"], state["step"]
    except (KeyError, TypeError, IndexError) as error:
        raise UserError(
            f"{source} is not the checkpoint of a training run: model, ema or step is missing; put a whole copy there."
        ) from error
    weights = tensors(weights, source)
    names = [name for name in weights if not name.endswith("inv_freq")]  # a buffer, which is not averaged
    if not isinstance(averaged, list) or len(averaged) != len(names):
        raise UserError(
            f"{source} does not have one averaged weight for each of {len(names)} parameters; put a whole copy there."
        )
    weights |= tensors(dict(zip(names, averaged, strict=True)), source)
    return Stored(config, weights, source, {"training steps": str(step), "weights": "averaged (EMA)"})
