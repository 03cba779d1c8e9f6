"""The bundled model: small enough, whole, and a sample that depends on nothing but its request."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine.bundled_models import DEFAULT_MODEL
from engine.language.prompts import parse_prompt
from engine.models.loading import Model, load
from engine.performing.causal_performer import CausalPerformer
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.protocol import FREE, Failed, Finished, Frame, Generate, Started

TEXT = "Once upon a time [24] the dragon [40] The end."
SEED, STEPS = 3, 24


@pytest.fixture(scope="module", params=["fp32", "bf16"])
def model(request: pytest.FixtureRequest) -> Model:
    return load(DEFAULT_MODEL, device="cpu", precision=request.param)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def infill(model: Model | CausalPerformer, samples: int, first: int = 0, sampler: str = "analytic") -> np.ndarray:
    """The final tokens (B, L)."""
    prompt = parse_prompt(TEXT, model.tokenizer, model.info.length)
    tokens = np.empty(0, np.int64)
    performer = model if isinstance(model, CausalPerformer) else DiffusionPerformer(model)
    for event in Engine(performer).perform(1, Generate(prompt, STEPS, sampler, SEED, samples, first)):
        match event:
            case Started():
                tokens = np.array(event.tokens)
            case Frame():
                tokens[event.sample, event.position] = event.token
                assert (tokens[:, prompt != FREE] == prompt[prompt != FREE]).all()
            case Failed():
                pytest.fail(event.headline)
            case Finished():
                assert event.calls <= (64 if isinstance(model, CausalPerformer) else STEPS)
    return tokens


def test_an_infill_is_the_same_alone_and_in_a_batch_of_eight(model: Model) -> None:
    together = infill(model, samples=8)
    for k in (0, 3, 7):
        np.testing.assert_array_equal(infill(model, samples=1, first=k)[0], together[k])


@pytest.mark.usefixtures("threads")
def test_an_infill_is_the_same_on_one_thread_and_on_two(model: Model) -> None:
    results = []
    for count in (1, 2):
        torch.set_num_threads(count)
        results.append(infill(model, samples=2))
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.usefixtures("threads")
def test_writing_from_left_to_right_is_the_same_on_one_thread_and_on_two() -> None:
    writer = CausalPerformer.load(DEFAULT_MODEL.parent / "stories-gpt", "cpu", "fp32")
    results = []
    for count in (1, 2):
        torch.set_num_threads(count)
        results.append(infill(writer, samples=1, sampler="auto"))
    np.testing.assert_array_equal(results[0], results[1])


def test_the_bundled_model_is_small_and_its_card_says_what_it_is() -> None:
    assert sum(file.stat().st_size for file in DEFAULT_MODEL.iterdir()) < 25e6
    card = (DEFAULT_MODEL / "README.md").read_text(encoding="utf-8")
    for word in ("Data", "Licence", "sha256", "steps", "bound"):
        assert word in card
