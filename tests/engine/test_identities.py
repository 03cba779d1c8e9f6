"""Identities of the theory, to rounding: different roads to the same number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from mpmath import mp

from engine.exact.toy import ToyWorld
from engine.protocol import Noise
from engine.theory.graphs import Absorbing, Uniform
from engine.theory.leave_one_out import leave_one_out_entropy
from engine.theory.schedules import LogLinear
from engine.theory.uniform_law import noised
from tests.engine.truth import MarkovWorld, negative_log_likelihood

NOISES: tuple[Noise, ...] = ("absorb", "uniform")


def laws(count: int, size: int, seed: int = 0) -> torch.Tensor:
    """Random probabilities (count, size), some of them small."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=generator, dtype=torch.float64).mul(2).softmax(-1)


@pytest.mark.parametrize("noise", NOISES)
def test_the_integral_of_score_entropy_is_the_likelihood_of_every_sequence(noise: Noise) -> None:
    """By quadrature in log sigma over every noised sequence: to 1e-6, pointwise, with a peaked law."""
    world = ToyWorld.random(noise, 3, 3, 0.25, seed=6)
    sequences = world.sequences()
    nodes, slopes = np.polynomial.legendre.leggauss(240)
    low, high = math.log(1e-15), math.log(40.0)
    sigma = torch.from_numpy(np.exp(low + (nodes + 1) / 2 * (high - low)))
    weights = torch.from_numpy(slopes / 2 * (high - low)) * sigma
    matrix = world.transition_matrix(sigma)  # (S, V, V)
    level = sigma.repeat_interleave(len(sequences))
    everything = sequences.repeat(len(sigma), 1)
    law = world.marginal(sigma).flatten(1).flatten()
    possible = law > 0
    scores = torch.zeros(len(everything), 3, world.graph.states, dtype=torch.float64)
    scores[possible] = world.log_score(everything[possible], level[possible])
    for clean in torch.cartesian_prod(*[torch.arange(3)] * 3):
        reach = torch.stack([matrix[:, sequences[:, i], clean[i]] for i in range(3)]).prod(0).flatten()
        seen = reach > 0
        entropy = world.graph.score_entropy(
            scores[seen], level[seen], everything[seen], clean.expand(int(seen.sum()), 3)
        ).sum(-1)
        total = float((reach[seen] * entropy * weights.repeat_interleave(len(sequences))[seen]).sum())
        assert total == pytest.approx(negative_log_likelihood(world, clean), abs=1e-6)


def test_absorbing_score_entropy_is_a_weighted_cross_entropy() -> None:
    graph, p = Absorbing(5), laws(40, 5)
    sigma = torch.logspace(-4, 1, 40, dtype=torch.float64)
    log_score = torch.cat((p.log() - torch.expm1(sigma).log()[:, None], torch.zeros(40, 1)), 1)[:, None]
    clean = torch.arange(40)[:, None] % 5
    found = graph.score_entropy(log_score, sigma, torch.full((40, 1), 5), clean)[:, 0]
    expected = -p.gather(1, clean)[:, 0].log() / torch.expm1(sigma)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_scores_of_the_wrong_sum_cost_the_divergence_of_their_sum() -> None:
    """Z times too large: (Z - 1 - log Z) / (e^sigma - 1) more for each masked token, whatever the token."""
    graph, p = Absorbing(5), laws(30, 5)
    sigma, z = torch.full((30,), 0.7, dtype=torch.float64), torch.linspace(0.2, 4, 30, dtype=torch.float64)
    exact = torch.cat((p.log() - torch.expm1(sigma).log()[:, None], torch.zeros(30, 1)), 1)[:, None]
    masked, clean = torch.full((30, 1), 5), torch.arange(30)[:, None] % 5
    more = graph.score_entropy(exact + z.log()[:, None, None], sigma, masked, clean)
    less = graph.score_entropy(exact, sigma, masked, clean)
    torch.testing.assert_close((more - less)[:, 0], (z - 1 - z.log()) / torch.expm1(sigma), rtol=1e-11, atol=1e-13)


def test_uniform_score_entropy_is_the_integrand_of_the_divergence_bound() -> None:
    """With s = c / c_x: the rate of the KL divergence between reverse processes, summed over where x may go.

    r(y) = Q q(y | x0) / q(x | x0) and R(y) = Q c_y / c_x: sum_y R - r + r log(r / R) (Schiff et al., arXiv 2412.10193).
    """
    size, count = 7, 60
    graph, g = Uniform(size), laws(count, size)
    sigma = torch.logspace(-3, 1, count, dtype=torch.float64)
    x, clean = torch.arange(count) % size, torch.arange(count) * 3 % size
    c = noised(g, sigma)
    log_score = (c / c.gather(1, x[:, None])).log()[:, None]
    found = graph.score_entropy(log_score, sigma, x[:, None], clean[:, None])[:, 0]
    q = noised(torch.nn.functional.one_hot(clean, size).double(), sigma)
    true, model = (law / law.gather(1, x[:, None]) / size for law in (q, c))
    terms = (model - true + true * (true / model).log()).scatter(1, x[:, None], 0.0)
    torch.testing.assert_close(found, terms.sum(-1), rtol=1e-10, atol=1e-12)


def through_scores(logits: torch.Tensor, sigma: torch.Tensor, x: torch.Tensor, x0: torch.Tensor) -> torch.Tensor:
    """Score entropy (R,) of leave-one-out laws by way of all N scores, as the graph defines it."""
    conditional = noised(logits.softmax(-1), sigma).log()
    scores = (conditional - conditional.gather(1, x[:, None])).scatter(1, x[:, None], 0.0)
    return Uniform(logits.shape[-1]).score_entropy(scores[:, None], sigma, x[:, None], x0[:, None])[:, 0]


