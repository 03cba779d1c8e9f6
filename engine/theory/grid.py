"""The times at which a chain stops: how steps are spaced between full noise and none.

t runs from 1 to 0; sigma(t) is the schedule's noise, and the last step goes to noise zero whatever sigma(0) is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from engine.protocol import UserError
from engine.theory.schedules import Schedule

Spacing = Literal["time", "sigma", "cosine"]
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Step:
    """Step `number` of `steps`, from time t to s < t; noise levels and the schedule's rate sigma'(t) as numbers.

    `sigma_s` is 0 for the last step. lambda = 1 - e^-sigma is the chance that a token is noised.
    """

    number: int
    steps: int
    t: float
    s: float
    sigma_t: float
    sigma_s: float
    rate: float

    @property
    def last(self) -> bool:
        return self.number == self.steps

    @property
    def lambda_t(self) -> float:
        return -math.expm1(-self.sigma_t)

    @property
    def lambda_s(self) -> float:
        return -math.expm1(-self.sigma_s)

    @property
    def reveal_chance(self) -> float:
        """Chance that a masked token is revealed in this step: 1 - lambda_s / lambda_t."""
        return 1.0 if self.last else 1 - self.lambda_s / self.lambda_t

    @property
    def steps_left(self) -> int:
        """Steps still to do, this one included."""
        return self.steps - self.number + 1

    def even_share(self, masked: np.ndarray) -> np.ndarray:
        """How many of `masked` tokens (any shape) to reveal now so that even steps will do for the rest."""
        share: np.ndarray = -(-masked // self.steps_left)
        return share

    def quota(self, masked: np.ndarray) -> np.ndarray:
        """How many of `masked` tokens (any shape) to reveal now.

        The expected number is rounded up in some steps and down in others, as a sequence says that is spread evenly
        over the steps: the multiples of the golden ratio modulo 1. Rounded to the nearest, 24 tokens in 64 steps would
        all wait for the seventeenth. With a step left for each token one is revealed at a time, however the schedule
        would have it: together they would be drawn as if they were independent.
        """
        expected = np.round(masked * (1 - self.reveal_chance), 9)  # whole numbers stay whole
        remaining = np.floor(expected + (0.5 + GOLDEN * self.number) % 1)
        expected_now = masked - remaining
        single = np.clip(expected_now, np.maximum(masked - self.steps_left + 1, 0), 1)
        counts: np.ndarray = np.where(masked <= self.steps_left, single, expected_now).astype(np.int64)
        return counts


def log_odds(sigma: float) -> float:
    """w = log(e^sigma - 1), in which the jumps of uniform noise are evenly spread."""
    return math.log(math.expm1(sigma))


def times(schedule: Schedule, steps: int, spacing: Spacing | Sequence[float] = "time") -> np.ndarray:
    """Grid of `steps` + 1 times from 1 down to 0, float64.

    "time": even in t. "sigma": even in sigma. "cosine": t = cos(pi/2 k / steps), small steps first, while little is
    known. Or the times themselves, which must fall from 1 to 0.
    """
    even = np.linspace(0, 1, steps + 1)
    if not isinstance(spacing, str):
        given = np.asarray(spacing, np.float64)
        if len(given) != steps + 1 or given[0] != 1 or given[-1] != 0 or (np.diff(given) >= 0).any():
            raise UserError(f"Given times must be {steps + 1} numbers that fall from 1 to 0; put them right.")
        return given
    if spacing == "time":
        return 1 - even
    if spacing == "cosine":
        return np.append(np.cos(np.pi / 2 * even[:-1]), 0.0)
    if spacing == "sigma":
        ends = schedule(torch.tensor([1.0, 0.0], dtype=torch.float64)).total
        levels = ends[0] + (ends[1] - ends[0]) * torch.from_numpy(even)
        grid = schedule.time(levels).numpy()
        grid[0], grid[-1] = 1.0, 0.0
        return grid
    raise UserError(f'There is no step spacing called "{spacing}"; choose one of: {", ".join(get_args(Spacing))}.')


def grid(schedule: Schedule, steps: int, spacing: Spacing | Sequence[float] = "time") -> list[Step]:
    """The steps of a chain."""
    at = times(schedule, steps, spacing)
    noise = schedule(torch.from_numpy(at))
    sigma, rate = noise.total.tolist(), noise.rate.tolist()
    sigma[-1] = 0.0
    return [Step(k + 1, steps, float(at[k]), float(at[k + 1]), sigma[k], sigma[k + 1], rate[k]) for k in range(steps)]
