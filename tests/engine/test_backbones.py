"""Networks that were adapted to fill in masks: what they compute, how their texts are framed, and what is refused."""

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
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.likelihood.noised_text import Points, Text
from engine.models import load
from engine.models.loading import build
from engine.performing.opening import is_causal
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, run_chain
from engine.theory.block_mask import block_mask
from engine.theory.blockwise import Finished, onward
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion
from engine.theory.lanes import Lanes
from engine.theory.network import Features
from tests.engine.adapted import ADAPTED, LENGTH, make

STATES = 11
NOTHING = torch.zeros(2)
NORM = "norm|Norm|ln_"


def noised(states: int = STATES, length: int = LENGTH) -> Tensor:
    """Tokens (2, L), a third of them masked, but for the first."""
    tokens = torch.randint(0, states - 1, (2, length), generator=torch.Generator().manual_seed(5))
    tokens[:, 1::3] = states - 1
    return tokens


def double(folder: Path) -> Diffusion:
    diffusion = build(folder)[0]
    diffusion.network.double()
    return diffusion


@torch.no_grad()
@pytest.mark.parametrize("family", ADAPTED)
def test_the_network_computes_what_the_layout_says(tmp_path: Path, family: str) -> None:
    weights, tokens = make(tmp_path, family, pad_token_id=1), noised()
    output = double(tmp_path).network(tokens, NOTHING)
    expected = ADAPTED[family].forward(weights, tokens, STATES)
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))


