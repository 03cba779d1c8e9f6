"""Checkpoints of other families: their networks, laws and scores are those of their papers, and what is wrong with a
file is said in a sentence."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from engine.language.tokenizers import symbol_tokenizer
from engine.likelihood.estimators import choose, draw
from engine.likelihood.noised_text import Points, Text
from engine.likelihood.running import sampler_bound
from engine.models import load
from engine.models.loading import build
from engine.models.own_layout import save
from engine.performing.engine import Engine, is_causal
from engine.protocol import (
    FREE,
    Bounded,
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
from engine.samplers.ancestral import kernel
from engine.samplers.loop import Plan, State, run_chain
from engine.theory import blockwise
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Step
from engine.theory.guidance import guided
from engine.theory.mixed import Mixed, Mixing
from engine.theory.network import Block
from tests.engine.families import CONFIGS, FAMILIES, Sizes, block_of, forward, make, noised, seen_in_blocks

RELATIVE = 1e-4
UNIFORM = ("duo", "duo-mixin", "udlm", "udlm-class")
ABSORBING = [name for name in CONFIGS if name not in (*UNIFORM, "gidd")]
TOY = Sizes(states=3, length=3, hidden=8, blocks=1)


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))


def rename(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def double(folder: Path) -> Diffusion:
    diffusion = build(folder)[0]
    diffusion.network.double()
    return diffusion


# ---- the networks


@torch.no_grad()
@pytest.mark.parametrize("family", sorted(path.name for path in FAMILIES.iterdir()))
def test_the_numbers_of_the_authors_modules_are_reproduced(family: str) -> None:
    expected = load_file(FAMILIES / family / "expected.safetensors")
    model = load(FAMILIES / family, device="cpu", precision="fp32")
    tokens = expected["in.tokens"]
    told = expected.get("in.sigma", expected.get("in.t", torch.zeros(len(tokens))))
    clean = {"clean": expected["in.clean"]} if "in.clean" in expected else {}
    output = model.diffusion.network(tokens, told, **clean)
    found = {"out.logits": output} if "out.logits" in expected else {"out.log_p": output[..., :-1].log_softmax(-1)}
    if family == "mdlm":
        rows = (tokens == 46)[..., None]
        found["out.log_p"] = torch.where(rows, output[..., :-1].log_softmax(-1), 0.0)
        expected["out.log_p"] = torch.where(rows, expected["out.log_p"][..., :-1], 0.0)
    if "in.class" in expected:
        found["out.logits_class"] = model.diffusion.network(tokens, told, classes=expected["in.class"])
    for key, got in found.items():
        want = expected[key][..., : got.shape[-1]]
        assert (got - want).abs().max() <= RELATIVE * want.abs().max()


@torch.no_grad()
@pytest.mark.parametrize("family", CONFIGS)
def test_the_network_computes_what_the_layout_says(tmp_path: Path, family: str) -> None:
    weights, (tokens, told) = make(tmp_path, family), noised(Sizes(), family in UNIFORM)
    allowed = seen_in_blocks(Sizes()) if family == "bd3lm" else None
    expected = forward(weights, Sizes().heads, tokens, told, allowed)
    output = double(tmp_path).network(tokens, told.double())
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))


@torch.no_grad()
@pytest.mark.parametrize("family", [name for name in CONFIGS if name != "gidd"])
def test_the_network_is_told_what_its_family_is_told(tmp_path: Path, family: str) -> None:
    """Nothing, which is 0, or sigma itself."""
    make(tmp_path, family)
    sigma = torch.tensor([0.3, 2.0])
    timed = family in ("mdlm-time", "sedd", *UNIFORM)
    assert torch.equal(build(tmp_path)[0].told(sigma), sigma if timed else torch.zeros(2))


@pytest.mark.parametrize("family", CONFIGS)
def test_no_model_of_a_family_is_taken_for_one_that_writes_from_left_to_right(tmp_path: Path, family: str) -> None:
    make(tmp_path, family)
    assert not is_causal(tmp_path)


def test_folding_changes_no_bit(tmp_path: Path) -> None:
    """The norm with its bias is the modulated one, to the last bit."""
    weights = make(tmp_path, "radd")
    network = build(tmp_path)[0].network
    x, block = torch.randn(2, 5, Sizes().hidden), list(network.blocks)[1]
    assert isinstance(block, Block)
    shift, scale, gate, *_ = block.shifts(network.get_submodule("sigma_map")(torch.zeros(2)))
    bias = weights["blocks.1.norm1.bias"]
    torch.testing.assert_close(shift, bias.expand(shift.shape), rtol=0, atol=0)
    assert not scale.any()
    assert (gate == 1).all()
    normed = block.norm1(x)
    assert torch.equal(torch.addcmul(normed + shift, normed, scale), normed + bias)


@torch.no_grad()
def test_a_run_without_time_gives_its_averaged_weights(tmp_path: Path) -> None:
    """There is an average of each weight that the network has, and none of what folding adds."""
    weights, (tokens, told) = make(tmp_path / "plain", "radd"), noised(Sizes(), uniform=False)
    config = json.loads((tmp_path / "plain" / "config.json").read_text())
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "checkpoints-meta").mkdir()
    average = [tensor for name, tensor in weights.items() if "inv_freq" not in name]
    model = {name: tensor if "inv_freq" in name else torch.zeros_like(tensor) for name, tensor in weights.items()}
    state = {"model": model, "ema": {"shadow_params": average}, "step": 3}
    torch.save(state, tmp_path / "checkpoints-meta" / "checkpoint.pth")
    output = build(tmp_path)[0].network(tokens, told)
    assert torch.equal(output, build(tmp_path / "plain")[0].network(tokens, told))
    assert build(tmp_path)[1].facts["family"] == "RADD"


# ---- laws and scores


@torch.no_grad()
@pytest.mark.parametrize("family", ["mdlm", "radd", "didi"])
def test_under_absorbing_noise_the_law_of_a_mask_is_a_softmax_over_clean_tokens(tmp_path: Path, family: str) -> None:
    """And the score its share of what the noise demands."""
    weights, (tokens, told) = make(tmp_path, family), noised(Sizes(), uniform=False)
    law = forward(weights, Sizes().heads, tokens, torch.zeros(3))[..., :-1].softmax(-1)
    score = double(tmp_path).log_score(tokens, told.double()).exp()[..., :-1]
    expected = law / torch.expm1(told.double())[:, None, None]
    masked = tokens == Sizes().states - 1
    torch.testing.assert_close(score[masked], expected[masked], rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_a_model_of_scores_from_another_program_is_scaled_by_sigma(tmp_path: Path) -> None:
    weights, (tokens, told) = make(tmp_path, "sedd"), noised(Sizes(), uniform=False)
    output = forward(weights, Sizes().heads, tokens, told)
    expected = output - torch.expm1(told.double()).log()[:, None, None] - math.log(Sizes().states - 1)
    expected = expected.scatter(-1, tokens[..., None], 0.0)
    score = double(tmp_path).log_score(tokens, told.double())
    torch.testing.assert_close(score, expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("family", UNIFORM)
def test_under_uniform_noise_the_mean_is_put_in_for_the_clean_token(tmp_path: Path, family: str) -> None:
    """The score is q(y | x0) / q(x | x0) with the network's mean in the place of x0."""
    weights, (tokens, told) = make(tmp_path, family), noised(Sizes(), uniform=True)
    mean = forward(weights, Sizes().heads, tokens, told).softmax(-1)
    alpha = torch.exp(-told.double())[:, None, None]
    noised_law = alpha * mean + (1 - alpha) / Sizes().states
    expected = (noised_law / noised_law.gather(-1, tokens[..., None])).log()
    torch.testing.assert_close(double(tmp_path).log_score(tokens, told.double()), expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("family", ["duo", "udlm"])
def test_the_loss_per_token_is_the_score_entropy(tmp_path: Path, family: str) -> None:
    """KL divergence of q(x_s | x_t, mean) from q(x_s | x_t, x0) for a short step, by its length, in float64."""
    make(tmp_path, family)
    diffusion = double(tmp_path)
    (x, sigma), n = noised(Sizes(), uniform=True), Sizes().states
    clean, sigma = x.roll(1, 0), sigma.double()
    clean[0] = x[0]
    mean = diffusion.network(x, sigma).softmax(-1)
    kept = torch.exp(-sigma)[:, None, None]
    law = [kept * one + (1 - kept) / n for one in (torch.nn.functional.one_hot(clean, n).double(), mean)]
    true, model = (c / c.gather(-1, x[..., None]) for c in law)
    terms = (model - true * model.log() + true * (true.log() - 1)) / n
    expected = terms.scatter(-1, x[..., None], 0.0).sum(-1)
    torch.testing.assert_close(diffusion.score_entropy(x, sigma, clean), expected, rtol=1e-9, atol=1e-10)


# ---- bounds


def every(states: int, length: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(states), repeat=length)))


