"""The sampling loop: its law on a toy world, its locks, its repeatability and its savings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.conditioning import Locks
from engine.diffusion import Diffusion, DiffusionConfig
from engine.messages import FREE, SAMPLERS, UserError
from engine.network import Features, NetworkConfig
from engine.randomness import Streams
from engine.samplers import TABLE, chain, sampler_named
from engine.samplers.chain import State, run_chain
from engine.toy import ToyWorld

NOISES = ["absorb", "uniform"]


def tiny(noise: str = "absorb", parametrisation: str = "posterior") -> Diffusion:
    torch.manual_seed(5)
    network = NetworkConfig(states=12 if noise == "absorb" else 11, length=16, hidden=16, blocks=2, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, noise, parametrisation=parametrisation))  # type: ignore[arg-type]
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    diffusion.network.eval()
    return diffusion


def free(length: int) -> Locks:
    return Locks.of(np.full(length, FREE), 11, length)


def states(
    diffusion: Diffusion,
    locks: Locks,
    *,
    seed: int = 0,
    samples: int = 1,
    steps: int = 8,
    first: int = 0,
    sampler: str = "analytic",
) -> Iterator[State]:
    streams = Streams(seed, samples, len(locks.tokens), first)
    return run_chain(diffusion, sampler_named(sampler), locks, streams, samples, steps)


def final(diffusion: Diffusion, locks: Locks, **request: Any) -> Tensor:
    *_, last = states(diffusion, locks, **request)
    return last.tokens.clone()


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("sampler", list(TABLE))
def test_the_chain_has_the_law_of_its_product_kernels(
    noise: str, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks drawn beforehand against the matrix product of the steps, computed by enumeration."""
    world = ToyWorld.random(noise, 3, 2, 0.5, seed=7)  # type: ignore[arg-type]
    diffusion, steps, samples = world.diffusion(), 3, 20_000
    monkeypatch.setattr(chain, "batches", lambda samples, device: [slice(0, samples)])
    drawn = final(diffusion, Locks.of(np.full(2, FREE), 3, 2), sampler=sampler, samples=samples, steps=steps)
    counts = torch.zeros(3, 3, dtype=torch.float64)
    counts.index_put_((drawn[:, 0], drawn[:, 1]), torch.ones(samples, dtype=torch.float64), accumulate=True)
    exact = pushed_through(world, sampler, steps)
    expected = exact * samples
    chi_squared = float(((counts - expected) ** 2 / expected.clamp(min=5)).sum())
    assert chi_squared < 33.7  # 8 degrees of freedom, 1 in 20,000


def pushed_through(world: ToyWorld, sampler: str, steps: int) -> Tensor:
    """The exact law (N, N) of two tokens after `steps` steps, every transition enumerated."""
    graph, diffusion = world.graph, world.diffusion()
    sequences = world.sequences()
    if graph.mask is None:
        law = torch.full((len(sequences),), 1 / len(sequences), dtype=torch.float64)
    else:
        law = (sequences == graph.mask).all(-1).double()
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    for k in range(steps):
        step = chain.Step(times[k], times[k + 1], last=k == steps - 1)
        sigma = diffusion.schedule(step.t).total.float().expand(len(sequences))
        after = torch.zeros_like(law)
        for index, row in enumerate(sequences):
            if law[index] == 0:
                continue
            score = world.log_score(row[None], float(sigma[0])).exp()
            kernel = chain.law_of_step(diffusion, TABLE[sampler], score, row[None], step)[0].clamp(min=0)
            for i, token in enumerate(row):  # a revealed token stays
                if graph.mask is not None and token != graph.mask:
                    kernel[i] = torch.nn.functional.one_hot(token, graph.states)
            kernel = kernel / kernel.sum(-1, keepdim=True)
            after += law[index] * torch.outer(kernel[0], kernel[1]).flatten()
        law = after
    n = world.joint.shape[0]
    return law.reshape(graph.states, graph.states)[:n, :n]


@pytest.mark.parametrize("noise", NOISES)
def test_the_error_of_the_analytic_sampler_halves_when_steps_double(noise: str) -> None:
    world = ToyWorld.random(noise, 3, 2, 0.5, seed=7)  # type: ignore[arg-type]
    errors = [float((pushed_through(world, "analytic", steps) - world.joint).abs().sum() / 2) for steps in (16, 32, 64)]
    for coarse, fine in itertools.pairwise(errors):
        assert 1.7 < coarse / fine < 2.3


