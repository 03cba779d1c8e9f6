"""A spoilt word comes back as often as enumeration says, under every noise; what cannot mend says so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.exact.mending import mended_law, rates
from engine.exact.sampler_law import Remembering
from engine.exact.toy import ToyWorld, diffusion
from engine.language.tokenizers import symbol_tokenizer
from engine.models.loading import Model
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.performing.mending import proportion
from engine.protocol import Event, Failed, Finished, Generate, Introduced, Mend, Mended, ModelInfo, Noise, frozen
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.graphs import GRAPHS
from engine.theory.mixed import Mixed, Mixing
from engine.theory.network import Features, NetworkConfig

SYMBOLS = symbol_tokenizer("abc")
LENGTH = 3
SPOILT = torch.tensor([1, 2, 3])
"""The text "abc", of which the b once was a c."""
LEVELS = (0.2, 0.6)
SAMPLERS: dict[Noise, tuple[str, int]] = {
    "absorb": ("first-hitting", 16),
    "uniform": ("tweedie", 32),
    "mixed": ("ancestral", 32),
}
SAMPLES = 240


class MixedWorld(ToyWorld):
    """A world whose graph has no single matrix of rates."""

    def transition_matrix(self, sigma: Tensor) -> Tensor:
        states = torch.arange(self.graph.states).expand(len(sigma), -1)
        return self.graph.transition(states, sigma.double()).transpose(1, 2)


class MixedOracle(nn.Module):
    """A network that knows the law of a clean token given all other positions, told t as GIDD's is."""

    device = torch.device("cpu")

    def __init__(self, world: ToyWorld, schedule: Mixing) -> None:
        super().__init__()
        self.world, self.schedule = world, schedule

    def body(self, tokens: Tensor, told: Tensor, locked: Tensor | None = None) -> Features:
        sigma = self.schedule((told.double() - self.schedule.eps) / (1 - 2 * self.schedule.eps)).total
        laws = []
        for place in range(LENGTH):
            table = self.world.marginal(sigma, tuple(other != place for other in range(LENGTH)))
            others = [tokens[:, other, None] for other in range(LENGTH)]
            others[place] = torch.arange(self.world.graph.states)[None]
            laws.append(table[(torch.arange(len(tokens))[:, None], *others)])
        return Features(torch.stack(laws, dim=1).log(), torch.zeros(len(tokens), 1, 1))

    def head(self, features: Features) -> Tensor:
        return features.hidden


def model_of(world: ToyWorld) -> Diffusion:
    """The world as a model, whose network computes each answer once."""
    if not isinstance(world.graph, Mixed):
        made = diffusion(world)
    else:
        network = NetworkConfig(world.graph.states, LENGTH, hidden=2, blocks=0, heads=1, cond_dim=1)
        config = DiffusionConfig(
            network, "mixed", "mixing", eps=1e-4, parametrisation="plug_in", scale_by_sigma=False, p_uniform=0.3
        )
        made = Diffusion(config, MixedOracle(world, world.graph.schedule), world.graph)  # type: ignore[arg-type]
    made.network = Remembering(made.network)  # type: ignore[assignment]
    made.network.config = made.config.network  # by which it is estimated what a run takes
    return made


def world(noise: Noise) -> ToyWorld:
    found = ToyWorld.random("absorb", SYMBOLS.vocabulary, LENGTH, 0.6, 3)
    graph = Mixed(SYMBOLS.vocabulary, Mixing(0.3)) if noise == "mixed" else GRAPHS[noise](SYMBOLS.vocabulary)
    return (MixedWorld if noise == "mixed" else ToyWorld)(found.joint, graph)


def sigma_of(model: Diffusion, level: float) -> float:
    """The noise at a level: the share of noised tokens, of that at the end of the noise."""
    most = -torch.expm1(-model.schedule(torch.ones(1, dtype=torch.float64)).total)
    return float(-torch.log1p(-level * most))


