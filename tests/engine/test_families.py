"""Checkpoints of other families: their networks, laws, scores and bounds are those of their papers."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from engine.likelihood.noised_text import Points, Text
from engine.models import load
from engine.models.loading import build
from engine.performing.opening import is_causal
from engine.theory.guidance import guided
from engine.theory.mixed import Mixed
from engine.theory.network import Block
from tests.engine.families import (
    CONFIGS,
    FAMILIES,
    Sizes,
    double,
    forward,
    make,
    noised,
    seen_in_blocks,
)

RELATIVE = 1e-4
UNIFORM = ("duo", "duo-mixin", "udlm", "udlm-class")
ABSORBING = [name for name in CONFIGS if name not in (*UNIFORM, "gidd")]
TOY = Sizes(states=3, length=3, hidden=8, blocks=1)


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
@pytest.mark.parametrize("family", ["duo", "gidd", "udlm-class"])
def test_the_bound_is_not_below_the_likelihood_where_tokens_change(tmp_path: Path, family: str) -> None:
    """On a toy of 27 texts: the reverse chain in small steps with the model's scores, and the integral of the score
    entropy by the same steps; of a model that knows classes, given one."""
    make(tmp_path, family, TOY)
    diffusion, states = double(tmp_path), every(3, 3)
    if diffusion.config.network.classes:
        diffusion = guided(diffusion, 1)
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
