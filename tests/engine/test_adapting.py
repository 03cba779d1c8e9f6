"""`sedd adapt`: causal models become models that fill in masks, exactly as they were before any step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file
from torch import Tensor

from engine.bundled_models import bundled
from engine.causal.causal_folder import read_causal
from engine.language.chat import chat_in as load_chat
from engine.language.spare_tokens import with_mask
from engine.language.tokenizers import Tokenizer, symbol_tokenizer
from engine.models import load
from engine.models.gguf import unpacked
from engine.performing.opening import is_causal
from engine.theory.diffusion import Diffusion
from engine.training.adapting import KINDS, AdaptingLearner, adapted, causal
from engine.training.settings import AdaptingConfig
from engine.training.trainer import Event, Trained, Trainer
from tests.engine.causals import PLACES, STORY, VOCABULARY, make, make_gguf, tiny_tokenizer
from tests.engine.chats import CHATML, chat_tokenizer, give
from tests.engine.test_backbones import check_bounds
from tests.engine.test_cli import records, refusal, sedd

LENGTH = 24
FEW = ("--length", LENGTH, "--batch", 4, "--learning-rate", 0.01, "--precision", "fp32", "--device", "cpu")
EXACT = 1e-6
"""Of the largest number: the library's rotary angles are in float32."""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text("\n<|endoftext|>\n".join([STORY] * 80), encoding="utf-8")
    return path


def some_tokens(length: int = LENGTH) -> Tensor:
    """Tokens (2, L), none of which is the end of a text."""
    return torch.randint(1, VOCABULARY, (2, length), generator=torch.Generator().manual_seed(3))


def laws_before(diffusion: Diffusion, tokens: Tensor) -> Tensor:
    """The logits (B, L, V) of an adapted network in float64 while the causal mask is on."""
    network: Any = diffusion.network.double()
    network.seen = causal(tokens.shape[1] + 1)
    return diffusion.output(diffusion.features(tokens, torch.ones(len(tokens))))


def laws_of(network: Any, tokens: Tensor) -> Tensor:
    """Those of a causal network, each of the token after."""
    begun = torch.cat((torch.zeros_like(tokens[:, :1]), tokens[:, :-1]), dim=1)
    logits: Tensor = network.double()(begun).logits
    return logits


# ---- before the first step


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_with_the_causal_mask_on_it_computes_what_the_causal_model_does(tmp_path: Path, kind: str) -> None:
    network = make(tmp_path, kind)
    found = laws_before(adapted(network, tmp_path, LENGTH).diffusion, some_tokens())
    expected = laws_of(network, some_tokens())
    torch.testing.assert_close(found[..., :VOCABULARY], expected, rtol=0, atol=EXACT * float(expected.abs().max()))


@torch.no_grad()
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_gguf_file_is_the_model_that_was_written_to_it(tmp_path: Path, kind: str) -> None:
    network = make_gguf(tmp_path / "tiny.gguf", kind)
    for source in (tmp_path / "tiny.gguf", tmp_path):
        with unpacked(source) as folder:
            made = adapted(read_causal(folder, torch.float32)[0], folder, LENGTH)
        assert made.tokenizer.encode(STORY) == tiny_tokenizer().encode(STORY)
        found = laws_before(made.diffusion, some_tokens())[..., :VOCABULARY]
        expected = laws_of(network, some_tokens())
        torch.testing.assert_close(found, expected, rtol=0, atol=EXACT * float(expected.abs().max()))


@torch.no_grad()
def test_rows_that_stand_for_no_token_are_left_out_and_the_mask_comes_behind(tmp_path: Path) -> None:
    network = make(tmp_path, "llama", states=VOCABULARY + 8)
    made = adapted(network, tmp_path, LENGTH)
    assert (made.values["vocab_size"], made.values["mask_token_id"]) == (VOCABULARY + 1, VOCABULARY)
    rows, before = made.diffusion.network.state_dict()["embed_tokens.weight"], network.get_input_embeddings().weight
    assert torch.equal(rows[:-1], before[:VOCABULARY])
    torch.testing.assert_close(rows[-1], before[:VOCABULARY].mean(0))


@torch.no_grad()
@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_a_mask_of_the_tokenizer_is_moved_behind_the_others(tmp_path: Path, kind: str) -> None:
    backend = with_mask(tiny_tokenizer().backend)
    backend.add_special_tokens(["<|other|>"])
    network = make(tmp_path, kind, VOCABULARY + 2, Tokenizer(backend))
    made = adapted(network, tmp_path, LENGTH)
    assert made.told == "the tokenizer's own"
    found = laws_before(made.diffusion, some_tokens())
    moved = [*range(VOCABULARY), VOCABULARY + 1, VOCABULARY]
    torch.testing.assert_close(found, laws_of(network, some_tokens())[..., moved], rtol=0, atol=1e-5)
    assert made.tokenizer.decode([VOCABULARY]) == "<|other|>"


