"""Three layouts load; whatever is wrong with a file is said in one sentence, and no file runs code."""

from __future__ import annotations

import json
import math
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.models.loading import build, load
from engine.models.own_layout import save
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

EMBEDDING = "vocab_embed.embedding"
GOLDEN = Path(__file__).parent.parent / "golden"
TOKENIZER: Tokenizer = train_tokenizer(iter(["one two three"] * 5), 262)
CONFIG = DiffusionConfig(
    NetworkConfig(states=263, length=16, hidden=16, blocks=1, heads=2, cond_dim=8, absolute_positions=True),
    parametrisation="posterior",
    time_free=True,
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    diffusion = Diffusion(CONFIG)
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter)
    save(tmp_path / "model", diffusion, TOKENIZER, "# A card\n", {"training steps": "7"}, precision="fp32")
    return tmp_path / "model"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "absorb-loglinear", tmp_path / "published"))


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


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


@pytest.mark.parametrize(
    "index", ["", "[]", "{}", '{"weight_map": {}}', '{"weight_map": {"a": "../own/x"}}', '{"weight_map": {"a": [1]}}']
)
def test_an_index_that_names_no_weights_is_answered_in_a_sentence(published: Path, index: str) -> None:
    (published / "model.safetensors").unlink()
    (published / "model.safetensors.index.json").write_text(index)
    with pytest.raises(UserError):
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


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("kept", [0, 7, 100])
def test_a_file_that_is_cut_short_is_answered_in_a_sentence(own: Path, file: str, kept: int) -> None:
    content = (own / file).read_bytes()
    (own / file).write_bytes(content[:kept])
    with pytest.raises(UserError, match=r"damaged|not valid JSON"):
        load(own, device="cpu").tokenizer  # noqa: B018


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("exploded",)