@torch.no_grad()
@pytest.mark.parametrize("family", ABSORBING)
def test_the_bound_is_not_below_the_likelihood_under_absorbing_noise(tmp_path: Path, family: str) -> None:
    """On a toy: the bound by all sets of masks, and -log p of drawing one place after the other, by all orders."""
    make(tmp_path, family, TOY)
    diffusion = build(tmp_path)[0]
    total = 0.0
    for tokens in every(2, 3).numpy():
        text = Text.of(diffusion, tokens)
        sets = every(2, 3).bool().numpy()[1:]
        count = sets.sum(-1)
        level, weight = text.levels_at(count, np.zeros(7), np.full(4, 1.0))
        points = Points(sets, np.zeros(sets.shape), level, weight)
        losses = text.losses(points)
        among = np.array([math.comb(3, k) for k in count])
        bound = float((losses.sum(-1) * weight / among).sum())
        chances = []
        for order in itertools.permutations(range(3)):
            left = [np.isin(np.arange(3), order[k:]) for k in range(3)]
            at = [int(np.flatnonzero((sets == mask).all(-1))[0]) for mask in left]
            chances.append(math.exp(-sum(losses[a, order[k]] for k, a in enumerate(at))))
        likelihood = sum(chances) / 6
        assert bound >= -math.log(likelihood) - 1e-6
        total += likelihood
    assert total == pytest.approx(1, abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("family", ["duo", "gidd"])
def test_the_bound_is_not_below_the_likelihood_where_tokens_change(tmp_path: Path, family: str) -> None:
    """On a toy of 27 texts: the reverse chain in small steps with the model's scores, and the integral of the score
    entropy by the same steps."""
    make(tmp_path, family, TOY)
    diffusion, states = double(tmp_path), every(3, 3)
    weight = 3 ** torch.arange(2, -1, -1)
    sigmas = torch.cat((torch.zeros(1), torch.logspace(-3, math.log10(7), 100))).double()
    kernel = torch.eye(27).double()  # from noise level k to none, columns sum to 1
    bound = torch.zeros(27).double()

    def chances(sigma: torch.Tensor) -> torch.Tensor:
        """Of each text (27,) to become each other one (27,)."""
        law = diffusion.graph.transition(states, sigma.expand(27)).double()
        return (
            law[:, None].expand(27, 27, 3, 3).gather(-1, states[None, ..., None].expand(27, 27, 3, 1)).prod(2)[..., 0]
        )

    def jumps(sigma: torch.Tensor) -> torch.Tensor:
        """By which law a token jumps, (3,)."""
        return (
            graph.states_by(sigma, torch.float64)[2] if isinstance(graph, Mixed) else torch.full((3,), 1 / 3).double()
        )

    def limit(sigma: torch.Tensor) -> torch.Tensor:
        """The law of texts (27,) at the end of the noise, whatever they were."""
        law = graph.states_by(sigma, torch.float64)[1] if isinstance(graph, Mixed) else torch.ones(3).double()
        return (law / law.sum())[states].prod(-1)

    graph = diffusion.graph
    for low, high in itertools.pairwise(sigmas):
        level, step = ((low + high) / 2).expand(27), high - low
        score = diffusion.log_score(states, level).exp()
        rates = torch.zeros(27, 27).double()
        for place, value in itertools.product(range(3), range(3)):
            target = states.clone()
            target[:, place] = value
            into = jumps(level[0])[states[:, place]]
            rates[(target * weight).sum(-1), torch.arange(27)] += score[:, place, value] * into
        rates.fill_diagonal_(0)
        rates -= torch.diag(rates.sum(0))
        kernel = kernel @ torch.linalg.matrix_exp(rates * step)
        x, clean = states.repeat(27, 1), states.repeat_interleave(27, 0)  # of each clean text all noised ones
        loss = diffusion.score_entropy(x, level[:1].expand(729), clean).sum(-1).view(27, 27)
        bound += step * (chances(level[0]) * loss).sum(-1)
    end = chances(sigmas[-1])
    bound += torch.special.xlogy(end, end / limit(sigmas[-1])).sum(-1)
    likelihood = kernel @ limit(sigmas[-1])
    assert float(likelihood.sum()) == pytest.approx(1)
    clean_ones = (states < diffusion.vocabulary).all(-1)
    assert (bound >= -likelihood.log() - 1e-2)[clean_ones].all()


# ---- classes


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


# ---- blocks


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


# ---- masks and uniform noise mixed


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


# ---- masks, tokenizers


SYMBOLS = [*"abcdefgh"]


def with_a_mask(folder: Path, place: int) -> list[str]:
    """Puts a tokenizer of symbols there whose token number `place` is the mask; its tokens."""
    tokens = ["<|endoftext|>", *SYMBOLS[:-1]]
    tokens.insert(place, "[MASK]")
    backend = json.loads(symbol_tokenizer(SYMBOLS).to_json())
    backend["model"]["vocab"] = {token: k for k, token in enumerate(tokens)}
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    marks = ("<|endoftext|>", "[MASK]")
    entries = [added | {"id": tokens.index(mark), "content": mark} for mark in marks]
    backend["added_tokens"] = sorted(entries, key=lambda entry: entry["id"])  # type: ignore[arg-type, return-value]
    (folder / "tokenizer.json").write_text(json.dumps(backend))
    return tokens


@torch.no_grad()
@pytest.mark.parametrize("place", [3, 8])
@pytest.mark.parametrize("family", ["mdlm", "didi"])
def test_a_mask_in_the_middle_of_the_vocabulary_makes_no_difference(tmp_path: Path, family: str, place: int) -> None:
    sizes = Sizes(states=9)
    weights, tokens = make(tmp_path, family, sizes), with_a_mask(tmp_path, place)
    model = load(tmp_path, device="cpu", precision="fp32")
    text = "abcdefgbacde"[: sizes.length]
    ids = torch.tensor([model.tokenizer.encode(text)])
    assert model.tokenizer.decode(ids[0].tolist()) == text
    assert (model.info.mask_id, model.tokenizer.vocabulary) == (8, 8)
    hidden = torch.arange(sizes.length) % 3 == 1
    theirs = torch.tensor([[tokens.index(letter) for letter in text]])
    logits = forward(weights, sizes.heads, torch.where(hidden, place, theirs), torch.zeros(1))
    logits[..., place] = -math.inf
    expected = logits.log_softmax(-1).gather(-1, theirs[..., None])[0, hidden, 0]
    loss = model.diffusion.cross_entropy(torch.where(hidden, 8, ids), torch.ones(1), ids)[0, hidden]
    torch.testing.assert_close(-loss.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_mask_that_is_declared_is_moved_to_the_end(tmp_path: Path) -> None:
    weights = make(tmp_path, "mdlm")
    edit(tmp_path, lambda values: values.update(mask_token_id=4))
    embedding = build(tmp_path)[0].network.get_parameter("vocab_embed.embedding")
    swapped = weights["vocab_embed.embedding"][[0, 1, 2, 3, 10, 5, 6, 7, 8, 9, 4]]
    torch.testing.assert_close(embedding, swapped, rtol=0, atol=0, check_stride=False)


@pytest.mark.parametrize("mask", [11, -1, "x", 1.5, True])
def test_a_mask_that_is_no_state_is_answered_in_a_sentence(tmp_path: Path, mask: object) -> None:
    make(tmp_path, "mdlm")
    edit(tmp_path, lambda values: values.update(mask_token_id=mask))
    with pytest.raises(UserError, match="has the mask"):
        build(tmp_path)


def test_the_token_for_padding_is_one_of_duo_s_states(tmp_path: Path) -> None:
    make(tmp_path, "duo", Sizes(states=10))
    symbol_tokenizer(SYMBOLS).save(tmp_path)
    model = load(tmp_path, device="cpu")
    assert (model.tokenizer.vocabulary, model.tokenizer.piece(9)) == (10, "[PAD]")
    assert model.tokenizer.decode(model.tokenizer.encode("abc")) == "abc"


# ---- files


@torch.no_grad()
@pytest.mark.parametrize("family", CONFIGS)
def test_names_with_and_without_their_prefix_load(tmp_path: Path, family: str) -> None:
    """And frequencies of positions that follow from the sizes may be missing."""
    tokens, told = noised(Sizes(), family in UNIFORM)
    outputs = []
    for prefixed in (True, False):
        make(tmp_path / str(prefixed), family, prefixed=prefixed)
        outputs.append(build(tmp_path / str(prefixed))[0].network(tokens, told))
        rename(tmp_path / str(prefixed), lambda weights: drop(weights, "inv_freq"))
        outputs.append(build(tmp_path / str(prefixed))[0].network(tokens, told))
    assert all(torch.equal(output, outputs[0]) for output in outputs)


def drop(weights: dict[str, torch.Tensor], part: str) -> None:
    for name in [name for name in weights if part in name]:
        del weights[name]


def twice(weights: dict[str, torch.Tensor]) -> None:
    weights["vocab_embed.embedding" if "backbone.vocab_embed.embedding" in weights else "backbone.x"] = torch.zeros(1)
    weights.setdefault("x", torch.zeros(1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda weights: drop(weights, "norm_final.weight"), "lacks 1 weights"),
        (lambda weights: weights.update({"backbone.more": torch.zeros(2)}), "1 weights too many"),
        (lambda weights: weights.update({"backbone.output_layer.linear.bias": torch.zeros(2)}), "instead of"),
        (lambda weights: next(iter(weights.values())).fill_(math.nan), "no finite numbers"),
        (twice, "two weights of one name"),
    ],
)
@pytest.mark.parametrize("family", CONFIGS)
def test_damaged_weights_are_answered_in_a_sentence(
    tmp_path: Path, family: str, spoil: Callable[[dict[str, torch.Tensor]], None], said: str
) -> None:
    make(tmp_path, family, prefixed=True)
    rename(tmp_path, spoil)
    with pytest.raises(UserError, match=said):
        build(tmp_path)


@pytest.mark.parametrize("family", CONFIGS)
def test_every_entry_of_a_configuration_that_is_missing_or_odd_is_answered_in_a_sentence(
    tmp_path: Path, family: str
) -> None:
    """Or is not needed."""
    make(tmp_path, family)
    whole = json.loads((tmp_path / "config.json").read_text())
    for keys in list(paths(whole)):
        for odd in (None, -1, 0, 10**9, "x", [1], {"a": 1}, 1.5, float("nan")):
            values = json.loads(json.dumps(whole))
            inner = values
            for key in keys[:-1]:
                inner = inner[key]
            inner[keys[-1]] = odd
            if odd is None:
                del inner[keys[-1]]
            (tmp_path / "config.json").write_text(json.dumps(values))
            try:
                build(tmp_path)
            except UserError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either is right


def paths(values: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in values.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += paths(value, (*before, key))
    return found


def test_a_model_that_writes_from_left_to_right_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "duo")
    edit(tmp_path, lambda values: values.update(causal=True))
    with pytest.raises(UserError, match="from left to right"):
        build(tmp_path)


def test_an_unknown_algorithm_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    make(tmp_path, "didi")
    edit(tmp_path, lambda values: values["config"]["algo"].update(name="ar"))
    with pytest.raises(UserError, match="the algorithm 'ar', not one of mdlm"):
        build(tmp_path)


@pytest.mark.parametrize("family", CONFIGS)
def test_a_configuration_of_a_huge_network_takes_no_memory(tmp_path: Path, family: str) -> None:
    sizes = Sizes()
    make(tmp_path, family, sizes)
    huge = CONFIGS[family](Sizes(1_000_000 - 1, 65_536, 16_384, 256, 4))
    (tmp_path / "config.json").write_text(json.dumps(huge))
    with pytest.raises(UserError, match="lacks"):
        build(tmp_path)
