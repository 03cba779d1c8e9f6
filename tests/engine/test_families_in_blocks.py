"""Models that write block by block: what they keep changes no number, and runs go on from any step."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.language.tokenizers import symbol_tokenizer
from engine.likelihood.noised_text import Text
from engine.likelihood.running import sampler_bound
from engine.models import load
from engine.models.loading import build
from engine.protocol import (
    FREE,
    UserError,
)
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, State, run_chain
from engine.theory import blockwise
from engine.theory.conditioning import Locks
from tests.engine.families import (
    Sizes,
    block_of,
    double,
    edit,
    forward,
    make,
    noised,
)

TOY = Sizes(states=3, length=3, hidden=8, blocks=1)


@torch.no_grad()
def test_all_blocks_are_asked_at_once_given_the_clean_ones_before(tmp_path: Path) -> None:
    """The two-stream pass of the layout: a noised block sees itself and clean ones before, those see each other."""
    weights, (tokens, _) = make(tmp_path, "bd3lm"), noised(Sizes(), uniform=False)
    clean, length = tokens.roll(1, 0) % 10, Sizes().length
    stream, block = torch.arange(2 * length) // length, (torch.arange(2 * length) % length) // block_of(Sizes())
    earlier, same = block[:, None] > block, block[:, None] == block
    allowed = torch.where(stream[:, None] == stream, same | (earlier & (stream == 1)), earlier & (stream == 1))
    twice, nothing = torch.cat((tokens, clean), 1), torch.zeros(3)
    positions = torch.arange(2 * length) % length
    expected = forward(weights, Sizes().heads, twice, nothing, allowed, positions=positions)[:, :length]
    network = double(tmp_path).network
    output = network(tokens, nothing.double(), clean=clean)
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))
    size = block_of(Sizes())
    for start in range(0, length, size):
        text = torch.cat((clean[:, :start], tokens[:, start : start + size]), 1)
        alone = network(text, nothing.double())[:, start:]
        torch.testing.assert_close(output[:, start : start + size], alone, rtol=0, atol=1e-10)


@torch.no_grad()
def test_what_is_kept_of_finished_blocks_changes_no_number(tmp_path: Path) -> None:
    make(tmp_path, "bd3lm")
    network, (tokens, _) = double(tmp_path).network, noised(Sizes(), uniform=False)
    told, size, before = torch.zeros(3).double(), block_of(Sizes()), blockwise.Finished()
    whole = network.body(tokens, told).hidden
    for start in range(0, Sizes().length, size):
        features, before = blockwise.onward(network, tokens[:, start : start + size], told, before)
        torch.testing.assert_close(features.hidden, whole[:, start : start + size], rtol=0, atol=1e-10)
    assert before.length == Sizes().length


def written(
    folder: Path, steps: int, samples: int = 2, start: State | None = None, name: str = "subset"
) -> list[State]:
    """The states of a run of a model in blocks."""
    first = 1 if start is None else start.step + 1
    diffusion = build(folder)[0]
    locks = Locks.of(np.full(diffusion.config.network.length, FREE), diffusion.vocabulary, 12)
    plan = Plan(locks, samples, steps, start=None if start is None else start.tokens, first=first)
    return list(run_chain(diffusion, sampler_named(name, "absorb"), plan, 0))


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 12, 20])
def test_a_text_is_written_block_by_block(tmp_path: Path, steps: int) -> None:
    make(tmp_path, "bd3lm")
    size, states = block_of(Sizes()), written(tmp_path, steps)
    assert [state.step for state in states] == [*range(steps + 1)]
    assert not (states[-1].tokens == 10).any()
    for state in states:
        for sample in state.tokens == 10:
            if sample.any():
                assert sample[(sample.argmax() // size + 1) * size :].all()


@pytest.mark.parametrize("name", ["subset", "tweedie", "first-hitting", "surest"])
def test_a_run_in_blocks_goes_on_from_any_step_as_it_would_have(tmp_path: Path, name: str) -> None:
    make(tmp_path, "bd3lm")
    states = written(tmp_path, 9, name=name)
    for state in states[1:-1]:
        assert (written(tmp_path, 9, start=state, name=name)[-1].tokens == states[-1].tokens).all()


@torch.no_grad()
def test_one_token_at_a_time_is_drawn_from_the_model_s_own_law(tmp_path: Path) -> None:
    """That of each block given those before, over all orders within it."""
    make(tmp_path, "bd3lm", TOY)
    diffusion, count = build(tmp_path)[0], 4000

    def chance(known: list[int], place: int, token: int) -> float:
        law = diffusion.network(torch.tensor([known]), torch.zeros(1))[0, place, :2].softmax(-1)
        return float(law[token])

    expected = []
    for a, b, c in itertools.product(range(2), repeat=3):
        first = chance([2, 2, 2], 0, a) * chance([a, 2, 2], 1, b)
        second = chance([2, 2, 2], 1, b) * chance([2, b, 2], 0, a)
        expected.append((first + second) / 2 * chance([a, b, 2], 2, c))
    tokens = torch.from_numpy(written(tmp_path, 4, count)[-1].tokens)
    found = torch.bincount(tokens @ torch.tensor([4, 2, 1]), minlength=8) / count
    assert sum(expected) == pytest.approx(1, abs=1e-5)
    assert (found - torch.tensor(expected)).abs().sum() / 2 < 0.03


def test_what_blocks_cannot_do_is_refused_in_a_sentence(tmp_path: Path) -> None:
    make(tmp_path, "bd3lm")
    diffusion, tokens = build(tmp_path)[0], np.arange(12) % 10
    with pytest.raises(UserError, match="no bound of a sampler"):
        list(sampler_bound(diffusion, [tokens], 4))
    with pytest.raises(UserError, match="sees nothing of those that follow"):
        Text.of(diffusion, tokens, np.arange(12) > 7)
    assert Text.of(diffusion, tokens, np.arange(12) < 7).count == 5
    edit(tmp_path, lambda values: values.update(time_conditioning=True))
    with pytest.raises(UserError, match="cut into blocks"):
        build(tmp_path)


def test_a_text_shorter_than_the_longest_is_a_beginning_where_blocks_are_written_one_after_the_other(
    tmp_path: Path,
) -> None:
    make(tmp_path, "bd3lm")
    symbol_tokenizer([*"abcdefghi"]).save(tmp_path)
    info = load(tmp_path, "cpu").info
    assert info.facts["writes"].startswith(f"blocks of {block_of(Sizes())} tokens")
    assert info.unfamiliar(4) == ""
