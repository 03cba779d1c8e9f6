"""The bound against likelihoods that are known, exactly where that can be."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
import torch

from engine.exact.toy import ToyWorld, diffusion
from engine.likelihood.attribution import running_attribution
from engine.likelihood.estimators import ESTIMATORS, choose, draw
from engine.likelihood.noised_text import LAMBDA_LOW, Points, Text
from engine.likelihood.running import bound, sampler_bound
from engine.protocol import Noise, UserError
from engine.theory.diffusion import Diffusion
from engine.theory.parametrisations import ParametrisationName
from engine.theory.uniform_law import prior_divergence
from tests.engine.truth import MarkovWorld, negative_log_likelihood

NOISES: tuple[Noise, ...] = ("absorb", "uniform")
EXACT: dict[Noise, tuple[ParametrisationName, ...]] = {
    "absorb": ("log_score", "posterior"),
    "uniform": ("log_score", "leave_one_out"),
}


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, 0]))


def expected_bound(model: Diffusion, tokens: np.ndarray, locked: np.ndarray | None = None) -> float:
    """The bound without any randomness: noised sequences enumerated, the integral by Gauss-Legendre quadrature.

    Nats. Over u in d lambda / lambda, with the prior term of uniform noise.
    """
    text = Text.of(model, tokens, locked)
    states, count = model.graph.states, text.count
    place = np.nonzero(text.free)[0]
    subsets = np.array(list(product([False, True], repeat=count)))
    total = 0.0
    # lambda = 1 - e^-sigma, with most nodes near both ends
    nodes, weights = np.polynomial.legendre.leggauss(80)
    highest, masks = text.ends[1], model.graph.mask is not None
    for u, w in zip((nodes + 1) / 2, weights / 2, strict=True):
        share = highest * u**3 * (10 - 15 * u + 6 * u**2)
        slope = highest * 30 * (u * (1 - u)) ** 2 * w
        for subset in subsets:
            chance = np.prod(np.where(subset, share, 1 - share))
            noised = np.zeros((1, len(tokens)), np.bool_)
            noised[0, place] = subset
            changed = np.nonzero(noised[0])[0] if not masks else np.empty(0, np.int64)
            choices = np.array(list(product(range(states), repeat=len(changed))))
            target = np.zeros((len(choices), len(tokens)))
            target[:, changed] = (choices + 0.5) / states
            sigma = np.full(len(target), -math.log1p(-share))
            points = Points(noised.repeat(len(target), 0), target, sigma, np.ones(len(target)))
            total += slope / share * chance * text.losses(points).sum(-1).mean()
    return total + (0.0 if masks else count * prior_divergence(text.sigma_high, states))


@pytest.mark.parametrize(("noise", "parametrisation"), [(n, p) for n in NOISES for p in EXACT[n]])
def test_with_exact_scores_the_bound_is_the_likelihood_of_every_sequence(
    noise: Noise, parametrisation: ParametrisationName
) -> None:
    """To 1e-6, uniform noise to 2e-5: networks are asked about no level below sigma = 1e-4, which loosens the bound.

    Geometric noise reaches sigma = 20, where nothing of the text is left.
    """
    world = ToyWorld.random(noise, 3, 2, 1.0, seed=1)
    model = diffusion(world, parametrisation, geometric=True)
    for x in np.ndindex(3, 3):
        truth = negative_log_likelihood(world, torch.tensor(x))
        assert expected_bound(model, np.array(x)) == pytest.approx(truth, abs=1e-6 if noise == "absorb" else 2e-5)


@pytest.mark.parametrize("noise", NOISES)
def test_with_wrong_scores_the_bound_is_nowhere_below_and_its_excess_is_positive(noise: Noise) -> None:
    """The model is exact for another world: its bound is that world's likelihood, and on average a divergence above."""
    world, other = (ToyWorld.random(noise, 3, 2, 0.5, seed=seed) for seed in (1, 2))
    blend = ToyWorld(0.5 * world.joint + 0.5 * other.joint, world.graph)
    model = diffusion(blend, geometric=True)
    excess = 0.0
    for x in np.ndindex(3, 3):
        p = float(world.joint[x])
        excess += p * (expected_bound(model, np.array(x)) + math.log(p))
    divergence = float((world.joint * (world.joint / blend.joint).log()).sum())
    assert excess == pytest.approx(divergence, abs=1e-5)
    assert excess > 0.01