# ---- while it is trained


def test_the_causal_mask_is_taken_away_step_by_step(tmp_path: Path) -> None:
    learner = AdaptingLearner(adapted(make(tmp_path, "gpt2"), tmp_path, PLACES - 1), 10, "tiny")
    network: Any = learner.network
    later = ~causal(PLACES)
    for step in range(12):
        learner.reach(step, False)
        learner.draw(some_tokens(PLACES - 1), np.random.default_rng(step))
        if step >= 10:
            assert network.seen is None
            continue
        assert network.seen[~later].all()
        assert network.seen[later].float().mean() == pytest.approx(step / 10, abs=0.05)


def trainer_of(folder: Path, kind: str, steps: int) -> Trainer:
    training = AdaptingConfig(steps=steps, batch=4, learning_rate=1e-2, precision="fp32")
    learner = AdaptingLearner(adapted(make(folder, kind), folder, LENGTH), training.anneal * steps, "tiny")
    tokens = np.array([*tiny_tokenizer().encode(STORY), 0] * 60, np.uint16)
    return Trainer(learner, training, tokens, tokens[: 8 * LENGTH])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_computes_what_was_trained(tmp_path: Path, kind: str) -> None:
    trainer = trainer_of(tmp_path / "causal", kind, 40)
    losses = [event.loss for event in trainer.run(tmp_path / "state.pt") if isinstance(event, Trained)]
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])
    trainer.validate()
    trainer.learner.save(tmp_path / "out", tiny_tokenizer(), "# Tiny\n", {})
    model = load(tmp_path / "out", device="cpu", precision="fp32")
    tokens = some_tokens()
    tokens[:, ::3] = VOCABULARY
    with torch.no_grad():
        assert torch.equal(model.diffusion.network(tokens, torch.zeros(2)), trainer.learner.network(tokens, None))
    assert model.info.length == LENGTH
    assert model.tokenizer.encode(STORY) == tiny_tokenizer().encode(STORY)


def test_the_bound_of_an_adapted_model_is_not_below_its_likelihood(tmp_path: Path) -> None:
    for kind in ("gpt2", "llama"):
        network = make(tmp_path / kind, kind, 3, symbol_tokenizer("ab"))
        learner = AdaptingLearner(adapted(network, tmp_path / kind, 3), 2, "toy")
        training = AdaptingConfig(steps=4, batch=2, precision="fp32")
        trainer = Trainer(learner, training, np.array([1, 2, 1, 0] * 8, np.uint16), np.empty(0, np.uint16))
        list(trainer.run(tmp_path / "state.pt"))
        learner.save(tmp_path / f"{kind}-out", symbol_tokenizer("ab"), "# Toy\n", {})
        with torch.no_grad():
            check_bounds(load(tmp_path / f"{kind}-out", "cpu", "fp32").diffusion, 3)


# ---- the command


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("form", ["folder", "gguf"])
def test_adapt_leaves_a_model_that_every_command_opens(tmp_path: Path, story: Path, kind: str, form: str) -> None:
    source, out = tmp_path / ("tiny" if form == "folder" else "tiny.gguf"), tmp_path / "out"
    (make if form == "folder" else make_gguf)(source, kind)
    events = records("adapt", source, story, "--out", out, "--steps", 40, *FEW)
    losses = [event["loss"] for event in events if event["event"] == "trained"]
    assert len(losses) == 40
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])
    assert not is_causal(out)
    (facts,) = (record["facts"] for record in records("info", out))
    assert (facts["adapted from"], facts["mask"]) == ("tiny", "added to the vocabulary")
    assert facts["family"] == ("DiffuGPT" if kind == "gpt2" else "a2d and SDAR")
    assert "Trained with `sedd adapt`" in (out / "README.md").read_text()
    assert "shift" in sedd("doctor", out).stdout
    assert len(records("sample", "--model", out, "--steps", 4)[0]["tokens"]) == LENGTH
    assert "dragon" in records("infill", "--model", out, "--text", "Once [4] dragon", "--steps", 4)[0]["text"]
    assert records("score", "--model", out, "--text", STORY)


