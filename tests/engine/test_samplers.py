"""Every sampler against the truth on worlds that are known exactly.

Laws are computed by following every choice that the sampling code can make, so there is no sampling noise; the one
sampler in continuous time, uniformization, is sampled and compared within a stated interval.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law, expected_distance, sampled_law, total_variation
from engine.exact.toy import ToyWorld, diffusion
from engine.protocol import FREE, Noise, UserError
from engine.protocol.sampler_table import SAMPLERS, default_sampler
from engine.samplers import sampler_named
from engine.samplers.draws import Clocks, Rows
from engine.samplers.loop import Plan, run_chain
from engine.samplers.surest import spread_out
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Spacing, grid
from engine.theory.randomness import Streams
from engine.theory.schedules import Geometric, LogLinear, Schedule
from tests.engine.truth import MarkovWorld, negative_log_likelihood

PEAKED, SMOOTH = 0.5, 20.0
CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises]
INFO = {row.name: row for row in SAMPLERS}


def world(noise: Noise, concentration: float) -> ToyWorld:
    """Three states and two positions for uniform noise, where every position can move in every step."""
    return ToyWorld.random(noise, 3, 3 if noise == "absorb" else 2, concentration, seed=7)


def model(toy: ToyWorld) -> Diffusion:
    return diffusion(toy, geometric=toy.graph.mask is None)


def error(name: str, toy: ToyWorld, steps: int, options: tuple[tuple[str, float], ...] = ()) -> float:
    noise: Noise = "uniform" if toy.graph.mask is None else "absorb"
    free = np.full(toy.length, FREE)
    return total_variation(exact_law(model(toy), sampler_named(name, noise, options), steps, free), toy.joint)


ORDER_ONE = [
    (name, noise) for name, noise in CLAIMS if INFO[name].order == 1 and not INFO[name].exact and name != "gibbs"
]


@pytest.mark.parametrize(("name", "noise"), ORDER_ONE)
def test_the_error_of_samplers_of_order_one_halves_when_steps_double(name: str, noise: Noise) -> None:
    toy = ToyWorld.random(noise, 2, 2, PEAKED, seed=7)
    errors = [error(name, toy, steps) for steps in (32, 64)]
    assert 1.7 < errors[0] / errors[1] < 2.6
    assert errors[1] < 0.02


def test_trapezoidal_steps_are_of_order_two_on_smooth_data_under_absorbing_noise() -> None:
    toy = world("absorb", SMOOTH)
    errors = [error("trapezoidal", toy, steps) for steps in (2, 4)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_trapezoidal_steps_are_of_order_two_on_smooth_data_under_uniform_noise() -> None:
    toy = ToyWorld.random("uniform", 2, 2, SMOOTH, seed=7)
    errors = [error("trapezoidal", toy, steps) for steps in (16, 32)]
    assert errors[0] / errors[1] > 3.5


def test_trapezoidal_steps_beat_tweedie_at_equal_calls_on_peaked_data_too() -> None:
    for noise, few in (("absorb", 4), ("uniform", 8)):
        toy = ToyWorld.random(noise, 2, 2, PEAKED, seed=7)  # type: ignore[arg-type]
        assert error("trapezoidal", toy, few) < 0.8 * error("tweedie", toy, 2 * few)


@pytest.mark.parametrize("name", ["subset", "surest", "entropy-bounded"])
def test_one_position_a_step_chosen_without_looking_at_its_token_is_exact(name: str) -> None:
    options = (("gamma", 0.0),) if name == "entropy-bounded" else ()
    toy = world("absorb", PEAKED)
    assert error(name, toy, 3, options) < 1e-12
    assert error(name, toy, 7, options) < 1e-12  # more steps than tokens
    assert error(name, toy, 2, options) > 1e-3  # two at once are not independent


@pytest.mark.parametrize("steps", [3, 5])
@pytest.mark.parametrize(
    ("spacing", "geometric"), [("time", True), ("sigma", True), ("cosine", False), ("sigma", False)]
)
@pytest.mark.parametrize("name", ["subset", "surest"])
def test_a_step_for_each_token_is_exact_whatever_the_schedule(
    name: str, spacing: Spacing, geometric: bool, steps: int
) -> None:
    toy = world("absorb", PEAKED)
    oracle = diffusion(toy, geometric=geometric)
    law = exact_law(oracle, sampler_named(name, "absorb"), steps, np.full(3, FREE), spacing=spacing)
    assert total_variation(law, toy.joint) < 1e-12


@pytest.mark.parametrize("spacing", ["time", "sigma", "cosine"])
@pytest.mark.parametrize(("tokens", "steps"), [(5, 5), (3, 64), (7, 9)])
@pytest.mark.parametrize("schedule", [LogLinear(), Geometric()])
def test_with_a_step_for_each_token_one_is_revealed_at_a_time(
    schedule: Schedule, tokens: int, steps: int, spacing: Spacing
) -> None:
    left = tokens
    for step in grid(schedule, steps, spacing):
        revealed = int(step.quota(np.array(left)))
        assert revealed in (0, 1)
        left -= revealed
    assert left == 0


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_tokens_that_are_revealed_together_cost_less_far_from_each_other(seed: int) -> None:
    """Of five tokens of a Markov chain the first, third and last leave the others independent of each other."""
    toy = MarkovWorld.random("absorb", 2, 5, 1.0, seed).table()
    together, apart = (error("surest", toy, 2, (("spread", spread),)) for spread in (0.0, 20.0))
    assert apart < error("subset", toy, 2) < together


def test_positions_are_chosen_one_after_the_other_by_entropy_and_distance() -> None:
    entropy, position = np.array([0.5, 0.1, 0.2, 0.4]), np.array([2, 3, 4, 13])
    assert spread_out(entropy, position, 3, spread=0.0).tolist() == [1, 2, 3]
    # Beside position 3: 0.5 + 2, 0.2 + 2, and ten places away 0.4 + 2 / 10. Then position 4, as far from 13 as from 3.
    assert spread_out(entropy, position, 3, spread=2.0).tolist() == [1, 3, 2]
    assert spread_out(entropy, position, 9, spread=2.0).tolist() == [1, 3, 2, 0]


def test_the_order_is_that_of_the_network_whatever_the_temperature() -> None:
    """At temperature 0 no drawn law has any entropy; the bound and the order go by the network's own."""
    peaked = model(world("absorb", PEAKED))
    free = Locks(torch.full((3,), FREE), torch.zeros(3, dtype=torch.bool))
    for name in ("surest", "entropy-bounded"):
        masked = []
        for temperature in (0.0, 1.0):
            plan = Plan(free, steps=3, shaping=Shaping(temperature))
            after_one = list(run_chain(peaked, sampler_named(name, "absorb"), plan, seed=0))[1]
            masked.append([[token == peaked.graph.mask for token in row] for row in after_one.tokens.tolist()])
        assert masked[0] == masked[1]
        assert sum(masked[0][0]) == 2


