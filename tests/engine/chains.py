"""Chains on a tiny network with random weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from engine.protocol import FREE, Tokens
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, State, run_chain
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig


def tiny(noise: str = "absorb", parametrisation: str = "posterior", **config: Any) -> Diffusion:
    torch.manual_seed(5)
    network = NetworkConfig(states=12 if noise == "absorb" else 11, length=16, hidden=16, blocks=2, heads=2, cond_dim=8)
    settings = DiffusionConfig(network, noise, parametrisation=parametrisation, **config)  # type: ignore[arg-type]
    model = Diffusion(settings)
    for parameter in model.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.network.eval()
    return model


def free(length: int) -> Locks:
    return Locks.of(np.full(length, FREE), 11, length)


def states(
    model: Diffusion,
    locks: Locks,
    *,
    seed: int = 0,
    first: int = 0,
    sampler: str = "tweedie",
    **plan: Any,
) -> Iterator[State]:
    solver = sampler_named(sampler, model.config.noise)
    return run_chain(model, solver, Plan(locks, **({"samples": 1, "steps": 8} | plan)), seed, first)


def final(model: Diffusion, locks: Locks, **request: Any) -> Tokens:
    *_, last = states(model, locks, **request)
    return last.tokens
