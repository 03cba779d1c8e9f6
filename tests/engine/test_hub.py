"""Models from a hub: a server on this machine answers as the real one does."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
from typer.testing import CliRunner

from engine.catalogue.fetched import COMING, fetched, models_folder, unfinished
from engine.catalogue.glance import ORIGIN
from engine.cli import app
from engine.language.tokenizer_files import FILE_NAME
from engine.language.tokenizers import train_tokenizer
from engine.models.hub import PART
from engine.models.loading import load
from engine.models.own_layout import save
from engine.models.removing import remove
from engine.strict_json import entries
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.hub import COMMIT, PIECE, files_of, hashes, hub
from tests.strict import strict

NAME, OTHER = "someone/tiny-absorb", "SOMEONE/tiny-absorb"
TOKENIZER = train_tokenizer(iter(["Once upon a time"] * 3), 300)
NETWORK = NetworkConfig(states=301, length=8, hidden=16, blocks=1, heads=2, cond_dim=8)


@pytest.fixture
def repository(tmp_path: Path) -> dict[str, bytes]:
    """The files of a tiny model, and one that nobody asks for."""
    save(tmp_path / "made", Diffusion(DiffusionConfig(NETWORK)), TOKENIZER, "# Tiny\n", {"training steps": "0"})
    return {**files_of(tmp_path / "made"), "optimizer.pt": bytes(100_000)}


def fetch(name: str, address: str, monkeypatch: pytest.MonkeyPatch) -> subprocess.CompletedProcess[str]:
    """What `sedd fetch` does, in a process of its own: the library reads the hub's address once."""
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    command = [sys.executable, "-m", "engine.cli", "fetch", name, "--json"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_model_is_fetched_whole_and_again_without_a_connection(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({NAME: repository}) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 0, done.stderr
    *steps, last = (strict(line) for line in done.stdout.splitlines())
    folder = Path(last["folder"])
    assert folder.name == "tiny-absorb"
    assert load(folder, "cpu").info.facts == {"training steps": "0", "from the hub": NAME, "revision": COMMIT}
    assert load(NAME, "cpu").info.path == str(folder.resolve())
    assert not (folder / "optimizer.pt").exists()
    shares = [step["done"] / step["total"] for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    again = fetch(NAME, address, monkeypatch)  # nobody listens there any more
    assert strict(again.stdout) == last


def test_what_a_model_is_asked_by_comes_along_and_no_code(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = {"tokenizer_config.json": b"{}", "chat_template.jinja": b"{{ messages }}"}
    with hub({NAME: repository | chat | {"tokenization.py": b"raise SystemExit"}}) as address:
        done = fetch(NAME, address, monkeypatch)
    files = files_of(Path(strict(done.stdout.splitlines()[-1])["folder"]))
    assert chat.items() <= files.items()
    assert "tokenization.py" not in files


def test_the_tokenizer_of_gpt_2_comes_along_where_a_model_has_none(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"config.json": json.dumps({"tokens": 50_257}).encode(), "pytorch_model.bin": b"weights"}
    gpt2 = {"openai-community/gpt2": {FILE_NAME: b"merges", "model.safetensors": bytes(100_000)}}
    with hub({"someone/sedd": published, **gpt2}) as address:
        done = fetch("someone/sedd", address, monkeypatch)
    folder = Path(strict(done.stdout.splitlines()[-1])["folder"])
    origin = strict(files_of(folder)[ORIGIN].decode())
    assert origin["sha256"][FILE_NAME] == hashlib.sha256(b"merges").hexdigest()
    assert files_of(folder) == {**published, FILE_NAME: b"merges", ORIGIN: files_of(folder)[ORIGIN]}


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_file_of_another_hash_than_the_hub_names_is_refused(
    file: str, repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({NAME: repository}, tampered=file) as address:
        done = fetch(NAME, address, monkeypatch)
        assert done.returncode == 2
        assert f"{file} of {NAME} came with another hash" in done.stderr
    with hub({NAME: repository}) as address:
        assert fetch(NAME, address, monkeypatch).returncode == 0


def test_weights_that_were_changed_after_they_were_fetched_are_told(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({NAME: repository}) as address:
        done = fetch(NAME, address, monkeypatch)
    folder = Path(strict(done.stdout.splitlines()[-1])["folder"])
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + bytes([weights.read_bytes()[-1] ^ 1]))
    assert load(folder, "cpu").info.facts["revision"] == f"{COMMIT}, changed since"
    (folder / ORIGIN).write_text("[" * 50_000)
    assert load(folder, "cpu").info.facts == {"training steps": "0"}


def test_another_revision_comes_whole_or_not_at_all(
    repository: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({NAME: repository | {"vocab.json": b"{}"}}) as address:
        folder = Path(strict(fetch(NAME, address, monkeypatch).stdout.splitlines()[-1])["folder"])
    (folder / "my notes.txt").write_text("mine")
    before = files_of(folder)
    save(tmp_path / "next", Diffusion(DiffusionConfig(NETWORK)), TOKENIZER, "# Next", {"training steps": "1"})
    other, wanted = files_of(tmp_path / "next"), {"config.json", "README.md", "model.safetensors", "tokenizer.json"}
    for tampered in ("config.json", "model.safetensors"):
        with hub({NAME: other}, tampered=tampered, commit="1" * 40) as address:
            assert fetch(NAME, address, monkeypatch).returncode == 2
        assert files_of(folder) == before
    with hub({NAME: other}, commit="1" * 40) as address:
        assert fetch(NAME, address, monkeypatch).returncode == 0
    assert load(folder, "cpu").info.facts["revision"] == "1" * 40
    assert {name: held for name, held in files_of(folder).items() if name != ORIGIN} == {
        **{name: other[name] for name in wanted},
        "my notes.txt": b"mine",
    }


def test_a_model_in_parts_is_fetched_with_all_of_them(
    repository: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = safetensors.torch.load(repository.pop("model.safetensors"))
    names = [f"model-0000{part}-of-00002.safetensors" for part in (1, 2)]
    parts = {name: dict(list(weights.items())[k::2]) for k, name in enumerate(names)}
    index = {"weight_map": {tensor: name for name, held in parts.items() for tensor in held}}
    saved = {name: safetensors.torch.save(held) for name, held in parts.items()}
    with hub({NAME: repository | saved | {"model.safetensors.index.json": json.dumps(index).encode()}}) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 0, done.stderr
    assert load(strict(done.stdout.splitlines()[-1])["folder"], "cpu").info.facts["revision"] == COMMIT


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tiny", "write owner/name"),
        ("some one/..", "no model"),
        ("someone/gone", "The hub has no model someone/gone"),
        ("someone/data", "lacks config.json or model.safetensors"),
    ],
)
def test_what_cannot_be_had_is_told_in_a_sentence(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub({"someone/data": {"table.csv": b"1,2"}}) as address:
        done = fetch(name, address, monkeypatch)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    "answer",
    [(200, b"<html>Welcome</html>"), (200, b"[1]"), (200, b"null"), (200, b"[" * 200_000), (500, b"oops\n" * 20_000)],
    ids=("page", "list", "null", "deep", "error"),
)
def test_an_answer_that_is_none_of_a_hub_is_told_in_a_short_sentence(
    answer: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({}, answer=answer) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 2
    assert ("no answer of a hub" if answer[0] == 200 else "Internal Server Error") in done.stderr
    assert "oops" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_part_that_is_longer_than_its_file_comes_anew(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = models_folder() / COMING / NAME
    coming.mkdir(parents=True)
    for file, held in repository.items():
        hashed = hashes(held)
        promised = str(hashed.get("blobId") if len(held) <= PIECE else hashlib.sha256(held).hexdigest())
        (coming / f"{file}.{promised[:12]}{PART}").write_bytes(held + b"<html>")
    with hub({NAME: repository}) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 0, done.stderr


def test_names_that_differ_only_in_case_are_one_model(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({"SomeOne/Tiny-Absorb": repository}) as address:
        folders = {
            strict(fetch(name, address, monkeypatch).stdout.splitlines()[-1])["folder"] for name in (NAME, OTHER)
        }
    ((name, folder),) = fetched()
    assert name == "SomeOne/Tiny-Absorb", "as the hub has it"
    assert folders == {str(folder)}
    assert entries(folder / ORIGIN)["hub"] == name
    assert load(OTHER, "cpu").info.path == load(NAME, "cpu").info.path == str(folder.resolve())
    done = fetch(OTHER, "http://127.0.0.1:9", monkeypatch)
    assert strict(done.stdout.splitlines()[-1])["folder"] == str(folder), "what is here needs no connection"
    assert [path.name for path in models_folder().glob("[!.]*")] == ["SomeOne"]
    shutil.copytree(folder, models_folder() / NAME)  # of a time when each spelling had its own
    assert len(list(fetched())) == 1
    assert remove(NAME)[1] == remove(OTHER)[1] == []
    assert not list(fetched())


def test_no_connection_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = fetch(NAME, "http://127.0.0.1:9", monkeypatch)
    assert done.returncode == 2
    assert "check the connection" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_not_taken_for_a_lost_connection(
    repository: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    with hub({NAME: repository}) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "connection" not in done.stderr


def test_a_download_that_is_cut_in_the_middle_goes_on_where_it_stopped(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository["model.safetensors"] = bytes(range(256)) * 50_000
    piece, came = 10 * 2**20, list[tuple[str, int]]()  # the library writes by pieces of so many bytes
    with hub({NAME: repository}, cut_after=piece + 1_000) as address:
        done = fetch(NAME, address, monkeypatch)
        assert done.returncode == 2
        assert "it goes on where it stopped" in done.stderr
    assert unfinished()[NAME] > piece
    assert not list(fetched())
    with hub({NAME: repository}, asked=came) as address:
        done = fetch(NAME, address, monkeypatch)
    assert done.returncode == 0, done.stderr
    assert dict(came)["model.safetensors"] >= piece
    *steps, _ = (strict(line) for line in done.stdout.splitlines())
    assert steps[0]["done"] > piece, "what had come before is told first"
    assert [step["done"] for step in steps] == sorted(step["done"] for step in steps)
    assert steps[-1]["done"] == steps[-1]["total"]
    ((name, folder),) = fetched()
    assert name == NAME
    assert files_of(folder)["model.safetensors"] == repository["model.safetensors"]
    assert not unfinished()


def test_what_has_no_room_on_the_disk_is_refused_before_it_comes(
    repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    size, came = sum(len(held) for file, held in repository.items() if file != "optimizer.pt"), list[tuple[str, int]]()
    with hub({NAME: repository}, asked=came) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        program = (
            "import shutil, sys, types; from engine.models.hub import fetch;"
            f"shutil.disk_usage = lambda place: types.SimpleNamespace(free={size - 1});"
            f"fetch({NAME!r}, lambda done, total: None)"
        )
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert "MB are free in" in done.stderr
    assert not came


def test_code_of_a_repository_is_neither_kept_nor_run(
    repository: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    code = f"open({str(canary)!r}, 'w').close()\n".encode()
    programs = dict.fromkeys(("modeling_tiny.py", "__init__.py", "setup.py", "sitecustomize.py", "run.sh"), code)
    described = json.loads(repository["config.json"]) | {"auto_map": {"AutoModel": "modeling_tiny.Tiny"}}
    with hub({NAME: {**repository, **programs, "config.json": json.dumps(described).encode()}}) as address:
        done = fetch(NAME, address, monkeypatch)
    folder = Path(strict(done.stdout.splitlines()[-1])["folder"])
    monkeypatch.chdir(folder)
    load(folder, "cpu")
    assert not canary.exists()
    assert not [file for file in folder.rglob("*") if file.name in programs]


@pytest.mark.parametrize(
    ("described", "whose", "file"),
    [
        ({"model_type": "mdlm", "vocab_size": 50_258}, "openai-community/gpt2", "tokenizer.json"),
        ({"model_type": "esm", "vocab_size": 33}, "facebook/esm2_t12_35M_UR50D", "vocab.txt"),
    ],
)
def test_a_tokenizer_that_a_family_leaves_out_comes_along(
    described: dict[str, object], whose: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = {"config.json": json.dumps(described).encode(), "model.safetensors": b"weights"}
    with hub({NAME: published, whose: {file: b"tokens", "model.safetensors": bytes(9)}}) as address:
        done = fetch(NAME, address, monkeypatch)
    assert files_of(Path(strict(done.stdout.splitlines()[-1])["folder"]))[file] == b"tokens"


@pytest.mark.parametrize("command", ["sample", "info", "doctor"])
def test_a_name_of_the_hub_in_the_place_of_a_folder_says_how_to_fetch_it(command: str) -> None:
    said = CliRunner().invoke(app, [command, NAME] if command != "sample" else [command, "--model", NAME])
    assert said.exit_code
    assert f"sedd fetch {NAME}" in said.output