@pytest.mark.parametrize("noise", NOISES)
def test_perturbed_scores_cost_on_average_and_never_gain(noise: Noise) -> None:
    """Scores that belong to no law at all: the mean bound stays above the mean likelihood, by the path divergence."""
    world = ToyWorld.random(noise, 3, 2, 0.5, seed=1)
    model = perturbed(world)
    mean = sum(float(world.joint[x]) * expected_bound(model, np.array(x)) for x in np.ndindex(3, 3))
    entropy = -float(torch.special.xlogy(world.joint, world.joint).sum())
    assert mean > entropy + 1e-3


def perturbed(world: ToyWorld) -> Diffusion:
    model = diffusion(world, geometric=True)
    exact = world.log_score

    class Wrong:
        graph, length = world.graph, world.length

        def log_score(
            self, tokens: torch.Tensor, sigma: torch.Tensor, locked: torch.Tensor | None = None
        ) -> torch.Tensor:
            off = torch.sin(7.0 * tokens.sum(-1)[:, None, None] + 3.0 * torch.arange(world.graph.states)) * 0.4
            return exact(tokens, sigma, locked) + off

    model.network.world = Wrong()  # type: ignore[assignment]
    return model


def omitted(name: str, noise: Noise) -> float:
    """What an estimator is allowed to leave out, nats: the published one leaves out several terms, those by level the
    smallest masked shares."""
    family = choose(name, noise).family
    return 0.02 if family == "published" or (family == "level" and noise == "absorb") else 0.002


def estimates(
    model: Diffusion, tokens: np.ndarray, draws: int, generator: np.random.Generator, estimator: str
) -> np.ndarray:
    """`draws` estimates (draws,) of the bound of one sequence (L,), nats per sequence; drawn together."""
    row = choose(estimator, model.config.noise)
    return draw(Text.of(model, tokens), row, 1, draws, generator).totals


