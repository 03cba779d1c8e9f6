"""What the model would put at a position, against worlds that are known exactly."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.exact.toy import ToyWorld, diffusion
from engine.models.loading import load
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Generate,
    Guess,
    Insight,
    Inspect,
    LoadModel,
    ModelLoaded,
    Noise,
    Tokens,
    UserError,
    frozen,
)
from engine.theory.inspection import look, outlook
from tests.engine.truth import negative_log_likelihood
from tests.sedd_studio.test_steering import TOKENIZER, model

VALUES = 3


def world_of(noise: Noise) -> ToyWorld:
    return ToyWorld.random(noise, VALUES, 3, 0.5, seed=3)


def asked(tokens: list[int], position: int, sigma: float = 0.7, **more: object) -> Inspect:
    return Inspect(frozen(tokens), np.zeros(3, bool), position, sigma, **more)  # type: ignore[arg-type]


def conditional(world: ToyWorld, tokens: list[int], position: int) -> np.ndarray:
    """p(x_position | the known others), by adding up the table of clean sequences."""
    law = np.zeros(VALUES)
    for sequence in world.sequences().tolist():
        known = all(
            token in (FREE, value)
            for k, (token, value) in enumerate(zip(tokens, sequence, strict=True))
            if k != position
        )
        if known and max(sequence) < VALUES:
            law[sequence[position]] += math.exp(-negative_log_likelihood(world, torch.tensor(sequence)))
    normalised: np.ndarray = law / law.sum()
    return normalised


@pytest.mark.parametrize(("tokens", "position"), [([FREE, 1, FREE], 0), ([FREE, 1, FREE], 1), ([2, 1, 0], 2)])
def test_under_absorbing_noise_the_law_is_the_conditional_of_clean_text(tokens: list[int], position: int) -> None:
    world = world_of("absorb")
    seen = look(diffusion(world), asked(tokens, position))
    law = conditional(world, tokens, position)
    order = np.argsort(-law)
    np.testing.assert_array_equal(seen.tokens, order)
    np.testing.assert_allclose(seen.probability, law[order], rtol=1e-6)
    assert seen.entropy == pytest.approx(-(law * np.log(law)).sum(), rel=1e-6)
    if tokens[position] == FREE:
        assert seen.own is None
        assert seen.score is not None
        np.testing.assert_allclose(seen.score, law[order] / math.expm1(0.7), rtol=1e-6)
    else:
        assert seen.own == pytest.approx(law[tokens[position]], rel=1e-6)
        assert seen.score is None


def test_under_uniform_noise_the_law_is_leave_one_out_and_the_score_that_of_the_world() -> None:
    world, tokens, position = world_of("uniform"), [2, 1, 0], 1
    seen = look(diffusion(world), asked(tokens, position))
    x, sigma = torch.tensor([tokens]), torch.tensor([0.7], dtype=torch.float64)
    score = world.log_score(x, sigma)[0, position].exp().numpy()
    conditional = score / score.sum()
    kept = math.exp(-0.7)
    law = (conditional - (1 - kept) / VALUES) / kept
    order = np.argsort(-law)
    np.testing.assert_array_equal(seen.tokens, order)
    np.testing.assert_allclose(seen.probability, law[order], rtol=1e-5)
    assert seen.score is not None
    np.testing.assert_allclose(seen.score, score[order], rtol=1e-5)
    assert seen.own == pytest.approx(law[1], rel=1e-5)


def test_as_many_candidates_are_named_as_were_asked_for_and_a_finished_text_has_some_too() -> None:
    for noise in ("absorb", "uniform"):
        seen = look(diffusion(world_of(noise)), asked([0, 1, 2], 1, sigma=0.0, most=2))
        assert len(seen.tokens) == len(seen.probability) == 2
        assert np.isfinite(seen.probability).all()


def test_without_a_run_there_is_no_noise_and_no_score() -> None:
    assert look(diffusion(world_of("absorb")), asked([FREE, 1, FREE], 0, sigma=math.nan)).score is None


@pytest.mark.parametrize(
    ("noise", "tokens", "position", "said"),
    [
        ("absorb", [0, 1, 2], 3, "no position 3"),
        ("absorb", [0, 1, 9], 0, "vocabulary"),
        ("uniform", [0, FREE, 2], 0, "no token is masked"),
    ],
)
def test_what_cannot_be_looked_at_is_answered_in_a_sentence(
    noise: Noise, tokens: list[int], position: int, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        look(diffusion(world_of(noise)), asked(tokens, position))


def test_the_guess_under_absorbing_noise_is_the_likeliest_token_of_each_masked_position() -> None:
    world, tokens = world_of("absorb"), [FREE, 1, FREE]
    seen = outlook(diffusion(world), Guess(frozen(tokens), np.array([False, True, False]), 0.7))
    assert seen.tokens[1] == 1
    assert np.isnan([seen.probability[1], seen.entropy[1]]).all()
    for position in (0, 2):
        law = conditional(world, tokens, position)
        assert seen.tokens[position] == law.argmax()
        assert seen.probability[position] == pytest.approx(law.max(), rel=1e-6)
        assert seen.entropy[position] == pytest.approx(-(law * np.log(law)).sum(), rel=1e-6)


def test_the_guess_under_uniform_noise_is_the_posterior_given_the_token_itself_too() -> None:
    """p(x0_i | x), by adding up every clean sequence times the chance that it became x; a locked token is known."""
    world, tokens, sigma = world_of("uniform"), [2, 1, 0], 0.9
    seen = outlook(diffusion(world), Guess(frozen(tokens), np.zeros(3, bool), sigma))
    kept = math.exp(-sigma)
    law = np.zeros((3, VALUES))
    for sequence in world.sequences().tolist():
        weight = math.exp(-negative_log_likelihood(world, torch.tensor(sequence)))
        for clean, noisy in zip(sequence, tokens, strict=True):
            weight *= kept * (clean == noisy) + (1 - kept) / VALUES
        for position, clean in enumerate(sequence):
            law[position, clean] += weight
    law /= law.sum(-1, keepdims=True)
    np.testing.assert_array_equal(seen.tokens, law.argmax(-1))
    np.testing.assert_allclose(seen.probability, law.max(-1), rtol=1e-5)
    np.testing.assert_allclose(seen.entropy, -(law * np.log(law)).sum(-1), rtol=1e-4)
    locked = outlook(diffusion(world), Guess(frozen(tokens), np.array([True, False, False]), sigma))
    assert locked.tokens[0] == 2
    assert np.isnan(locked.probability[0])


def test_nothing_is_guessed_where_all_is_known_and_nothing_under_uniform_noise_before_a_run() -> None:
    model = diffusion(world_of("absorb"))
    seen = outlook(model, Guess(frozen([0, 1, 2]), np.zeros(3, bool), 0.0))
    assert seen.tokens.tolist() == [0, 1, 2]
    assert np.isnan(seen.probability).all()
    with pytest.raises(UserError, match="run first"):
        outlook(diffusion(world_of("uniform")), Guess(frozen([0, FREE, 2]), np.zeros(3, bool), math.nan))


def test_within_a_run_only_what_may_stand_there_is_named_with_its_chance_given_that(tmp_path: Path) -> None:
    """Tokens, banned words, a pattern and runs of words; each by adding up the model's own law."""
    performer = DiffusionPerformer(load(model(tmp_path, "absorb"), "cpu", "fp32"))
    vocabulary, word = performer.info.vocabulary, TOKENIZER.encode(" dragon")
    tokens = frozen([*TOKENIZER.encode("Once upon a"), *[FREE] * 4])
    place = len(tokens) - 4
    plain = performer.inspect(1, Inspect(tokens, tokens >= 0, place, 0.7, vocabulary))
    law = np.zeros(vocabulary)
    law[plain.tokens] = plain.probability

    def within(position: int = place, text: Tokens = tokens, **held: object) -> Insight:
        run = Generate(tokens, **held)  # type: ignore[arg-type]
        return performer.inspect(1, Inspect(text, tokens >= 0, position, 0.7, vocabulary, run))

    listed = tuple(plain.tokens[:5].tolist())
    found = within(limits=((place, place + 1, listed),))
    np.testing.assert_array_equal(found.tokens, listed)
    np.testing.assert_allclose(found.probability, law[list(listed)] / law[list(listed)].sum(), rtol=1e-6)
    found = within(banned=listed)
    assert not set(found.tokens.tolist()) & set(listed)
    assert found.probability.sum() == pytest.approx(1)
    found = within(limits=((place, place + len(word), ("dragon",)),))
    assert found.tokens.tolist()[0] in {token for token in range(vocabulary) if begins(token, " dragon")}
    assert all(begins(token, " dragon") for token in found.tokens.tolist())
    done = tokens.copy()
    done[place : place + len(word)] = word
    last = place + len(word) - 1
    stood = within(last, frozen(done), limits=((place, place + len(word), ("dragon",)),))
    assert stood.tokens.tolist() == [word[-1]]
    assert stood.own == pytest.approx(1)
    done[last + 1 :] = TOKENIZER.encode(".")[0]  # else the word may go on
    for held in ({"words": ("dragon",)}, {"pattern": "Once upon a dragon.*"}):
        found = within(last, frozen(done), **held)
        assert (word[-1] in found.tokens) is ("pattern" in held)


