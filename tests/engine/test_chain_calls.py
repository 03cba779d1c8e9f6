"""What the sampling loop asks the network for: no call and no row that a step does not need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.protocol import FREE
from engine.protocol.sampler_table import SAMPLERS
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion
from engine.theory.network import Features
from tests.engine.chains import final, free, states, tiny

CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises]


class Counting(torch.nn.Module):
    """Counts what is asked of a network."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network, self.calls, self.rows = network, 0, 0

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def body(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        self.calls += 1
        return self.network.body(tokens, sigma, locked)  # type: ignore[no-any-return, operator]

    def head(self, features: Features) -> Tensor:
        self.rows += len(features.hidden)
        return self.network.head(features)  # type: ignore[no-any-return, operator]


def counted(model: Diffusion) -> Counting:
    counting = Counting(model.network)
    model.network = counting  # type: ignore[assignment]
    return counting


def test_steps_that_reveal_nothing_cost_no_call_and_the_head_runs_on_revealed_rows_only() -> None:
    model = tiny()
    counting = counted(model)
    previous, changed = np.full(16, 11), 0
    for state in states(model, free(16), steps=200):
        changed += bool((state.tokens[0] != previous).any())
        previous = state.tokens[0]
    assert counting.rows == 16
    assert counting.calls == changed == int(state.calls[0]) <= 16
    assert state.step == 200


@pytest.mark.parametrize("sampler", ["subset", "first-hitting", "tweedie"])
def test_head_rows_are_as_many_as_free_positions(sampler: str) -> None:
    model = tiny()
    counting = counted(model)
    tokens = np.full(16, FREE)
    tokens[3:9] = 2
    final(model, Locks.of(tokens, 11, 16), steps=5, sampler=sampler)
    assert counting.rows == 10


def test_steps_without_candidates_cost_no_call_under_uniform_noise() -> None:
    model = tiny("uniform", "leave_one_out")
    counting = counted(model)
    *_, last = states(model, free(3), steps=300)
    assert counting.calls == int(last.calls[0]) < 60


def test_a_network_told_the_noise_level_hears_the_one_that_goes_with_the_number_of_masks() -> None:
    told: list[float] = []
    model = tiny()
    body = model.network.body

    def listen(tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        told.append(float(sigma[0]))
        return body(tokens, sigma, locked)

    model.network.body = listen  # type: ignore[method-assign, assignment]
    tokens = np.full(16, 4)
    tokens[[2, 9]] = FREE
    final(model, Locks.of(tokens, 11, 16), steps=1)
    assert told == pytest.approx([-np.log1p(-3 / 18)])


def test_a_text_that_is_wholly_locked_needs_no_call() -> None:
    for noise in ("absorb", "uniform"):
        model = tiny(noise, "posterior" if noise == "absorb" else "leave_one_out")
        for sampler in [name for name, kind in CLAIMS if kind == noise]:
            *_, last = states(model, Locks.of(np.arange(10), 11, 16), steps=5, sampler=sampler)
            assert last.calls.tolist() == [0]
            assert last.tokens[0].tolist() == list(range(10))


def test_no_tensor_over_all_states_is_larger_than_the_rows_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The law of a position is formed for revealed rows only, and drawn from in float64 one row at a time."""
    model, seen = tiny(), list[int]()
    original = model.output

    def watch(features: Features) -> Tensor:
        seen.append(len(features.hidden))
        return original(features)

    monkeypatch.setattr(model, "output", watch)
    final(model, free(16), steps=16, sampler="subset")
    assert seen == [1] * 16


@pytest.mark.parametrize("sampler", ["subset", "euler"])
def test_of_the_output_of_many_rows_few_laws_are_made_at_a_time(sampler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A core has the output of 128 positions, and a dozen copies of that would be more than the weights."""
    model, seen = tiny(), list[int]()
    whole = final(model, free(16), steps=1, sampler=sampler)
    made = model.parametrisation

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(made, name)

        def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
            seen.append(len(output))
            return made.law(output, sigma, own)

        def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
            seen.append(len(output))
            return made.log_score(output, sigma, own)

    monkeypatch.setattr(model, "parametrisation", Watched())
    monkeypatch.setattr("engine.samplers.asking.FEW_LAWS", 3 * model.graph.states)
    assert (final(model, free(16), steps=1, sampler=sampler) == whole).all()
    assert max(seen) == 3
    assert sum(seen) >= 16
