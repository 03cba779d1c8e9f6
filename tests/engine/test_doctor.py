"""What lies at a path is told before it is loaded: what it is, its sizes, what is missing, and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from engine import bundled_models, estimates
from engine.cli import app
from engine.language.tokenizers import symbol_tokenizer
from engine.models import load
from engine.performing.doctor import Diagnosis, examine
from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel, ModelLoaded
from tests.engine import adapted
from tests.engine.families import CONFIGS, FAMILIES, edit, make
from tests.hostile.folders import template
from tests.hostile.traps import causal_folder

SYMBOLS = [*"abcdefghijklmnop"]
NOISES = dict.fromkeys(("duo", "duo-mixin", "udlm", "udlm-class"), "uniform")
NOISES |= {"gidd": "masks and uniform, mixed", "bd3lm": "masks, in blocks"}
TIMED = {"gidd": "t", "udlm-class": "sigma and a class"} | dict.fromkeys(
    ("mdlm-time", "sedd", "duo", "duo-mixin", "udlm"), "sigma"
)


def said(found: Diagnosis) -> str:
    return " ".join(found.problems)


# ---- models that open


@pytest.mark.parametrize("family", CONFIGS)
def test_a_model_of_a_family_is_described_by_its_files(tmp_path: Path, family: str) -> None:
    make(tmp_path, family)
    clean = 11 if family in NOISES and NOISES[family] == "uniform" else 10
    symbol_tokenizer(SYMBOLS[: clean - 1]).save(tmp_path)
    found = examine(tmp_path, "cpu")
    facts = found.facts
    assert found.opens, said(found)
    assert (facts["noise"], facts["told"]) == (NOISES.get(family, "masks"), TIMED.get(family, "nothing"))
    assert (facts["blocks"], facts["width"], facts["heads"], facts["length"]) == (2, 16, 2, 12)
    assert (facts["vocabulary"], facts["stored as"]) == (clean, "float32")
    assert facts["tokenizer"] == f"a token for each symbol, {clean} tokens, here"
    model = load(tmp_path, "cpu", "fp32")
    assert facts["parameters"] == model.info.parameters
    assert facts["family"] == model.info.facts["family"]


@pytest.mark.parametrize("family", adapted.ADAPTED)
def test_an_adapted_network_is_described_with_its_mask_and_its_shift(tmp_path: Path, family: str) -> None:
    adapted.make(tmp_path, family, 11, mask_token_id=4, bos_token_id=0)
    facts = examine(tmp_path, "cpu").facts
    assert str(facts["mask"]).startswith("id 4")
    assert (facts["shift"] == "none") == (family != "diffugpt")
    assert ("writes in blocks of" in facts) == (family == "sdar")


def test_a_bundled_model_is_described_by_its_name() -> None:
    found = examine("stories-absorb", "cpu")
    assert found.opens
    assert found.facts["family"] == "SEDD Studio's own"
    assert "CDLA-Sharing-1.0" in str(found.facts["licence"])


def test_a_model_that_writes_from_left_to_right_is_described(tmp_path: Path) -> None:
    found = examine(causal_folder(tmp_path / "gpt"), "cpu")
    assert found.opens, said(found)
    assert (found.facts["kind"], found.facts["family"]) == ("an autoregressive model", "gpt2")
    assert {"parameters", "blocks", "width", "length", "vocabulary", "memory for a run"} <= found.facts.keys()


@pytest.mark.parametrize(
    "kind", ["own", "pickled", "uniform-geometric", "absorb-training-run", "lightning", "proteins"]
)
def test_what_is_said_to_open_opens(kind: str) -> None:
    found = examine(template(kind), "cpu")
    assert found.opens, said(found)
    (event,) = Engine().perform(1, LoadModel(str(template(kind)), "cpu", "fp32"))
    assert isinstance(event, ModelLoaded)


# ---- what is missing


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    shutil.copytree(FAMILIES / "mdlm", tmp_path, dirs_exist_ok=True)
    found = examine(tmp_path, "cpu")
    assert "No tokenizer was found" in said(found)


@pytest.mark.parametrize(
    ("states", "usual"),
    [(50_258, "GPT-2's, vocab.json and merges.txt"), (33, "ESM's, vocab.txt"), (47, "the one that")],
)
def test_the_tokenizer_that_such_models_have_is_named_by_the_vocabulary(
    tmp_path: Path, states: int, usual: str
) -> None:
    make(tmp_path, "mdlm")
    edit(tmp_path, lambda values: values.update(vocab_size=states))
    assert str(examine(tmp_path, "cpu").facts["tokenizer"]).startswith(f"not there; {usual}")


def test_a_tokenizer_that_cannot_be_used_is_told_by_its_kind(tmp_path: Path) -> None:
    make(tmp_path, "mdlm")
    pieces = {"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "##", "max_input_chars_per_word": 9}
    words = {"version": "1.0", "added_tokens": [], "model": pieces | {"vocab": {"a": 0, "##b": 1}}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(words))
    assert str(examine(tmp_path, "cpu").facts["tokenizer"]).startswith("WordPiece, not usable")


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def pointer(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")


def renamed(folder: Path) -> None:
    without("config.json")(folder)
    (folder / "model.safetensors").rename(folder / "network.safetensors")


def changed(**entries: Any) -> Callable[[Path], None]:
    return lambda folder: edit(folder, lambda values: values.update(entries))


def spoilt(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    next(iter(weights.values())).fill_(float("nan"))
    save_file(weights, folder / "model.safetensors")


MISSING: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no weights": (without("model.safetensors"), "a diffusion model", "no weights; put model.safetensors"),
    "no configuration": (without("config.json"), "weights of MDLM, Duo or UDLM, and no", "lacks config.json"),
    "another name": (renamed, "weights of MDLM, Duo or UDLM, and no", "call the file model.safetensors"),
    "a tokenizer alone": (without("config.json", "model.safetensors"), "a tokenizer", "holds no model; put"),
    "a pointer": (pointer, "", "run git lfs pull"),
    "other sizes": (changed(n_blocks=3), "a diffusion model", "lacks"),
    "no size": (changed(n_blocks=None), "a diffusion model", "n_blocks"),
    "a masked model": (changed(model_type="bert"), "a model of the library", "a model of masked words"),
    "unknown": (changed(model_type="new"), "a model of the library", "no type that is known here; name another"),
    "no finite numbers": (spoilt, "a diffusion model", "no finite numbers"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), "a diffusion model", "not valid JSON"),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_or_wrong_is_said_with_what_to_do(tmp_path: Path, case: str) -> None:
    make(tmp_path, "mdlm")
    symbol_tokenizer(SYMBOLS[:9]).save(tmp_path)
    spoil, kind, advice = MISSING[case]
    spoil(tmp_path)
    found = examine(tmp_path, "cpu")
    assert advice in said(found)
    assert str(found.facts.get("kind", "")).startswith(kind)
    assert all("\n" not in problem and problem.endswith(".") for problem in found.problems)


def test_weights_alone_tell_their_sizes(tmp_path: Path) -> None:
    weights = make(tmp_path, "mdlm")
    without("config.json")(tmp_path)
    facts = examine(tmp_path, "cpu").facts
    assert (facts["states"], facts["width"], facts["blocks"]) == (11, 16, 2)
    assert facts["parameters"] == sum(weight.numel() for weight in weights.values())


def test_a_model_that_does_not_fit_is_told_with_both_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "mdlm")
    symbol_tokenizer(SYMBOLS[:9]).save(tmp_path)
    monkeypatch.setattr(estimates, "free", lambda device="cpu": 2**20)
    assert "GiB of memory, and 0.0 GiB are free" in said(examine(tmp_path, "cpu"))


# ---- licences


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: apache-2.0\ntags: [a]\n---\n# Model\n", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: 'mine'\n---\n", "other mine"),
        ("# Model\n\nLicence of the weights: MIT.\n", "Licence of the weights: MIT."),
        ("license: \x1b[2J", "\u241b[2J"),
        ("license:\n", "not told there"),
        ("", "not told there"),
    ],
)
def test_the_licence_is_that_of_the_model_card(tmp_path: Path, card: str, licence: str) -> None:
    make(tmp_path, "mdlm")
    (tmp_path / "README.md").write_text(card)
    assert examine(tmp_path, "cpu").facts["licence"] == licence


# ---- anything else


def put(name: str, content: bytes = b"") -> Callable[[Path], Path]:
    def at(folder: Path) -> Path:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    return at


def inside(name: str, content: bytes = b"") -> Callable[[Path], Path]:
    def at(folder: Path) -> Path:
        put(name, content)(folder)
        return folder

    return at


def folder_of_models(folder: Path) -> Path:
    make(folder / "one", "mdlm")
    return folder


OTHERS: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "nothing": (lambda folder: folder / "nothing", "", "There is no model at"),
    "empty": (lambda folder: folder, "an empty folder", "is empty; put"),
    "text": (put("a.txt", "Once upon a time, caf\u00e9".encode()), "a text", "sedd train"),
    "texts": (inside("a.txt", b"Once"), "a folder of texts", "sedd train"),
    "gguf": (put("a.gguf", b"GGUF\3\0\0\0"), "an autoregressive model in a GGUF file", "use a whole copy"),
    "picture": (put("a.png", b"\x89PNG\0\0"), "a file of another kind", "name the folder"),
    "archive": (put("a.zip", b"PK\3\4"), "an archive", "unpack it"),
    "run": (put("a.sedd", b"PK\3\4"), "a run of the studio", "open it in the window"),
    "adapter": (inside("adapter_config.json", b"{}"), "an adapter", "merge"),
    "checkpoint": (inside("checkpoints-meta/checkpoint.pth", b"x"), "the checkpoint of a training run", "config.yaml"),
    "models": (folder_of_models, "a folder of models", "1 models, one first"),
    "cache": (inside("snapshots/1/config.json", b"{}"), "a folder of the hub's cache", "snapshots/1"),
    "pictures": (inside("a.png"), "a folder of other files", "a.png first"),
    "damaged": (inside("model.safetensors", b"\xff" * 99), "", "damaged"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_model_is_told_with_what_to_do(tmp_path: Path, case: str) -> None:
    place, kind, advice = OTHERS[case]
    found = examine(place(tmp_path), "cpu")
    assert not found.opens
    assert found.facts.get("kind", "") == kind
    assert advice in said(found)


def test_nothing_that_a_file_brings_is_run(tmp_path: Path) -> None:
    """A pickle that would make a folder, and a description that names code."""

    class Trap:
        def __reduce__(self) -> Any:
            return Path.mkdir, (tmp_path / "canary",)

    make(tmp_path / "model", "mdlm")
    for name in ("model.safetensors", "config.json"):
        (tmp_path / "model" / name).unlink()
    torch.save({"a": Trap()}, tmp_path / "model" / "pytorch_model.bin")
    assert "asks to run code" in said(examine(tmp_path / "model", "cpu"))
    described = {"model_type": "gpt2", "auto_map": {"AutoModelForCausalLM": "code.Trap"}}
    (tmp_path / "model" / "config.json").write_text(json.dumps(described))
    assert "asks to run code" in said(examine(tmp_path / "model", "cpu"))
    assert not (tmp_path / "canary").exists()


# ---- the command, and the window's request


def test_the_command_ends_with_0_where_a_model_opens_and_with_1_elsewhere(tmp_path: Path) -> None:
    opened = CliRunner().invoke(app, ["doctor", str(bundled_models.DEFAULT_MODEL), "--json"])
    assert opened.exit_code == 0
    record = json.loads(opened.stdout)
    assert (record["opens"], record["blocks"], record["problems"]) == (True, 8, [])
    failed = CliRunner().invoke(app, ["doctor", str(tmp_path)])
    assert failed.exit_code == 1
    assert "an empty folder" in failed.stdout
    assert "is empty; put" in failed.stdout


def test_a_model_that_does_not_open_comes_with_what_is_known_of_it(tmp_path: Path) -> None:
    make(tmp_path, "mdlm")
    without("config.json")(tmp_path)
    (event,) = Engine().perform(1, LoadModel(str(tmp_path), "cpu", "fp32"))
    assert isinstance(event, Failed)
    assert event.detail == ""
    assert "weights of MDLM, Duo or UDLM" in event.found
    assert "put the one of the same model there" in event.headline


def test_what_is_known_of_a_model_hides_no_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Diagnosis:
        raise RuntimeError("it cannot be examined")

    monkeypatch.setattr("engine.performing.engine.examine", fails)
    (event,) = Engine().perform(1, LoadModel(str(tmp_path), "cpu", "fp32"))
    assert isinstance(event, Failed)
    assert "is empty; put" in event.headline
    assert (event.detail, event.found) == ("", "")
