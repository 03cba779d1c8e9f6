"""GGUF files as kinds of files: a header alone, and tiny models that are opened and write a token."""

from __future__ import annotations

import random
import re
import struct
import tempfile
from pathlib import Path

from tests.engine.causals import make_gguf
from tests.hostile.folders import use

HEADER = 20_000
"""Bytes in which the header of a tiny model lies."""
WORD = re.compile(rb"[a-z_.]{4,40}")


def gguf() -> list[bytes]:
    """A small header, with weights of zeros behind it."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    values = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    for name in ("block_count", "embedding_length", "attention.head_count"):
        values += text(f"llama.{name}") + struct.pack("<II", 4, 1)
    tokens = struct.pack("<IIQ", 9, 8, 3) + text("a") + text("b") + text("c")
    values += text("tokenizer.ggml.tokens") + tokens
    tensors = b"".join(
        text(name) + struct.pack("<IQQIQ", 2, 64, 32, 0, 0) for name in ("token_embd.weight", "x.weight")
    )
    return [b"GGUF" + struct.pack("<IQQ", 3, 2, 5) + values + tensors + bytes(2**20)]


def gguf_models() -> list[bytes]:
    """Whole ones of tiny models."""
    with tempfile.TemporaryDirectory() as place:
        for kind in (kinds := ("llama", "gpt2")):
            make_gguf(Path(place, kind), kind)
        return [Path(place, kind).read_bytes() for kind in kinds]


def in_gguf_header(good: bytes, rng: random.Random) -> bytes:
    """A number, or a name, in the header becomes another."""
    made, words = bytearray(good), [found.span() for found in WORD.finditer(good[:HEADER])]
    if rng.random() < 0.5:
        start, stop = rng.choice(words)
        other = rng.choice(words)
        taken = good[slice(*other)][: stop - start].ljust(stop - start, b"x")
        made[start:stop] = taken
    else:
        at = rng.choice(words)[1] + rng.choice((0, 4, 8))
        made[at : at + 4] = struct.pack("<I", rng.choice((0, 1, 2, 3, 7, 8, 9, 12, 255, 2**16, 2**31 - 1, 2**32 - 1)))
    return bytes(made)


def open_gguf(path: Path) -> None:
    """Opens a model in a GGUF file, and has it write a token."""
    use(path)
