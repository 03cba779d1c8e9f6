"""Three layouts load: this project's, the published one, and the folder of a training run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.models.loading import build, load
from engine.models.own_layout import save
from engine.protocol import UserError
from tests.engine.checkpoints import CONFIG, GOLDEN, TOKENIZER, published_in, saved_in


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return saved_in(tmp_path)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return published_in(tmp_path)


def test_a_saved_model_loads_as_it_was(own: Path) -> None:
    model = load(own, device="cpu", precision="fp32")
    assert model.diffusion.config == CONFIG
    assert (model.info.name, model.info.noise, model.info.vocabulary, model.info.mask_id) == (
        "model",
        "absorb",
        262,
        262,
    )
    assert model.info.facts == {"training steps": "7"}
    assert model.tokenizer.fingerprint == TOKENIZER.fingerprint
    assert (own / "README.md").read_text() == "# A card\n"
    stored = load_file(own / "model.safetensors")
    for name, tensor in model.diffusion.network.state_dict().items():
        torch.testing.assert_close(tensor, stored[name], rtol=0, atol=0)


def test_a_file_of_a_model_names_its_folder(own: Path) -> None:
    assert load(own / "model.safetensors", device="cpu").info.path == str(own.resolve())


def test_weights_can_be_kept_in_half_the_space(own: Path, tmp_path: Path) -> None:
    diffusion, _ = build(own)
    save(tmp_path / "small", diffusion, TOKENIZER, "", precision="bf16")
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (own, tmp_path / "small")]
    assert sizes[1] < 0.6 * sizes[0]
    assert build(tmp_path / "small")[0].config == CONFIG


@torch.no_grad()
def test_both_files_of_the_published_layout_give_the_same_scores(published: Path) -> None:
    weights = load_file(published / "model.safetensors")
    tokens, sigma = torch.randint(97, (1, 24)), torch.tensor([0.5])
    first = build(published)[0].log_score(tokens, sigma)
    (published / "model.safetensors").unlink()
    torch.save(weights, published / "pytorch_model.bin")
    torch.testing.assert_close(build(published)[0].log_score(tokens, sigma), first, rtol=0, atol=0)


def test_a_training_run_gives_its_averaged_weights() -> None:
    folder = GOLDEN / "absorb-training-run"
    diffusion, stored = build(folder)
    state = torch.load(folder / "checkpoints-meta" / "checkpoint.pth", weights_only=True)
    average = state["ema"]["shadow_params"][0]
    torch.testing.assert_close(
        diffusion.network.get_parameter("vocab_embed.embedding"), average, rtol=0, atol=0, check_stride=False
    )
    assert stored.facts["training steps"] == "1234"


def test_the_checkpoint_file_of_a_run_names_the_run() -> None:
    run = GOLDEN / "absorb-training-run"
    assert load(run / "checkpoints-meta" / "checkpoint.pth", device="cpu").info.path == str(run)


def wrap_all(name: str) -> str:
    return f"module.{name}"


def wrap_twice(name: str) -> str:
    return f"_orig_mod.module.{name}"


def wrap_blocks(name: str) -> str:
    return re.sub(r"^(blocks\.\d+)\.", r"\1._orig_mod.", name)


def wrap_in_a_trainer(name: str) -> str:
    return f"network.model.{name}"


@pytest.mark.parametrize("wrap", [wrap_all, wrap_twice, wrap_blocks, wrap_in_a_trainer])
@pytest.mark.parametrize("layout", ["own", "published", "pickled", "run"])
def test_weights_of_a_network_that_was_distributed_or_compiled_load(
    own: Path, published: Path, tmp_path: Path, layout: str, wrap: Callable[[str], str]
) -> None:
    folder = {"own": own, "run": GOLDEN / "absorb-training-run"}.get(layout, published)
    plain = build(folder)[0].network.state_dict()
    if layout == "run":
        folder = Path(shutil.copytree(folder, tmp_path / "run"))
        state = torch.load(file := folder / "checkpoints-meta" / "checkpoint.pth", weights_only=True)
        state["model"] = {wrap(name): tensor for name, tensor in state["model"].items()}
        torch.save(state, file)
    else:
        renamed = {wrap(name): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
        if layout == "pickled":
            (folder / "model.safetensors").unlink()
            torch.save(renamed, folder / "pytorch_model.bin")
        else:
            save_file(renamed, folder / "model.safetensors")
    again = build(folder)[0].network.state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in plain.items())


def in_parts(folder: Path, name: str, keep: Callable[[dict[str, torch.Tensor], Path], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    stem, ending = name.split(".")
    places = {key: f"{stem}-{k % 3 + 1:05}-of-00003.{ending}" for k, key in enumerate(weights)}
    for part in set(places.values()):
        keep({key: tensor for key, tensor in weights.items() if places[key] == part}, folder / part)
    (folder / f"{name}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


@pytest.mark.parametrize(("name", "keep"), [("model.safetensors", save_file), ("pytorch_model.bin", torch.save)])
def test_weights_in_parts_with_an_index_load_and_every_part_tells_models_apart(
    published: Path, name: str, keep: Callable[[dict[str, torch.Tensor], Path], object]
) -> None:
    plain = build(published)[0].network.state_dict()
    in_parts(published, name, keep)
    diffusion, stored = build(published)
    assert all(torch.equal(diffusion.network.state_dict()[key], tensor) for key, tensor in plain.items())
    assert len(stored.files) == 3
    (published / stored.files[1].name).unlink()
    with pytest.raises(UserError, match=stored.files[1].name):
        build(published)


def test_a_run_without_its_last_state_gives_its_newest_snapshot_or_the_one_that_is_named(tmp_path: Path) -> None:
    run = Path(shutil.copytree(GOLDEN / "absorb-training-run", tmp_path / "run"))
    state = torch.load(run / "checkpoints-meta" / "checkpoint.pth", weights_only=True)
    (run / "checkpoints").mkdir()
    for number in (2, 10):
        torch.save({**state, "step": number}, run / "checkpoints" / f"checkpoint_{number}.pth")
    torch.save(state, run / "checkpoints" / "checkpoint_last.pth")
    assert build(run)[1].facts["training steps"] == "1234"
    named = load(run / "checkpoints" / "checkpoint_2.pth", device="cpu").info
    assert (named.name, named.facts["training steps"]) == ("run", "2")
    assert load(named.path, device="cpu").info.weights == named.weights
    shutil.rmtree(run / "checkpoints-meta")
    assert build(run)[1].facts["training steps"] == "10"
