"""What moves the weights: optimizers, their learning rate from step to step, and what they remember of a parameter."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from engine.training.muon import StackedMuon
from engine.training.settings import TrainingConfig

HIDDEN = ("blocks.", "transformer.h.")
"""Where the matrices between embedding and head stand, in score networks and in GPT-2 models."""
MOMENTS: dict[type[torch.optim.Optimizer], dict[str, bool]] = {
    torch.optim.AdamW: {"step": False, "exp_avg": True, "exp_avg_sq": True},
    StackedMuon: {"momentum_buffer": True},
}
"""What optimizers remember of a parameter, and whether it has the parameter's shape or is one number."""


def build_optimizers(network: nn.Module, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the blocks' matrices and AdamW for the rest."""
    matrices = [(name, p) for name, p in network.named_parameters() if p.ndim == 2 and name.startswith(HIDDEN)]
    hidden = [p for name, p in matrices if config.optimizer == "muon" and "adaLN" not in name]
    chosen = {id(p) for p in hidden}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    rates: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, betas=(0.9, 0.98), **rates)]
    if hidden:
        optimizers.append(StackedMuon(hidden, momentum=0.95, adjust_lr_fn="match_rms_adamw", **rates))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base"] = config.learning_rate
    return optimizers


def learning_rate(step: int, config: TrainingConfig) -> float:
    """The share of the full learning rate at a step: a linear rise, a plateau, and a linear fall."""
    return min(1.0, (step + 1) / max(1, config.warmup), fall(step, config))


def fall(step: int, config: TrainingConfig) -> float:
    """What the fall at the end leaves of the learning rate; at least 1 before it begins."""
    left = (config.steps - step) / max(1.0, config.decay * config.steps)
    return config.floor + (1 - config.floor) * left


def take_moments(optimizer: torch.optim.Optimizer, saved: dict[str, dict[int, dict[str, Tensor]]]) -> None:
    """Gives an optimizer the "state" that was saved of it: by a parameter's number tensors by name, copied, since what
    lies in a file has odd places in memory, and kernels round by alignment.

    Its settings stay its own. It would take whatever it is given and fail at the next step: a ValueError before that.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if not isinstance(saved, dict):  # torch indexes a tensor by whatever it is given
        raise TypeError("the state of an optimizer has no names")
    for number, found in saved["state"].items():
        shape = parameters[number].shape
        if {name: tensor.shape for name, tensor in found.items()} != {
            name: shape if whole else torch.Size() for name, whole in MOMENTS[type(optimizer)].items()
        }:
            raise ValueError(f"what is remembered of parameter {number} has other names or shapes")
    moments = tree_map_only(Tensor, torch.clone, saved["state"])
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
