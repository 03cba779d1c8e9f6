"""Learning the score: losses and slopes are those of the definitions, and all three objectives find true ratios."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from engine.lessons import figures
from engine.lessons.training import ratios_of
from engine.lessons.worlds import table
from engine.protocol import Noise, UserError
from engine.protocol.lessons import WORLDS, World
from engine.protocol.lessons.training import OBJECTIVES, STEPS, TOLD, TrainingFigure, TrainingLesson
from tests.engine.enumeration import noised
from tests.engine.exact_objectives import denoising_score_entropy, implicit_score_entropy, score_entropy
from tests.engine.small_worlds import NOISES, noises, worlds

SIGMA = 0.6


def told(lesson: TrainingLesson) -> list[TrainingFigure]:
    return [figure for figure in figures(lesson) if isinstance(figure, TrainingFigure)]


def by_definition(world: World, noise: Noise, log_score: np.ndarray) -> Callable[[str], tuple[float, np.ndarray]]:
    """The mean loss over all texts, and its slope, of a table (A,) of log ratios."""
    toy = table(world, noise)
    ratios, texts = ratios_of(toy, SIGMA), toy.sequences()
    entries = (ratios.start, ratios.place, texts.numpy()[ratios.end, ratios.place])
    learnt = torch.tensor(log_score, requires_grad=True)
    whole = torch.zeros(*texts.shape, toy.graph.states, dtype=torch.float64)
    whole = whole.index_put(tuple(torch.from_numpy(np.array(each)) for each in entries), learnt)
    numbers = toy.graph.states ** torch.arange(toy.length - 1, -1, -1)
    level = torch.full((len(texts),), SIGMA, dtype=torch.float64)
    seen = torch.from_numpy(ratios.seen.copy())

    def mean(name: str) -> Tensor:
        if name == "explicit":
            true = toy.log_score(texts, level)
            return (score_entropy(whole, true.clamp(min=-700), toy.graph, texts) * seen).nansum()
        if name == "implicit":
            costs = implicit_score_entropy(lambda x, _: whole[(x * numbers).sum(-1)], toy.graph, texts, level)
            return (costs * seen).sum()
        pairs = torch.from_numpy(ratios.pairs.copy())
        clean = [text for text in texts if int(text.max()) < len(world.words)]
        each = [denoising_score_entropy(whole, toy.graph, texts, level, text.expand(texts.shape)) for text in clean]
        return (torch.stack(each) * pairs).sum()

    def both(name: str) -> tuple[float, np.ndarray]:
        value = mean(name)
        (slope,) = torch.autograd.grad(value, learnt, retain_graph=True)
        return float(value.detach()), slope.numpy()

    return both


@settings(max_examples=6, deadline=None)
@given(worlds(2), noises)
def test_losses_and_slopes_are_those_of_the_definitions(world: World, noise: Noise) -> None:
    toy = table(world, noise)
    ratios = ratios_of(toy, SIGMA)
    log_score = np.random.default_rng(1).normal(size=len(ratios.true))
    expected = by_definition(world, noise, log_score)
    found = ratios.loss(np.broadcast_to(log_score, (3, len(log_score))))
    here, wanted = ratios.wanted(ratios.pairs)
    for each, name in enumerate(OBJECTIVES):
        value, slope = expected(name)
        if min(world.law) > 0:  # else some scores are minus infinity
            assert found[each] == pytest.approx(value, abs=1e-10)
        assert np.abs(ratios.weight * (here * np.exp(log_score) - wanted[each]) - slope).max() < 1e-12


@settings(max_examples=10, deadline=None)
@given(worlds(), noises)
def test_true_ratios_are_those_of_an_enumeration_and_cost_least(world: World, noise: Noise) -> None:
    (figure,) = told(TrainingLesson(world, noise, steps=0))
    law = noised(np.array(world.law), len(world.words), 2, noise == "absorb", SIGMA)
    np.testing.assert_allclose(figure.true, law[figure.ends] / law[figure.starts], rtol=1e-10)
    assert (figure.loss[:, 0] >= figure.floor - 1e-12).all()
    assert abs(figure.floor[0]) < 1e-12
    differ = figure.texts[figure.starts] != figure.texts[figure.ends]
    assert (differ.sum(1) == 1).all()
    assert differ[np.arange(len(differ)), figure.places].all()


@pytest.mark.parametrize("noise", NOISES)
def test_all_objectives_find_the_true_ratios_to_two_per_cent(noise: Noise) -> None:
    every = told(TrainingLesson(WORLDS["tick"][1], noise, 4096))
    assert len(every) > 5
    figure = every[-1]
    assert tuple(figure.step) == TOLD
    assert TOLD[-1] == STEPS
    off = np.abs(figure.learnt / figure.true - 1).max(-1)
    assert (off[:, -1] < 0.02).all()
    assert (off[:, 0] > 0.5).all()
    above = figure.loss - figure.floor[:, None]
    assert (above >= -1e-12).all()
    assert (above[:, -1] < 1e-3 * above[:, 0]).all()
    for one, other in pairwise(every):
        assert (other.learnt[:, : len(one.step)] == one.learnt).all()  # what was told stays


def test_the_same_seed_learns_the_same_and_small_batches_learn_less() -> None:
    lesson = TrainingLesson(WORLDS["tick"][1], "absorb", 16, steps=600)
    one, other = told(lesson)[-1], told(lesson)[-1]
    assert (one.learnt == other.learnt).all()
    large = told(TrainingLesson(WORLDS["tick"][1], "absorb", 4096, steps=600))[-1]
    assert ((large.loss[1:, -1] - large.floor[1:]) < (one.loss[1:, -1] - one.floor[1:])).all()


def test_what_is_out_of_range_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError):
        told(TrainingLesson(WORLDS["tick"][1], steps=10**6))
