"""The sampling loop: its locks, its repeatability, going on from a frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exact.toy import diffusion
from engine.protocol import FREE, Tokens, UserError
from engine.protocol.sampler_table import SAMPLERS
from engine.samplers import sampler_named
from engine.samplers.draws import Clocks, Rows
from engine.samplers.loop import Plan, State, run_chain
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion
from tests.engine.chains import final, free, states, tiny
from tests.engine.truth import MarkovWorld

CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises]
PARAMETRISATIONS = [
    ("absorb", "posterior"),
    ("absorb", "log_score"),
    ("uniform", "log_score"),
    ("uniform", "leave_one_out"),
]


@pytest.mark.parametrize(("noise", "parametrisation"), PARAMETRISATIONS)
@pytest.mark.parametrize("sampler", ["tweedie", "trapezoidal", "analytic"])
def test_locked_tokens_never_change_and_nothing_stays_masked(noise: str, parametrisation: str, sampler: str) -> None:
    model = tiny(noise, parametrisation)
    tokens = np.full(16, FREE)
    tokens[[0, 5, 6, 15]] = [3, 0, 10, 7]
    locks = Locks.of(tokens, 11, 16)
    for state in states(model, locks, samples=2, steps=6, sampler=sampler):
        assert (state.tokens[:, locks.locked] == locks.tokens[locks.locked].numpy()).all()
    assert (state.tokens < 11).all()


@pytest.mark.parametrize(("sampler", "noise"), CLAIMS)
def test_a_sample_is_the_same_alone_and_in_company(sampler: str, noise: str) -> None:
    model = tiny(noise, "posterior" if noise == "absorb" else "leave_one_out")
    together = final(model, free(6), samples=3, seed=4, sampler=sampler, steps=4)
    alone = np.concatenate(
        [final(model, free(6), samples=1, seed=4, first=k, sampler=sampler, steps=4) for k in range(3)]
    )
    np.testing.assert_array_equal(together, alone)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**63),
    sampler=st.sampled_from([name for name, noise in CLAIMS if noise == "absorb"]),
    samples=st.integers(1, 3),
    pick=st.integers(0, 2),
    steps=st.integers(1, 9),
    other=st.integers(1, 9),
    threads=st.sampled_from([1, 2]),
    locked=st.lists(st.integers(-1, 10), min_size=4, max_size=8),
)
def test_the_same_request_gives_the_same_tokens_whatever_runs_beside_it(
    seed: int, sampler: str, samples: int, pick: int, steps: int, other: int, threads: int, locked: list[int]
) -> None:
    """Alone, in a batch, interleaved with a run of another budget, on one thread and on two."""
    model, locks = tiny(), Locks.of(np.array(locked), 11, 16)
    pick %= samples
    reference = final(model, locks, seed=seed, sampler=sampler, steps=steps, first=pick)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        beside = states(model, locks, seed=seed, sampler=sampler, steps=other, samples=2)
        for state in states(model, locks, seed=seed, sampler=sampler, steps=steps, samples=samples):
            next(beside, None)
            tokens = state.tokens
    finally:
        torch.set_num_threads(before)
    assert tokens[pick].tolist() == reference[0].tolist()


def test_published_scores_and_posteriors_of_one_law_reveal_the_same_tokens() -> None:
    """A normalised model sampled from its raw scores, as if its reveal rate were unknown."""
    model = tiny(time_free=True)
    known = final(model, free(16), samples=4, seed=2)
    general = final(model, free(16), samples=4, seed=2, sampler="analytic")
    np.testing.assert_array_equal(known, general)


def test_budgets_share_their_draws() -> None:
    """With scores that do not depend on the other tokens, every budget ends at the same text."""
    model = tiny(time_free=True)
    for block in model.network.blocks:
        for parameter in block.parameters():
            torch.nn.init.zeros_(parameter)
    ends = [final(model, free(16), steps=steps, samples=3) for steps in (2, 7, 64)]
    ends += [final(model, free(16), steps=9, samples=3, sampler=name) for name in ("subset", "first-hitting")]
    assert all(np.array_equal(ends[0], end) for end in ends)


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_a_seed_agrees_with_itself_at_twice_the_steps_far_more_than_with_another(noise: str) -> None:
    """Exact scores of a Markov chain of 32 tokens over 6 values; agreement by chance is some 1 / 6."""
    world = MarkovWorld.random(noise, 6, 32, 0.3, seed=2)  # type: ignore[arg-type]
    oracle, locks = diffusion(world, geometric=noise == "uniform"), Locks.of(np.full(32, FREE), 6, 32)
    coarse, fine = (final(oracle, locks, steps=steps, samples=12) for steps in (64, 128))
    other = final(oracle, locks, steps=128, samples=12, seed=1)
    coupled, independent = ((coarse == end).mean() for end in (fine, other))
    assert coupled > 0.6, coupled
    assert independent < 0.35


def test_budgets_agree_more_than_by_inverting_the_cumulative_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact scores of a Markov chain over 24 values; chance is some 1 / 24."""
    oracle, locks = diffusion(MarkovWorld.random("absorb", 24, 24, 0.3, seed=2)), Locks.of(np.full(24, FREE), 24, 24)

    def same() -> float:
        few, many = (final(oracle, locks, sampler="subset", steps=steps, samples=40) for steps in (3, 6))
        return float((few == many).mean())

    def inverse(clocks: Clocks, rows: Rows, weights: np.ndarray) -> np.ndarray:
        ends = np.cumsum(weights, axis=1, dtype=np.float64)
        drawn: np.ndarray = (ends <= (clocks.targets(rows) * ends[:, -1])[:, None]).sum(1)
        return drawn

    raced = same()
    monkeypatch.setattr(Clocks, "draw", inverse)
    assert raced > same() + 0.1


