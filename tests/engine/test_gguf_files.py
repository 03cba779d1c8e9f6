"""Causal models in GGUF files: opened where they lie, converted, or refused in a sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from engine.causal.causal_model import CausalModel
from engine.cli import app
from engine.files import sha256
from engine.models.gguf import check_hash, convert
from engine.models.loading import checkpoint_folder, load
from engine.performing.causal_performer import CausalPerformer
from engine.performing.opening import open_folder
from engine.protocol import UserError
from tests.engine.causals import make_gguf


def test_a_file_that_is_no_gguf_model_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"GGUF"):
        convert(tmp_path / "none.gguf", tmp_path / "out")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    with pytest.raises(UserError, match="is not the file"):
        check_hash(other)


def test_a_gguf_file_whose_weights_have_no_room_is_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_gguf(tmp_path / "a.gguf", "llama")
    monkeypatch.setattr("engine.estimates.free", lambda device: 2**24)
    with pytest.raises(UserError, match=r"The model in .* needs about 0\.0 GiB of memory, and 0\.0 GiB are free"):
        convert(tmp_path / "a.gguf", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("info",),
        ("doctor",),
        ("infill", "--text", "Once upon [3]", "--precision", "fp32", "--model"),
        ("score", "--text", "Once upon", "--model"),
        ("baseline", "--text", "Once upon", "--model"),
        ("compare", "--text", "Once upon", "--samples", "1", "--beside"),
    ],
)
def test_a_gguf_file_opens_where_it_lies_as_the_folder_that_is_made_of_it(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_gguf(tmp_path / "a.gguf", "llama")
    (place := tmp_path / "place").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    done = CliRunner().invoke(app, [*command, str(tmp_path / "a.gguf")])
    assert done.exit_code == 0, done.output
    assert not list(place.iterdir()), "nothing is left of what was unpacked"


def test_of_a_gguf_file_logits_name_and_hash_are_its_own(tmp_path: Path) -> None:
    network, tokens = make_gguf(tmp_path / "a.gguf", "llama").eval(), torch.tensor([[1, 2, 3, 4]])
    convert(tmp_path / "a.gguf", tmp_path / "made", "fp32")
    opened, made = (open_folder(checkpoint_folder(tmp_path / name), "cpu", "fp32") for name in ("a.gguf", "made"))
    assert isinstance(opened, CausalPerformer)
    assert isinstance(made, CausalPerformer)
    with torch.no_grad():
        logits = opened.causal.network(tokens).logits
        assert torch.equal(logits, made.causal.network(tokens).logits)
        torch.testing.assert_close(logits, network(tokens).logits, rtol=0, atol=1e-5)
    assert opened.tokenizer.fingerprint == made.tokenizer.fingerprint
    assert (opened.info.name, opened.info.path) == ("a", str(tmp_path / "a.gguf"))
    assert opened.info.weights == opened.identify().weights == sha256(tmp_path / "a.gguf")
    assert CausalModel.load(tmp_path / "a.gguf", "cpu", "fp32").name == "a"


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (b"llama.block_count", "does not say its block_count"),
        (b"llama.embedding_length", "does not say its embedding_length"),
        (b"blk.0.attn_q.weight", r"self_attn\.q_proj\.weight is missing"),
    ],
)
def test_a_gguf_file_that_lacks_a_size_or_a_weight_is_refused_and_not_filled_with_random_numbers(
    lost: bytes, said: str, tmp_path: Path
) -> None:
    make_gguf(tmp_path / "a.gguf", "llama")
    whole = (tmp_path / "a.gguf").read_bytes()
    (tmp_path / "a.gguf").write_bytes(whole.replace(lost, lost[:-1] + b"x"))
    with pytest.raises(UserError, match=said):
        open_folder(tmp_path / "a.gguf", "cpu", "fp32")


def test_a_gguf_file_is_no_diffusion_model_and_says_how_it_becomes_one(tmp_path: Path) -> None:
    make_gguf(tmp_path / "a.gguf", "llama")
    with pytest.raises(UserError, match=r"make one of it by: sedd adapt a\.gguf TEXTS"):
        load(tmp_path / "a.gguf")
