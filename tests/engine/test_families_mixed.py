"""Masks and uniform noise mixed: marginals, scores, loss, sampler and bound are those of the paper."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.cli import app
from engine.language.tokenizers import symbol_tokenizer
from engine.likelihood.estimators import choose, draw
from engine.likelihood.noised_text import Text
from engine.likelihood.running import sampler_bound, slack
from engine.models.loading import build
from engine.models.own_layout import save
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Bounded,
    Failed,
    Finished,
    Frame,
    Generate,
    Guess,
    Guessed,
    Insight,
    Inspect,
    LoadModel,
    ModelLoaded,
    Score,
    Started,
    UserError,
    frozen,
)
from engine.samplers import sampler_named
from engine.samplers.ancestral import LITTLE, kernel
from engine.samplers.loop import Plan, State, run_chain
from engine.theory.conditioning import Locks
from engine.theory.grid import Step
from engine.theory.mixed import Mixed, Mixing
from tests.engine.families import (
    Sizes,
    double,
    make,
    noised,
    rename,
)

TOY = Sizes(states=3, length=3, hidden=8, blocks=1)


def mixture(t: torch.Tensor, p: float = 0.2, n: int = 10) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """alpha (B, 1, 1), beta pi (B, 1, V) and c (B,) at the chain's own t (B,), as the paper has them."""
    c = (t * (1 - t)).sqrt() * 2 * p / (1 - p)
    pi = torch.cat(((c / n)[:, None].expand(-1, n), t[:, None]), -1) / (1 + c)[:, None]
    return ((1 - t) / (1 + c))[:, None, None], pi[:, None], c


@torch.no_grad()
def test_the_mixture_s_marginals_scores_and_loss_are_those_of_the_paper(tmp_path: Path) -> None:
    make(tmp_path, "gidd")
    diffusion, (x, _) = double(tmp_path), noised(Sizes(), uniform=False)
    t = torch.tensor([0.03, 0.5, 0.98]).double()
    alpha, pi, c = mixture(t)
    sigma = -alpha.flatten().log()
    torch.testing.assert_close(diffusion.told(sigma), t, rtol=1e-12, atol=0)
    clean = x.roll(1, 0) % 10
    clean[0] = x[0] % 10
    mean = diffusion.network(x, t)[..., :10].softmax(-1)
    model = alpha * torch.nn.functional.pad(mean, (0, 1)) + pi
    true = alpha * torch.nn.functional.one_hot(clean, 11) + pi
    torch.testing.assert_close(diffusion.graph.transition(clean, sigma), true, rtol=1e-10, atol=0)
    own = x[..., None]
    scores = diffusion.log_score(x, sigma)
    torch.testing.assert_close(scores, (model / model.gather(-1, own)).log(), rtol=1e-9, atol=1e-9)
    slope = (1 - 2 * t) / (2 * t * (1 - t)) * c
    into = (c + (1 - t) * slope)[:, None]
    kept, c, t = (1 - t)[:, None], c[:, None], t[:, None]
    other = into / (kept * c)
    weight = torch.where(x == 10, 1 / (t * kept), torch.where(x == clean, into / 10 / (kept * (kept + c / 10)), other))
    ratio = (true / model).gather(-1, own)[..., 0]
    loss = weight * ((true * (true / model).log()).sum(-1) + ratio - ratio.log() - 1)
    rate = (1 / kept + slope[:, None] / (1 + c))[:, 0]
    found = diffusion.score_entropy(x, sigma, clean) * rate[:, None]
    torch.testing.assert_close(found, loss, rtol=1e-9, atol=1e-9)


def test_the_schedule_of_the_mixture_has_the_right_rate_and_inverse() -> None:
    schedule, t = Mixing(0.2), torch.linspace(0.01, 1, 50).double().requires_grad_()
    noise = schedule(t)
    (slope,) = torch.autograd.grad(noise.total.sum(), t, retain_graph=True)
    torch.testing.assert_close(noise.rate, slope, rtol=1e-9, atol=0)
    torch.testing.assert_close(schedule.time(noise.total), t, rtol=1e-9, atol=1e-12)
    shares = schedule.shares(noise.total, 7)
    for put, jumps in ((shares.mask, shares.to_mask), (shares.each, shares.to_each)):
        (change,) = torch.autograd.grad(put.sum(), t, retain_graph=True)
        torch.testing.assert_close(change / slope, jumps - put, rtol=1e-6, atol=1e-9)