def test_a_run_goes_on_from_a_frame_as_if_it_had_not_been_interrupted() -> None:
    model = tiny()
    whole = [state.tokens for state in states(model, free(16), steps=9, samples=2)]
    rest = [s.tokens for s in _resumed(model, free(16), whole[4], 5, samples=2)]
    assert all(np.array_equal(a, b) for a, b in zip(rest, whole[4:], strict=True))


def test_locking_a_token_that_would_have_come_anyway_changes_nothing_else() -> None:
    model = tiny(time_free=True)
    whole = [state.tokens for state in states(model, free(16), steps=9)]
    still_open = (whole[4][0] == 11).nonzero()[0]
    tokens = np.full(16, FREE)
    tokens[still_open[-1]] = whole[-1][0, still_open[-1]]
    *_, last = _resumed(model, Locks.of(tokens, 11, 16), whole[4], 5)
    # The locked token is known earlier than it was, so what depends on it may change; what was revealed stays.
    revealed = whole[4][0] != 11
    assert np.array_equal(last.tokens[0][revealed], whole[4][0][revealed])
    assert last.tokens[0, still_open[-1]] == whole[-1][0, still_open[-1]]


def test_unlocked_tokens_are_open_again_and_new_locks_hold() -> None:
    model = tiny()
    whole = [state.tokens for state in states(model, free(16), steps=9)]
    start = whole[6].copy()
    start[0, :4] = 11
    tokens = np.full(16, FREE)
    tokens[15] = 3
    frames = [state.tokens for state in _resumed(model, Locks.of(tokens, 11, 16), start, 7)]
    assert all(frame[0, 15] == 3 for frame in frames)
    assert (frames[-1] < 11).all()


def _resumed(model: Diffusion, locks: Locks, tokens: Tokens, first_step: int, **plan: Any) -> Iterator[State]:
    solver = sampler_named("tweedie", model.config.noise)
    settings = {"samples": 1, "steps": 9} | plan
    return run_chain(model, solver, Plan(locks, start=tokens, first=first_step, **settings), 0)


def test_closing_a_chain_leaves_gradients_on() -> None:
    chain_of_states = states(tiny(), free(8))
    next(chain_of_states)
    assert torch.is_grad_enabled()
    chain_of_states.close()  # type: ignore[attr-defined]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(("noise", "parametrisation"), PARAMETRISATIONS)
def test_banned_tokens_never_appear(noise: str, parametrisation: str) -> None:
    model = tiny(noise, parametrisation)
    allowed = torch.ones(11, dtype=torch.bool)
    allowed[[0, 3, 10]] = False
    for sampler in [name for name, kind in CLAIMS if kind == noise]:
        ended = final(model, free(8), samples=2, steps=5, sampler=sampler, shaping=Shaping(allowed=allowed))
        assert allowed[ended].all()


def test_the_coldest_run_always_takes_the_most_probable_token() -> None:
    model = tiny(time_free=True)
    first, again = (
        final(model, free(8), steps=8, sampler="first-hitting", shaping=Shaping(0.0), seed=1) for _ in range(2)
    )
    assert np.array_equal(first, again)
    alone = Locks.of(np.array([FREE]), 11, 16)
    masked = torch.tensor([[11]])
    single = model.law_rows(model.features(masked, torch.ones(1)), torch.ones(1, 1), masked)[0, 0]
    assert final(model, alone, steps=1, shaping=Shaping(0.0))[0, 0] == single.argmax()


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(UserError, match="1 to 16"):
        Locks.of(np.full(17, FREE), 11, 16)
    with pytest.raises(UserError, match="vocabulary"):
        Locks.of(np.array([11]), 11, 16)