def test_infilling_is_exact_under_absorbing_noise_in_the_limit_of_many_steps() -> None:
    """Clamping one token: the law of the other converges to the true conditional."""
    world = ToyWorld.random("absorb", 3, 2, 0.5, seed=9)
    conditional = world.joint[1] / world.joint[1].sum()
    mask = world.graph.mask
    posterior = world.log_score(torch.tensor([[1, mask]]), 0.4).exp()[0, 1, :3]
    torch.testing.assert_close(posterior / posterior.sum(), conditional, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("noise", "parametrisation"), [("absorb", "posterior"), ("absorb", "log_score"), ("uniform", "log_score")]
)
def test_locked_tokens_never_change_and_nothing_stays_masked(noise: str, parametrisation: str) -> None:
    diffusion = tiny(noise, parametrisation)
    tokens = np.full(16, FREE)
    tokens[[0, 5, 6, 15]] = [3, 0, 10, 7]
    locks = Locks.of(tokens, 11, 16)
    for state in states(diffusion, locks, samples=2, steps=6):
        assert (state.tokens[:, locks.locked] == locks.tokens[locks.locked]).all()
    assert (state.tokens < 11).all()


@pytest.mark.parametrize(("noise", "parametrisation"), [("absorb", "posterior"), ("uniform", "log_score")])
def test_a_sample_is_the_same_alone_and_in_a_batch(noise: str, parametrisation: str) -> None:
    diffusion = tiny(noise, parametrisation)
    together = final(diffusion, free(16), samples=8, seed=4)
    alone = torch.cat([final(diffusion, free(16), samples=1, seed=4, first=k) for k in range(8)])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)


def test_both_parametrisations_of_one_law_reveal_the_same_tokens() -> None:
    """A normalised model sampled by the general path, as if its reveal rate were unknown."""
    diffusion = tiny()
    known = final(diffusion, free(16), samples=4, seed=2)
    general = [state.tokens.clone() for state in _with_general_steps(diffusion, free(16), samples=4, seed=2)][-1]
    torch.testing.assert_close(known, general, rtol=0, atol=0)


def _with_general_steps(diffusion: Diffusion, locks: Locks, **request: Any) -> Iterator[State]:
    original = chain.reveal
    chain.reveal = chain.jump
    try:
        yield from states(diffusion, locks, **request)
    finally:
        chain.reveal = original


class Counting(torch.nn.Module):
    """Counts what is asked of a network."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network, self.calls, self.rows = network, 0, 0

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def body(self, tokens: Tensor, sigma: Tensor) -> Features:
        self.calls += 1
        return self.network.body(tokens, sigma)  # type: ignore[no-any-return, operator]

    def head(self, features: Features) -> Tensor:
        self.rows += len(features.hidden)
        return self.network.head(features)  # type: ignore[no-any-return, operator]


def test_steps_that_reveal_nothing_cost_no_call_and_the_head_runs_on_revealed_rows_only() -> None:
    diffusion = tiny()
    counting = Counting(diffusion.network)
    diffusion.network = counting  # type: ignore[assignment]
    *frames, last = states(diffusion, free(16), steps=200)
    history = [state.step for state in frames]
    assert history == list(range(200))
    assert counting.rows == 16
    assert counting.calls == last.calls <= 16


def test_a_text_that_is_wholly_locked_needs_no_call() -> None:
    diffusion = tiny()
    *_, last = states(diffusion, Locks.of(np.arange(10), 11, 16), steps=5)
    assert last.calls == 0
    assert last.tokens[0].tolist() == list(range(10))


def test_budgets_share_their_draws() -> None:
    """With scores that do not depend on the other tokens, every budget ends at the same text."""
    diffusion = tiny()
    diffusion.config = replace(diffusion.config, time_free=True)
    for block in diffusion.network.blocks:
        for parameter in block.parameters():
            torch.nn.init.zeros_(parameter)
    ends = [final(diffusion, free(16), steps=steps, samples=3) for steps in (2, 7, 64)]
    assert all(torch.equal(ends[0], end) for end in ends)


def test_closing_a_chain_leaves_gradients_on() -> None:
    chain_of_states = states(tiny(), free(8))
    next(chain_of_states)
    assert torch.is_grad_enabled()
    chain_of_states.close()  # type: ignore[attr-defined]
    assert torch.is_grad_enabled()


def test_the_table_for_menus_and_the_solvers_name_the_same_samplers() -> None:
    assert [row.name for row in SAMPLERS] == list(TABLE)


def test_an_unknown_sampler_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="analytic, euler"):
        sampler_named("magic")


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(UserError, match="1 to 16"):
        Locks.of(np.full(17, FREE), 11, 16)
    with pytest.raises(UserError, match="vocabulary"):
        Locks.of(np.array([11]), 11, 16)
