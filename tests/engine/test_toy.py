"""The worlds that are known exactly, against each other and against first principles."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law, total_variation
from engine.exact.toy import Oracle, ToyWorld, diffusion
from engine.protocol import FREE, Noise
from engine.samplers import sampler_named
from engine.theory.diffusion import Diffusion, DiffusionConfig, parametrisation_of
from engine.theory.graphs import Absorbing, Uniform
from engine.theory.network import NetworkConfig
from engine.theory.uniform_law import noised
from tests.engine.general_graph import General
from tests.engine.truth import MarkovWorld, negative_log_likelihood

NOISES: list[Noise] = ["absorb", "uniform"]


def noisy(world: ToyWorld | MarkovWorld, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random states, levels, and locks on clean tokens."""
    generator = torch.Generator().manual_seed(3)
    tokens = torch.randint(world.graph.states, (count, world.length), generator=generator)
    sigma = torch.rand(count, generator=generator, dtype=torch.float64) * 3 + 0.05
    locked = torch.rand(tokens.shape, generator=generator) < 0.3
    return torch.where(locked, tokens.clamp(max=2), tokens), sigma, locked


@pytest.mark.parametrize("noise", NOISES)
def test_forward_backward_gives_the_scores_of_the_enumerated_chain(noise: Noise) -> None:
    chain = MarkovWorld.random(noise, 3, 4, 0.7, seed=0)
    tokens, sigma, locked = noisy(chain, 60)
    torch.testing.assert_close(
        chain.log_score(tokens, sigma), chain.table().log_score(tokens, sigma), atol=1e-12, rtol=0
    )
    given = chain.log_score(tokens, sigma, locked)[~locked]
    torch.testing.assert_close(given, chain.table().log_score(tokens, sigma, locked)[~locked], atol=1e-12, rtol=0)


def test_samples_of_the_chain_have_its_law() -> None:
    chain = MarkovWorld.random("absorb", 2, 3, 1.0, seed=4)
    drawn = chain.sample(40_000, torch.Generator().manual_seed(1))
    counts = torch.bincount((drawn * torch.tensor([4, 2, 1])).sum(-1), minlength=8)
    expected = chain.table().joint.flatten() * 40_000
    assert float(((counts - expected) ** 2 / expected).sum()) < 29.9  # 7 degrees of freedom, 1 in 10,000


def test_likelihoods_are_those_of_the_table() -> None:
    chain = MarkovWorld.random("absorb", 3, 4, 0.7, seed=0)
    tokens = torch.tensor([2, 0, 1, 1])
    assert negative_log_likelihood(chain, tokens) == pytest.approx(negative_log_likelihood(chain.table(), tokens))


@pytest.mark.parametrize("noise", NOISES)
def test_conditioning_is_division(noise: Noise) -> None:
    world = ToyWorld.random(noise, 3, 3, 0.5, seed=1)
    joint = world.condition(torch.tensor([-1, 2, -1])).joint
    torch.testing.assert_close(joint[:, 2], world.joint[:, 2] / world.joint[:, 2].sum())
    assert float(joint[:, :2].sum()) == 0


def test_scores_gibbs_conditionals_and_leave_one_out_posteriors_go_into_each_other() -> None:
    """s -> c = s / sum s -> g = (c - (1 - a) / N) / a -> c -> s = c / c_x, on a chain where g is known directly."""
    chain = MarkovWorld.random("uniform", 4, 5, 0.5, seed=2)
    tokens, sigma, _ = noisy(chain, 40)
    log_score = chain.log_score(tokens, sigma)
    model = diffusion(chain)
    rows = model.features(tokens, sigma)
    levels = sigma[:, None].expand(tokens.shape)
    g = model.law_rows(rows, levels, tokens)
    torch.testing.assert_close(g, chain.leave_one_out(tokens, sigma), atol=1e-11, rtol=0)
    conditional = noised(g.flatten(0, 1), levels.flatten()).reshape(g.shape)
    torch.testing.assert_close(conditional, log_score.softmax(-1), atol=1e-12, rtol=0)
    back = (conditional / conditional.gather(-1, tokens[..., None])).log()
    torch.testing.assert_close(back, log_score, atol=1e-9, rtol=0)
    by_network = diffusion(chain, "leave_one_out").log_score(tokens, sigma)
    torch.testing.assert_close(by_network, log_score, atol=1e-9, rtol=0)


