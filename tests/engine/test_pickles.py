"""Pickles that no honest program writes: nothing is called, and nothing unfolds."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from engine.models.pickles import Inert, unpickle
from engine.protocol import UserError


def called(module: str, name: str, *given: bytes) -> bytes:
    return f"c{module}\n{name}\n(".encode() + b"".join(given) + b"tR"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"\x8a\x08" + value.to_bytes(8, "little")


def written_in_hex(times: int) -> bytes:
    """Each call doubles what the one before gave."""
    found = called("_codecs", "encode", text("x" * 1000), text("latin1"))
    for _ in range(times):
        found = called("_codecs", "encode", found, text("hex"))
    return found


FLAT = called("torch", "device", text("cpu")), called("torch.serialization", "_get_layout", text("torch.strided"))
SIZES = b"(" + number(4) + b"t(" + number(1) + b"t" + number(0)
BOMBS = {
    "text in hex": written_in_hex(16),
    "bytes": called("builtins", "bytearray", number(2**28)),
    "bytes, by their old name": called("__builtin__", "bytearray", number(2**28)),
    "a tensor": called("torch", "FloatTensor", number(2**28)),
    "numbers": called("torch.storage", "UntypedStorage", number(2**28)),
    "numbers that are nowhere": called(
        *("torch._utils", "_rebuild_wrapper_subclass"),
        *(b"ctorch.nn.parameter\nParameter\n", b"ctorch\nfloat32\n", SIZES, *FLAT[::-1], b"\x89"),
    ),
}


def archive(path: Path, pickled: bytes, name: str = "a/data.pkl") -> Path:
    """What torch writes, with another pickle."""
    file = io.BytesIO()
    torch.save({"x": torch.arange(4.0)}, file)
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(path, "w") as changed:
        for each in whole.namelist():
            if not each.endswith(".pkl"):
                changed.writestr(each, whole.read(each))
        changed.writestr(name, pickled)
    return path


@pytest.mark.parametrize("inert", [False, True])
@pytest.mark.parametrize("bomb", BOMBS)
def test_what_would_be_called_is_not_made(tmp_path: Path, bomb: str, inert: bool) -> None:
    path = archive(tmp_path / "x.bin", b"\x80\x02}" + text("x") + BOMBS[bomb] + b"s.")
    tracemalloc.start()
    try:
        assert isinstance(unpickle(path, inert=inert)["x"], Inert)
    except UserError as error:
        assert not inert
        assert "asks to run code" in str(error)  # noqa: PT017 - either is right
    finally:
        assert tracemalloc.get_traced_memory()[1] < 2**24
        tracemalloc.stop()


def test_bytes_are_not_made_again_and_again(tmp_path: Path) -> None:
    once = b"c_codecs\nencode\nq\x01(" + text("x" * 10**5) + b"q\x02" + text("latin1") + b"q\x03tR"
    path = archive(tmp_path / "x.bin", b"\x80\x02](" + once + b"h\x01(h\x02h\x03tR" * 999 + b"e.")
    tracemalloc.start()
    assert len(unpickle(path)) == 1000
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


DAMAGED = {
    "a step too many": b"\x80\x02" + b"N" * 2**19 + b"N.",
    "an end too many": b"\x80\x02t.",
    "nothing to keep": b"\x80\x02q\x01.",
    "what was not kept": b"\x80\x02h\x01.",
    "no end": b"\x80\x02N",
    "another form": b"\x80\x04\x95" + bytes(8) + b"N.",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_pickle_is_answered_in_a_sentence(tmp_path: Path, damage: str) -> None:
    with pytest.raises(UserError, match="damaged"):
        unpickle(archive(tmp_path / "x.bin", DAMAGED[damage]))


def test_a_deep_key_is_left_out_and_ends_nothing(tmp_path: Path) -> None:
    deep = b"\x80\x02})" + b"\x85" * 400_000 + b"Ns" + text("x") + b"Ns."
    assert unpickle(archive(tmp_path / "x.bin", deep)) == {"x": None}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_has_one_pickle_and_each_record_once(tmp_path: Path) -> None:
    torch.save({"x": torch.arange(4.0)}, path := tmp_path / "x.bin")
    assert unpickle(path)["x"].tolist() == [0, 1, 2, 3]
    for name in ("b/data.pkl", "x/data.pkl"):
        other = tmp_path / "other.bin"
        other.write_bytes(path.read_bytes())
        with zipfile.ZipFile(other, "a") as archived:
            archived.writestr(name, b"N.")
        with pytest.raises(UserError, match="damaged"):
            unpickle(other)


def test_numbers_that_are_written_the_other_way_round_are_refused(tmp_path: Path) -> None:
    torch.save({"x": torch.arange(4.0)}, path := tmp_path / "x.bin")
    path.write_bytes(path.read_bytes().replace(b"little", b"bigger"))
    with pytest.raises(UserError, match="damaged"):
        unpickle(path)


def test_an_archive_that_names_more_than_it_may_is_not_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.bin", "w") as archived:
        for k in range(300_000):
            archived.writestr(zipfile.ZipInfo(f"a/data/{k}"), b"")
    tracemalloc.start()
    with pytest.raises(UserError, match="damaged"):
        unpickle(tmp_path / "x.bin")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
