"""Runs of a model that writes from left to right: events, draws, soft locks, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.causal.causal_model import build_causal, save_causal
from engine.performing.causal_performer import CausalPerformer
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Failed,
    Finished,
    Frame,
    Generate,
    Guess,
    Insight,
    Inspect,
    Introduced,
    LoadModel,
    ModelLoaded,
    Request,
    Score,
    Started,
    frozen,
)
from tests.engine.test_runs import REQUEST, TOKENIZER, engine, replay

__all__ = ["engine"]


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine that holds a small autoregressive model."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("gpt")
    network = build_causal(TOKENIZER, 16, 16, 1, 2)
    torch.nn.init.normal_(network.transformer.wte.weight, std=0.5)  # type: ignore[union-attr,arg-type]
    save_causal(folder, network, TOKENIZER, "# Causal\n")
    engine = Engine()
    (loaded,) = engine.perform(1, LoadModel(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    assert (loaded.info.noise, loaded.info.length, loaded.info.mask_id) == ("none", 16, TOKENIZER.vocabulary)
    return engine


def test_an_autoregressive_model_writes_from_left_to_right(causal: Engine) -> None:
    mask, request = TOKENIZER.vocabulary, replace(REQUEST, seed=4)
    events = list(causal.perform(5, request))
    started, *frames, finished = events
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert (started.steps, started.sampler, finished.calls, finished.evaluations) == (3, "left-to-right", 3, 6)
    assert [frame.position.tolist() for frame in frames if isinstance(frame, Frame)] == [[1, 1], [2, 2], [4, 4]]
    history = replay(events)
    assert (history[0] == [5, mask, mask, 9, mask]).all()
    assert (history[-1][:, [0, 3]] == [5, 9]).all()
    assert (history[-1] < mask).all()
    assert math.isnan(started.sigma)
    assert np.isnan(finished.log_weights).all()  # 9 stands to the right of a gap, which the model does not see
    *_, free_to_the_right = causal.perform(5, replace(request, tokens=frozen([5, FREE, FREE])))
    assert isinstance(free_to_the_right, Finished)
    assert free_to_the_right.log_weights == (0.0, 0.0)
    sharp = [replay(list(causal.perform(5, replace(request, seed=seed, temperature=0.0))))[-1] for seed in (4, 5)]
    assert (sharp[0] == sharp[1]).all()


def test_writing_goes_on_with_its_own_draws_and_keeps_to_soft_locks(causal: Engine) -> None:
    request = replace(REQUEST, tokens=frozen([5, *[FREE] * 9]), seed=4, samples=1)
    history = replay(list(causal.perform(5, request)))
    there = frozen(np.where(history[4] == TOKENIZER.vocabulary, FREE, history[4]))
    events = list(causal.perform(6, replace(request, start=there, first_step=5)))
    started = events[0]
    assert isinstance(started, Started)
    assert (started.steps, started.first_step) == (9, 5)
    assert [event.step for event in events if isinstance(event, Frame)] == [5, 6, 7, 8, 9]
    assert (replay(events)[-1] == history[-1]).all()
    other = list(causal.perform(6, replace(request, start=there, first_step=5, seed=5)))
    assert (replay(other)[-1] != history[-1]).any()
    limited = list(causal.perform(7, replace(request, limits=((3, 6, (40, 41)),))))
    assert set(replay(limited)[-1][0, 3:6].tolist()) <= {40, 41}
    finished = limited[-1]
    assert isinstance(finished, Finished)
    assert np.isnan(finished.log_weights).all()  # each token keeps to the limit, but not in the law of the whole


def test_a_model_that_writes_from_left_to_right_says_what_stands_there_and_scores_exactly(causal: Engine) -> None:
    model = causal.performer
    assert isinstance(model, CausalPerformer)
    tokens, nothing = frozen([5, 7, 9, 3]), np.zeros(4, bool)
    (seen,) = causal.perform(1, Inspect(frozen([5, 7, FREE, 3]), nothing, 2, math.nan))
    assert isinstance(seen, Insight)
    assert seen.score is None
    law = model.causal.law_after(np.array([5, 7]))
    assert seen.probability == pytest.approx(law.sort(descending=True).values[:10].tolist())
    assert seen.entropy == pytest.approx(float(-(law * law.log()).sum()))
    bounded, attributed = causal.perform(2, Score(tokens, nothing))
    assert isinstance(bounded, Bounded)
    assert isinstance(attributed, Attributed)
    by_hand = [-math.log(model.causal.law_after(tokens[:k])[tokens[k]]) for k in range(4)]
    assert attributed.nats == pytest.approx(by_hand, rel=1e-5)
    assert bounded.nats == pytest.approx(np.mean(by_hand), rel=1e-5)
    assert bounded.standard_error == 0


def test_what_only_diffusion_can_do_is_refused_from_left_to_right(causal: Engine) -> None:
    nothing, given = np.zeros(3, bool), np.array([True, False, False])
    gap = frozen([FREE, 7, FREE])
    refused: list[tuple[Request, str]] = [
        (Generate(frozen([1, 2])), "nothing to write"),
        (Generate(frozen([FREE] * 17)), "takes 1 to 16"),
        (replace(REQUEST, sampler="tweedie"), "takes no sampler"),
        (replace(REQUEST, locking="gibbs"), "neither locking nor spacing changes anything"),
        (replace(REQUEST, spacing="cosine"), "neither locking nor spacing changes anything"),
        (Score(frozen([1, 2, 3]), nothing, estimator="plain"), "leave the estimator out"),
        (replace(REQUEST, pattern="a*"), "absorbing noise"),
        (Inspect(gap, nothing, 2, math.nan), "before all to its left is written"),
        (Guess(gap, nothing, math.nan), "makes no guess"),
        (Score(frozen([1, 2, 3]), given), "score the whole text"),
        (replace(REQUEST, start=frozen([[5, 1, FREE, 9, FREE], [5, FREE, FREE, 9, FREE]])), "not equally far"),
    ]
    for request, said in refused:
        (event,) = causal.perform(6, request)
        assert isinstance(event, Failed)
        assert said in event.headline
        assert not event.detail


def test_a_run_of_another_model_can_be_one_from_left_to_right(causal: Engine, engine: Engine) -> None:
    model = causal.performer
    assert model is not None
    introduced, started, *_ = engine.perform(3, replace(REQUEST, model=model.info.path))
    assert isinstance(introduced, Introduced)
    assert isinstance(started, Started)
    assert (introduced.info.noise, started.sampler) == ("none", "left-to-right")
