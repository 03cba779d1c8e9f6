"""Models as they are told before anything is loaded: what is offered, and what a folder says in a moment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine import bundled_models
from engine.catalogue import families, fetched
from engine.catalogue.glance import Glance, glance_at, kind_in, shapes_in
from engine.catalogue.offers import OFFERS, Offer
from engine.estimates import Shape
from engine.models import layouts, load
from engine.models.hub import tokenizer_of
from engine.models.published import PUBLISHED
from engine.performing.doctor import examine
from engine.theory.diffusion import Diffusion
from engine.theory.unfilled import unfilled
from tests.engine import adapted
from tests.engine.families import CONFIGS, make

ROWS = {name: row for row in PUBLISHED for name in row.name.split(", ")}


def test_the_families_that_are_recognised_are_those_that_are_read_in_the_same_order() -> None:
    assert tuple(layout.of for layout in layouts.FAMILIES) == families.FAMILIES


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_an_offer_says_what_becomes_of_the_published_model(offer: Offer) -> None:
    row = ROWS[offer.name]
    config = next(row.configs())
    with unfilled():
        shape = Shape.of(Diffusion(config).network)
    assert (offer.shape, offer.length, offer.block_size) == (shape, config.network.length, config.network.block_size)
    assert offer.family is row.family
    assert families.noise_in(row.values, row.family) == config.noise
    assert offer.licence == (row.licence if "card" not in row.licence else "")


@pytest.mark.parametrize("offer", [offer for offer in OFFERS if offer.size], ids=lambda offer: offer.name)
def test_the_size_of_an_offer_is_that_of_its_numbers(offer: Offer) -> None:
    assert min(abs(offer.size / (width * offer.shape.parameters) - 1) for width in (2, 4)) < 0.2


def test_names_of_the_hub_are_told_from_paths() -> None:
    assert all(fetched.is_name(offer.name) for offer in OFFERS)
    for path in ("tiny", "runs/mine/again", "/models/tiny", "./tiny/one", "../tiny", "a/..", "", "a/b c", "~/models"):
        assert not fetched.is_name(path), path
    for address in ("https://huggingface.co/a/b", "huggingface.co/a/b/tree/main", " https://hf.co/a/b?x=1#top", "a/b/"):
        assert fetched.name_in(address) == "a/b", address
    pages = [f"https://huggingface.co/{kind}" for kind in ("datasets/a/b", "spaces/a/b", "docs/hub/index", "papers/1")]
    for other in ("https://huggingface.co/a", "https://other.org/a/b", "https://huggingface.co/../b", "a/b/c", *pages):
        assert not fetched.name_in(other), other


@pytest.mark.parametrize("family", CONFIGS)
def test_a_glance_agrees_with_the_model_that_opens(tmp_path: Path, family: str) -> None:
    make(tmp_path, family)
    seen, info = glance_at(tmp_path), load(tmp_path, "cpu", "fp32").info
    assert (seen.family, seen.noise, seen.length) == (info.facts["family"], info.noise, info.length)


@pytest.mark.parametrize("family", adapted.ADAPTED)
def test_a_glance_knows_adapted_networks_by_their_names(tmp_path: Path, family: str) -> None:
    adapted.make(tmp_path, family, 11, mask_token_id=4, bos_token_id=0)
    seen = glance_at(tmp_path)
    assert (seen.noise, seen.mask) == ("absorb", "id 4")
    assert seen.family == examine(tmp_path, "cpu").facts["family"]


@pytest.mark.parametrize("name", ["stories-absorb", "stories-gpt", "digits-absorb"])
def test_a_glance_at_a_bundled_model_has_the_numbers_of_the_doctor(name: str) -> None:
    folder = bundled_models.ASSETS / name
    seen, facts = glance_at(folder), examine(folder, "cpu", "fp32").facts
    assert seen.parameters == pytest.approx(facts["parameters"], rel=0.01)
    needed = [facts["memory for weights"], facts["memory for a run"]]
    assert seen.needed == pytest.approx(sum(map(int, needed)), rel=0.2)
    assert (seen.length, seen.licence) == (facts["length"], facts["licence"])


SHAPES = ([-1], [2**40] * 30, [2] * 1_000_000)
"""That no tensor has."""


@pytest.mark.parametrize(
    "damage",
    [b"", b"[" * 100_000, b"\xff" * 64, *(json.dumps({"wte.weight": {"shape": shape}}).encode() for shape in SHAPES)],
    ids=range(6),
)
def test_a_glance_at_what_is_damaged_says_less(tmp_path: Path, damage: bytes) -> None:
    folder = Path(shutil.copytree(bundled_models.DEFAULT_MODEL, tmp_path / "model"))
    (folder / "model.safetensors").write_bytes(len(damage).to_bytes(8, "little") + damage)
    (folder / "README.md").unlink()
    seen = glance_at(folder)
    assert (seen.parameters, seen.needed, seen.licence) == (None, None, "")
    (folder / "config.json").write_bytes(damage)
    assert glance_at(folder).family == ""


def test_what_is_no_folder_and_what_has_no_configuration_is_told_by_its_size(tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").write_bytes(bytes(70))
    assert glance_at(tmp_path / "last.ckpt") == Glance(size=70)
    assert glance_at(tmp_path).size == 70


def test_an_unknown_type_is_taken_for_one_that_writes_from_left_to_right() -> None:
    assert kind_in({"model_type": "gpt2"}, {}) == ("gpt2", "none")
    assert kind_in({"model_type": "gpt2"}, {"denoise_model.h.0": ()}) == ("DiffuGPT", "absorb")


def test_the_tokenizer_of_another_is_taken_only_for_the_sizes_that_it_has() -> None:
    assert tokenizer_of({"vocab_size": 50_257}) == ("openai-community/gpt2", "tokenizer.json")
    assert tokenizer_of({"vocab_size": True}) is None
    assert tokenizer_of({"vocab_size": 50_368}) is None


def test_what_has_come_is_counted_while_a_download_renames_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched, "models_folder", lambda: tmp_path)
    coming = tmp_path / fetched.COMING / "someone" / "tiny"
    coming.mkdir(parents=True)
    (coming / "config.json").write_bytes(bytes(7))
    gone = coming / "model.safetensors.part"
    monkeypatch.setattr(Path, "rglob", lambda *_: iter([coming, coming / "config.json", gone]))
    monkeypatch.setattr(Path, "is_file", lambda path: path == gone or path.name == "config.json")
    assert fetched.unfinished() == {"someone/tiny": 7}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"shape": 3},
        {"shape": [True]},
        {"shape": [-1]},
        {"shape": [2**40, 2**40]},
        {"shape": [1] * 9},
        {"shape": [1, "2"]},
        {"dtype": "F32"},
        [],
        7,
        "x",
    ],
)
def test_a_table_of_tensors_that_says_what_cannot_be_says_nothing(told: object, tmp_path: Path) -> None:
    table = json.dumps({"__metadata__": {"format": "pt"}, "w": {"shape": [2, 3]}, "odd": told}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(table).to_bytes(8, "little") + table)
    assert shapes_in(file) == {}
    table = json.dumps({"__metadata__": {"format": "pt"}, "w": {"shape": [2, 3], "dtype": "F32"}}).encode()
    file.write_bytes(len(table).to_bytes(8, "little") + table)
    assert shapes_in(file) == {"w": (2, 3)}


WRITTEN = {"stories-absorb": "text", "stories-gpt": "text", "digits-absorb": "digits", "promoters-absorb": "promoters"}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_glance_at_a_bundled_model_says_what_it_writes(name: str) -> None:
    assert glance_at(bundled_models.ASSETS / name).writes == WRITTEN[name]


def test_a_glance_says_what_the_family_writes_or_that_questions_are_answered(tmp_path: Path) -> None:
    adapted.make(tmp_path, "dplm", 33, mask_token_id=32)
    assert glance_at(tmp_path).writes == "proteins"
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    assert glance_at(tmp_path).writes == "questions"


@pytest.mark.parametrize("told", ["wood", ["text"], 7, None])
def test_what_a_folder_says_that_it_writes_is_one_of_the_kinds(tmp_path: Path, told: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"format": "sedd-studio-1", "facts": {"domain": told}}))
    assert glance_at(tmp_path).writes == "text"
