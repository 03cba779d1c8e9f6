"""Temperature, nucleus and allowed tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.protocol import UserError
from engine.samplers.law import Law
from engine.theory.conditioning import Shaping
from engine.theory.graphs import matched_sigma

LAW = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.25, 0.25, 0.25, 0.25]], dtype=torch.float64)
POSITION = torch.tensor([0, 1])


def test_temperature_raises_the_law_to_a_power() -> None:
    torch.testing.assert_close(Shaping(temperature=0.5).sharpen(LAW), LAW**2 / (LAW**2).sum(-1, keepdim=True))


def test_temperature_zero_takes_the_most_probable_token() -> None:
    assert Shaping(temperature=0.0).sharpen(LAW)[0].tolist() == [1, 0, 0, 0]


def test_the_nucleus_holds_the_token_that_crosses_its_edge() -> None:
    assert Shaping(top_p=0.7).sharpen(LAW)[0].tolist() == pytest.approx([0.625, 0.375, 0, 0])
    assert Shaping(top_p=0.5).sharpen(LAW)[0].tolist() == [1, 0, 0, 0]
    assert (Shaping(top_p=1.0).sharpen(LAW) == LAW).all()


def test_allowed_tokens_are_renormalised_and_their_mass_is_told() -> None:
    shaped = Shaping(allowed=torch.tensor([False, True, True, False])).restrict(LAW, POSITION)
    torch.testing.assert_close(shaped[0], torch.tensor([0, 2 / 3, 1 / 3, 0], dtype=torch.float64))
    gain = Law(shaped, shaped, LAW).gain(np.array([1, 2]))
    assert gain.tolist() == pytest.approx([math.log(0.45), math.log(0.5)])


def test_allowed_tokens_may_differ_by_position() -> None:
    allowed = torch.tensor([[True, False, False, False], [False, False, True, True]])
    shaped = Shaping(allowed=allowed).restrict(LAW, POSITION)
    assert shaped.tolist() == [[1, 0, 0, 0], [0, 0, 0.5, 0.5]]


def test_without_allowed_tokens_the_whole_mass_is_left() -> None:
    law = Shaping(top_p=0.5).restrict(LAW, POSITION)
    assert law is LAW
    assert Law(law, law, law).gain(np.array([0, 3])).tolist() == [0, 0]


def test_a_nucleus_keeps_what_it_would_keep_if_everything_were_allowed() -> None:
    """Of 0.4, 0.35 and 0.25 half of the mass takes two tokens; once the last is banned one would do."""
    law = torch.tensor([[0.4, 0.35, 0.25]])
    shaping = Shaping(top_p=0.5, allowed=torch.tensor([True, True, False]))
    restricted = shaping.restrict(law, POSITION[:1])
    assert shaping.sharpen(restricted).tolist() == [[1, 0, 0]]
    kept = shaping.sharpen(law) > 0
    torch.testing.assert_close(shaping.sharpen(restricted, kept), restricted)


def test_where_the_model_expects_no_allowed_token_all_of_them_are_alike_and_the_weight_is_nothing() -> None:
    certain = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    shaped = Shaping(allowed=torch.tensor([False, True, True, False])).restrict(certain, POSITION[:1])
    assert shaped.tolist() == [[0, 0.5, 0.5, 0]]
    assert Law(shaped, shaped, certain).gain(np.array([1])).tolist() == [-math.inf]


def test_a_position_at_which_no_token_is_allowed_is_refused() -> None:
    with pytest.raises(UserError, match="allow at least one"):
        Shaping(allowed=torch.zeros(3, dtype=torch.bool))


def test_the_matched_noise_level_noises_the_expected_share() -> None:
    """m of L masked: the share has the law Beta(m + 1, L - m + 1), of mean (m + 1) / (L + 2)."""
    share = 1 - math.exp(-float(matched_sigma(torch.tensor(7).numpy(), 10)))
    assert share == pytest.approx(8 / 12)
