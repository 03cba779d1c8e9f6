"""`second-look`: what does not fit is drawn anew, all else stays."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law, total_variation
from engine.exact.toy import ToyWorld, diffusion
from engine.language.automata import DEAD, Automaton
from engine.language.patterns import Pattern
from engine.protocol import FREE
from engine.samplers import sampler_named
from engine.samplers.draws import Flags
from engine.samplers.law import Law
from engine.samplers.loop import Plan, run_chain
from engine.samplers.second_look import FEWEST, LEAST, PARTS, SecondLook
from engine.samplers.surest import Surest
from engine.theory.conditioning import Locks
from engine.theory.graphs import GRAPHS
from tests.engine.chains import final, free, tiny
from tests.engine.truth import MarkovWorld

LENGTH = 40
STICKY = MarkovWorld(
    torch.tensor([0.5, 0.5], dtype=torch.float64),
    torch.tensor([[0.99, 0.01], [0.01, 0.99]], dtype=torch.float64),
    LENGTH,
    GRAPHS["absorb"](2),
)
"""A text in which a token is nearly always that of its neighbours."""
MARKOV = MarkovWorld.random("absorb", 4, LENGTH, 0.5, seed=3)
FREE_TEXT = Locks.of(np.full(LENGTH, FREE), 4, LENGTH)
DIFFER = Pattern(Automaton.of(np.where(np.eye(5, 4, -1), DEAD, np.arange(1, 5)), np.ones(5, np.bool_)))
"""No equal neighbours: the state is the last token."""


@pytest.mark.parametrize(
    ("law", "odd"),
    [
        ([[0.5, 0.5]] * 2, [False, False]),
        ([[0.97, 0.03]] * 2, [False, True]),  # surprises of 0.03 and 3.5 nats where 0.13 are expected
        ([[1.0, 0.0]] * 2, [False, True]),
        ([[2.0, 2.0]] * 2, [False, False]),  # weights, not probabilities
    ],
)
def test_a_token_is_odd_if_it_surprises_more_than_one_that_is_drawn(law: list[list[float]], odd: list[bool]) -> None:
    weights = torch.tensor(law)
    assert SecondLook().odd(Law(weights, weights, weights), np.array([0, 1])).tolist() == odd
    assert not SecondLook(surprise=1000.0).odd(Law(weights, weights, weights), np.array([0, 0])).any()


def test_looks_that_see_every_token_once_mend_the_one_that_does_not_fit_and_leave_the_others() -> None:
    text = np.zeros((1, LENGTH), np.int64)
    text[0, 17] = 1
    steps = 2 * LEAST
    plan = Plan(Locks.of(np.full(LENGTH, FREE), 2, LENGTH), steps=steps, start=text, first=steps - PARTS + 1)
    seen = list(run_chain(diffusion(STICKY, geometric=False), SecondLook(), plan, seed=0))
    assert not seen[-1].tokens.any()
    assert all(not np.delete(state.tokens[0], 17).any() for state in seen)
    assert int(seen[-1].calls[0]) == PARTS


def test_what_is_locked_stays_however_odd_it_is() -> None:
    given = np.full(LENGTH, FREE)
    given[17] = 1
    text = np.zeros((1, LENGTH), np.int64)
    text[0, 17] = 1
    steps = 2 * LEAST
    plan = Plan(Locks.of(given, 2, LENGTH), steps=steps, start=text, first=LEAST + 1)
    *_, last = run_chain(diffusion(STICKY, geometric=False), SecondLook(), plan, seed=0)
    assert last.tokens[0, 17] == 1


def test_what_was_masked_again_late_in_a_run_is_filled_to_the_end() -> None:
    text = np.full((1, LENGTH), 2)
    text[0, ::2] = 0
    for first in (LEAST + 1, 2 * LEAST):
        plan = Plan(Locks.of(np.full(LENGTH, FREE), 2, LENGTH), steps=2 * LEAST, start=text, first=first)
        *_, last = run_chain(diffusion(STICKY, geometric=False), SecondLook(), plan, seed=0)
        assert (last.tokens < 2).all()


def test_few_steps_only_fill() -> None:
    model = tiny()
    for steps in (1, 5, LEAST):
        looked, filled = (
            final(model, free(16), steps=steps, sampler=name, seed=3) for name in ("second-look", "surest")
        )
        assert np.array_equal(looked, filled)


def test_it_is_biased_and_near_the_truth_where_the_network_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = ToyWorld.random("absorb", 3, 3, 0.5, seed=7)
    found = []
    for least in (LEAST, 2):
        monkeypatch.setattr("engine.samplers.second_look.LEAST", least)
        law = exact_law(diffusion(toy), sampler_named("second-look", "absorb"), 8, np.full(3, FREE))
        found.append(total_variation(law, toy.joint))
    assert found[0] < 1e-12, "it only fills"
    assert 0.005 < found[1] < 0.25


@pytest.mark.parametrize("pattern", [None, DIFFER])
def test_a_text_keeps_to_its_pattern_though_it_is_mended(pattern: Pattern | None) -> None:
    oracle, steps, mended = diffusion(MARKOV, geometric=False), 40, 0
    for seed in range(3):
        plan = Plan(FREE_TEXT, steps=steps, pattern=pattern)
        seen = list(run_chain(oracle, SecondLook(surprise=0.0), plan, seed))
        before = next(state for state in seen if (state.tokens < 4).all())
        mended += int((seen[-1].tokens != before.tokens).sum())
        assert seen[-1].calls[0] <= (steps if pattern is None else 3 * steps // 2)
        assert pattern is None or (np.diff(seen[-1].tokens) != 0).all()
        assert np.isnan(seen[-1].log_weight).all() == (pattern is not None)
    assert mended


def test_short_gaps_are_only_filled() -> None:
    given = np.full(40, 1)
    given[3 : 3 + LEAST] = FREE
    oracle = diffusion(STICKY, geometric=False)
    plan = Plan(Locks.of(given, 2, LENGTH), steps=64, samples=2)
    ends = [list(run_chain(oracle, solver, plan, seed=3))[-1] for solver in (SecondLook(0.0), Surest())]
    assert np.array_equal(ends[0].tokens, ends[1].tokens)
    assert (ends[0].calls == ends[1].calls).all()


def test_a_run_that_goes_on_from_its_midst_comes_out_as_it_would_have() -> None:
    oracle = diffusion(MARKOV, geometric=False)
    whole = list(run_chain(oracle, SecondLook(surprise=0.0), Plan(FREE_TEXT, steps=48), seed=2))
    changed = sum(bool((one.tokens != other.tokens).any()) for one, other in pairwise(whole[24:]))
    assert changed > 2, "something is mended"
    for first in (20, 27, 36, 44):
        plan = Plan(FREE_TEXT, steps=48, start=whole[first - 1].tokens, first=first)
        *_, last = run_chain(oracle, SecondLook(surprise=0.0), plan, seed=2)
        assert np.array_equal(last.tokens, whole[-1].tokens)


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("steps", [17, 32, 64])
def test_a_look_hides_a_part_of_what_is_free_wherever_that_stands(
    first: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[int] = []
    laws = SecondLook.odd

    def noted(self: SecondLook, law: Law, tokens: np.ndarray) -> Flags:
        hidden.append(len(tokens))
        return laws(self, law, tokens)

    monkeypatch.setattr(SecondLook, "odd", noted)
    given = np.ones(8 * (LEAST + 4), np.int64)
    given[first::8] = FREE
    world = MarkovWorld(STICKY.initial, STICKY.step, len(given), GRAPHS["absorb"](2))
    plan = Plan(Locks.of(given, 2, len(given)), steps=steps)
    list(run_chain(diffusion(world, geometric=False), SecondLook(), plan, seed=0))
    looks = steps - max(steps // 2, LEAST)
    assert len(hidden) == looks
    assert max(hidden) <= -(-(LEAST + 4) // min(PARTS, max(looks, FEWEST)))


@pytest.mark.parametrize("steps", [33, 39, 40])
def test_it_costs_what_the_table_says_even_if_each_look_finds_something(steps: int) -> None:
    class Finds(SecondLook):
        def odd(self, law: Law, tokens: np.ndarray) -> Flags:
            flags: Flags = np.arange(len(tokens)) % 2 == 0
            return flags

    for pattern in (None, DIFFER):
        *_, last = run_chain(diffusion(MARKOV, geometric=False), Finds(), Plan(FREE_TEXT, 1, steps, pattern=pattern), 2)
        assert last.calls[0] == (steps if pattern is None else steps + steps // 2)


def test_samples_that_share_calls_ask_no_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.samplers.loop.batches", lambda samples, device: [range(samples)])
    plan = Plan(FREE_TEXT, steps=48, samples=6)
    *_, last = run_chain(diffusion(MARKOV, geometric=False), SecondLook(surprise=0.0), plan, seed=2)
    assert (last.calls <= 48).all()


def test_a_sample_does_not_depend_on_its_company() -> None:
    oracle = diffusion(MARKOV, geometric=False)
    together, alone = (
        [
            list(run_chain(oracle, SecondLook(), Plan(FREE_TEXT, samples, 24), seed=5, first_sample=first))[-1].tokens
            for samples, first in asked
        ]
        for asked in (((2, 0),), ((1, 0), (1, 1)))
    )
    assert np.array_equal(together[0], np.concatenate(alone))