def test_a_pickle_that_would_run_code_is_refused(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published)
    (published / "model.safetensors").unlink()
    torch.save({"x": Bomb()}, published / "pytorch_model.bin")
    with pytest.raises(UserError, match="asks to run code"):
        build(published)
    (published / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UserError, match="was not opened"):
        build(published)
    assert not (published / "exploded").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("graph"), "lacks the entry graph.type"),
        (lambda c: c.update(model_type=c.pop("graph") and "gpt2"), "of the type 'gpt2', not one of"),
        (lambda c: c["model"].pop("length"), "lacks the entry model.length"),
        (lambda c: c.update(model=3), "lacks the entry model"),
        (lambda c: c["model"].update(hidden_size=-4), "hidden_size = -4"),
        (lambda c: c["model"].update(hidden_size=10**12), "hidden_size = 1000000000000"),
        (lambda c: c["model"].update(n_blocks=True), "n_blocks = True"),
        (lambda c: c["model"].update(n_heads=5), "5 heads"),
        (lambda c: c["model"].update(dropout="much"), "dropout = 'much'"),
        (lambda c: c.update(tokens="many"), "tokens = 'many'"),
        (lambda c: c.update(tokens=10**4000), r"tokens = 1000.*\.\.\., not a whole number"),
        (lambda c: c["model"].update(dropout=list(range(9000))), r"dropout = \[0, 1"),
        (lambda c: c.update(format="of the future"), "does not know"),
        (lambda c: c["graph"].update(type="cosmic"), "not one of absorb, uniform"),
        (lambda c: c["noise"].update(type="geometric", sigma_max=1e9), "sigma_max"),
        (lambda c: c["graph"].update(type="uniform"), "does not allow"),
        (lambda c: c["model"].update(hidden_size=128), "instead of"),
        (lambda c: c["model"].update(n_blocks=4), "lacks 10 weights"),
        (lambda c: c["model"].update(n_blocks=2), "10 weights too many"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_answered_in_a_sentence(
    published: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    edit(published / "config.json", change)
    with pytest.raises(UserError, match=said) as error:
        build(published)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) - len(str(published)) < 250


def test_a_configuration_of_a_huge_network_takes_no_memory(published: Path) -> None:
    """Shapes are compared before anything is allocated: 256 blocks of 16,384 would be terabytes."""
    edit(published / "config.json", lambda c: c["model"].update(hidden_size=16_384, n_blocks=256, n_heads=4))
    with pytest.raises(UserError, match="lacks"):
        build(published)


@pytest.mark.parametrize("content", ["[1, 2]", "null", '"text"', "{" * 100_000, "[" * 100_000, "9" * 5_000, "\xff"])
def test_a_configuration_that_is_no_mapping_is_answered_in_a_sentence(published: Path, content: str) -> None:
    (published / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"config\.json"):
        build(published)


def test_a_damaged_training_run_is_answered_in_a_sentence(tmp_path: Path) -> None:
    run = Path(shutil.copytree(GOLDEN / "absorb-training-run", tmp_path / "run"))
    torch.save({"model": {}}, run / "checkpoints-meta" / "checkpoint.pth")
    with pytest.raises(UserError, match="is missing"):
        build(run)
    for content in (
        "a: [",
        "[" * 20_000,
        "a: 2020-99-99",
        "a: !!python/object/apply:os.mkdir [exploded]",
        "a: 0x" + "f" * 5_000,
    ):
        (run / ".hydra" / "config.yaml").write_text(content)
        with pytest.raises(UserError, match="not valid YAML"):
            build(run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state["ema"]["shadow_params"].pop(), "one averaged weight for each of 30"),
        (lambda state: state["ema"]["shadow_params"].reverse(), "instead of 54 x 32"),
        (lambda state: state["ema"].update(shadow_params=None), "one averaged weight"),
        (lambda state: state.update(ema=None), "is missing"),
        (lambda state: state.pop("step"), "is missing"),
        (lambda state: state.update(model=[1]), "does not hold the weights"),
        (lambda state: state["model"].update({7: torch.zeros(1)}), "one averaged weight for each of 31"),
    ],
)
def test_a_training_run_without_its_average_is_answered_in_a_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    run = Path(shutil.copytree(GOLDEN / "absorb-training-run", tmp_path / "run"))
    file = run / "checkpoints-meta" / "checkpoint.pth"
    state = torch.load(file, weights_only=True)
    change(state)
    torch.save(state, file)
    with pytest.raises(UserError, match=said):
        build(run)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda weight: weight.fill_(math.nan), "no finite numbers"),
        (lambda weight: weight.long(), "does not hold the weights"),
        (lambda weight: weight.to(torch.complex64), "does not hold the weights"),
        (lambda weight: weight.to_sparse(), "does not hold the weights"),
        (lambda weight: weight.to("meta"), "does not hold the weights"),
        (lambda weight: weight[:, :1], "is 98 x 1 instead of 98 x 64"),
    ],
)
def test_weights_that_are_no_ordinary_numbers_are_answered_in_a_sentence(
    published: Path, spoil: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    weights = load_file(published / "model.safetensors")
    (published / "model.safetensors").unlink()
    torch.save({**weights, EMBEDDING: spoil(weights[EMBEDDING])}, published / "pytorch_model.bin")
    with pytest.raises(UserError, match=said):
        build(published)


def test_a_missing_model_is_answered_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model at"):
        load(tmp_path / "absent")
    for impossible in ("x" * 5_000, "~nobody-of-that-name/model"):
        with pytest.raises(UserError, match="no model at"):
            load(impossible)
    with pytest.raises(UserError, match=r"is empty; put config\.json"):
        load(tmp_path)


def test_without_a_tokenizer_the_files_to_bring_are_named(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "tokenizer.json").unlink()
    monkeypatch.setenv("HF_HOME", str(own / "empty"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    with pytest.raises(UserError, match=r"put tokenizer\.json, or vocab\.json .* encoder\.json .* into"):
        load(own, device="cpu").tokenizer  # noqa: B018


def test_a_tokenizer_of_another_model_is_refused(own: Path) -> None:
    train_tokenizer(iter(["other"]), 257).save(own)
    with pytest.raises(UserError, match="257 tokens and the model 262"):
        load(own, device="cpu").tokenizer  # noqa: B018


def test_a_folder_that_cannot_be_written_is_answered_in_a_sentence(own: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        save(tmp_path / "file" / "model", build(own)[0], TOKENIZER, "")


def test_an_unknown_device_or_precision_is_answered_with_the_known_ones(own: Path) -> None:
    with pytest.raises(UserError, match="auto, cpu, cuda or mps"):
        load(own, device="abacus")
    with pytest.raises(UserError, match="auto, fp32 or bf16"):
        load(own, device="cpu", precision="fp13")


def test_weights_that_may_not_be_read_are_not_called_damaged(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("engine.models.stored.safe_open", denied)
    with pytest.raises(UserError, match="Permission denied; allow reading it"):
        load(own, device="cpu")