def test_adapt_goes_on_after_ctrl_c_as_if_nothing_had_been(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "tiny", "llama")
    common = ("adapt", tmp_path / "tiny", story, "--steps", 8, "--save-every", 0, *FEW)
    unbroken = Trainer.run

    def interrupted(self: Trainer, path: Path) -> Iterator[Event]:
        for event in unbroken(self, path):
            yield event
            if isinstance(event, Trained) and event.step == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "run", interrupted)
    assert sedd(*common, "--out", tmp_path / "broken").exit_code == 130
    assert not (tmp_path / "broken" / "config.json").exists()
    assert "other settings" in refusal(*common, "--out", tmp_path / "broken", "--anneal", 0.25)
    monkeypatch.setattr(Trainer, "run", unbroken)
    left = records(*common, "--out", tmp_path / "broken")
    assert [event["step"] for event in left if event["event"] == "trained"] == [4, 5, 6, 7, 8]
    records(*common, "--out", tmp_path / "whole")
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("broken", "whole"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_model_goes_beside_the_user_where_no_folder_is_named(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_gguf(tmp_path / "tiny.gguf", "llama")
    assert records("adapt", "tiny.gguf", story, "--steps", 1, *FEW)[-1]["folder"] == "tiny-adapted"
    assert load(tmp_path / "tiny-adapted").info.length == LENGTH


def bloom(folder: Path) -> Path:
    network: Any = transformers.BloomForCausalLM(
        transformers.BloomConfig(vocab_size=VOCABULARY, hidden_size=8, n_layer=1, n_head=1)
    )
    network.save_pretrained(folder)
    tiny_tokenizer().save(folder)
    return folder


def scaled(folder: Path) -> Path:
    make(folder, "gpt2", scale_attn_by_inverse_layer_idx=True)
    return folder


def stretched(folder: Path) -> Path:
    make(folder, "llama", rope_scaling={"rope_type": "linear", "factor": 2.0})
    return folder


def biased(folder: Path) -> Path:
    make(folder, "llama", attention_bias=True)
    return folder


def cut_short(folder: Path) -> Path:
    make_gguf(folder.with_suffix(".gguf"), "llama")
    whole = folder.with_suffix(".gguf").read_bytes()
    folder.with_suffix(".gguf").write_bytes(whole[: len(whole) // 4])
    return folder.with_suffix(".gguf")


def two_files(folder: Path) -> Path:
    folder.mkdir()
    for name in ("a.gguf", "b.gguf"):
        (folder / name).write_bytes(b"GGUF")
    return folder


def of_masks(folder: Path) -> Path:
    return Path(str(bundled("stories-absorb")))


REFUSED = {
    "of a type that has no such layout": (bloom, "type 'bloom', which is not adapted here"),
    "that scales attention": (scaled, "scale_attn_by_inverse_layer_idx"),
    "that stretches its positions": (stretched, "scales its positions"),
    "with biases that the layout lacks": (biased, "weights too many"),
    "that is cut short": (cut_short, "cannot be read"),
    "of two": (two_files, "holds 2 GGUF files; name one of them"),
    "of masks already": (of_masks, "holds no model that writes from left to right"),
    "that is not there": (lambda folder: folder, "There is no model at"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_is_refused_in_a_sentence(tmp_path: Path, story: Path, case: str) -> None:
    make_it, said = REFUSED[case]
    assert said in refusal("adapt", make_it(tmp_path / "model"), story, "--out", tmp_path / "out", *FEW)
    assert not (tmp_path / "out").exists()


def test_a_text_that_is_too_short_or_a_folder_that_holds_a_model_is_refused(tmp_path: Path, story: Path) -> None:
    make(tmp_path / "tiny", "gpt2")
    assert "holds a model already" in refusal("adapt", tmp_path / "tiny", story, "--out", tmp_path / "tiny", *FEW)
    story.write_text("Once.")
    result = sedd("adapt", tmp_path / "tiny", story, "--out", tmp_path / "out", *FEW)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "too few for one batch" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()
    kept = tmp_path / "kept"
    kept.mkdir()
    assert sedd("adapt", tmp_path / "tiny", story, "--out", kept, *FEW).exit_code == 2
    assert kept.is_dir()  # it was there before
    assert sedd("adapt", tmp_path / "tiny", story, "--out", tmp_path / "a" / "b", *FEW).exit_code == 2
    assert not (tmp_path / "a").exists()


def test_a_model_that_chats_is_asked_when_it_is_adapted(tmp_path: Path, story: Path) -> None:
    tokenizer = chat_tokenizer()
    make(tmp_path / "tiny", "llama", tokenizer.vocabulary, tokenizer)
    give(tmp_path / "tiny", CHATML)
    records("adapt", tmp_path / "tiny", story, "--out", tmp_path / "out", "--steps", 1, *FEW)
    (record,) = records("infill", "--model", tmp_path / "out", "--question", "Who?", "--answer", 4, "--steps", 2)
    assert record["text"].startswith("<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n")
    assert load(tmp_path / "out").info.chat == load_chat(tmp_path / "tiny", tokenizer)


def test_an_adapted_configuration_without_room_for_a_text_is_refused(tmp_path: Path, story: Path) -> None:
    make(tmp_path / "tiny", "llama")
    records("adapt", tmp_path / "tiny", story, "--out", tmp_path / "out", "--steps", 1, *FEW)
    path = tmp_path / "out" / "config.json"
    for entry, said in (({"max_position_embeddings": 1}, "too few"), ({"shift": 3}, "not true or false")):
        before = path.read_text()
        path.write_text(json.dumps(json.loads(before) | entry))
        assert said in refusal("info", tmp_path / "out")
        path.write_text(before)