def test_a_place_that_nothing_can_fill_is_refused_in_a_sentence(tmp_path: Path) -> None:
    performer = DiffusionPerformer(load(model(tmp_path, "absorb"), "cpu", "fp32"))
    tokens = frozen([*TOKENIZER.encode("Once upon a"), *[FREE] * 2])
    run = Generate(tokens, limits=((len(tokens) - 2, len(tokens), ("the dragon lived on a hill",)),))
    with pytest.raises(UserError, match="No words of"):
        performer.inspect(1, Inspect(tokens, tokens >= 0, len(tokens) - 1, 0.7, within=run))


@pytest.mark.parametrize("noise", ["uniform", "none"])
def test_other_noises_keep_to_listed_words_too(tmp_path: Path, noise: Noise) -> None:
    folder = model(tmp_path, noise)
    (loaded,) = (engine := Engine()).perform(0, LoadModel(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    tokens = frozen(TOKENIZER.encode("Once upon a time there"))
    asked = frozen(np.where(np.arange(len(tokens)) == 2, FREE, tokens))
    single = TOKENIZER.encode(" a")
    assert len(single) == 1
    run = Generate(asked, limits=((2, 3, ("a",)),))
    (found,) = engine.perform(1, Inspect(tokens, asked >= 0, 2, 0.7, within=run))
    assert isinstance(found, Insight)
    assert found.tokens.tolist() == single


def begins(token: int, word: str) -> bool:
    return word.encode().startswith(TOKENIZER.spelling(token))
