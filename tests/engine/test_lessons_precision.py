"""Precision: the chances are sums over every number that there is, and those of real races."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lessons import figures
from engine.lessons.precision import drawn, entropy_of, written
from engine.protocol import UserError
from engine.protocol.lessons.precision import BITS, PrecisionFigure, PrecisionLesson


def told(groups: int) -> PrecisionFigure:
    (figure,) = figures(PrecisionLesson(groups))
    assert isinstance(figure, PrecisionFigure)
    return figure


def over_all(weight: float, bits: int) -> float:
    """The chance to ring first, over all numbers of so many bits."""
    numbers = np.arange(2**bits) / 2**bits
    return float(np.sort(numbers ** ((1 - weight) / weight)).sum() / 2**bits)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-6, 0.15), st.integers(4, 14))
def test_a_chance_is_the_sum_over_all_numbers(weight: float, bits: int) -> None:
    expected = over_all(weight, bits)
    assert drawn(np.array([weight]), bits)[0] == pytest.approx(expected, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("weight", [1e-8, 6e-8, 1.1e-6, 1.3e-6, 1e-3])
def test_a_chance_is_the_sum_over_all_numbers_of_32_bits(weight: float) -> None:
    last = np.arange(2**24 - 2**20, 2**24) / 2**24  # no other one has a chance above e^-60
    expected = float((last ** ((1 - weight) / weight)).sum() / 2**24)
    assert drawn(np.array([weight]), 24)[0] == pytest.approx(expected, rel=1e-9)


def test_a_share_of_32_bits_is_a_multiple_of_2_to_the_minus_24() -> None:
    drawn_32 = torch.rand(10_000, generator=torch.Generator().manual_seed(1)).double()
    assert (drawn_32 * 2 ** BITS[32] % 1 == 0).all()


@pytest.mark.parametrize("weight", [2e-4, 1e-3])
def test_real_races_of_coarse_numbers_are_won_as_often(weight: float) -> None:
    races = 1_500_000
    generator = torch.Generator().manual_seed(5)
    own = torch.randint(2**11, (races,), generator=generator).double() / 2**11
    other = torch.rand(races, generator=generator, dtype=torch.float64)
    won = float((-own.log() / weight < -other.log() / (1 - weight)).double().mean())
    chance = drawn(np.array([weight]), 11)[0]
    assert abs(won - chance) < 4 * np.sqrt(chance / races)
    assert chance < 0.8 * weight


def test_what_is_written_is_the_law_of_a_chain() -> None:
    sizes = 2 ** np.arange(8)
    should = 1 / (8 * sizes)
    found = written(drawn(should / np.arange(1, 10)[:, None], 11) * sizes)
    for steps in (1, 2, 5, 9):
        law, hidden = np.zeros(8), 1.0
        for left in range(steps, 0, -1):
            chance = np.array([over_all(each / left, 11) for each in should]) * sizes
            chance = chance / chance.sum() if left == 1 else chance
            law, hidden = law + hidden * chance, hidden * (1 - chance.sum())
        assert np.abs(found[steps - 1] - law).max() < 1e-12
        assert entropy_of(law, sizes) == pytest.approx(-(law * np.log(law / sizes)).sum(), abs=1e-12)


def test_coarse_numbers_cool_the_text_and_fine_ones_do_not() -> None:
    figure = told(16)
    single, double = figure.entropy
    assert np.abs(double - figure.exact).max() < 1e-6
    assert np.abs(figure.share[1] - 1 / 16).max() < 1e-6
    assert single[0] > figure.exact - 0.01
    assert (np.diff(single[4:]) < 0).all()
    assert single[-1] < figure.exact - 0.5
    kept = figure.sizes * figure.should ** (1 / figure.temperature[0, -1])
    kept = kept / kept.sum()
    assert -(kept * np.log(kept / figure.sizes)).sum() == pytest.approx(single[-1], abs=1e-9)


def test_so_many_groups_are_refused() -> None:
    with pytest.raises(UserError):
        told(40)