@pytest.mark.parametrize(("tokens", "steps"), [(24, 64), (24, 24), (100, 30), (300, 128), (3, 64), (64, 1)])
def test_subsets_are_spread_evenly_over_the_steps(tokens: int, steps: int) -> None:
    left, share = tokens, tokens / steps
    for step in grid(LogLinear(), steps):
        revealed = int(step.quota(np.array(left)))
        assert revealed in (math.floor(share - 1e-9), math.floor(share), math.ceil(share))
        left -= revealed
        assert abs(left - tokens * (1 - step.number / steps)) < 2
    assert left == 0


def test_first_hitting_is_exact_whatever_the_number_of_frames() -> None:
    toy = ToyWorld.random("absorb", 3, 2, PEAKED, seed=7)
    assert all(error("first-hitting", toy, steps) < 1e-12 for steps in (1, 3))


def test_fewer_steps_cost_the_entropy_bounded_sampler_what_gamma_allows_and_no_more() -> None:
    """The divergence of a law from the product of its parts is at most gamma for each step."""
    toy = ToyWorld.random("absorb", 3, 2, PEAKED, seed=7)
    free = np.full(2, FREE)
    for gamma in (0.05, 0.3, 5.0):
        law = exact_law(model(toy), sampler_named("entropy-bounded", "absorb", (("gamma", gamma),)), 2, free)[:3, :3]
        divergence = float((toy.joint * (toy.joint / law).log()).sum())
        assert divergence <= gamma + 1e-9