def engine_of(model: Diffusion, noise: Noise) -> Engine:
    mask = model.graph.mask
    info = ModelInfo("toy", "toy", noise, "", LENGTH, SYMBOLS.vocabulary, mask, 1, "cpu", "fp32")
    return Engine(DiffusionPerformer(Model(model, info, SYMBOLS)))


def asked(noise: Noise, samples: int = SAMPLES) -> Mend:
    sampler, steps = SAMPLERS[noise]
    words = tuple((place, place + 1) for place in range(LENGTH))
    chain = Generate(frozen(np.empty(0, np.int64)), steps, sampler, samples=samples)
    return Mend("abc", words, 1, "c", LEVELS, chain)


def answered(engine: Engine, request: Mend) -> dict[float, Mended]:
    """The last answer of each level."""
    events: list[Event] = list(engine.perform(1, request))
    assert isinstance(events[0], Introduced), events
    assert isinstance(events[-1], Finished), events
    return {event.level: event for event in events if isinstance(event, Mended)}


@pytest.mark.parametrize("noise", ["absorb", "uniform", "mixed"])
def test_with_exact_scores_a_word_is_mended_as_often_as_enumeration_says(noise: Noise) -> None:
    here = world(noise)
    model = model_of(here)
    found = answered(engine_of(model, noise), asked(noise))
    for level in LEVELS:
        law = mended_law(here, SPOILT, sigma_of(model, level))
        assert float(law.sum()) == pytest.approx(1, abs=1e-12)
        truth = rates(law, SPOILT, 1, 3)
        said = found[level]
        assert abs(said.mended - truth.mended) < 3.5 * said.mended_error
        assert abs(said.damaged - truth.damaged) < 3.5 * said.damaged_error
        assert (said.samples, said.tokens, said.before) == (SAMPLES, 1, 1)


def test_under_absorbing_noise_no_word_is_mended_that_was_not_masked() -> None:
    here = world("absorb")
    for level in (0.1, 0.5, 0.9):
        assert rates(mended_law(here, SPOILT, -math.log1p(-level)), SPOILT, 1, 3).mended < level
    found = answered(engine_of(model_of(here), "absorb"), asked("absorb", 40))
    assert found[0.2].mended <= found[0.6].mended  # what is masked at a level is masked at the next


def test_samples_are_noised_by_their_own_draws() -> None:
    request, engine = asked("absorb", 24), engine_of(model_of(world("absorb")), "absorb")
    whole = answered(engine, request)[0.6]
    parts = [
        answered(engine, replace(request, chain=replace(request.chain, samples=12, first_sample=first)))[0.6]
        for first in (0, 12)
    ]
    assert whole.mended == sum(part.mended for part in parts) / 2


def test_shares_have_an_error_that_is_never_nothing() -> None:
    for hits, count, share, error in ((0, 10, 0.0, 0.5 / 11), (50, 100, 0.5, math.sqrt(25.25) / 101)):
        assert proportion(hits, count) == pytest.approx((share, error))


def test_models_of_blocks_and_noise_levels_out_of_range_are_refused_in_a_sentence() -> None:
    network = NetworkConfig(SYMBOLS.vocabulary + 1, LENGTH, hidden=8, blocks=1, heads=1, cond_dim=4, block_size=1)
    blocks = Diffusion(DiffusionConfig(network, parametrisation="posterior", time_free=True))
    request = asked("absorb")
    for model, wanted, said in (
        (blocks, request, "toy writes block by block and never noises a whole text; choose another model."),
        (model_of(world("absorb")), replace(request, levels=(1.0,)), "Each noise level must be"),
        (model_of(world("absorb")), replace(request, spoilt=7), "The spoilt word is none of the text's"),
        (model_of(world("absorb")), replace(request, text="xyz"), 'does not know the symbol "x"'),
    ):
        *_, last = engine_of(model, "absorb").perform(1, wanted)
        assert isinstance(last, Failed)
        assert said in last.headline
