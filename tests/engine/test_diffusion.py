"""The score parametrisations against the identities that tie them together."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.protocol import Noise
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig, ScoreTransformer
from engine.theory.parametrisations import ParametrisationName

MASK = 11


def tiny(
    noise: Noise, parametrisation: ParametrisationName, marks_locks: bool = False, absolute_positions: bool = False
) -> Diffusion:
    torch.manual_seed(1)
    network = NetworkConfig(states=12 if noise == "absorb" else 11, length=8, hidden=16, blocks=2, heads=2, cond_dim=8)
    network = replace(network, marks_locks=marks_locks, absolute_positions=absolute_positions)
    diffusion = Diffusion(DiffusionConfig(network, noise, parametrisation=parametrisation))
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    diffusion.network.eval()
    return diffusion


def noised() -> tuple[Tensor, Tensor, Tensor]:
    clean = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(2))
    masked = torch.rand(3, 8, generator=torch.Generator().manual_seed(3)) < 0.5
    return clean, torch.where(masked, MASK, clean), torch.tensor([0.2, 1.0, 4.0])


@torch.no_grad()
def test_score_entropy_with_normalised_scores_is_weighted_cross_entropy() -> None:
    diffusion = tiny("absorb", "posterior")
    clean, x, sigma = noised()
    general = diffusion.graph.score_entropy(diffusion.log_score(x, sigma), sigma, x, clean)
    torch.testing.assert_close(diffusion.score_entropy(x, sigma, clean), general, rtol=1e-4, atol=2e-5)


@torch.no_grad()
def test_score_entropy_of_leave_one_out_laws_is_that_of_their_scores_and_locked_tokens_have_none() -> None:
    diffusion = tiny("uniform", "leave_one_out", marks_locks=True)
    clean, _, sigma = noised()
    generator = torch.Generator().manual_seed(4)
    locked = torch.rand(3, 8, generator=generator) < 0.3
    x = torch.where(locked | (torch.rand(3, 8, generator=generator) < 0.5), clean, (clean + 4) % 11)
    for mark in (None, locked):
        general = diffusion.graph.score_entropy(diffusion.log_score(x, sigma, mark), sigma, x, clean)
        expected = general if mark is None else general.masked_fill(mark, 0.0)
        torch.testing.assert_close(diffusion.score_entropy(x, sigma, clean, mark), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_cross_entropy_is_that_of_posteriors_whose_expected_ratios_are_the_scores() -> None:
    """s_y is the mean of q(y | z) / q(x_i | z) over clean tokens z given x (Campbell et al., arXiv 2205.14987)."""
    diffusion = tiny("uniform", "leave_one_out", marks_locks=True)
    _, _, sigma = noised()
    x = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(5))
    clean = (torch.full_like(x, token) for token in range(11))
    posterior = torch.stack([-diffusion.cross_entropy(x, sigma, z) for z in clean], dim=-1).exp()  # (B, L, N)
    torch.testing.assert_close(posterior.sum(-1), torch.ones(3, 8))
    reach = diffusion.graph.transition(torch.arange(11).expand(3, -1), sigma)  # (B, z, y), q(y | z)
    ratio = reach[:, None] / reach.movedim(1, 2)[torch.arange(3)[:, None], x][..., None]  # (B, L, z, y)
    scores = (posterior[..., None] * ratio).sum(2)
    torch.testing.assert_close(scores, diffusion.log_score(x, sigma).exp(), rtol=1e-4, atol=1e-5)
    locked = torch.rand(3, 8, generator=torch.Generator().manual_seed(6)) < 0.3
    assert not diffusion.cross_entropy(x, sigma, x, locked)[locked].any()


@torch.no_grad()
def test_score_entropy_exceeds_cross_entropy_by_the_cost_of_a_wrong_total() -> None:
    """Z - 1 - log Z at each masked position, in units of 1 / (e^sigma - 1)."""
    diffusion = tiny("absorb", "log_score")
    clean, x, sigma = noised()
    log_score = diffusion.log_score(x, sigma).double()
    unit = 1 / torch.expm1(sigma.double())[:, None]
    log_total = log_score[..., :MASK].logsumexp(-1) - unit.log()
    cross_entropy = -(log_score.gather(-1, clean[..., None])[..., 0] - unit.log() - log_total)
    expected = unit * (cross_entropy + log_total.exp() - 1 - log_total)
    entropy = diffusion.graph.score_entropy(log_score, sigma.double(), x, clean)
    torch.testing.assert_close(entropy[x == MASK], expected[x == MASK], rtol=1e-9, atol=1e-12)
    assert (entropy[x != MASK] == 0).all()


@torch.no_grad()
@pytest.mark.parametrize("parametrisation", ["posterior", "log_score"])
def test_the_score_of_a_token_against_itself_is_one(parametrisation: ParametrisationName) -> None:
    diffusion = tiny("absorb", parametrisation)
    _, x, sigma = noised()
    own = diffusion.log_score(x, sigma).gather(-1, x[..., None])
    assert (own == 0).all()


@torch.no_grad()
def test_untrained_scores_are_those_of_a_uniform_posterior() -> None:
    config = DiffusionConfig(NetworkConfig(states=12, length=8, hidden=16, blocks=1, heads=2))
    _, x, sigma = noised()
    log_score = Diffusion(config).log_score(x, sigma)
    expected = -(torch.expm1(sigma).log() + math.log(11))[:, None, None].expand(3, 8, 11)
    torch.testing.assert_close(log_score[..., :MASK][x == MASK], expected[x == MASK])


@torch.no_grad()
def test_a_time_free_model_ignores_the_noise_level_but_for_the_known_factor() -> None:
    config = DiffusionConfig(tiny("absorb", "posterior").config.network, parametrisation="posterior", time_free=True)
    diffusion = Diffusion(config, tiny("absorb", "posterior").network)
    _, x, sigma = noised()
    early, late = diffusion.log_score(x, sigma), diffusion.log_score(x, sigma + 1)
    factor = (torch.expm1(sigma + 1) / torch.expm1(sigma)).log()[:, None, None].expand_as(early)
    clean = (x == MASK)[..., None] & (torch.arange(12) < MASK)
    torch.testing.assert_close((early - late)[clean], factor[clean], rtol=1e-4, atol=1e-4)


def test_a_noise_level_for_each_token_is_refused() -> None:
    diffusion = tiny("absorb", "log_score")
    with pytest.raises(ValueError, match="shape"):
        diffusion.log_score(torch.zeros(8, 8, dtype=torch.int64), torch.ones(8, 8))


def test_posterior_scores_under_uniform_noise_are_refused() -> None:
    with pytest.raises(ValueError, match="absorb"):
        tiny("uniform", "posterior")


@torch.no_grad()
def test_weights_stored_in_bf16_change_scores_by_their_rounding_only() -> None:
    diffusion = tiny("absorb", "log_score")
    _, x, sigma = noised()
    exact = diffusion.log_score(x, sigma)
    rounded = Diffusion(diffusion.config, diffusion.network.store(torch.bfloat16)).log_score(x, sigma)
    assert rounded.dtype == torch.float32
    assert 0 < float((rounded - exact).abs().max()) < 0.05 * float(exact.abs().max())


def test_the_body_and_the_head_apart_are_the_network() -> None:
    network = ScoreTransformer(tiny("uniform", "log_score").config.network)
    tokens, sigma = torch.randint(11, (2, 8)), torch.rand(2)
    torch.testing.assert_close(network.head(network.body(tokens, sigma)), network(tokens, sigma))


@torch.no_grad()
@pytest.mark.parametrize("absolute", [True, False])
def test_the_beginning_of_a_record_has_the_scores_of_the_record_with_its_rest_masked(absolute: bool) -> None:
    diffusion = tiny("absorb", "posterior", absolute_positions=absolute)
    _, x, sigma = noised()
    x[:, 5:] = MASK
    short, whole = diffusion.log_score(x[:, :5], sigma), diffusion.log_score(x, sigma)[:, :5]
    if absolute:
        torch.testing.assert_close(short, whole)
    else:
        assert float((short - whole).abs().max()) > 0.01  # a text of five tokens is a text of its own
