"""Small worlds as tables: what lessons ask of `engine.exact`."""

from __future__ import annotations

import numpy as np
import torch

from engine.exact.toy import ToyWorld
from engine.protocol import Noise
from engine.protocol.lessons import World
from engine.protocol.lessons.lesson import Numbers
from engine.theory.graphs import GRAPHS


def table(world: World, noise: Noise) -> ToyWorld:
    """The world under a kind of noise; a UserError where it is none."""
    world.check()
    shape = (len(world.words),) * world.places
    return ToyWorld(torch.tensor(world.law, dtype=torch.float64).reshape(shape), GRAPHS[noise](len(world.words)))


def moves(toy: ToyWorld, sigma: Numbers) -> Numbers:
    """How a whole text moves: entry [s, t, c] is the chance that clean text c has become text t at sigma[s]."""
    single = toy.transition_matrix(torch.from_numpy(sigma.copy()))[:, :, : toy.joint.shape[0]].numpy()
    whole = np.ones((len(sigma), 1, 1))
    for _ in range(toy.length):
        whole = np.einsum("stc,syx->stycx", whole, single)
        whole = whole.reshape(len(sigma), whole.shape[1] * whole.shape[2], -1)
    return whole
