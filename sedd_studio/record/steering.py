"""Requests that take up a run where it stands: going on from a step, and drawing some tokens again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.protocol import FREE, Generate, Tokens, frozen
from engine.runs.trajectory import Origin, Trajectory


@dataclass(frozen=True, eq=False)
class Branch:
    """Where a run goes on: one `sample` of a run after `step`."""

    run: Trajectory
    step: int
    sample: int


def go_on(branch: Branch, origin: Origin, locked: Tokens, visible: Tokens) -> Generate:
    """The rest of a run with its own settings and draws, from what is `visible` (L,) at the branch and with the locks
    (L,) of now: what an edit does not reach comes out as it would have."""
    return replace(
        origin.request,
        tokens=frozen(locked),
        samples=1,
        first_sample=origin.request.first_sample + branch.sample,
        start=frozen(visible[None]),
        first_step=branch.step + 1,
    )


def draw_again(
    request: Generate, visible: Tokens, locked: np.ndarray, chosen: np.ndarray, seed: int, samples: int
) -> Generate:
    """A request like another, in which only the `chosen` positions (L,) bool are free, but for the `locked` ones, and
    those that are not known yet: all others are given as they are `visible` (L,)."""
    return replace(request, tokens=frozen(np.where(chosen & ~locked, FREE, visible)), samples=samples, seed=seed)


def step_for(run: Trajectory, count: int, latest: int) -> int:
    """The last step, up to `latest`, at which so much noise is left that `count` tokens may still be to come."""
    enough = [step for step in range(latest + 1) if run.moments[step].time * run.free >= count]
    return enough[-1] if enough else 0


def noised(visible: Tokens, chosen: np.ndarray, run: Trajectory, vocabulary: int, seed: int) -> Tokens:
    """Tokens (L,) of which the `chosen` (L,) bool are noise again: masked, or any of so many where there is no mask."""
    noise = FREE if run.hides else np.random.default_rng(seed).integers(0, vocabulary, len(visible))
    return frozen(np.where(chosen, noise, visible))
