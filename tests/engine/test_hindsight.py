"""Regret and influence against enumeration of worlds that are known exactly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch

from engine.exact.toy import ToyWorld, diffusion
from engine.protocol import FREE, Influence, Influenced, Noise, Review, Reviewed, UserError, frozen
from engine.stopping import Stopped, stoppable
from engine.theory import hindsight
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.hindsight import influence, review
from engine.theory.inspection import features_at
from engine.theory.network import NetworkConfig

VALUES, LENGTH, EXACT = 3, 4, 1e-9
LEVEL, LATER = 0.75, 0.25
"""Noise levels that a float32 has exactly: it is what networks are told."""


def world_of(noise: Noise) -> ToyWorld:
    return ToyWorld.random(noise, VALUES, LENGTH, 0.6, seed=5)


def clean_law(world: ToyWorld, given: dict[int, int], position: int) -> np.ndarray:
    """p(x_position | the given clean tokens), by adding up the table of clean sequences."""
    law = np.zeros(VALUES)
    for sequence in itertools.product(range(VALUES), repeat=LENGTH):
        if all(sequence[place] == token for place, token in given.items()):
            law[sequence[position]] += float(world.joint[sequence])
    normalised: np.ndarray = law / law.sum()
    return normalised


def noised_law(world: ToyWorld, seen: dict[int, int], position: int, sigma: float) -> np.ndarray:
    """The same, of the clean token given others that were noised by sigma: each clean text counts as often as it could
    have become what is seen."""
    kept, law = math.exp(-sigma), np.zeros(VALUES)
    for sequence in itertools.product(range(VALUES), repeat=LENGTH):
        weight = float(world.joint[sequence])
        for place, token in seen.items():
            weight *= kept * (sequence[place] == token) + (1 - kept) / VALUES
        law[sequence[position]] += weight
    normalised: np.ndarray = law / law.sum()
    return normalised


def divergence(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * np.log(one / other)).sum())


def without(tokens: Iterable[int], *places: int) -> dict[int, int]:
    return {place: token for place, token in enumerate(tokens) if token != FREE and place not in places}


def reviewed(events: Iterable[Reviewed]) -> dict[int, tuple[float, float]]:
    return {
        int(position): (float(now), float(then))
        for event in events
        for position, now, then in zip(event.positions, event.now, event.then, strict=True)
    }


def entropies(events: Iterable[Reviewed]) -> dict[int, float]:
    return {
        int(position): float(nats)
        for event in events
        for position, nats in zip(event.positions, event.entropy, strict=True)
    }


def entropy(law: np.ndarray) -> float:
    return float(-(law * np.log(law)).sum())


def influenced(events: Iterable[Influenced]) -> dict[tuple[tuple[int, int], int], float]:
    return {
        (event.word, int(position)): float(nats)
        for event in events
        for position, nats in zip(event.positions, event.nats, strict=True)
    }


def no_locks() -> np.ndarray:
    return np.zeros(LENGTH, bool)


def test_regret_under_absorbing_noise_is_the_ratio_of_conditionals_now_and_then() -> None:
    world, now = world_of("absorb"), [2, 0, 1, 1]
    states = [[FREE, FREE, 1, FREE], [2, FREE, 1, FREE]]
    asked = Review(frozen(now), no_locks(), LATER, frozen([3, 0, 1]), frozen([1, 0, 1]), frozen(states), (LEVEL, 0.5))
    events = list(review(diffusion(world), asked))
    found, open_ = reviewed(events), entropies(events)
    for position, row in ((3, 1), (0, 0), (1, 1)):
        own = now[position]
        assert found[position][0] == pytest.approx(
            math.log(clean_law(world, without(now, position), position)[own]), abs=EXACT
        )
        law = clean_law(world, without(states[row], position), position)
        assert found[position][1] == pytest.approx(math.log(law[own]), abs=EXACT)
        assert open_[position] == pytest.approx(entropy(law), abs=EXACT)


def test_a_token_that_was_redrawn_in_place_is_judged_with_the_others_in_place() -> None:
    world, now, state = world_of("absorb"), [2, 0, 1, 1], [2, 1, FREE, 1]
    asked = Review(frozen(now), no_locks(), 0.0, frozen([1, 2]), frozen([0, 0]), frozen([state]), (LEVEL,))
    found = reviewed(review(diffusion(world), asked))
    for position in (1, 2):
        then = clean_law(world, without(state, position), position)[now[position]]
        assert found[position][1] == pytest.approx(math.log(then), abs=EXACT)


@pytest.mark.parametrize("parametrisation", ["log_score", "leave_one_out"])
def test_regret_under_uniform_noise_is_the_ratio_of_leave_one_out_laws(parametrisation: str) -> None:
    world, now = world_of("uniform"), [2, 0, 1, 1]
    states = [[0, 0, 1, 2], [2, 2, 1, 0]]
    asked = Review(frozen(now), no_locks(), LATER, frozen([3, 0, 1]), frozen([1, 0, 1]), frozen(states), (LEVEL, 0.5))
    model = diffusion(world, parametrisation)  # type: ignore[arg-type]
    events = list(review(model, asked))
    assert events[-1].calls == 3  # one for each state, and one for all positions now
    found, open_ = reviewed(events), entropies(events)
    for position, row, level in ((3, 1, 0.5), (0, 0, LEVEL), (1, 1, 0.5)):
        own = now[position]
        law = noised_law(world, without(now, position), position, LATER)
        assert found[position][0] == pytest.approx(math.log(law[own]), abs=EXACT)
        law = noised_law(world, without(states[row], position), position, level)
        assert found[position][1] == pytest.approx(math.log(law[own]), abs=EXACT)
        assert open_[position] == pytest.approx(entropy(law), abs=EXACT)


def test_influence_given_the_locks_is_the_divergence_with_and_without_each() -> None:
    world, tokens = world_of("absorb"), [2, 0, FREE, 1]
    locked = np.array([True, True, False, False])
    asked = Influence(frozen(tokens), locked, LEVEL, ((0, 1), (1, 2), (0, 2)))
    events = list(influence(diffusion(world), asked))
    assert [event.calls for event in events] == [2, 3, 4]  # one a word, and one
    found = influenced(events)
    held = {0: 2, 1: 0}
    for start, stop in asked.words:
        less = {place: token for place, token in held.items() if not start <= place < stop}
        for position in (2, 3):
            expected = divergence(clean_law(world, held, position), clean_law(world, less, position))
            assert found[(start, stop), position] == pytest.approx(expected, abs=EXACT)
    assert len(found) == 6


def test_influence_in_a_text_hides_the_position_and_then_the_word_too() -> None:
    world, tokens = world_of("absorb"), [2, 0, FREE, 1]
    asked = Influence(frozen(tokens), np.array([True, False, False, False]), LEVEL, ((0, 1), (2, 4)), (1, 3), "text")
    found = influenced(influence(diffusion(world), asked))
    assert set(found) == {((0, 1), 1), ((2, 4), 1), ((0, 1), 3)}
    for (start, stop), position in found:
        with_it = clean_law(world, without(tokens, position), position)
        less = clean_law(world, without(tokens, position, *range(start, stop)), position)
        assert found[(start, stop), position] == pytest.approx(divergence(with_it, less), abs=EXACT)


@pytest.mark.parametrize("parametrisation", ["log_score", "leave_one_out"])
def test_influence_under_uniform_noise_is_that_of_a_token_which_is_not_known(parametrisation: str) -> None:
    world, tokens = world_of("uniform"), [2, 0, 1, 1]
    asked = Influence(frozen(tokens), no_locks(), LEVEL, ((0, 1), (2, 3)), draws=VALUES)
    model = diffusion(world, parametrisation)  # type: ignore[arg-type]
    found = influenced(influence(model, asked))
    assert len(found) == 2 * (LENGTH - 1)
    for (place, _), position in found:
        with_it = noised_law(world, without(tokens, position), position, LEVEL)
        less = noised_law(world, without(tokens, position, place), position, LEVEL)
        assert found[(place, place + 1), position] == pytest.approx(divergence(with_it, less), abs=EXACT)


def test_where_the_vocabulary_is_too_large_draws_come_near_the_sum() -> None:
    world, tokens = world_of("uniform"), [2, 0, 1, 1]
    model = diffusion(world)
    exact = influenced(influence(model, Influence(frozen(tokens), no_locks(), LEVEL, ((0, 1),), draws=VALUES)))
    few = Influence(frozen(tokens), no_locks(), LEVEL, ((0, 1),), draws=2, seed=1)
    assert influenced(influence(model, few)) == influenced(influence(model, few))
    means = [influenced(influence(model, replace(few, seed=seed))) for seed in range(100)]
    for key, nats in exact.items():
        near = float(np.mean([found[key] for found in means]))
        assert near == pytest.approx(nats, abs=0.25 * nats + 0.02)


def test_a_locked_word_that_a_model_is_told_of_is_dropped_as_a_lock() -> None:
    """Without the lock nothing is known of the place: not that its token is clean, nor which one it is."""
    world, tokens = world_of("uniform"), [2, 0, 1, 1]
    locked = np.array([True, True, False, False])
    asked = Influence(frozen(tokens), locked, LEVEL, ((0, 1),), draws=VALUES)
    found = influenced(influence(diffusion(world, marks_locks=True), asked))
    for position in (2, 3):
        other = 5 - position
        laws = []
        for held in ({0: 2, 1: 0}, {1: 0}):
            rest = world.condition(torch.tensor([held.get(place, -1) for place in range(LENGTH)]))
            laws.append(noised_law(rest, {other: tokens[other]}, position, LEVEL))
        assert found[(0, 1), position] == pytest.approx(divergence(*laws), abs=EXACT)


def test_closing_it_between_two_calls_ends_it() -> None:
    world, tokens = world_of("absorb"), [2, 0, 1, 1]
    model = diffusion(world)
    states = frozen([[FREE] * LENGTH])
    events = review(model, Review(frozen(tokens), no_locks(), 0.0, frozen(range(4)), frozen([0] * 4), states, (LEVEL,)))
    assert next(events).calls == 1
    assert next(events).calls == 2
    assert isinstance(events, Generator)
    events.close()
    assert not list(events)


def test_what_there_is_more_of_is_answered_in_its_order() -> None:
    model, tokens, words = diffusion(world_of("absorb")), frozen([2, 0, 1, 1]), ((3, 4), (0, 1), (2, 3))
    few = Influence(tokens, no_locks(), 0.0, words, (1,), "text")
    events = list(influence(model, few))
    assert [event.word for event in events] == list(words)
    assert [event.calls for event in events] == [2, 3, 4]
    many = Influence(tokens, no_locks(), 0.0, words[:1], (1, 2, 0), "text")
    assert [event.positions.tolist() for event in influence(model, many)] == [[1], [2], [0]]
    both = Influence(tokens, no_locks(), 0.0, words, (1, 0), "text")
    turned = replace(both, words=words[:1], positions=(1, 0))
    found, alone = influenced(influence(model, both)), influenced(influence(model, turned))
    assert {key: found[key] for key in alone} == alone


def test_calls_under_uniform_noise_are_told_one_by_one() -> None:
    asked = Influence(frozen([2, 0, 1, 1]), no_locks(), LEVEL, ((0, 1), (2, 3)), draws=VALUES)
    events = list(influence(diffusion(world_of("uniform")), asked))
    assert max(np.diff([event.calls for event in events])) <= 2
    assert {event.of for event in events if len(event.positions)} == {1 + 2 * (1 + VALUES)}


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
@pytest.mark.parametrize("given", ["locks", "text"])
def test_it_ends_within_the_call_in_which_it_is_stopped(
    noise: Noise, given: Literal["locks", "text"], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = Diffusion(DiffusionConfig(NetworkConfig(10, length=12, hidden=16, blocks=2, heads=2, cond_dim=8), noise))
    made = 0

    def count(*values: Any) -> Any:
        nonlocal made
        made += 1
        return features_at(*values)

    monkeypatch.setattr(hindsight, "features_at", count)
    locked = np.arange(12) < 6
    words = tuple((place, place + 1) for place in range(6))
    positions = () if given == "locks" else tuple(range(6, 12))
    asked = Influence(frozen(np.arange(12) % 9), locked, 0.5, words, positions, given, draws=4)
    with stoppable(lambda: made >= 3), pytest.raises(Stopped):
        list(influence(model, asked))
    assert made == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Influence(frozen([0, 1, 2, 0]), no_locks(), 0.5, ((3, 5),)), "no positions 3 to 4"),
        (Influence(frozen([0, 1, 2, 0]), no_locks(), 0.5, ((0, 1),), (1, 1)), "twice"),
        (Influence(frozen([0, 1, 2, 0]), no_locks(), 0.5, ((0, 1),), (9,)), "no such positions"),
        (Influence(frozen([0, 1, 9, 0]), no_locks(), 0.5, ((0, 1),)), "vocabulary"),
        (Influence(frozen([0, 1, 2, 0]), ~no_locks(), 0.5, ((0, 1),), (1,)), "locked position"),
        (Influence(frozen([0, 1, 2, 0]), ~no_locks(), 0.5, ((0, 1),)), "unlock some"),
        (Review(frozen([0, FREE, 2, 0]), no_locks(), 0.5, frozen([1]), frozen([0]), frozen([[0] * 4]), (1.0,)), "mask"),
        (Review(frozen([0, 1, 2, 0]), no_locks(), 0.5, frozen([1]), frozen([1]), frozen([[0] * 4]), (1.0,)), "which"),
        (Review(frozen([0, 1, 2, 0]), no_locks(), 0.5, frozen([1]), frozen([0]), frozen([[0] * 3]), (1.0,)), "size"),
    ],
)
def test_what_cannot_be_asked_is_answered_in_a_sentence(asked: Influence | Review, said: str) -> None:
    model = diffusion(world_of("absorb"))
    with pytest.raises(UserError, match=said):
        list(influence(model, asked) if isinstance(asked, Influence) else review(model, asked))


def test_under_uniform_noise_a_word_of_several_tokens_is_refused() -> None:
    asked = Influence(frozen([0, 1, 2, 0]), no_locks(), 0.5, ((0, 2),))
    with pytest.raises(UserError, match="single tokens"):
        list(influence(diffusion(world_of("uniform")), asked))
