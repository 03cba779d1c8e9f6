"""Where text comes in and goes out: marks of the byte order, standard input, other encodings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine import estimates
from engine.cli import app
from engine.language.documents import documents, lines, read_text
from engine.language.domains.molecules import read as read_molecules
from engine.language.tokenizers import find_tokenizer, train_tokenizer
from engine.models import load, save
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

MARK = b"\xef\xbb\xbf"
TEXT = "Once upon a time there was a dragon."
TOKENIZER = train_tokenizer(iter([TEXT]), 280)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    network = NetworkConfig(TOKENIZER.vocabulary + 1, length=32, hidden=16, blocks=1, heads=2, cond_dim=8)
    save(folder, Diffusion(DiffusionConfig(network, parametrisation="posterior", time_free=True)), TOKENIZER, "#")
    return folder


def sedd(model: Path, *arguments: str | bytes, encoding: str = "utf-8") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "engine.cli", *arguments, "--model", str(model)]
    return subprocess.run(command, env=environment, capture_output=True, check=False)


def bound(model: Path, *arguments: str, given: bytes | None = None) -> object:
    result = CliRunner().invoke(app, ["score", *arguments, "--model", str(model), "--json"], input=given)
    assert result.exit_code == 0, result.output
    return {name: value for name, value in json.loads(result.stdout).items() if name != "seconds"}


def test_a_mark_of_the_byte_order_is_no_part_of_a_text_wherever_files_were_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(MARK + b"one\r\n<|endoftext|>\r\n" + MARK + b"two\r\n")
    assert list(documents(path)) == ["one", "two"]
    assert list(lines(path))[-1] == "two"
    path.write_bytes(MARK + b"CCO\n" + MARK + b"CCN\n")
    assert list(read_molecules(path)) == ["CCO", "CCN"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_text_in_wide_characters_is_refused_by_its_name(tmp_path: Path, encoding: str) -> None:
    content = ("" if encoding != "utf-16-be" else "\ufeff") + TEXT
    (tmp_path / "a.txt").write_bytes(content.encode(encoding))
    with pytest.raises(UserError, match="is UTF-16, not UTF-8"):
        read_text(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_text_in_wide_characters_without_a_mark_is_refused_too(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "text.txt").write_bytes(TEXT.encode(encoding))
    with pytest.raises(UserError, match="holds NUL characters, as UTF-16 does"):
        read_text(tmp_path / "text.txt")


def test_a_text_costs_the_same_with_a_mark_from_a_file_an_argument_and_standard_input(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text(TEXT)
    (tmp_path / "marked.txt").write_bytes(MARK + TEXT.encode())
    plain = bound(model, str(tmp_path / "plain.txt"))
    assert bound(model, str(tmp_path / "marked.txt")) == plain
    assert bound(model, "-", given=MARK + TEXT.encode()) == plain
    given = bound(model, "--text", TEXT)
    assert bound(model, "--text", "\ufeff" + TEXT) == given
    assert bound(model, "--text", "-", given=MARK + TEXT.encode() + b"\n") == given


def test_a_model_whose_files_begin_with_a_mark_is_opened(model: Path, tmp_path: Path) -> None:
    for file in model.iterdir():
        marked = MARK if file.suffix == ".json" else b""
        (tmp_path / file.name).write_bytes(marked + file.read_bytes())
    assert load(tmp_path).info.weights == load(model).info.weights
    assert find_tokenizer(tmp_path).fingerprint == TOKENIZER.fingerprint


@pytest.mark.parametrize(
    "arguments",
    [
        ("infill", "--text", b"caf\xe9 [3] noir"),
        ("score", "--text", b"caf\xe9"),
        ("score", b"caf\xe9.txt"),
        ("infill", "--text", "a [3]", "--pattern", b"\xe9+"),
        ("infill", "--text", "a [3]", "--ban", b"\xe9"),
    ],
)
def test_an_argument_in_another_encoding_is_refused_in_one_sentence(
    model: Path, arguments: tuple[str | bytes, ...]
) -> None:
    result = sedd(model, *arguments)
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_files_with_names_in_another_encoding_are_read_and_models_refused_in_one_sentence(
    model: Path, tmp_path: Path
) -> None:
    folder = os.fsencode(tmp_path)
    (story := Path(os.fsdecode(folder + b"/caf\xe9.txt"))).write_text(f"{TEXT}\n<|endoftext|>\n" * 20)
    assert sedd(model, "score", os.fsencode(story), "--draws", "1").returncode == 0
    sizes = ("--steps", "1", "--batch", "1", "--length", "8", "--hidden", "16", "--blocks", "1", "--heads", "2")
    trained = CliRunner().invoke(
        app, ["train", str(story), "--out", str(tmp_path / "m"), "--vocabulary", "260", *sizes]
    )
    assert trained.exit_code == 0, trained.output
    shutil.copytree(model, other := os.fsdecode(folder + b"/mod\xe8le"))
    for refused in (["info", other], ["train", str(story), "--out", f"{other}-new", *sizes]):
        result = CliRunner().invoke(app, refused)
        assert result.exit_code == 2, result.output
        assert "not in UTF-8" in result.stderr


def test_a_model_trained_from_standard_input_is_that_trained_from_the_file(tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    story.write_text(f"{TEXT}\n<|endoftext|>\n" * 40)
    sizes = ("--vocabulary=260", "--batch=1", "--length=8", "--hidden=16", "--blocks=1", "--heads=2", "--steps=1")
    for text in (str(story), "-"):
        command = ["train", text, "--out", str(tmp_path / f"from {Path(text).name}"), *sizes]
        result = CliRunner().invoke(app, command, input=story.read_bytes())
        assert result.exit_code == 0, result.output
    made = [tmp_path / name / "model.safetensors" for name in ("from story.txt", "from -")]
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_pipe_in_another_encoding_loses_no_character(model: Path, encoding: str) -> None:
    result = sedd(model, "infill", "--text", "I am 😀 [3] now", "--steps", "2", encoding=encoding)
    assert result.returncode == 0, result.stderr
    written = "😀" if encoding == "utf-8" else "\\U0001f600"
    assert f"I am {written}" in result.stdout.decode(encoding)


def test_a_text_without_end_is_refused_before_it_takes_the_memory() -> None:
    watched = (
        "import resource\nfrom pathlib import Path\nfrom engine.language.documents import read_text\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_text(Path('-'))\nexcept Exception as error:\n    print(error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)"
    )
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(
            [sys.executable, "-c", watched], stdin=endless, capture_output=True, text=True, check=True
        )
    said, megabytes = done.stdout.splitlines()
    assert said == "Standard input has more than 128 MB; put the text into a file."
    assert int(megabytes) < 500


def test_a_text_that_memory_cannot_hold_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text.txt"
    with text.open("wb") as file:
        file.truncate(2**40)
    monkeypatch.setattr(estimates, "free", lambda _: 2**33)
    with pytest.raises(UserError, match=r"needs about 9,216\.0 GiB of memory, and 8\.0 GiB are free"):
        read_text(text)