def test_an_ordinary_denoiser_in_the_place_of_the_leave_one_out_posterior_gives_wrong_scores() -> None:
    chain = MarkovWorld.random("uniform", 4, 5, 0.5, seed=2)
    tokens, sigma, _ = noisy(chain, 40)
    others = chain.leave_one_out(tokens, sigma)
    kept = torch.exp(-sigma)[:, None, None]
    seen = others * (kept * torch.nn.functional.one_hot(tokens, 4) + (1 - kept) / 4)
    denoiser = seen / seen.sum(-1, keepdim=True)
    conditional = kept * denoiser + (1 - kept) / 4
    wrong = conditional / conditional.gather(-1, tokens[..., None])
    assert float((wrong - chain.log_score(tokens, sigma).exp()).abs().max()) > 1


@pytest.mark.parametrize("known", [Absorbing(3), Uniform(4)])
def test_any_rate_matrix_may_be_put_in_and_gives_what_the_named_graphs_give(known: Absorbing | Uniform) -> None:
    matrix = known.rate(torch.arange(known.states)[None], torch.float64)[0].T
    general = General(matrix)
    tokens = torch.arange(known.states)[None].repeat(known.states, 1)
    clean = torch.arange(known.states)[:, None].clamp(max=2).repeat(1, known.states)
    sigma = torch.linspace(0.1, 2.0, known.states, dtype=torch.float64)
    score = torch.rand(*tokens.shape, known.states, dtype=torch.float64) + 0.1
    score = score.scatter(-1, tokens[..., None], 1.0)
    for one, other in [
        (general.rate(tokens), known.rate(tokens)),
        (general.transp_rate(tokens), known.transp_rate(tokens)),
        (general.transition(tokens, sigma), known.transition(tokens, sigma)),
        (general.transp_transition(tokens, sigma), known.transp_transition(tokens, sigma)),
        (general.staggered_score(score, sigma), known.staggered_score(score.clone(), sigma)),
    ]:
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)
    possible = known.transition(clean, sigma).gather(-1, tokens[..., None])[..., 0] > 0
    entropies = [graph.score_entropy(score.log(), sigma, tokens, clean)[possible] for graph in (general, known)]
    torch.testing.assert_close(*entropies, atol=1e-9, rtol=1e-9)


def strange() -> ToyWorld:
    """Three states in a ring with a drain: neither uniform nor absorbing."""
    rates = torch.tensor([[-1.0, 0.3, 0.2], [0.7, -0.9, 0.5], [0.3, 0.6, -0.7]], dtype=torch.float64)
    return ToyWorld(ToyWorld.random("uniform", 3, 2, 0.5, seed=4).joint, General(rates))


def test_the_limit_of_a_rate_matrix_is_where_long_noise_leads() -> None:
    world = strange()
    far = world.transition_matrix(torch.tensor([60.0]))[0][:, 0]
    grid = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    law = torch.bincount(world.graph.limit(grid), minlength=3) / 20_000
    torch.testing.assert_close(law, far.float(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["analytic", "euler"])
def test_published_samplers_reverse_any_rate_matrix(name: str) -> None:
    """Started from the true law at full noise's limit; the error halves when steps double."""
    world = strange()
    config = DiffusionConfig(NetworkConfig(3, 2, 2, 0, 1, 1), "uniform", "geometric", 1e-4, 30.0, scale_by_sigma=False)
    model = Diffusion(config, Oracle(world, parametrisation_of(config, world.graph)), world.graph)  # type: ignore[arg-type]
    errors = [
        total_variation(exact_law(model, sampler_named(name, "uniform"), n, np.full(2, FREE)), world.joint)
        for n in (32, 64)
    ]
    assert 1.6 < errors[0] / errors[1] < 2.6
    assert errors[1] < 0.06


@pytest.mark.parametrize("noise", NOISES)
def test_the_score_is_the_ratio_of_what_bayes_says(noise: Noise) -> None:
    """p_sigma by summing over all clean sequences and products of single transitions, without tensors' help."""
    world, sigma = ToyWorld.random(noise, 2, 2, 0.5, seed=5), 0.6
    matrix = world.transition_matrix(torch.tensor([sigma]))[0]

    def p(x: tuple[int, int]) -> float:
        return sum(
            float(world.joint[a, b]) * float(matrix[x[0], a]) * float(matrix[x[1], b]) for a in (0, 1) for b in (0, 1)
        )

    here = (world.graph.states - 1, 1)
    score = world.log_score(torch.tensor([here]), torch.tensor([sigma]))[0]
    assert float(score[0, 0]) == pytest.approx(math.log(p((0, 1)) / p(here)))
    assert float(score[1, 0]) == pytest.approx(math.log(p((here[0], 0)) / p(here)))
