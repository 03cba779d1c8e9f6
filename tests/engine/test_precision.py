"""What finite precision costs: the float32 race of the published sampler, and that the engine loses nothing."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.exact.toy import ToyWorld, diffusion
from engine.protocol import FREE, Noise
from engine.protocol.sampler_table import SAMPLERS
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, run_chain
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.graphs import GRAPHS
from engine.theory.network import Features, NetworkConfig
from engine.theory.parametrisations import PARAMETRISATIONS, ParametrisationName
from engine.theory.randomness import race

GPT2 = 50_257
CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises]


def zipf(size: int) -> np.ndarray:
    weights: np.ndarray = 1 / np.arange(1, size + 1)
    law: np.ndarray = weights / weights.sum()
    return law


def published_race(chance: np.ndarray) -> np.ndarray:
    """How often a candidate of probability `chance` (n,) beats staying in the published float32 race; exact.

    Each candidate gets E = 1e-10 - log(u + 1e-10), u one of the 2^24 numbers that float32 draws, and the largest
    p / E wins. Every E that there is, is counted; candidates are rare, so only one at a time meets staying.
    """
    u = torch.arange(2**24, dtype=torch.float32) / 2**24
    times = np.sort((1e-10 - torch.log(u + 1e-10)).numpy())
    staying = times[2**12 :: 2**13]  # 2,048 equally likely ones
    nodes = np.geomspace(chance.min(), chance.max(), 500)
    wins = np.searchsorted(times, ((nodes / (1 - nodes))[:, None] * staying).astype(np.float32))
    shares: np.ndarray = np.interp(chance, nodes, (wins / 2**24).mean(1))
    return shares


def test_the_published_race_loses_entropy_and_one_in_float64_does_not() -> None:
    """GPT-2's vocabulary, Zipf's law, a reveal in one of 1,024 steps: 1.7 of 7.6 nats go, and 98 % of the tail."""
    law = zipf(GPT2)
    tail = slice(GPT2 // 10, None)
    won = published_race(law / 1024)
    drawn = won / won.sum()
    truth = -(law * np.log(law)).sum()
    assert truth == pytest.approx(7.566, abs=1e-3)
    assert -(drawn * np.log(law)).sum() == pytest.approx(5.88, abs=0.05)
    assert won.sum() * 1024 == pytest.approx(0.683, abs=0.01)
    assert drawn[tail].sum() / law[tail].sum() == pytest.approx(0.019, abs=0.01)

    times = np.random.default_rng(2)
    nats = np.array([-np.log(law[race(law[None], times.standard_exponential((1, GPT2)))[0]]) for _ in range(3_000)])
    assert abs(nats.mean() - truth) < 4 * nats.std() / math.sqrt(nats.size)


class Constant:
    """A network that gives the same law everywhere."""

    device = torch.device("cpu")

    def __init__(self, law: np.ndarray) -> None:
        self.logits = torch.from_numpy(np.append(np.log(law), 0.0)).float()

    def body(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        return Features(torch.zeros(*tokens.shape, 1), torch.zeros(len(tokens), 1, 1))

    def head(self, features: Features) -> Tensor:
        return self.logits.expand(*features.hidden.shape[:-1], -1)


@pytest.mark.parametrize("sampler", ["tweedie", "subset", "first-hitting"])
def test_a_whole_run_of_many_steps_has_the_entropy_of_its_law(sampler: str) -> None:
    """1,024 steps, 1,024 tokens: the float32 race would give 5.9 nats."""
    law = zipf(GPT2)
    sizes = NetworkConfig(GPT2 + 1, 1024, hidden=2, blocks=0, heads=1, cond_dim=1)
    config = DiffusionConfig(sizes, parametrisation="posterior", time_free=True)
    model = Diffusion(config, Constant(law))  # type: ignore[arg-type]
    plan = Plan(Locks.of(np.full(1024, FREE), GPT2, 1024), 2, 1024)
    *_, last = run_chain(model, sampler_named(sampler, "absorb"), plan, seed=3)
    nats = -np.log(law[last.tokens])
    truth = -(law * np.log(law)).sum()
    assert abs(nats.mean() - truth) < 4 * nats.std() / math.sqrt(nats.size)


@pytest.mark.parametrize(("sampler", "noise"), CLAIMS)
def test_data_that_are_one_sequence_come_out_as_that_sequence(sampler: str, noise: Noise) -> None:
    """All mass on one token in every row: logarithms of 0 everywhere, and nothing that is not a number."""
    joint = torch.zeros(3, 3, 3, dtype=torch.float64)
    joint[2, 0, 1] = 1.0
    model = diffusion(ToyWorld(joint, GRAPHS[noise](3)), geometric=noise == "uniform")
    plan = Plan(Locks.of(np.full(3, FREE), 3, 3), 4, 40)
    *_, last = run_chain(model, sampler_named(sampler, noise), plan, seed=0)
    # Steps from the largest noise level of a finite grid may leave a token where it fell.
    allowed = 0 if noise == "absorb" else 2
    assert (last.tokens != np.array([2, 0, 1])).any(1).sum() <= allowed


def test_as_many_sequences_as_positions_are_not_confused() -> None:
    """B = L, where a noise level for each sequence could pass for one for each position."""
    world = ToyWorld.random("uniform", 3, 3, 0.5, seed=1)
    model = diffusion(world)
    x = torch.tensor([[0, 1, 2], [2, 2, 0], [1, 0, 1]])
    sigma = torch.tensor([0.1, 1.0, 3.0], dtype=torch.float64)
    together = model.score_entropy(x, sigma, torch.zeros_like(x))
    for k in range(3):
        alone = model.score_entropy(x[k : k + 1], sigma[k : k + 1], torch.zeros(1, 3, dtype=torch.int64))
        torch.testing.assert_close(together[k : k + 1], alone)


def test_reveal_times_drawn_beforehand_have_the_law_of_a_toss_in_every_step() -> None:
    """Tweedie steps under log-linear noise: each of N steps reveals a position equally often."""
    model = Diffusion(
        DiffusionConfig(NetworkConfig(5, 64, hidden=2, blocks=0, heads=1, cond_dim=1), parametrisation="posterior"),
        Constant(zipf(4)),  # type: ignore[arg-type]
    )
    plan, steps = Plan(Locks.of(np.full(64, FREE), 4, 64), 100, 10), np.zeros((100, 64))
    for state in run_chain(model, sampler_named("tweedie", "absorb"), plan, seed=5):
        steps += state.tokens == 4
    counts = np.bincount(steps.astype(int).ravel(), minlength=11)[1:]
    assert counts.sum() == 6400
    assert ((counts - 640) ** 2 / 640).sum() < 33.7  # 9 degrees of freedom, 1 in 10,000


@pytest.mark.parametrize(("noise", "name"), [(n, p) for n, known in PARAMETRISATIONS.items() for p in known])
def test_scores_stay_numbers_where_the_noise_is_too_large_for_a_float(noise: Noise, name: ParametrisationName) -> None:
    """e^100 is no float32 number, nor is e^-100, but log s is: log p - 100 under absorbing noise."""
    graph = GRAPHS[noise](5)
    reading = PARAMETRISATIONS[noise][name](graph, name == "log_score" and noise == "absorb", 0)
    output = torch.linspace(-1, 1, graph.states).repeat(2, 1)
    own, sigma, clean = torch.full((2,), graph.states - 1), torch.full((2,), 100.0), torch.tensor([0, 3])
    log_score = reading.log_score(output, sigma, own)
    assert log_score.isfinite().all()
    if noise == "absorb":
        relative = output[:, :5] - (math.log(5) if name == "log_score" else output[:, :5].logsumexp(-1, keepdim=True))
        torch.testing.assert_close(log_score[:, :5], relative - 100, atol=1e-4, rtol=0)
    for found in (reading.score_entropy(output, sigma, own, clean), reading.cross_entropy(output, sigma, own, clean)):
        assert found.isfinite().all()
    entropy = graph.score_entropy(log_score[None], sigma[:1], own[None], clean[None])
    assert entropy.isfinite().all()


@pytest.mark.parametrize(("noise", "sampler"), [(n, row.name) for row in SAMPLERS for n in row.noises])
def test_samplers_begin_at_the_largest_noise_that_a_model_may_have(noise: Noise, sampler: str) -> None:
    sizes = NetworkConfig(GRAPHS[noise](6).states, length=3, hidden=16, blocks=1, heads=2, cond_dim=8)
    model = Diffusion(DiffusionConfig(sizes, noise, "geometric", sigma_max=100.0, scale_by_sigma=noise == "absorb"))
    plan = Plan(Locks.of(np.full(3, FREE), 6, 3), steps=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        *_, last = run_chain(model, sampler_named(sampler, noise), plan, seed=1)
    assert last.tokens.max() < 6
