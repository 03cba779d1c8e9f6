"""The noising chains against the matrix exponential and high-precision arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.exact.toy import ToyWorld
from engine.protocol import FREE, Noise
from engine.protocol.noises import NOISE_KINDS
from engine.samplers.chain import CHAINS
from engine.theory.diffusion import GRAPH_OF, READINGS, DiffusionConfig
from engine.theory.graphs import GRAPHS, Graph, reverse_rate
from engine.theory.network import NetworkConfig


def level(sigma: float) -> torch.Tensor:
    return torch.tensor([sigma], dtype=torch.float64)


NOISES: list[Noise] = ["absorb", "uniform"]


@pytest.mark.parametrize("noise", READINGS)
def test_what_is_told_of_a_noise_is_what_its_graph_and_its_chains_do(noise: Noise) -> None:
    sizes = NetworkConfig(6, length=4, hidden=8, blocks=1, heads=1)
    graph, kind = GRAPH_OF[noise](DiffusionConfig(sizes, noise, p_uniform=0.2)), NOISE_KINDS[noise]
    assert (kind.hides, kind.stays) == (graph.mask is not None, CHAINS[noise].stays)
    states = np.arange(graph.states)
    tokens = graph.tokens_of(states)
    assert (tokens[: graph.vocabulary] == states[: graph.vocabulary]).all()
    assert (tokens == FREE).any() == kind.hides
    np.testing.assert_array_equal(graph.states_of(tokens, "there is no mask"), states)


def generator_matrix(graph: Graph) -> Tensor:
    """Q (V, V), column x the rates out of x."""
    return graph.rate(torch.arange(graph.states)[None], torch.float64)[0].T


@pytest.mark.parametrize("noise", NOISES)
def test_rates_out_of_a_state_sum_to_zero(noise: Noise) -> None:
    matrix = generator_matrix(GRAPHS[noise](5))
    torch.testing.assert_close(matrix.sum(0), torch.zeros(len(matrix), dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("noise", NOISES)
def test_row_rates_are_the_transpose_of_column_rates(noise: Noise) -> None:
    graph = GRAPHS[noise](5)
    rows = graph.transp_rate(torch.arange(graph.states)[None])[0].double()
    torch.testing.assert_close(rows, generator_matrix(graph), atol=1e-6, rtol=0)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("sigma", [1e-4, 0.3, 2.0, 12.0])
def test_transitions_are_the_matrix_exponential_of_the_rates(noise: Noise, sigma: float) -> None:
    graph = GRAPHS[noise](5)
    states, level = torch.arange(graph.states)[None], torch.tensor([sigma], dtype=torch.float64)
    exact = torch.linalg.matrix_exp(sigma * generator_matrix(graph))
    torch.testing.assert_close(graph.transition(states, level)[0].T, exact, atol=1e-7, rtol=1e-6)
    torch.testing.assert_close(graph.transp_transition(states, level)[0], exact, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("noise", NOISES)
def test_noise_in_two_steps_is_noise_in_one(noise: Noise) -> None:
    world = ToyWorld.random(noise, 4, 1, 1.0, seed=0)
    both = world.transition_matrix(level(0.7)) @ world.transition_matrix(level(1.1))
    torch.testing.assert_close(both, world.transition_matrix(level(1.8)), atol=1e-12, rtol=0)


@pytest.mark.parametrize("noise", NOISES)
def test_staggered_score_is_the_ratio_at_less_noise(noise: Noise) -> None:
    world = ToyWorld.random(noise, 3, 2, 1.0, seed=2)
    sequences = world.sequences()
    sigma, d = 1.3, 0.4
    score = world.log_score(sequences, level(sigma).expand(len(sequences))).exp()
    staggered = world.graph.staggered_score(score, torch.full((len(sequences),), d, dtype=torch.float64))
    # One position: undo noise d on it alone, by exp(-d Q) on the ratios.
    inverse = torch.linalg.matrix_exp(-d * generator_matrix(world.graph))
    torch.testing.assert_close(staggered, score @ inverse.T, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("noise", NOISES)
def test_reverse_rates_balance_the_forward_flow(noise: Noise) -> None:
    world = ToyWorld.random(noise, 3, 2, 1.0, seed=3)
    sequences, p = world.sequences(), world.marginal(level(0.8))[0]
    rates = reverse_rate(world.graph, sequences, world.log_score(sequences, level(0.8).expand(len(sequences))).exp())
    forward = generator_matrix(world.graph)
    for x, out in zip(sequences, rates, strict=True):
        for i in range(world.length):
            for y in range(world.graph.states):
                if y == x[i]:
                    continue
                target = x.clone()
                target[i] = y
                flow = forward[x[i], y] * p[tuple(target)]
                assert float(out[i, y] * p[tuple(x)]) == pytest.approx(float(flow), abs=1e-12)
    torch.testing.assert_close(rates.sum(-1), torch.zeros_like(rates.sum(-1)), atol=1e-9, rtol=0)


@pytest.mark.parametrize("noise", NOISES)
def test_forward_noise_has_the_law_of_the_transition(noise: Noise) -> None:
    graph = GRAPHS[noise](4)
    generator = torch.Generator().manual_seed(1)
    start = torch.full((1, 200_000), 2)
    flip, target = (torch.rand(start.shape, generator=generator, dtype=torch.float64) for _ in range(2))
    sigma = torch.tensor([0.9], dtype=torch.float64)
    counts = torch.bincount(graph.perturb(start, sigma, flip, target)[0], minlength=graph.states) / start.numel()
    law = graph.transition(torch.tensor([[2]]), sigma)[0, 0]
    assert float((counts - law).abs().max()) < 5 * 0.5 / 200_000**0.5


def test_scores_of_a_masked_position_sum_to_the_known_total() -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.5, seed=4)
    sigma = 0.6
    sequences = world.sequences()
    totals = world.log_score(sequences, level(sigma).expand(len(sequences))).exp()[..., :3].sum(-1)[sequences == 3]
    torch.testing.assert_close(totals, torch.full_like(totals, 1 / np.expm1(sigma)), atol=0, rtol=1e-10)


@pytest.mark.parametrize("noise", NOISES)
def test_score_entropy_is_zero_at_the_true_ratios_of_one_token(noise: Noise) -> None:
    graph = GRAPHS[noise](5)
    sigma = torch.tensor([0.7], dtype=torch.float64)
    x0 = torch.arange(5)[:, None].repeat(1, graph.states)  # every start against every arrival
    x = torch.arange(graph.states)[None].repeat(5, 1)
    levels = sigma.expand(5)
    reach = graph.transition(x0, levels)
    log_score = reach.log() - reach.gather(-1, x[..., None]).log()
    possible = reach.gather(-1, x[..., None])[..., 0] > 0
    entropy = graph.score_entropy(log_score, levels, x, x0)[possible]
    torch.testing.assert_close(entropy, torch.zeros_like(entropy), atol=1e-6, rtol=0)


@pytest.mark.parametrize("noise", NOISES)
def test_score_entropy_grows_when_a_score_is_wrong(noise: Noise) -> None:
    graph = GRAPHS[noise](5)
    sigma, x0 = torch.tensor([0.7], dtype=torch.float64), torch.tensor([[1]])
    x = torch.tensor([[graph.mask if graph.mask is not None else 3]])
    reach = graph.transition(x0, sigma)
    log_score = (reach + 1e-30).log() - reach.gather(-1, x[..., None]).log()
    wrong = log_score.clone()
    wrong[..., 1] += 0.5
    assert float(graph.score_entropy(wrong, sigma, x, x0)) > float(graph.score_entropy(log_score, sigma, x, x0)) + 1e-3


@pytest.mark.parametrize("states", [2, 27, 5000, 50257])
@pytest.mark.parametrize("sigma", [1e-4, 1e-3, 0.05, 1.0, 8.0])
def test_uniform_constants_hold_in_float32_for_large_vocabularies(states: int, sigma: float) -> None:
    graph = GRAPHS["uniform"](states)
    level, zero = torch.tensor([sigma]), torch.zeros(1, 1, states)
    got = float(graph.score_entropy(zero, level, torch.tensor([[0]]), torch.tensor([[0]])))
    e = Fraction(float(level)) + sum(Fraction(float(level)) ** k / _factorial(k) for k in range(2, 60))
    ratio = float(e / (e + states))
    log_ratio = float(np.log1p(ratio - 1)) if ratio > 0.5 else float(np.log(ratio))
    # log score 0 everywhere: (N - 1) / N of positive term, and the constant of an unchanged token.
    exact = (states - 1) / states * (1 + ratio * (log_ratio - 1))
    assert got == pytest.approx(exact, rel=2e-5, abs=5e-7)  # 1 - 1 at the largest sigma


def _factorial(k: int) -> int:
    return 1 if k < 2 else k * _factorial(k - 1)


def test_a_noise_level_for_each_token_is_refused_instead_of_broadcast() -> None:
    graph = GRAPHS["absorb"](4)
    tokens = torch.zeros(3, 3, dtype=torch.int64)
    with pytest.raises(ValueError, match="shape"):
        graph.transition(tokens, torch.ones(3, 3))
