"""Orders of a text: the bound of a sampler, and how loose that of the model is where orders disagree."""

from __future__ import annotations

import math
from itertools import pairwise, permutations, product

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law
from engine.exact.toy import ToyWorld, diffusion
from engine.likelihood.noised_text import Text
from engine.likelihood.result import Bound, tightened
from engine.likelihood.reveal_order import block_sizes, chain_nats, slack_of_orders
from engine.likelihood.running import bound, sampler_bound, slack
from engine.protocol import FREE, UserError
from engine.samplers.loop import Plan, run_chain
from engine.samplers.subset import Subset
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion, DiffusionConfig, gather
from engine.theory.graphs import Absorbing
from engine.theory.network import NetworkConfig
from engine.theory.schedules import Geometric, LogLinear, Schedule
from tests.engine.truth import MarkovWorld, negative_log_likelihood

TOKENS = np.array([2, 0, 1, 1])


@pytest.fixture(scope="module")
def contradictory() -> Diffusion:
    """A network of random weights: what it says in one order does not agree with what it says in another."""
    sizes = NetworkConfig(4, length=4, hidden=32, blocks=1, heads=2, cond_dim=16, dropout=0.0)
    model = Diffusion(DiffusionConfig(sizes, parametrisation="posterior", time_free=True))
    draws = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weights in model.network.parameters():
            weights.copy_(0.8 * torch.randn(weights.shape, generator=draws))
    model.network.eval()
    return model


@torch.no_grad()
def nats_of_orders(model: Diffusion, tokens: np.ndarray, free: list[int]) -> np.ndarray:
    """-log p of the free tokens along each of their orders."""
    clean = torch.from_numpy(tokens)
    found = []
    for order in permutations(free):
        state, nats = clean.clone(), 0.0
        state[list(free)] = 3  # masked
        for place in order:
            here = torch.zeros(1, len(tokens), dtype=torch.bool)
            here[0, place] = True
            law = model.log_law_rows(
                gather(model.features(state[None], torch.ones(1)), here), torch.ones(1), state[None][here]
            )[0]
            nats -= float(law[clean[place]])
            state[place] = clean[place]
        found.append(nats)
    return np.array(found)


def together(nats: np.ndarray) -> float:
    """-log of the mean probability."""
    return -math.log(np.exp(-nats).mean())


@pytest.mark.parametrize("schedule", [LogLinear(), Geometric()])
@pytest.mark.parametrize(("count", "steps"), [(4, 1), (4, 2), (6, 4), (4, 7), (24, 10)])
def test_blocks_are_what_the_sampler_subset_reveals_in_each_step(schedule: Schedule, count: int, steps: int) -> None:
    world = MarkovWorld.random("absorb", 3, count, 0.6, seed=2)
    plan = Plan(Locks.of(np.full(count, FREE), 3, count), samples=2, steps=steps)
    model = diffusion(world, geometric=isinstance(schedule, Geometric))
    masked = [(state.tokens == 3).sum(-1) for state in run_chain(model, Subset(), plan, seed=1)]
    revealed = -np.diff(masked, axis=0)
    sizes = block_sizes(schedule, count, steps)
    assert sizes.sum() == count
    assert (revealed == sizes[:, None]).all()


