"""Files that are whole or not there, and what tells them apart. Imports no torch."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from engine.stopping import look

PIECE = 2**24
"""Bytes that are read between two looks at whether to go on."""


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[BinaryIO]:
    """A new file to be written, which takes the place of `path` when the block ends.

    A reader sees the old content or the new, never a part, however many processes write the same file at once: the one
    that ends last wins. If the block raises, what was there stays and nothing else is left. With `sync` that holds
    for a power cut, too; it can take a tenth of a second. The mode of a file that is replaced is kept.
    """
    if path.exists() and not path.is_file():  # a device, a folder: nothing takes its place
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")  # in the same folder: a rename within one file system
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_whole(path: Path, content: bytes, sync: bool = True) -> None:
    """Replaces the file at `path` by one that holds `content`, as `replacing` does."""
    with replacing(path, sync) as file:
        file.write(content)


@contextmanager
def filling(folder: Path, last: str) -> Iterator[Path]:
    """A new folder to be filled with files, which take their places in `folder` when the block ends.

    All of them do, `last` at the end, or none if the block raises or the disk is full; then nothing else is left, and
    no folder that was not there.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=folder, prefix=".") as made:
            yield Path(made)
            files = sorted(Path(made).iterdir(), key=lambda file: file.name == last)
            (usual := Path(made, secrets.token_hex(8))).touch()
            for file in files:
                file.chmod(stat.S_IMODE(usual.stat().st_mode))  # of any new file: libraries choose others
                with file.open("r+b") as written:
                    os.fsync(written.fileno())
            for file in files:
                file.replace(folder / file.name)
    except BaseException:
        if new:
            with suppress(OSError):
                folder.rmdir()
        raise


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; an OSError for any other, a pipe and a device among them.

    What it is and how large is asked before anything is read, and nothing is waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        if found.st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB", str(path))
        return file.read(found.st_size)


def put_aside(path: Path) -> Path:
    """Gives what lies at `path`, with the log of a database, a name that nothing else has; returns it."""
    aside = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}{path.suffix}")
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def sha256(*paths: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes, or of those of several one after another."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                total.update(piece)
                look()
    return total.hexdigest()