def test_confidence_order_stays_biased_with_a_step_for_every_token() -> None:
    toy = world("absorb", PEAKED)
    assert error("confidence", toy, 3) > 0.2
    assert error("confidence", toy, 9) == pytest.approx(error("confidence", toy, 3), abs=1e-9)
    assert INFO["confidence"].biased


def test_the_gibbs_corrector_pulls_the_law_towards_the_truth() -> None:
    toy = ToyWorld.random("uniform", 2, 2, PEAKED, seed=7)
    errors = [error("gibbs", toy, 6, (("corrections", count),)) for count in (0, 1, 2)]
    assert errors[0] == pytest.approx(error("tweedie", toy, 6), abs=1e-12)
    assert max(errors[1:]) < errors[0] / 1000


def test_the_gibbs_corrector_mends_steps_that_reveal_several_tokens_and_leaves_exact_ones_exact() -> None:
    toy = ToyWorld.random("absorb", 2, 3, PEAKED, seed=3)
    errors = [error("gibbs", toy, 1, (("corrections", count),)) for count in (0, 1, 3)]
    assert errors[0] == pytest.approx(error("subset", toy, 1), abs=1e-12)
    assert errors[0] > 1.5 * errors[1] > 3 * errors[2] > 0
    assert error("gibbs", toy, 3, (("corrections", 2),)) < 1e-12


def test_sweeps_at_the_end_mend_and_leave_exact_laws_exact() -> None:
    toy = ToyWorld.random("absorb", 2, 3, PEAKED, seed=7)
    errors = [error("gibbs", toy, 1, (("corrections", 0), ("sweeps", count))) for count in (0, 1)]
    assert errors[0] > 10 * errors[1] > 0
    smaller = ToyWorld.random("absorb", 2, 2, PEAKED, seed=7)
    assert error("gibbs", smaller, 2, (("corrections", 0), ("sweeps", 1))) < 1e-12


def test_every_token_is_drawn_anew_as_often_as_any_other() -> None:
    streams = Streams(seed=3, count=1, length=6)
    draws = Clocks(streams, (1, 6), stays=True)
    rows = Rows.where(np.ones((1, 6), np.bool_))
    first = np.bincount([int(draws.shuffle(rows)[0]) for _ in range(1200)], minlength=6)
    assert (abs(first - 200) < 5 * (1200 * 5 / 36) ** 0.5).all()
    assert np.array_equal(draws.order(rows), draws.order(rows))


def test_remasking_at_rate_zero_is_tweedie() -> None:
    toy = ToyWorld.random("absorb", 3, 2, PEAKED, seed=7)
    assert error("remask", toy, 4, (("rate", 0.0),)) == pytest.approx(error("tweedie", toy, 4), abs=1e-12)


@pytest.mark.parametrize("rate", [10.0, 50.0])
def test_tokens_are_masked_again_in_at_most_every_step(rate: float) -> None:
    """A larger chance than 1 would give branches of more than all the mass, and a clock that is no number."""
    toy, free = ToyWorld.random("absorb", 2, 2, PEAKED, seed=7), np.full(2, FREE)
    most, asked = (sampler_named("remask", "absorb", (("rate", value),)) for value in (4.0, rate))
    torch.testing.assert_close(exact_law(model(toy), asked, 4, free), exact_law(model(toy), most, 4, free))
    plan = Plan(Locks.of(free, 2, 2), samples=100, steps=4)
    runs = [list(run_chain(model(toy), sampler, plan, seed=3)) for sampler in (asked, most)]
    assert all((a.tokens == b.tokens).all() for a, b in zip(*runs, strict=True))


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_published_analytic_steps_are_tweedie_steps_when_scores_are_true(noise: Noise) -> None:
    toy = ToyWorld.random(noise, 3, 2, PEAKED, seed=7)
    free = np.full(2, FREE)
    laws = [exact_law(model(toy), sampler_named(name, noise), 3, free) for name in ("analytic", "tweedie")]
    torch.testing.assert_close(laws[0], laws[1], atol=1e-7, rtol=0)  # at sigma = 20 digits cancel


def test_published_euler_and_analytic_steps_are_the_same_under_log_linear_absorbing_noise() -> None:
    toy = ToyWorld.random("absorb", 3, 2, PEAKED, seed=7)
    free = np.full(2, FREE)
    laws = [exact_law(model(toy), sampler_named(name, "absorb"), 3, free) for name in ("analytic", "euler")]
    torch.testing.assert_close(laws[0], laws[1], atol=1e-12, rtol=0)