def test_an_ancestral_step_is_that_of_the_paper() -> None:
    graph, draw = Mixed(10, Mixing(0.2)), torch.Generator().manual_seed(0)
    own, law = torch.tensor([3, 10, 7]), torch.rand(3, 10, generator=draw).double().softmax(-1)
    (alpha_s, pi_s, _), (alpha_t, pi_t, _) = (mixture(torch.tensor([t]).double()) for t in (0.4, 0.6))
    sigma_s, sigma_t = (-float(alpha.log()) for alpha in (alpha_s, alpha_t))
    kept = alpha_t / alpha_s
    arrived = kept * torch.nn.functional.one_hot(own, 11)[None] + (pi_t - kept * pi_s)[..., own].mT
    expected = (arrived * (alpha_s * torch.nn.functional.pad(law, (0, 1)) + pi_s))[0]
    found = kernel(graph, law, own, Step(1, 2, 0.6, 0.4, sigma_t, sigma_s, 1.0))
    expected, found = (table / table.sum(-1, keepdim=True) for table in (expected, found))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_model_of_the_mixture_writes_and_scores(tmp_path: Path) -> None:
    make(tmp_path, "gidd")
    symbol_tokenizer([*"abcdefghi"]).save(tmp_path)
    engine = Engine()
    tokens = frozen(np.where(np.arange(12) < 4, np.arange(12), FREE))
    *_, loaded = engine.perform(1, LoadModel(str(tmp_path), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded), loaded
    assert (loaded.info.noise, loaded.info.mask_id, loaded.info.vocabulary) == ("mixed", 10, 10)
    events = list(engine.perform(1, Generate(tokens, steps=8)))
    assert isinstance(events[-1], Finished), events[-1]
    final = np.full(12, 10)
    for event in events:
        if isinstance(event, Started):
            final = event.tokens[0].copy()
        if isinstance(event, Frame):
            final[event.position] = event.token
    assert (final < 10).all()
    assert (final[:4] == np.arange(4)).all()
    nothing = np.zeros(12, np.bool_)
    *_, scored, done = engine.perform(1, Score(frozen(final), nothing, draws=64, by_token=False))
    assert isinstance(scored, Bounded), scored
    assert isinstance(done, Finished)
    assert scored.nats > 0
    for question in (Inspect(tokens, tokens >= 0, 6, 1.0), Guess(tokens, tokens >= 0, 1.0)):
        *_, told = engine.perform(1, question)
        assert isinstance(told, Insight | Guessed), told


def calm(weights: dict[str, torch.Tensor]) -> None:
    """Makes a random network less sure of itself."""
    for name in weights:
        weights[name] *= 0.1 if "output_layer.linear" in name else 1.0


def test_estimators_of_the_mixture_agree(tmp_path: Path) -> None:
    """By count and by level they estimate the same bound."""
    make(tmp_path, "gidd", TOY)
    rename(tmp_path, calm)
    text = Text.of(build(tmp_path)[0], np.array([0, 1, 0]))
    means = []
    for name in ("mirrored", "root"):
        totals = draw(text, choose(name, "mixed"), 400, 8, np.random.default_rng(0)).totals.reshape(400, 8).mean(1)
        means.append((totals.mean(), totals.std() / 20))
    (first, error), (second, other) = means
    assert abs(first - second) < 5 * math.hypot(error, other) + 0.02


def test_what_needs_absorbing_noise_is_refused_by_a_mixture_though_it_has_a_mask(tmp_path: Path) -> None:
    make(tmp_path, "gidd", Sizes(states=11, length=12))
    diffusion = build(tmp_path)[0]
    text = [np.arange(6)]
    with pytest.raises(UserError, match="known for absorbing noise only"):
        next(sampler_bound(diffusion, text, 4))
    with pytest.raises(UserError, match="Only under absorbing noise"):
        next(slack(diffusion, text, 2))
    symbol_tokenizer([*"abcdefghi"]).save(tmp_path)
    engine = Engine()
    loaded = list(engine.perform(1, LoadModel(str(tmp_path), "cpu", "fp32")))[-1]
    assert isinstance(loaded, ModelLoaded)
    for asked in (Generate(frozen([FREE] * 4), 4, pattern="[a-e]*"), Generate(frozen([FREE] * 4), 4, words=("a",))):
        *_, answer = engine.perform(2, asked)
        assert isinstance(answer, Failed)
        assert "need absorbing noise; leave them out" in answer.headline


def corrected(folder: Path, tokens: np.ndarray, corrections: int, temperature: float = 0.1, samples: int = 2) -> State:
    """The end of a run of a model in a folder."""
    diffusion = build(folder)[0]
    sampler = sampler_named("ancestral", "mixed", (("corrections", corrections), ("temperature", temperature)))
    plan = Plan(Locks.of(tokens, diffusion.vocabulary, 12), samples=samples, steps=3)
    *_, state = run_chain(diffusion, sampler, plan, seed=2)
    return state


@torch.no_grad()
def test_what_was_written_is_corrected_until_nothing_is_likelier(tmp_path: Path) -> None:
    make(tmp_path, "gidd", Sizes(states=5, length=12))
    rename(tmp_path, calm)
    tokens = np.where(np.arange(12) < 3, np.arange(12) % 4, FREE)
    plain, mended = (corrected(tmp_path, tokens, count, 0.01) for count in (0, 400))
    assert (mended.tokens != plain.tokens).any()
    assert (mended.tokens[:, :3] == tokens[:3]).all()
    assert (mended.calls < 400).all(), "it did not come to an end"
    diffusion = build(tmp_path)[0]
    assert isinstance(diffusion.graph, Mixed)
    level = diffusion.graph.level_at(LITTLE)
    assert float(diffusion.graph.heard(level)) == pytest.approx(LITTLE)
    found = diffusion.network(torch.from_numpy(mended.tokens), torch.full((2,), LITTLE))[..., :4].argmax(-1).numpy()
    assert (found == mended.tokens)[:, 3:].all()
    plain_laws = diffusion.network(torch.from_numpy(plain.tokens), torch.full((2,), LITTLE))[..., :4].argmax(-1).numpy()
    assert (plain_laws != plain.tokens)[:, 3:].any()


@torch.no_grad()
def test_corrections_change_one_token_each_and_no_sample_depends_on_its_company(tmp_path: Path) -> None:
    make(tmp_path, "gidd", Sizes(states=5, length=12))
    rename(tmp_path, calm)
    tokens = np.full(12, FREE)
    states = [corrected(tmp_path, tokens, count) for count in range(4)]
    for before, after in itertools.pairwise(states):
        assert ((before.tokens != after.tokens).sum(-1) <= 1).all()
        assert (after.calls <= before.calls + 1).all()
    assert (corrected(tmp_path, tokens, 3, samples=1).tokens[0] == states[3].tokens[0]).all()
    locked = corrected(tmp_path, np.zeros(12, np.int64), 3)
    assert (locked.tokens == 0).all()


def test_a_mixture_is_trained_on_and_kept_in_our_own_layout(tmp_path: Path) -> None:
    make(tmp_path / "theirs", "gidd")
    diffusion, tokenizer = build(tmp_path / "theirs")[0], symbol_tokenizer([*"abcdefghi"])
    save(tmp_path / "ours", diffusion, tokenizer, "", precision="fp32")
    again = build(tmp_path / "ours")[0]
    assert again.config == diffusion.config
    tokens, sigma = torch.arange(12)[None] % 11, torch.full((1,), 0.3)
    torch.testing.assert_close(again.log_score(tokens, sigma), diffusion.log_score(tokens, sigma))
    assert isinstance(again.graph, Mixed)
    tokenizer.save(tmp_path / "theirs")
    text, out = tmp_path / "text.txt", tmp_path / "trained"
    text.write_text("abcdefghi" * 200)
    few = ["--steps", "2", "--batch", "2", "--device", "cpu", "--out", str(out)]
    done = CliRunner().invoke(app, ["train", str(text), "--model", str(tmp_path / "theirs"), *few])
    assert done.exit_code == 0, done.output
    trained = build(out)[0].config
    assert (trained.noise, trained.p_uniform, trained.eps) == ("mixed", 0.2, 1e-4)
