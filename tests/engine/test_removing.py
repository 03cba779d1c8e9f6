"""`sedd remove`: what was fetched goes, and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined] # not named as exported

from engine.catalogue.fetched import COMING, GONE, UNFINISHED, fetched, models_folder, unfinished
from engine.files import write_whole
from engine.models.origin import write_origin
from engine.models.removing import remove
from engine.protocol import UserError
from tests.engine.test_cli import records, refusal
from tests.hub import files_of

NAME, OTHER = "someone/tiny", "someone/other"
FILES = {"config.json": b"{}", "model.safetensors": bytes(1_000), "README.md": b"# Tiny"}
FREED = sum(map(len, FILES.values()))


def put(name: str = NAME) -> Path:
    """What a download leaves."""
    folder = models_folder() / name
    folder.mkdir(parents=True)
    for file, content in FILES.items():
        (folder / file).write_bytes(content)
    write_origin(folder, name, "main", {file: hashlib.sha256(held).hexdigest() for file, held in FILES.items()})
    return folder


def test_a_model_is_deleted_with_its_folder_and_others_stay() -> None:
    folder, other = put(), put(OTHER)
    before = files_of(other)
    (record,) = records("remove", NAME)
    assert (record["name"], record["stays"]) == (NAME, [])
    assert record["freed"] >= FREED
    assert not folder.exists()
    assert [name for name, _ in fetched()] == [OTHER]
    assert files_of(other) == before
    assert not list((models_folder() / GONE).rglob("*"))
    remove(OTHER)
    assert not folder.parent.exists()
    assert refusal("remove", NAME) == f"No model {NAME} was fetched to this disk; check the name."


def test_what_a_user_has_put_there_stays() -> None:
    folder = put()
    (folder / "my notes.txt").write_text("mine")
    (folder / "runs").mkdir()
    (folder / "runs" / "a.sedd").write_text("mine")
    assert remove(NAME)[1] == ["my notes.txt", "runs"]
    assert sorted(path.name for path in folder.iterdir()) == ["my notes.txt", "runs"]
    assert not list(fetched())


def test_what_has_come_of_a_download_is_deleted() -> None:
    coming = models_folder() / COMING / NAME
    coming.mkdir(parents=True)
    (coming / "0123.part").write_bytes(bytes(500))
    assert remove(NAME) == (500, [])
    assert not unfinished()


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    folder = put()
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(outside / "precious")
    remove(NAME)
    assert not folder.exists()
    assert (outside / "precious").read_text() == "mine"
    for place in (folder, folder.parent, models_folder() / COMING / NAME):
        shutil.rmtree(models_folder())
        place.parent.mkdir(parents=True)
        place.symlink_to(outside)
        if place != folder.parent:
            said = refusal("remove", NAME)
            assert said == f"{place} is a link that was put there by hand; delete it yourself."
        else:
            assert "was fetched" in refusal("remove", NAME)
        assert (outside / "precious").read_text() == "mine"


def by_hand(folder: Path) -> None:
    (folder / "origin.json").unlink()


def of_another(folder: Path) -> None:
    write_origin(folder, OTHER, "main", {})


@pytest.mark.parametrize("spoil", [by_hand, of_another])
def test_a_folder_that_was_not_fetched_is_left_alone(spoil: Callable[[Path], None]) -> None:
    folder = put()
    spoil(folder)
    before = files_of(folder)
    assert refusal("remove", NAME) == f"{folder} is none that was fetched; delete it yourself."
    assert files_of(folder) == before


@pytest.mark.parametrize("name", ["..", "../..", "a", "/etc/passwd", "a/../..", "someone/..", "a/b/c"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="names no model of the hub"):
        remove(name)


def test_a_download_that_goes_on_is_not_disturbed() -> None:
    put()
    lock = models_folder() / COMING / f"{NAME}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        assert "is being fetched already" in refusal("remove", NAME)
    assert [name for name, _ in fetched()] == [NAME]


def test_whoever_has_it_open_keeps_it() -> None:
    folder = put()
    with (folder / "model.safetensors").open("rb") as reading:
        remove(NAME)
        assert reading.read() == FILES["model.safetensors"]


def test_one_that_was_killed_in_the_middle_leaves_nothing_that_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put()
    write_whole(folder / "mine", b"mine")
    unlink, left = os.unlink, [2]

    def killed(*arguments: object, **named: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        unlink(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        remove(NAME)
    monkeypatch.undo()
    assert (folder / UNFINISHED).exists()
    assert not list(fetched())
    assert (folder / "mine").read_bytes() == b"mine"