@pytest.mark.parametrize(
    ("noise", "name"),
    [(n, row.name) for n in NOISES for row in ESTIMATORS if n in row.noises and row.name != "published"],
)
def test_every_estimator_has_the_likelihood_as_its_mean(noise: Noise, name: str) -> None:
    world = MarkovWorld.random(noise, 3, 5, 0.6, seed=1)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    drawn = np.stack(
        [estimates(diffusion(world, geometric=True), tokens.numpy(), 8, generator(k), name) for k in range(300)]
    )
    means = drawn.mean(1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    assert abs(means.mean() - negative_log_likelihood(world, tokens)) < 4 * error + omitted(name, noise)


def test_the_published_estimate_leaves_out_what_its_row_says() -> None:
    """With exact scores, absorbing noise: the integral from t = 0.001 on, times 1 / 0.999."""
    world = MarkovWorld.random("absorb", 3, 5, 0.6, seed=1)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    drawn = estimates(diffusion(world), tokens.numpy(), 20_000, generator(), "published")
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(drawn.mean() - negative_log_likelihood(world, tokens)) < 4 * error + 5 * LAMBDA_LOW * 5


def test_the_part_before_anything_is_noised_is_drawn_as_often_as_each_count() -> None:
    """Drawn rarely and weighted up, it would decide the bound of a file of texts by chance, beyond its error bar."""
    world = MarkovWorld.random("uniform", 3, 5, 0.6, seed=1)
    text = Text.of(diffusion(world, geometric=True), world.sample(1, torch.Generator().manual_seed(3))[0].numpy())
    drawn = draw(text, choose("auto", "uniform"), 100, 60, generator())
    counts = np.bincount(drawn.points.noised.sum(-1), minlength=6)
    np.testing.assert_allclose(counts / len(drawn.totals), 1 / 6, atol=0.01)
    nothing = ~drawn.points.noised.any(-1)
    assert drawn.totals[nothing].max() < 6 * drawn.totals[~nothing].mean()


@pytest.mark.parametrize("noise", NOISES)
def test_the_parts_of_tokens_add_up_and_are_those_of_random_orders(noise: Noise) -> None:
    world = MarkovWorld.random(noise, 3, 4, 0.6, seed=5)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    model = diffusion(world, geometric=True)
    *_, sums = running_attribution(model, tokens.numpy(), draws=10_000)
    parts = sums.shares()
    assert parts.sum() == pytest.approx(negative_log_likelihood(world, tokens), abs=0.06)
    steady = sums.steady()
    assert steady.sum() == pytest.approx(parts.sum(), abs=1e-9)
    assert np.abs(steady - parts).max() < 0.08
    if noise == "absorb":
        np.testing.assert_allclose(parts, over_orders(world, tokens), atol=0.06)


def test_the_bound_is_shared_out_over_the_noise_too() -> None:
    """With two tokens: half of it from the second given the first or the other way, half from both at once."""
    world = MarkovWorld.random("absorb", 3, 2, 0.6, seed=5)
    tokens = np.array([0, 2])
    *_, sums = running_attribution(diffusion(world), tokens, draws=4000)
    joint = world.table().joint
    first, second = joint.sum(1)[0], joint.sum(0)[2]
    alone = -0.5 * float((joint[0, 2] / first).log() + (joint[0, 2] / second).log())
    both = -0.5 * float(first.log() + second.log())
    np.testing.assert_allclose(sums.profile(), [alone, both], atol=0.05)
    assert sums.profile().mean() * 2 == pytest.approx(negative_log_likelihood(world, torch.tensor(tokens)), abs=0.05)


@pytest.mark.parametrize("noise", NOISES)
def test_the_profile_along_the_noise_adds_up_to_the_bound(noise: Noise) -> None:
    world = MarkovWorld.random(noise, 3, 6, 0.6, seed=5)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    *_, sums = running_attribution(diffusion(world, geometric=True), tokens.numpy(), draws=8000)
    assert len(sums.profile()) == 6
    assert sums.profile().mean() * 6 == pytest.approx(negative_log_likelihood(world, tokens), abs=0.15)


def over_orders(world: MarkovWorld, tokens: torch.Tensor) -> np.ndarray:
    """Mean over all orders of -log p(token | tokens before it in the order), by enumeration."""
    table, length = world.table(), len(tokens)
    parts = np.zeros(length)
    for order in permutations(range(length)):
        known, before = torch.full((length,), -1), 1.0
        for i in order:
            known[i] = tokens[i]
            keep = tuple(int(token) if token >= 0 else slice(None) for token in known)
            after = float(table.joint[keep].sum())
            parts[i] -= math.log(after / before)
            before = after
    return parts / math.factorial(length)


@pytest.mark.parametrize("noise", NOISES)
def test_the_conditional_bound_and_the_marginal_make_the_joint(noise: Noise) -> None:
    world = ToyWorld.random(noise, 3, 3, 0.5, seed=6)
    parametrisation: ParametrisationName = "posterior" if noise == "absorb" else "leave_one_out"
    model = diffusion(world, parametrisation, marks_locks=noise == "uniform", geometric=True)
    locked = np.array([False, True, False])
    for x in ((0, 1, 2), (2, 2, 0)):
        marginal = -math.log(float(world.joint[:, x[1], :].sum()))
        joint = negative_log_likelihood(world, torch.tensor(x))
        found = expected_bound(model, np.array(x), locked)
        assert found + marginal == pytest.approx(joint, abs=1e-6)
        *_, last = bound(model, [np.array(x)], draws=64, locked=locked)
        assert last.tokens == 2
        assert abs(2 * last.nats - found) < 4 * 2 * last.standard_error + 1e-3


def test_normalising_scores_lowers_the_bound_of_every_text() -> None:
    """Absorbing noise, scores too large by a factor Z: each masked token costs Z - 1 - log Z more as they are."""
    world = MarkovWorld.random("absorb", 3, 4, 0.6, seed=2)
    model = diffusion(world)
    excess = 0.5 - math.log(1.5)
    text = Text.of(model, world.sample(1, torch.Generator().manual_seed(3))[0].numpy())
    noised = np.array([[True, False, True, True]])
    plain = text.losses(Points(noised, np.zeros((1, 4)), np.array([0.7]), np.ones(1)))
    exact = world.log_score

    class Large:
        graph, length = world.graph, world.length

        def log_score(
            self, tokens: torch.Tensor, sigma: torch.Tensor, locked: torch.Tensor | None = None
        ) -> torch.Tensor:
            return exact(tokens, sigma, locked) + math.log(1.5)

    model.network.world = Large()  # type: ignore[assignment]
    raw = text.losses(Points(noised, np.zeros((1, 4)), np.array([0.7]), np.ones(1), raw=True))
    normalised = text.losses(Points(noised, np.zeros((1, 4)), np.array([0.7]), np.ones(1)))
    np.testing.assert_allclose(normalised, plain, atol=1e-6)
    np.testing.assert_allclose(raw - plain, np.where(noised, excess, 0.0), atol=1e-6)


def test_the_uniform_prior_term_is_the_divergence_of_the_noised_token() -> None:
    world = ToyWorld.random("uniform", 5, 1, 1.0, seed=0)
    law = world.transition_matrix(torch.tensor([0.8]))[0, :, 2]
    assert prior_divergence(0.8, 5) == pytest.approx(float((law * (law * 5).log()).sum()), abs=1e-7)
    assert prior_divergence(30.0, 50_257) == pytest.approx(0, abs=1e-6)


def toy(noise: Noise = "absorb") -> Diffusion:
    return diffusion(ToyWorld.random(noise, 3, 2, 1.0, seed=0))


def test_units_agree() -> None:
    *_, last = bound(toy(), [np.array([0, 1])])
    units = {unit: value for unit, (value, _) in last.units(4).items()}
    assert units["nats_per_token"] == last.nats
    assert units["perplexity"] == pytest.approx(2 ** units["bits_per_token"]) == pytest.approx(math.exp(last.nats))
    assert units["bits_per_byte"] == pytest.approx(units["bits_per_token"] / 2)
    assert "bits_per_byte" not in last.units(0)


def test_the_same_seed_gives_the_same_estimate() -> None:
    first, second = (list(bound(toy("uniform"), [np.array([0, 1])] * 3, seed=7)) for _ in range(2))
    assert first[1:] == second[1:]


def test_scoring_leaves_gradients_on() -> None:
    next(bound(toy(), [np.array([0, 1])] * 2))
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: next(bound(toy(), [np.zeros(3, np.int64)])), "takes 1 to 2"),
        (lambda: next(bound(toy(), [np.zeros(2, np.int64)], estimator="best")), "no estimator best"),
        (lambda: next(bound(toy(), [np.zeros(2, np.int64)], estimator="log-sigma")), "absorb noise"),
        (lambda: next(bound(toy(), [np.zeros(2, np.int64)], locked=np.ones(2, np.bool_))), "nothing is left"),
        (
            lambda: next(bound(toy("uniform"), [np.zeros(2, np.int64)], locked=np.array([True, False]))),
            "cannot tell given words",
        ),
        (lambda: next(sampler_bound(toy("uniform"), [np.zeros(2, np.int64)], 2)), "absorbing noise only"),
    ],
)
def test_what_cannot_be_scored_is_answered_in_a_sentence(call: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        call()  # type: ignore[operator]
