"""The real thing: what the chapter tells is what the open model says when it is asked for itself."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from engine import bundled_models
from engine.lessons import figures
from engine.likelihood.running import sampler_bound
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.performing.opening import open_folder
from engine.protocol import Failed, UserError
from engine.protocol.lessons.real import LIKELY, RealFigure, RealLesson

SENTENCE = "A fox was here."


@pytest.fixture(scope="module", params=["absorb", "uniform"])
def model(request: pytest.FixtureRequest) -> DiffusionPerformer:
    folder = bundled_models.bundled(f"stories-{request.param}")
    assert folder is not None
    performer = open_folder(folder, "cpu", "fp32", False)
    assert isinstance(performer, DiffusionPerformer)
    return performer


def told(model: object, sentence: str = SENTENCE) -> list[RealFigure]:
    return [figure for figure in figures(RealLesson(sentence, 3), model) if isinstance(figure, RealFigure)]


@torch.no_grad()
def test_laws_scores_and_prices_are_those_of_the_model(model: DiffusionPerformer) -> None:
    every = told(model)
    figure, diffusion = every[-1], model.model.diffusion
    length, hides = len(figure.text), model.info.noise == "absorb"
    assert "".join(figure.names[token] for token in figure.text.tolist()).strip() == SENTENCE
    assert sorted(figure.order.tolist()) == list(range(length))
    for row in (0, length - 1):
        x = np.where(figure.reads[row] < 0, diffusion.graph.states - 1, figure.reads[row])
        assert (figure.reads[row] == figure.text)[figure.order[row + 1 :]].all()
        sigma = float(figure.sigma[row])
        level = torch.tensor([sigma])
        scores = diffusion.log_score(torch.from_numpy(x)[None], level)[0].double().exp().numpy()
        for place in figure.order[: row + 1].tolist():
            score = scores[place, : model.info.vocabulary]
            best = figure.likely[row, place]
            law = score / score.sum()
            np.testing.assert_allclose(figure.score[row, place], score[best], rtol=1e-3)
            assert (np.diff(figure.law[row, place]) <= 0).all()
            if hides:
                assert score.sum() == pytest.approx(1 / np.expm1(sigma), rel=1e-4)
                np.testing.assert_allclose(figure.law[row, place], law[best], rtol=1e-3)
                assert figure.own[row, place] == pytest.approx(law[figure.text[place]], rel=1e-3)
                assert figure.law[row, place].sum() <= 1 + 1e-6
    for row, one in enumerate(every[:length]):
        assert (one.likely[: row + 1] == figure.likely[: row + 1]).all()
        assert (one.likely[row + 1 :] == -1).all()  # still to come
    if hides:
        assert len(every) == length + len(figure.steps)
        for steps, price, half in zip(figure.steps.tolist(), figure.price, figure.half, strict=True):
            *_, found = sampler_bound(diffusion, [figure.text], steps)
            assert price == pytest.approx(found.nats)
            assert half == pytest.approx(found.half_width)
        assert figure.price[0] > figure.price[-1]  # words that are written at once do not fit as well
    else:
        assert np.isnan(figure.price).all()


def test_another_seed_noises_in_another_order_and_shows_the_same_at_last(model: DiffusionPerformer) -> None:
    one, other = (next(islice(figures(RealLesson(SENTENCE, seed), model), 4, None)) for seed in (3, 4))
    assert isinstance(one, RealFigure)
    assert isinstance(other, RealFigure)
    assert one.order.tolist() != other.order.tolist()
    assert one.likely.shape == (len(one.text), len(one.text), LIKELY)
    if one.noise == "absorb":
        assert one.likely[-1].tolist() == other.likely[-1].tolist()


def test_without_a_model_or_with_too_long_a_sentence_it_says_what_to_do(model: DiffusionPerformer) -> None:
    (refused,) = Engine().perform(1, RealLesson(SENTENCE))
    assert isinstance(refused, Failed)
    assert refused.headline == "No model is loaded yet; open one first."
    for sentence in ("", "word " * 60):
        with pytest.raises(UserError, match=r"write a (shorter )?sentence"):
            told(model, sentence)
