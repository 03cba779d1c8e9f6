"""Models that know classes of texts: what they are told, and what guidance makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.cli import app
from engine.language.tokenizers import symbol_tokenizer
from engine.likelihood.running import bound
from engine.models import load
from engine.models.loading import build
from engine.models.own_layout import save
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.protocol import (
    Attributed,
    Bounded,
    Failed,
    Finished,
    Generate,
    Guess,
    Guessed,
    Influence,
    Influenced,
    Insight,
    Inspect,
    Review,
    Reviewed,
    Score,
    UserError,
    frozen,
)
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, run_chain
from engine.theory.conditioning import Locks
from engine.theory.guidance import guided
from tests.engine.families import (
    Sizes,
    double,
    forward,
    make,
    noised,
)


@torch.no_grad()
def test_a_class_is_told_beside_the_noise(tmp_path: Path) -> None:
    weights, (tokens, told) = make(tmp_path, "udlm-class"), noised(Sizes(), uniform=True)
    label = torch.tensor([0, 1, 2])
    expected = forward(weights, Sizes().heads, tokens, told, label=label)
    output = double(tmp_path).network(tokens, told.double(), classes=label)
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))


@torch.no_grad()
@pytest.mark.parametrize("strength", [0.0, 1.0, 2.5])
def test_guidance_mixes_the_laws_with_and_without_a_class(tmp_path: Path, strength: float) -> None:
    weights, (tokens, told) = make(tmp_path, "udlm-class"), noised(Sizes(), uniform=True)
    given, free = (
        forward(weights, Sizes().heads, tokens, told, label=torch.full((3,), label)).log_softmax(-1) for label in (1, 2)
    )
    expected = (strength * given + (1 - strength) * free).softmax(-1)
    model = guided(double(tmp_path), 1, strength)
    sigma = told.double()[:, None].expand(tokens.shape)
    law = model.law_rows(model.features(tokens, told.double()), sigma, tokens)
    torch.testing.assert_close(law, expected, rtol=1e-9, atol=1e-12)


def test_a_guided_model_writes(tmp_path: Path) -> None:
    make(tmp_path, "udlm-class")
    plan = Plan(Locks.of(np.full(6, -1), 11, 12), samples=2, steps=4)
    texts = {}
    for label in (0, 1):
        *_, state = run_chain(guided(build(tmp_path)[0], label, 2.0), sampler_named("tweedie", "uniform"), plan, 0)
        texts[label] = state.tokens
    assert (texts[0] != texts[1]).any()


@torch.no_grad()
def test_at_strength_one_the_class_alone_is_asked_in_one_call(tmp_path: Path) -> None:
    make(tmp_path, "udlm-class")
    diffusion, plan = build(tmp_path)[0], Plan(Locks.of(np.full(6, -1), 11, 12), samples=2, steps=4)
    tokens, sigma = torch.arange(6)[None] % 11, torch.ones(1)
    answer = diffusion.network(tokens, sigma, classes=torch.tensor([1])).log_softmax(-1)
    torch.testing.assert_close(guided(diffusion, 1).network(tokens, sigma), answer)
    for strength, calls in ((1.0, 1), (2.0, 2)):
        *_, state = run_chain(guided(diffusion, 0, strength), sampler_named("tweedie", "uniform"), plan, 0)
        *_, plain = run_chain(diffusion, sampler_named("tweedie", "uniform"), plan, 0)
        assert (state.calls == calls * plain.calls).all()


def test_a_class_is_asked_for_by_request_and_by_command(tmp_path: Path) -> None:
    make(tmp_path, "udlm-class")
    symbol_tokenizer([*"abcdefghij"]).save(tmp_path)
    command = ["sample", "--model", tmp_path, "--length", 6, "--steps", 4, "--top-p", 1, "--device", "cpu"]
    texts = []
    for more in ((), ("--class", 0), ("--class", 1), ("--class", 1, "--guidance", 3)):
        done = CliRunner().invoke(app, [*map(str, (*command, *more))])
        assert done.exit_code == 0, done.output
        texts.append(done.stdout)
    assert len(set(texts)) > 2
    for asked in ("info", "doctor"):
        assert re.search(r"classes +2", CliRunner().invoke(app, [asked, str(tmp_path)]).stdout)
    done = CliRunner().invoke(app, [*map(str, (*command, "--class", 2))])
    assert done.exit_code == 2
    assert "its classes are 0 to 1" in " ".join(done.output.split())
    engine = Engine(DiffusionPerformer(load(tmp_path, device="cpu", precision="fp32")))
    seen = []
    for label in (-1, 0, 1):
        request = Generate(np.full(6, -1), steps=4, label=label, guidance=1.0 if label < 0 else 2.0)
        *_, finished = engine.perform(1, request)
        assert isinstance(finished, Finished)
        seen.append(finished.calls)
    assert seen[1] == seen[2] == 2 * seen[0]
    certainty = set()
    for label in (-1, 0, 1):
        tokens, locked = frozen(np.arange(6)), np.zeros(6, np.bool_)
        (guess,) = engine.perform(2, Guess(tokens, locked, 1.0, label, 2.0))
        within = Generate(tokens, label=label, guidance=2.0)
        (insight,) = engine.perform(3, Inspect(tokens, locked, 2, 1.0, within=within))
        assert isinstance(guess, Guessed)
        assert isinstance(insight, Insight)
        assert guess.probability[2] == pytest.approx(insight.probability.max())
        certainty.add(float(guess.probability[2]))
    assert len(certainty) == 3


def test_a_class_that_is_not_known_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    make(tmp_path / "with", "udlm-class")
    make(tmp_path / "without", "udlm")
    with pytest.raises(UserError, match="its classes are 0 to 1"):
        guided(build(tmp_path / "with")[0], 2)
    with pytest.raises(UserError, match="it knows no classes"):
        guided(build(tmp_path / "without")[0], 0)


def test_a_model_with_classes_is_saved_in_our_own_layout(tmp_path: Path) -> None:
    make(tmp_path / "theirs", "udlm-class")
    diffusion = build(tmp_path / "theirs")[0]
    save(tmp_path / "ours", diffusion, symbol_tokenizer([*"abcdefghij"]), "", precision="fp32")
    assert build(tmp_path / "ours")[0].config == diffusion.config


def test_a_text_is_scored_given_a_class(tmp_path: Path) -> None:
    make(tmp_path, "udlm-class")
    symbol_tokenizer([*"abcdefghij"]).save(tmp_path)
    engine, diffusion = Engine(DiffusionPerformer(load(tmp_path, device="cpu", precision="fp32"))), build(tmp_path)[0]
    tokens, nothing = np.arange(6), np.zeros(6, np.bool_)
    found = []
    for label in (-1, 0, 1):
        asked = Score(frozen(tokens), nothing, None, 64, by_token=True, label=label)
        told = list(engine.perform(1, asked))
        assert isinstance(told[-1], Attributed | Finished), told[-1]
        scored = [event for event in told if isinstance(event, Bounded)][-1]
        *_, expected = bound(diffusion if label < 0 else guided(diffusion, label), [tokens], 4, 0, "auto", None, 64)
        assert scored.nats == pytest.approx(expected.nats, rel=1e-6)
        assert scored.calls == expected.calls
        found.append(scored.nats)
    assert len(set(found)) == 3
    *_, refused = engine.perform(1, Score(frozen(tokens), nothing, label=2))
    assert isinstance(refused, Failed)
    assert "its classes are 0 to 1" in refused.headline
    command = ["score", "--model", tmp_path, "--text", "abcdef", "--device", "cpu", "--max-calls", 32, "--json"]
    lines = [CliRunner().invoke(app, [*map(str, (*command, *more))]) for more in ((), ("--class", 1), ("--class", 2))]
    assert [done.exit_code for done in lines] == [0, 0, 2]
    assert lines[0].stdout != lines[1].stdout
    assert "its classes are 0 to 1" in " ".join(lines[2].output.split())


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "--steps", "3", "--samples", 2, "--length", 6),
        ("compare", "--steps", "3", "--samples", 2, "--text", "abc[[def]]", "--beside", "plain"),
        ("evaluate", "--steps", 3, "--samples", 2, "--length", 6),
        ("typo", "a b c a b", "--levels", "0.6", "--samples", 32, "--steps", 3),
        ("influence", "abc def"),
    ],
    ids=lambda command: "-".join(map(str, command[:1] + command[-2:-1])),
)
def test_every_command_that_runs_a_model_tells_it_the_class(
    command: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, family in (("told", "udlm-class"), ("plain", "udlm")):
        make(tmp_path / name, family)
        symbol_tokenizer([*"abcdefghi", " "]).save(tmp_path / name)
    shared = ("--model", "told", "--device", "cpu", "--precision", "fp32", "--json")
    found = []
    for more in ((), ("--class", 0), ("--class", 1), ("--class", 1, "--guidance", 4), ("--class", 2)):
        done = CliRunner().invoke(app, [*map(str, (*command, *shared, *more))])
        assert done.exit_code == (2 if "2" in map(str, more) else 0), done.output
        found.append([re.sub(r'"[a-z_]*seconds[a-z_]*": *[0-9.e-]+', "", line) for line in done.stdout.splitlines()])
        if "--beside" in command and more:
            assert "knows no classes" in done.stdout
    texts = ["\n".join(lines) for lines in found[:-1]]
    assert len(set(texts)) == 4
    assert "its classes are 0 to 1" in " ".join(done.output.split())


def test_what_a_run_of_a_class_is_asked_afterwards_is_asked_of_that_class(tmp_path: Path) -> None:
    make(tmp_path, "udlm-class")
    symbol_tokenizer([*"abcdefghij"]).save(tmp_path)
    engine = Engine(DiffusionPerformer(load(tmp_path, device="cpu", precision="fp32")))
    tokens, free, places = frozen(np.arange(6)), np.zeros(6, np.bool_), frozen(np.arange(6))
    words, now = ((1, 2), (3, 4)), set[float]()
    for label, guidance in ((-1, 1.0), (0, 1.0), (1, 1.0), (1, 3.0)):
        review = Review(tokens, free, 0.5, places, frozen(np.zeros(6, np.int64)), tokens[None], (1.0,), label, guidance)
        influence = Influence(tokens, free, 0.5, words, tuple(range(6)), "text", 4, 0, label, guidance)
        for request, kind in ((review, Reviewed), (influence, Influenced)):
            *events, finished = engine.perform(1, request)
            last = events[-1]
            assert isinstance(finished, Finished)
            assert isinstance(last, kind)
            assert last.calls == last.of == finished.calls
            now.add(float(last.now.sum() if isinstance(last, Reviewed) else last.nats.sum()))
    assert len(now) == 8
