"""The state of a training run that was broken off, how it is damaged, and a run that goes on from it."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from engine.training.learners import DiffusionLearner
from engine.training.settings import TrainingConfig
from engine.training.trainer import Saved, Trainer
from tests.hostile.containers import CALLS, KINDS, SHAPES, saved

STREAM = np.tile(np.arange(8, dtype=np.uint16), 40)
CONFIG = TrainingConfig(steps=4, batch=2, warmup=1, precision="fp32", save_every=0.0, validate_every=9)


def trainer() -> Trainer:
    """A run of a few steps at its start."""
    torch.manual_seed(0)
    network = NetworkConfig(9, length=8, hidden=8, blocks=1, heads=2, cond_dim=4, dropout=0.0)
    return Trainer(DiffusionLearner(Diffusion(DiffusionConfig(network, "absorb"))), CONFIG, STREAM, STREAM[:16])


@cache
def state() -> bytes:
    """What a run keeps after two steps."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.pt")
        for event in trainer().run(path):
            if isinstance(event, Saved) and event.step == 2:
                break
        return path.read_bytes()


def go_on(path: Path) -> None:
    """Resumes from the file and trains to the end."""
    run = trainer()
    run.resume(path)
    list(run.run(path))


def places(node: Any) -> list[tuple[Any, Any]]:
    """Containers and keys of everything that lies in `node`."""
    if not isinstance(node, dict | list):
        return []
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


def in_state(content: bytes, draw: random.Random) -> bytes:
    """Something in a state, however deep, is another thing, another shape, missing, or code."""
    held = torch.load(io.BytesIO(content), weights_only=True)
    for _ in range(draw.choice((1, 1, 2))):
        found = places(held)
        tensors = [place for place in found if isinstance(place[0][place[1]], torch.Tensor)]
        node, key = draw.choice(tensors if tensors and draw.random() < 0.5 else found)
        value = node[key]
        if isinstance(value, torch.Tensor) and value.ndim and draw.random() < 0.8:
            node[key] = draw.choice(TENSORS)(value, draw)
        elif draw.random() < 0.2:
            del node[key]
        else:
            node[key] = draw.choice(OTHERS) if draw.random() < 0.9 else draw.choice(CALLS)
    return saved(held)


TENSORS: tuple[Callable[[torch.Tensor, random.Random], Any], ...] = (
    lambda tensor, draw: draw.choice(SHAPES)(tensor),
    lambda tensor, draw: tensor.to(draw.choice((*KINDS, torch.complex64))),
    lambda tensor, draw: torch.full_like(tensor, draw.choice((float("nan"), float("inf"), 3e38, -3e38))),
    lambda tensor, draw: torch.zeros(()).expand(tensor.shape),
    lambda tensor, draw: tensor.to_sparse(),
)
OTHERS: tuple[Any, ...] = (
    None,
    -1,
    0,
    1,
    10**30,
    10**400,
    2**63,
    1e300,
    -0.5,
    float("nan"),
    "",
    "x" * 10**5,
    [],
    {},
    [[]],
    True,
    3 + 4j,
)
