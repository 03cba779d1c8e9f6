"""Many rows of a large vocabulary are asked for part by part: nothing comes out otherwise, and no more is held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.likelihood import noised_text
from engine.likelihood.running import bound
from engine.protocol import FREE, Guess, Noise, frozen
from engine.protocol.sampler_table import SAMPLERS
from engine.samplers import asking, sampler_named
from engine.samplers.chain import AbsorbingChain
from engine.samplers.draws import Rows
from engine.samplers.loop import Plan, run_chain
from engine.theory import inspection, layers
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.lanes import LONGEST, Lanes, pieces
from engine.theory.network import Features, NetworkConfig

LENGTH, STATES = 150, 400
TOKENS = STATES - 1
SLOW = ("uniformization", "first-hitting")
CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises if row.name not in SLOW and noise != "mixed"]


def model(noise: Noise, parametrisation: str = "log_score") -> Diffusion:
    torch.manual_seed(5)
    network = NetworkConfig(STATES, LENGTH, 16, 1, 2, 8)
    made = Diffusion(DiffusionConfig(network, noise, parametrisation=parametrisation, scale_by_sigma=noise == "absorb"))  # type: ignore[arg-type]
    for parameter in made.network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    made.network.requires_grad_(False).eval()
    return made


@contextmanager
def counted(diffusion: Diffusion) -> Iterator[list[int]]:
    """The rows of each question to the head."""
    asked: list[int] = []
    output = diffusion.network.output

    def counting(features: Features) -> Tensor:
        asked.append(features.hidden[..., 0].numel())
        return output(features)

    diffusion.network.output = counting  # type: ignore[method-assign]
    yield asked
    del diffusion.network.output


def written(diffusion: Diffusion, sampler: str, shaping: Shaping, steps: int = 2) -> np.ndarray:
    plan = Plan(Locks.of(np.full(LENGTH, FREE), diffusion.vocabulary, LENGTH), 1, steps, shaping=shaping)
    *_, last = run_chain(diffusion, sampler_named(sampler, diffusion.config.noise), plan, 3)
    return last.tokens


def allowing_some() -> Shaping:
    allowed = torch.ones(STATES - 1, dtype=torch.bool)
    allowed[::7] = False
    return Shaping(0.9, 0.8, allowed)


@pytest.mark.parametrize(("sampler", "noise"), CLAIMS)
@pytest.mark.parametrize("shaped", [False, True])
def test_parts_write_what_the_whole_would(
    sampler: str, noise: Noise, shaped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    diffusion = model(noise)
    shaping = allowing_some() if shaped and noise == "absorb" else Shaping()
    with monkeypatch.context() as few:
        few.setattr(asking, "FEW_LAWS", 7 * STATES)
        in_parts = written(diffusion, sampler, shaping)
    monkeypatch.setattr(asking, "pieces", lambda count, size, most: [slice(0, count)])
    np.testing.assert_array_equal(in_parts, written(diffusion, sampler, shaping))


@pytest.mark.parametrize(("sampler", "noise"), CLAIMS)
def test_no_sampler_asks_for_the_laws_of_all_positions_at_once(sampler: str, noise: Noise) -> None:
    diffusion = model(noise)
    with counted(diffusion) as asked:
        written(diffusion, sampler, Shaping(), steps=1)
    assert max(asked) <= LONGEST


@pytest.mark.parametrize("sampler", ["surest", "entropy-bounded"])
def test_what_the_surest_positions_are_takes_one_look_at_each_that_is_masked(sampler: str) -> None:
    diffusion = model("absorb")
    with counted(diffusion) as asked:
        written(diffusion, sampler, Shaping(), steps=LENGTH)
    masked = np.arange(LENGTH, 0, -1)
    assert sum(asked) <= masked.sum() + LENGTH  # and one at the token that is drawn there


def chain_of(diffusion: Diffusion, shaping: Shaping) -> asking.Asking:
    tokens = torch.full((1, LENGTH), STATES - 1)
    tokens[0, ::3] = torch.arange(len(tokens[0, ::3]))
    return AbsorbingChain(diffusion, tokens, np.ones((1, LENGTH), np.bool_), None, shaping)  # type: ignore[arg-type]


@pytest.mark.parametrize("parametrisation", ["log_score", "posterior"])
@pytest.mark.parametrize("shaping", [Shaping(), Shaping(0.5, 0.5), allowing_some()])
def test_how_unsure_the_network_is_does_not_hang_on_what_temperature_hides(
    parametrisation: str, shaping: Shaping
) -> None:
    diffusion = model("absorb", parametrisation)
    chain = chain_of(diffusion, shaping)
    rows = Rows.where((chain.tokens == STATES - 1).numpy())
    restricted = chain.law(rows, 1.0).unsharpened.double()
    with Lanes() as lanes, lanes.open():
        found = chain.entropy(rows)
    np.testing.assert_allclose(found, torch.special.entr(restricted).sum(-1).numpy(), rtol=1e-5)


@pytest.mark.parametrize("parametrisation", ["log_score", "posterior"])
def test_what_can_never_stand_there_leaves_nothing_unsure(parametrisation: str) -> None:
    parametrised = model("absorb", parametrisation).parametrisation
    output = torch.full((3, STATES), -torch.inf)
    output[0, 5], output[1, :4], output[2] = 2.0, 1.0, 0.0
    found = parametrised.entropy(output, torch.ones(3), torch.full((3,), STATES - 1))
    torch.testing.assert_close(found, torch.tensor([0.0, 4.0, STATES - 1.0]).clamp(min=1).log())


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_bounds_and_the_best_guess_are_the_same_in_pieces(noise: Noise, monkeypatch: pytest.MonkeyPatch) -> None:
    diffusion, tokens = model(noise), np.arange(LENGTH) % TOKENS
    masked = np.where(np.arange(LENGTH) % 3 == 0, FREE if noise == "absorb" else 7, tokens)
    question = Guess(frozen(masked), masked == tokens, 0.7)

    def answers() -> list[np.ndarray]:
        guess = inspection.outlook(diffusion, question)
        (*_, found) = bound(diffusion, [tokens], draws=2, seed=1, max_calls=2)
        return [guess.tokens, guess.probability, guess.entropy, np.array(found.nats)]

    whole = answers()
    for module in (inspection, noised_text):
        monkeypatch.setattr(module, "LAWS", 7 * STATES)
    for first, second in zip(whole, answers(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5)


def test_pieces_cover_all_rows_once_and_hold_no_more_than_is_allowed() -> None:
    for count, size, most in ((0, 10, 5), (1, 10, 5), (7, 10, 35), (40, 3, 9)):
        cuts = pieces(count, size, most)
        assert [row for cut in cuts for row in range(cut.start, cut.stop)] == list(range(count))
        assert all((cut.stop - cut.start) * size <= max(size, most) for cut in cuts)


def test_a_part_is_not_parted_again_on_any_thread() -> None:
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            with Lanes() as lanes, lanes.open():
                assert lanes.map(lambda _: len(pieces(LENGTH, 1, LENGTH)), range(4)) == [1] * 4
                assert len(pieces(LENGTH, 1, LENGTH)) == 2
        finally:
            torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_a_wide_layer_gives_the_same_some_outputs_at_a_time(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(16, 103).to(dtype), torch.randn(2, 5, 16, dtype=torch.float64).to(dtype)
    with torch.no_grad():
        whole = layers.wide(layer, x)
        monkeypatch.setattr(layers, "OUTPUTS", 10)
        some = layers.wide(layer, x)
    assert whole.dtype == some.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    torch.testing.assert_close(whole, some, rtol=1e-2 if dtype == torch.bfloat16 else 1e-5, atol=1e-5)
    assert layers.wide(layer, x).requires_grad
