"""Step spacing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.protocol import UserError
from engine.theory.grid import Spacing, grid, times
from engine.theory.schedules import Geometric, LogLinear, Schedule

SCHEDULES: list[Schedule] = [LogLinear(), Geometric()]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spacing", ["time", "sigma", "cosine"])
def test_every_spacing_falls_from_one_to_zero_and_ends_without_noise(schedule: Schedule, spacing: Spacing) -> None:
    steps = grid(schedule, 9, spacing)
    assert steps[0].t == 1
    assert steps[-1].s == 0
    assert steps[-1].sigma_s == 0
    assert steps[-1].last
    assert [step.number for step in steps] == list(range(1, 10))
    for step in steps:
        assert step.s < step.t
        assert step.sigma_s < step.sigma_t
        assert 0 < step.reveal_chance <= 1
    assert [step.t for step in steps[1:]] == [step.s for step in steps[:-1]]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_find_the_time_of_a_noise_level(schedule: Schedule) -> None:
    t = torch.linspace(0.01, 1, 50, dtype=torch.float64)
    torch.testing.assert_close(schedule.time(schedule(t).total), t, atol=1e-12, rtol=0)


def test_even_steps_in_sigma_are_even() -> None:
    levels = [step.sigma_t for step in grid(LogLinear(), 8, "sigma")] + [0.0]
    np.testing.assert_allclose(np.diff(levels), levels[0] / -8, atol=1e-12)


def test_the_cosine_grid_is_the_cosine() -> None:
    np.testing.assert_allclose(times(LogLinear(), 2, "cosine"), [1, np.cos(np.pi / 4), 0], atol=1e-15)


def test_given_times_are_taken_as_they_are_or_refused() -> None:
    assert [step.t for step in grid(LogLinear(), 3, (1.0, 0.9, 0.1, 0.0))] == [1.0, 0.9, 0.1]
    for wrong in [(1.0, 0.0), (1.0, 0.1, 0.5, 0.0), (0.9, 0.5, 0.1, 0.0), (1.0, 0.5, 0.5, 0.0)]:
        with pytest.raises(UserError, match="4 numbers that fall from 1 to 0"):
            grid(LogLinear(), 3, wrong)
    with pytest.raises(UserError, match="time, sigma, cosine"):
        grid(LogLinear(), 3, "random")  # type: ignore[arg-type]
