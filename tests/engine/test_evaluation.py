"""Measures of generated texts against values worked out by hand."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from engine.language.quality import (
    agreement,
    distinct,
    mauve,
    measure,
    perplexity_by_text,
    perplexity_by_token,
    self_bleu,
    unigram_entropy,
)
from engine.protocol import UserError

NATS = [np.array([1.0, 3.0]), np.array([0.5, 0.5, 0.5, 0.5])]


def test_the_two_perplexities_average_in_different_places() -> None:
    assert perplexity_by_token(NATS).value == pytest.approx(math.exp(6 / 6))
    assert perplexity_by_text(NATS).value == pytest.approx((math.exp(2) + math.exp(0.5)) / 2)
    same = [np.array([2.0, 2.0])] * 5
    assert (
        perplexity_by_token(same).value == pytest.approx(perplexity_by_text(same).value) == pytest.approx(math.exp(2))
    )
    assert perplexity_by_token(same).error == pytest.approx(0)


def test_the_error_of_a_perplexity_is_its_spread_over_repeats() -> None:
    generator = np.random.default_rng(0)

    def texts() -> list[np.ndarray]:
        return [generator.normal(3 + generator.normal(0, 0.3), 1, 20) for _ in range(60)]

    for definition in (perplexity_by_token, perplexity_by_text):
        drawn = [definition(texts()) for _ in range(300)]
        spread = np.std([estimate.value for estimate in drawn])
        assert np.mean([estimate.error for estimate in drawn]) == pytest.approx(spread, rel=0.12)


def test_entropy_is_that_of_the_tokens_of_one_text() -> None:
    assert unigram_entropy(np.array([3, 3, 3, 3])) == 0
    assert unigram_entropy(np.arange(8)) == pytest.approx(math.log(8))
    assert unigram_entropy(np.array([1, 1, 2, 2])) == pytest.approx(math.log(2))


def test_distinct_grams_are_counted_over_all_texts_and_not_across_them() -> None:
    tokens = np.array([[1, 2, 1, 2], [1, 2, 3, 4]])
    assert distinct(tokens, 2) == pytest.approx(4 / 6)  # 12, 21, 23, 34 of 12 21 12 12 23 34
    assert distinct(tokens, 4) == 1
    assert math.isnan(distinct(tokens, 5))


def test_texts_are_alike_by_the_grams_that_others_have() -> None:
    """1 2 3 4 5 beside 1 2 3 9 9: 3 of 5 tokens, 2 of 4 pairs, 1 of 3 triples and, as the least, 1 of 2 fours."""
    first, second = np.array([1, 2, 3, 4, 5]), np.array([1, 2, 3, 9, 9])
    expected = (3 / 5 * 2 / 4 * 1 / 3 * 1 / 2) ** 0.25
    assert self_bleu(np.stack((first, second))) == pytest.approx(expected)
    # 9 stands twice in the second text and once in the third, which has nothing else of the others.
    third = np.array([9, 8, 7, 6, 0])
    others = (1 / 5 * 1 / 4 * 1 / 3 * 1 / 2) ** 0.25
    second_of_three = (4 / 5 * 2 / 4 * 1 / 3 * 1 / 2) ** 0.25
    assert self_bleu(np.stack((first, second, third))) == pytest.approx((expected + second_of_three + others) / 3)
    assert self_bleu(np.stack((first, first))) == pytest.approx(1)
    assert math.isnan(self_bleu(first[None]))


def test_agreement_is_counted_text_by_text_and_beside_that_of_others() -> None:
    first, second = np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), np.array([[1, 2, 0, 0], [5, 6, 7, 4]])
    assert agreement(first, second) == (5 / 8, 1 / 8)


def test_texts_without_tokens_do_not_count_for_a_judge() -> None:
    quality = measure(np.array([[1, 2], [3, 4]]), [np.array([]), np.array([1.0])])
    assert quality.by_text is not None
    assert quality.by_text.value == pytest.approx(math.e)
    assert math.isnan(quality.by_text.error)
    assert measure(np.array([[1, 2]])).by_token is None


def test_mauve_without_its_library_is_answered_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mauve", None)
    with pytest.raises(UserError, match=r'pip install "sedd-studio\[mauve\]"'):
        mauve(np.zeros((4, 2)), np.zeros((4, 2)))