@torch.no_grad()
@pytest.mark.parametrize("family", ADAPTED)
def test_parts_of_a_text_on_several_threads_change_next_to_nothing(tmp_path: Path, family: str) -> None:
    make(tmp_path, family)
    network, tokens = build(tmp_path)[0].network, noised(length=72)
    alone = network(tokens, NOTHING)
    with Lanes() as several, several.open():
        shared = network(tokens, NOTHING)
        rows = network.head(Features(network.body(tokens, NOTHING).hidden[0], torch.zeros(72, 1)))
    torch.testing.assert_close(shared, alone, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(rows, alone[0], rtol=1e-4, atol=1e-4)


REFERENCES: dict[str, Callable[[], Any]] = {
    "diffugpt": lambda: transformers.GPT2LMHeadModel,
    "modernbert": lambda: transformers.ModernBertForMaskedLM,
    "dplm": lambda: transformers.EsmForMaskedLM,
    "a2d-qwen3": lambda: transformers.Qwen3ForCausalLM,
    "a2d-qwen2": lambda: transformers.Qwen2ForCausalLM,
    "a2d-llama": lambda: transformers.LlamaForCausalLM,
    "sdar": lambda: transformers.Qwen3ForCausalLM,
}


@torch.no_grad()
@pytest.mark.parametrize("family", ADAPTED)
def test_the_network_computes_what_the_library_of_its_authors_does(tmp_path: Path, family: str) -> None:
    """Where that would look to the left alone it is told that it may look everywhere."""
    make(tmp_path, family, pad_token_id=1, mask_token_id=STATES - 1)
    values = json.loads((tmp_path / "config.json").read_text())
    kind: Any = transformers.CONFIG_MAPPING[values["model_type"].removeprefix("a2d-").replace("sdar", "qwen3")]
    reference = REFERENCES[family]()(kind(**values, attn_implementation="eager")).eval()
    weights = {
        name.replace("denoise_model.", "transformer.").replace("embed_tokens", "transformer.wte")
        if family == "diffugpt"
        else name: value
        for name, value in load_file(tmp_path / "model.safetensors").items()
    }
    lacking, _ = reference.load_state_dict(weights, strict=False)
    assert {name.partition(".")[0] for name in lacking} <= {"lm_head", "decoder"}  # tied
    reference.tie_weights()
    tokens = noised()
    told = {} if family in ("modernbert", "dplm") else {"attention_mask": torch.zeros(2, 1, LENGTH, LENGTH)}
    if family == "dplm":
        told = {"attention_mask": (tokens != 1).long()}
    if family == "sdar":
        told["attention_mask"][:] = torch.where(block_mask(LENGTH, 4, False, torch.device("cpu")), 0.0, -math.inf)
    expected = reference(tokens, **told).logits
    output = build(tmp_path)[0].network(tokens, NOTHING)
    real = tokens != 1  # at padding the library answers, too
    torch.testing.assert_close(output[real], expected[real], rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


# ---- how a text is framed


def law(diffusion: Diffusion, tokens: Tensor) -> Tensor:
    """The law (B, L, V clean) of every position, as if all were masked."""
    features = diffusion.features(tokens, torch.ones(len(tokens)))
    return diffusion.law_rows(features, torch.ones(tokens.shape), tokens)


@torch.no_grad()
def test_the_law_of_a_token_is_in_the_feature_of_the_one_before(tmp_path: Path) -> None:
    """Where no position attends to another, a token tells of the next one alone; the first is told by the frame."""
    make(tmp_path, "diffugpt", bos_token_id=0)
    weights = load_file(tmp_path / "model.safetensors")
    for name in weights:
        if "attn.c_proj" in name:
            weights[name].zero_()
    save_file(weights, tmp_path / "model.safetensors")
    diffusion = build(tmp_path)[0]
    tokens = noised()[:1].clamp(min=1)
    before = law(diffusion, tokens)
    for place in range(LENGTH):
        other = tokens.clone()
        other[0, place] = tokens[0, place] % 9 + 1
        changed = (law(diffusion, other) != before).any(-1)[0]
        assert changed.nonzero()[:, 0].tolist() == [place + 1] * (place + 1 < LENGTH)


@torch.no_grad()
@pytest.mark.parametrize(
    ("family", "told", "before", "after"),
    [
        ("diffugpt", {"bos_token_id": 3}, [3], []),
        ("modernbert", {"cls_token_id": 3, "eos_token_id": 4}, [3], []),
        ("dplm", {"cls_token_id": 3, "eos_token_id": 4}, [3], [4]),
        ("a2d-qwen3", {"bos_token_id": 3, "eos_token_id": 4}, [], []),
    ],
)
def test_a_text_is_read_within_the_tokens_that_stand_around_texts(
    tmp_path: Path, family: str, told: dict[str, int], before: list[int], after: list[int]
) -> None:
    """Put there or given, in one batch, they make no difference to the laws of the text."""
    make(tmp_path, family, **told)
    diffusion = double(tmp_path)
    tokens = noised()
    tokens[:, 0] = 5
    around = torch.cat((torch.tensor([before] * 2).long(), tokens, torch.tensor([after] * 2).long()), dim=1)
    inside = slice(len(before), len(before) + LENGTH)
    framed, given = law(diffusion, tokens), law(diffusion, around)[:, inside]
    torch.testing.assert_close(framed, given, rtol=0, atol=1e-12)
    if before:
        mixed = torch.stack((around[0, :LENGTH], tokens[1]))
        torch.testing.assert_close(law(diffusion, mixed)[1], framed[1], rtol=0, atol=1e-12)
        torch.testing.assert_close(law(diffusion, mixed)[:1], law(diffusion, mixed[:1]), rtol=0, atol=1e-12)


@torch.no_grad()
@pytest.mark.parametrize(
    ("family", "told", "never"),
    [
        ("modernbert", {"cls_token_id": 2, "bos_token_id": 2, "pad_token_id": 3, "eos_token_id": 4}, [2, 3]),
        ("dplm", {"cls_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}, [0, 1, 2]),
        ("a2d-qwen2", {"eos_token_id": 4}, []),
        ("diffugpt", {"bos_token_id": 4}, []),
    ],
)
def test_tokens_that_are_none_of_a_text_are_not_written(
    tmp_path: Path, family: str, told: dict[str, int], never: list[int]
) -> None:
    make(tmp_path, family, **told)
    chances = law(build(tmp_path)[0], noised())
    assert (chances == 0).all((0, 1)).nonzero()[:, 0].tolist() == never
    torch.testing.assert_close(chances.sum(-1), torch.ones(2, LENGTH))


@torch.no_grad()
def test_of_the_alphabet_of_proteins_amino_acids_alone_are_written(tmp_path: Path) -> None:
    make(tmp_path, "dplm", 33)
    ruled_out = (law(build(tmp_path)[0], noised(33)) == 0).all((0, 1)).nonzero()[:, 0].tolist()
    assert ruled_out == [0, 1, 2, 3, 24]


# ---- masks


@torch.no_grad()
@pytest.mark.parametrize("family", ADAPTED)
def test_a_mask_in_the_middle_of_the_vocabulary_makes_no_difference(tmp_path: Path, family: str) -> None:
    """What was last has its id, among the special tokens, too."""
    mask, last = 4, STATES - 1
    told = {"bos_token_id": last, "cls_token_id": last, "eos_token_id": 2, "pad_token_id": 1}
    if family == "dplm":
        weights = make(tmp_path, family, mask_token_id=mask, **told)
        place = list(range(STATES))
        place[mask], place[last] = last, mask
        swapped = {name: value[place] if len(value) == STATES else value for name, value in weights.items()}
        theirs = swapped
    else:
        theirs = make(tmp_path, family, mask_token_id=mask, **told)
        place = list(range(STATES))
    diffusion = double(tmp_path)
    assert diffusion.graph.mask == last
    tokens = noised()
    tokens[:, 0] = 5
    ours = torch.where(tokens == mask, 6, tokens)
    ids = ours if family == "dplm" else torch.where(ours == last, mask, ours)
    begin = {"a2d-qwen3": [], "a2d-qwen2": [], "a2d-llama": [], "sdar": []}.get(
        family, [mask if family == "dplm" else last]
    )
    end = [2] if family == "dplm" else []
    read = torch.cat((torch.tensor([begin] * 2).long(), ids, torch.tensor([end] * 2).long()), dim=1)
    logits = ADAPTED[family].forward(theirs, read, STATES)
    logits = logits[:, :LENGTH] if family == "diffugpt" else logits[:, len(begin) : len(begin) + LENGTH]
    if family != "dplm":
        order = list(range(STATES))
        order[mask], order[last] = last, mask
        logits = logits[..., order]
    logits = logits[..., :-1].clone()
    never = {"dplm": [mask, 1, 2], "modernbert": [mask, 1]}.get(family, [])
    logits[..., never] = -math.inf
    torch.testing.assert_close(law(diffusion, ours), logits.softmax(-1), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("states", "mask", "found"), [(50_258, None, 50_256), (50_258, 50_257, 50_257)])
def test_the_small_model_s_mask_was_an_ordinary_token(
    tmp_path: Path, states: int, mask: int | None, found: int
) -> None:
    """A row for round sizes is no state, and what ended texts has the mask's id."""
    weights = make(tmp_path, "diffugpt", states, n_layer=12, **({} if mask is None else {"mask_token_id": mask}))
    deeper = {name: value.float() for name, value in weights.items()}
    for name, value in list(deeper.items()):
        for k in range(4, 12):
            if ".h.0." in name:
                deeper[name.replace(".h.0.", f".h.{k}.")] = value.clone()
    save_file(deeper, tmp_path / "model.safetensors")
    diffusion = build(tmp_path)[0]
    assert diffusion.graph.mask == found
    embedding, own = diffusion.network.get_parameter("embed_tokens.weight"), deeper["embed_tokens.weight"]
    if mask is None:
        assert torch.equal(embedding[found], own[10_541])
        assert torch.equal(embedding[10_541], own[50_256])
        assert diffusion.config.framing.before == 10_541
    else:
        assert torch.equal(embedding, own)
        assert diffusion.config.framing.before == 50_256


def test_rows_beyond_the_mask_that_make_sizes_round_are_no_states(tmp_path: Path) -> None:
    make(tmp_path, "a2d-qwen3", 304, mask_token_id=301)
    diffusion = build(tmp_path)[0]
    assert (diffusion.vocabulary, diffusion.graph.mask) == (301, 301)
    assert len(diffusion.network.get_parameter("lm_head.weight")) == 302


# ---- bounds and runs


@torch.no_grad()
@pytest.mark.parametrize("family", ADAPTED)
def test_the_bound_is_not_below_the_likelihood(tmp_path: Path, family: str) -> None:
    """On a toy: the bound by all sets of masks, and -log p of drawing one place after the other, by all orders."""
    make(tmp_path, family, 3, bos_token_id=0, **({} if family == "dplm" else {"eos_token_id": 0}))
    check_bounds(build(tmp_path)[0], 2)


def check_bounds(diffusion: Diffusion, clean: int) -> None:
    """Of all texts of three tokens, of so many clean ones; their probabilities sum to 1."""
    sets = torch.tensor(list(itertools.product(range(2), repeat=3))).bool().numpy()[1:]
    count = sets.sum(-1)
    total = 0.0
    for tokens in itertools.product(range(clean), repeat=3):
        text = Text.of(diffusion, np.array(tokens))
        level, weight = text.levels_at(count, np.zeros(7), np.full(4, 1.0))
        losses = text.losses(Points(sets, np.zeros(sets.shape), level, weight))
        bound = float((losses.sum(-1) * weight / np.array([math.comb(3, k) for k in count])).sum())
        chances = []
        for order in itertools.permutations(range(3)):
            left = [np.isin(np.arange(3), order[k:]) for k in range(3)]
            at = [int(np.flatnonzero((sets == mask).all(-1))[0]) for mask in left]
            chances.append(math.exp(-sum(losses[a, order[k]] for k, a in enumerate(at))))
        assert bound >= -math.log(sum(chances) / 6) - 1e-6
        total += sum(chances) / 6
    assert total == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("family", ADAPTED)
def test_such_a_model_writes_around_what_is_locked(tmp_path: Path, family: str, precision: str) -> None:
    make(tmp_path, family, pad_token_id=1, cls_token_id=0, bos_token_id=0, eos_token_id=2)
    model = load(tmp_path, device="cpu", precision=precision)
    tokens = np.full(LENGTH, -1)
    tokens[3:5] = 7, 8
    locks = Locks.of(tokens, model.info.vocabulary, model.info.length)
    for name in ("tweedie", "surest", "first-hitting"):
        *_, state = run_chain(model.diffusion, sampler_named(name, "absorb"), Plan(locks, 2, 6), 0)
        assert (state.tokens[:, 3:5] == [7, 8]).all()
        assert (state.tokens < STATES - 1).all()
    assert (
        model.diffusion.network.head(model.diffusion.features(torch.zeros(1, 3).long(), torch.ones(1))).isfinite().all()
    )


@pytest.mark.parametrize("family", ADAPTED)
def test_such_a_model_is_not_taken_for_one_that_writes_from_left_to_right(tmp_path: Path, family: str) -> None:
    make(tmp_path, family)
    assert not is_causal(tmp_path)


def test_plain_gpt2_is(tmp_path: Path) -> None:
    weights = make(tmp_path, "diffugpt")
    plain = {name.removeprefix("denoise_model."): value for name, value in weights.items()}
    save_file(plain, tmp_path / "model.safetensors")
    assert is_causal(tmp_path)


# ---- blocks


@torch.no_grad()
def test_all_blocks_are_asked_at_once_given_the_clean_ones_before(tmp_path: Path) -> None:
    """As one block after the other is, and as it is where what is finished is kept."""
    weights = make(tmp_path, "sdar")
    network, tokens = double(tmp_path).network, noised()
    clean = tokens.roll(1, 0) % 10
    at_once, finished = network(tokens, NOTHING, clean=clean), Finished()
    for start in range(0, LENGTH, 4):
        here = slice(start, start + 4)
        read = torch.cat((clean[:, :start], tokens[:, here]), dim=1)
        expected = ADAPTED["sdar"].forward(weights, read, STATES)[:, here]
        torch.testing.assert_close(at_once[:, here], expected, rtol=0, atol=1e-10)
        features, _ = onward(network, tokens[:, here], NOTHING, finished)
        torch.testing.assert_close(network.head(features), expected, rtol=0, atol=1e-10)
        _, finished = onward(network, clean[:, here], NOTHING, finished)


# ---- tokenizers
