"""Many at once: distances are those that `sedd verify` computes, and, where a formula is known, those of it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law, total_variation
from engine.exact.toy import ToyWorld, diffusion
from engine.lessons import figures
from engine.protocol import FREE, Noise
from engine.protocol.lessons import World
from engine.protocol.lessons.many import STEPS, ManyFigure, ManyLesson
from engine.samplers import sampler_named
from engine.theory.graphs import GRAPHS

PAIR = World(("a", "b"), (0.5, 0.0, 0.0, 0.5))


@cache
def figure_of(noise: Noise, most: int = 3) -> ManyFigure:
    told = figures(ManyLesson(PAIR, noise))
    for _ in range(most - 1):
        next(told)
    figure = next(told)
    assert isinstance(figure, ManyFigure)
    return figure


@pytest.mark.parametrize(
    ("noise", "name"),
    [("absorb", "tweedie"), ("absorb", "remask"), ("absorb", "subset"), ("uniform", "tweedie"), ("uniform", "euler")],
)
def test_distances_are_those_of_sedd_verify(noise: Noise, name: str) -> None:
    figure = figure_of(noise)
    world = ToyWorld(torch.tensor([[0.5, 0.0], [0.0, 0.5]], dtype=torch.float64), GRAPHS[noise](2))
    model = diffusion(world, geometric=noise == "uniform")
    for number, steps in enumerate(STEPS[:3]):
        law = exact_law(model, sampler_named(name, noise), steps, np.full(2, FREE))
        row = figure.samplers.index(name)
        assert figure.distance[row, number] == pytest.approx(total_variation(law, world.joint), abs=1e-12)


def test_words_that_appear_in_one_step_do_not_know_of_each_other() -> None:
    """Both are revealed in the same of N even steps with the chance 1 / N, and then they match every other time."""
    figure = figure_of("absorb")
    row = figure.samplers.index("tweedie")
    steps = np.array(STEPS[:3])
    np.testing.assert_allclose(figure.apart[row, :3], 1 / (2 * steps), atol=1e-12)
    np.testing.assert_allclose(figure.distance[row, :3], 1 / (2 * steps), atol=1e-12)
    np.testing.assert_allclose(figure.law[row, :3, 0], 0.5 - 1 / (4 * steps), atol=1e-12)
    exact = figure.samplers.index("first-hitting")
    assert np.abs(figure.distance[exact, :3]).max() < 1e-12


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_a_figure_comes_for_each_number_of_steps(noise: Noise) -> None:
    figure = figure_of(noise, most=1)
    assert np.isfinite(figure.distance[:, 0]).all()
    assert np.isnan(figure.distance[:, 1:]).all()
    later = figure_of(noise)
    known = np.isfinite(later.distance)
    np.testing.assert_allclose(later.law.sum(2)[known], 1, atol=1e-9)
    assert known[later.samplers.index("tweedie")].sum() == 3