@pytest.mark.parametrize("geometric", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_where_orders_agree_the_bound_of_a_sampler_is_its_likelihood(steps: int, geometric: bool) -> None:
    """The same token everywhere, in a world whose tokens may change places: `subset` has its law by enumeration."""
    joint = ToyWorld.random("absorb", 2, 3, 0.6, seed=4).joint
    joint = sum(joint.permute(order) for order in permutations(range(3))) / 6  # type: ignore[assignment]
    model = diffusion(ToyWorld(joint, Absorbing(2)), geometric=geometric)
    law = exact_law(model, Subset(), steps, np.full(3, FREE))
    for tokens in ([0, 0, 0], [1, 1, 1]):
        *_, last = sampler_bound(model, [np.array(tokens)], steps)
        assert 3 * last.nats == pytest.approx(-float(law[tuple(tokens)].log()), abs=1e-9)


def test_one_order_is_the_exact_likelihood_whatever_the_order() -> None:
    world = MarkovWorld.random("absorb", 3, 6, 0.6, seed=2)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    text = Text.of(diffusion(world, "posterior"), tokens.numpy())
    for seed in range(5):
        nats = chain_nats(text, np.random.default_rng(seed).permutation(6), np.ones(6, np.int64))
        assert nats.sum() == pytest.approx(negative_log_likelihood(world, tokens), abs=1e-9)


def test_the_bound_of_a_sampler_falls_with_its_steps_to_that_of_the_model() -> None:
    world = MarkovWorld.random("absorb", 3, 8, 0.3, seed=2)
    tokens = list(world.sample(60, torch.Generator().manual_seed(3)).numpy())
    found = []
    for steps in (1, 2, 4, 8):
        *_, last = sampler_bound(diffusion(world, "posterior"), tokens, steps)
        assert last.calls == 60 * steps
        found.append(last.nats)
    assert all(later < sooner for sooner, later in pairwise(found))
    truth = np.mean([negative_log_likelihood(world, torch.from_numpy(row)) for row in tokens]) / 8
    assert found[-1] == pytest.approx(float(truth), abs=1e-9)


def test_the_bound_of_a_sampler_is_that_of_its_own_law() -> None:
    """Two tokens in one step are drawn independently: -log of the product of their marginals."""
    world = ToyWorld.random("absorb", 3, 2, 0.4, seed=2)
    *_, last = sampler_bound(diffusion(world, "posterior"), [np.array([1, 2])], steps=1)
    first, second = world.joint.sum(1)[1], world.joint.sum(0)[2]
    assert 2 * last.nats == pytest.approx(-float((first * second).log()), abs=1e-9)


def test_two_orders_take_off_what_all_pairs_of_orders_take_off_on_average(contradictory: Diffusion) -> None:
    nats = nats_of_orders(contradictory, TOKENS, [0, 1, 2, 3])
    pairs = [nats.mean() - together(np.array(pair)) for pair in product(nats, repeat=2)]
    *_, found = slack(contradictory, [TOKENS] * 400, orders=2)
    assert np.std(nats) > 0.5  # the orders do disagree
    assert 4 * found.nats == pytest.approx(np.mean(pairs), abs=4 * 4 * found.standard_error)
    assert found.standard_error < 0.1 * found.nats
    assert found.calls == 400 * 2 * 4


def test_many_orders_lead_from_the_bound_to_the_likelihood(contradictory: Diffusion) -> None:
    nats = nats_of_orders(contradictory, TOKENS, [0, 1, 2, 3])
    *_, loose = bound(contradictory, [TOKENS] * 400)
    *_, found = slack(contradictory, [TOKENS] * 8, orders=100)
    tight = tightened(loose, found)
    assert 4 * loose.nats == pytest.approx(nats.mean(), abs=4 * 4 * loose.standard_error)
    assert 4 * tight.nats == pytest.approx(together(nats), abs=4 * 4 * tight.standard_error)
    assert together(nats) < nats.mean() - 4 * 4 * tight.standard_error  # they can be told apart


def test_given_tokens_are_in_no_order(contradictory: Diffusion) -> None:
    nats = nats_of_orders(contradictory, TOKENS, [1, 3])
    *_, found = slack(contradictory, [TOKENS], orders=100, locked=np.array([True, False, True, False]))
    assert 2 * found.nats == pytest.approx(nats.mean() - together(nats), abs=4 * 2 * found.standard_error)
    assert found.tokens == 2


def test_slack_is_never_negative_and_grows_with_the_orders(contradictory: Diffusion) -> None:
    text = Text.of(contradictory, TOKENS)
    found = {k: [slack_of_orders(text, k, np.random.default_rng(seed))[0] for seed in range(50)] for k in (2, 4, 8)}
    assert min(map(min, found.values())) >= 0
    assert np.mean(found[2]) < np.mean(found[4]) < np.mean(found[8])


def test_orders_of_an_exact_model_agree_and_leave_no_slack() -> None:
    world = MarkovWorld.random("absorb", 3, 6, 0.6, seed=2)
    tokens = list(world.sample(3, torch.Generator().manual_seed(3)).numpy())
    *_, found = slack(diffusion(world, "posterior"), tokens, orders=4)
    assert found.nats == pytest.approx(0, abs=1e-9)


def test_texts_are_taken_at_random_as_calls_allow(contradictory: Diffusion) -> None:
    lengths = [1, 2, 3, 4] * 10
    texts = [TOKENS[:length] for length in lengths]
    seen = {tuple(b.tokens for b in slack(contradictory, texts, 2, seed, max_calls=40)) for seed in range(5)}
    assert len(seen) == 5  # other texts under another seed
    *_, last = slack(contradictory, texts, 2, max_calls=40)
    assert last.calls <= 40
    assert last.sequences < len(texts)


def test_errors_of_bound_and_slack_add_up() -> None:
    tight = tightened(Bound(2.0, 0.03, 100, 5, 20, 5), Bound(0.5, 0.04, 40, 2, 80, 2))
    assert tight == Bound(1.5, tight.standard_error, 100, 5, 100, 2)
    assert tight.standard_error == pytest.approx(0.05)  # a triangle of sides 3, 4 and 5


def test_what_has_no_slack_is_answered_in_a_sentence() -> None:
    model = diffusion(ToyWorld.random("uniform", 3, 2, 1.0, seed=0))
    with pytest.raises(UserError, match="Only under absorbing noise"):
        next(slack(model, [np.zeros(2, np.int64)], 2))