@pytest.mark.parametrize("states", [2, 5, 300])
def test_leave_one_out_entropy_and_its_gradient_are_those_through_the_scores(states: int) -> None:
    """More rows than are taken at once, from hardly any noise to nearly nothing else."""
    generator = torch.Generator().manual_seed(states)
    count = 150
    sigma = torch.logspace(-4, 1, count, dtype=torch.float64)
    x = torch.randint(states, (count,), generator=generator)
    x0 = torch.where(torch.arange(count) % 2 == 0, x, torch.randint(states, (count,), generator=generator))
    weight = torch.rand(count, generator=generator, dtype=torch.float64)
    found = []
    for entropy in (leave_one_out_entropy, through_scores):
        logits = laws(count, states).log().requires_grad_()
        value = entropy(logits, sigma, x, x0)
        (value * weight).sum().backward()  # type: ignore[no-untyped-call]
        found.append((value.detach(), logits.grad))
    (value, gradient), (expected, slope) = found
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient, slope, rtol=1e-9, atol=1e-9)
    with torch.no_grad():
        torch.testing.assert_close(leave_one_out_entropy(logits.detach(), sigma, x, x0), value, rtol=0, atol=0)


@pytest.mark.parametrize("before", [0.9, 0.4])
def test_under_log_linear_absorbing_noise_euler_reveals_what_tweedie_does(before: float) -> None:
    """Step times rate times the sum of scores is the exact share (lambda_t - lambda_s) / lambda_t."""
    schedule = LogLinear(1e-3)
    t, s = torch.tensor([before + 0.05], dtype=torch.float64), torch.tensor([before], dtype=torch.float64)
    high, low = schedule(t), schedule(s)
    euler = (t - s) * high.rate / torch.expm1(high.total)
    share_high, share_low = -torch.expm1(-high.total), -torch.expm1(-low.total)
    tweedie = (torch.expm1(high.total - low.total)) / torch.expm1(high.total)
    torch.testing.assert_close(euler, (share_high - share_low) / share_high, rtol=1e-12, atol=0)
    torch.testing.assert_close(tweedie, euler, rtol=1e-12, atol=0)


def test_masked_scores_sum_to_what_the_noise_demands() -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.5, seed=2)
    sigma = torch.tensor([1e-3, 0.3, 4.0], dtype=torch.float64)
    x = torch.tensor([[3, 0, 3], [3, 3, 3], [1, 3, 2]])
    sums = world.log_score(x, sigma)[..., :3].exp().sum(-1)[x == 3]
    masked_levels = sigma[:, None].expand(3, 3)[x == 3]
    torch.testing.assert_close(sums, 1 / torch.expm1(masked_levels), rtol=1e-10, atol=0)


def test_score_conditional_and_leave_one_out_law_lead_to_each_other() -> None:
    """c = s / sum s is the law of one noised token given the others, and g is c with its own noise taken off."""
    world = MarkovWorld.random("uniform", 4, 5, 0.5, seed=2)
    x = torch.randint(4, (20, 5), generator=torch.Generator().manual_seed(0))
    sigma = torch.linspace(0.05, 3, 20, dtype=torch.float64)
    c = world.log_score(x, sigma).softmax(-1)
    levels = sigma[:, None].expand(20, 5)
    torch.testing.assert_close(noised(world.leave_one_out(x, sigma), levels), c, rtol=1e-11, atol=1e-13)
    conditional = torch.stack([_conditional(world, row, level) for row, level in zip(x, sigma, strict=True)])
    torch.testing.assert_close(c, conditional, rtol=1e-9, atol=1e-12)


def _conditional(world: MarkovWorld, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """p(x_i = y | the others) (L, N) from the table of the noised law."""
    table = world.table().marginal(sigma[None])[0]
    rows = []
    for i in range(len(x)):
        row = table[tuple(slice(None) if k == i else int(token) for k, token in enumerate(x))]
        rows.append(row / row.sum())
    return torch.stack(rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("states", [2, 27, 5_000, 50_257])
def test_the_constants_of_uniform_score_entropy_match_those_of_fifty_digits(states: int, dtype: torch.dtype) -> None:
    """Scores of 1 everywhere: what is left are ratios, whose float32 forms lose all digits if written carelessly."""
    graph = Uniform(states)
    sigma = torch.logspace(-6, math.log10(30), 25, dtype=dtype)
    scores = torch.zeros(25, 1, states, dtype=dtype)
    zeros = torch.zeros(25, 1, dtype=torch.int64)
    same = graph.score_entropy(scores, sigma, zeros, zeros)[:, 0]
    moved = graph.score_entropy(scores, sigma, zeros, zeros + 1)[:, 0]
    tolerance = 2e-6 if dtype == torch.float32 else 1e-13
    with mp.workdps(50):
        for k, level in enumerate(sigma.tolist()):
            ratio = mp.expm1(level) / (mp.expm1(level) + states)
            at_home = (states - 1) * (1 + ratio * (mp.log(ratio) - 1)) / mp.mpf(states)
            away = (states - 1) / mp.mpf(states) + ((-mp.log(ratio) - 1) / ratio - (states - 2)) / states
            # Near equal ratios both are small differences of terms of size 1.
            assert float(same[k]) == pytest.approx(float(at_home), rel=tolerance, abs=tolerance)
            assert float(moved[k]) == pytest.approx(float(away), rel=tolerance, abs=3 * tolerance)