def test_uniformization_is_within_sampling_error_of_the_truth() -> None:
    toy, samples = ToyWorld.random("uniform", 2, 2, PEAKED, seed=7), 20_000
    plan = Plan(Locks.of(np.full(2, FREE), 2, 2), samples, steps=3)
    law = sampled_law(model(toy), sampler_named("uniformization", "uniform"), plan, seed=5)
    mean, deviation = expected_distance(toy.joint, samples)
    assert total_variation(law, toy.joint) < mean + 4 * deviation
    expected = toy.joint * samples
    chi_squared = float(((law * samples - expected) ** 2 / expected).sum())
    assert chi_squared < 21.1  # 3 degrees of freedom, 1 in 10,000


def test_uniformization_makes_as_many_calls_as_theory_says() -> None:
    """L (w_max - w_min) candidates are expected, w = log(e^sigma - 1)."""
    chain_world = MarkovWorld.random("uniform", 3, 6, 1.0, seed=1)
    plan = Plan(Locks.of(np.full(6, FREE), 3, 6), samples=12, steps=5)
    oracle = diffusion(chain_world, geometric=True)
    *_, last = run_chain(oracle, sampler_named("uniformization", "uniform"), plan, seed=0)
    expected = 6 * (20 - np.log(np.expm1(1e-5)))
    assert abs(last.calls.mean() - expected) < 4 * (expected / 12) ** 0.5 + 1  # and the last step


@pytest.mark.parametrize(("name", "noise"), CLAIMS)
def test_every_claim_of_the_table_runs_on_data_of_some_length(name: str, noise: Noise) -> None:
    """A Markov chain of 12 tokens: the texts are as probable as texts of the chain itself, but for biased orders."""
    chain_world = MarkovWorld.random(noise, 4, 12, 0.3, seed=3)
    plan = Plan(Locks.of(np.full(12, FREE), 4, 12), samples=16, steps=24)
    oracle = diffusion(chain_world, geometric=noise == "uniform")
    *_, last = run_chain(oracle, sampler_named(name, noise), plan, seed=1)
    assert last.tokens.max() < 4
    made = [negative_log_likelihood(chain_world, row) for row in torch.from_numpy(last.tokens)]
    true = [
        negative_log_likelihood(chain_world, row) for row in chain_world.sample(400, torch.Generator().manual_seed(0))
    ]
    spread = np.std(true) / 16**0.5
    assert np.mean(made) < np.mean(true) + 5 * spread
    assert INFO[name].biased or np.mean(made) > np.mean(true) - 4 * spread


def test_every_sampler_of_the_table_has_a_solver_for_each_noise_that_it_claims() -> None:
    for row in SAMPLERS:
        for noise in row.noises:
            defaults = tuple((option.name, option.default) for option in row.options)
            assert sampler_named(row.name, noise, defaults) == sampler_named(row.name, noise) or not row.options
            assert all(option.low <= option.default <= option.high for option in row.options)


def test_the_default_sampler_is_the_best_at_few_calls() -> None:
    toy = world("absorb", PEAKED)
    assert default_sampler("absorb") == "surest"
    assert error("surest", toy, 2) < error("tweedie", toy, 2)
    assert default_sampler("uniform") == "tweedie"
    uniform = world("uniform", PEAKED)
    assert error("tweedie", uniform, 4) < min(error("tau-leaping", uniform, 4), error("trapezoidal", uniform, 2))


def test_an_unknown_sampler_or_option_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"not known.*surest, subset"):
        sampler_named("magic", "absorb")
    with pytest.raises(UserError, match="not for uniform"):
        sampler_named("subset", "uniform")
    with pytest.raises(UserError, match="it has: theta"):
        sampler_named("trapezoidal", "uniform", (("gamma", 1.0),))
    with pytest.raises(UserError, match="it has: none"):
        sampler_named("tweedie", "uniform", (("gamma", 1.0),))
    for name, option, value in itertools.chain(
        [
            ("trapezoidal", "theta", 1.5),
            ("remask", "rate", -1.0),
            ("entropy-bounded", "gamma", -1.0),
            ("surest", "spread", -1.0),
        ]
    ):
        with pytest.raises(UserError, match="must be a number from"):
            sampler_named(name, "absorb", ((option, value),))
