"""Files that are whole or not there, and what tells them apart. Imports no torch."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.stopping import look

if sys.platform != "win32":
    import fcntl

PARTS = f".{'[0-9a-f]' * 16}.part"
FRESH = 10.0
"""Seconds in which whoever began a part has claimed it."""
PIECE = 2**22
"""Bytes that are read between two looks at whether to go on."""


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[BinaryIO]:
    """A new file to be written, which takes the place of `path` when the block ends.

    A reader sees the old content or the new, never a part, however many processes write the same file at once: the one
    that ends last wins. If the block raises, what was there stays and nothing else is left. With `sync` that holds
    for a power cut, too; it can take a tenth of a second. The mode of a file that is replaced is kept. Parts that
    killed processes left in the folder are deleted.
    """
    _check(path)
    temporary = _new_part(path.parent)
    try:
        with _named_by(path, temporary):
            with temporary.open("xb") as file, _claimed(temporary):
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


def check_place(path: Path) -> None:
    """Raises the OSError with which `replacing` would begin, so that nothing is made for a place that takes no file."""
    _check(path)
    part = _new_part(path.parent)
    with _named_by(path, part):
        part.touch(exist_ok=False)
        part.unlink()


@contextmanager
def _named_by(path: Path, part: Path) -> Iterator[None]:
    """An OSError about a part names the file that it was to become: nobody has heard of the part."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and str(error.filename) == str(part):
            error.filename = str(path)
        raise


def _check(path: Path) -> None:
    if path.exists() and not path.is_file():  # a device, a folder: nothing takes its place
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


def _new_part(folder: Path) -> Path:
    """A name for what is to be written, in the same folder: a rename within one file system. Deletes forsaken ones."""
    for part in folder.glob(PARTS):
        with suppress(OSError), _claimed(part) as forsaken:
            if forsaken and time.time() - part.stat().st_mtime > FRESH:
                shutil.rmtree(part) if part.is_dir() else part.unlink()
    return folder / f".{secrets.token_hex(8)}.part"


@contextmanager
def _claimed(part: Path) -> Iterator[bool]:
    """Whether a part, a file or a folder, is nobody else's; it is not until the block ends, or the process is killed.

    Where the system has no such locks nothing is anybody's.
    """
    if sys.platform == "win32":
        yield False
        return
    held = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = True
    except OSError:
        mine = False
    try:
        yield mine
    finally:
        os.close(held)


@contextmanager
def filling(folder: Path, last: str) -> Iterator[Path]:
    """A new folder to be filled with files, which take their places in `folder` when the block ends.

    All of them do, `last` at the end, or none if the block raises or the disk is full; then nothing else is left, and
    no folder that was not there.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    made = _new_part(folder)
    try:
        made.mkdir()
        with _claimed(made):
            yield made
            files = sorted(made.iterdir(), key=lambda file: file.name == last)
            (usual := made / secrets.token_hex(8)).touch()
            for file in files:
                file.chmod(stat.S_IMODE(usual.stat().st_mode))  # of any new file: libraries choose others
                with file.open("r+b") as written:
                    os.fsync(written.fileno())
            for file in files:
                file.replace(folder / file.name)
        shutil.rmtree(made)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        if new:
            with suppress(OSError):
                folder.rmdir()
        raise


def open_regular(path: Path) -> BinaryIO:
    """A regular file to be read; an OSError for any other, a pipe and a device among them. Nothing is waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    opened = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(opened, "rb")


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; an OSError for any other. How large it is is asked before
    anything is read."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            limit = f"{most >> 20} MB" if most >> 20 else f"{most >> 10} kB"
            raise OSError(errno.EFBIG, f"it is larger than {limit}", str(path))
        return b"".join(in_pieces(file, size))


def in_pieces(file: BinaryIO, most: int = sys.maxsize) -> Iterator[bytes]:
    """What a file holds, up to `most` bytes; between two pieces the work can be stopped, or interrupted."""
    while piece := file.read(min(PIECE, most)):
        yield piece
        most -= len(piece)
        look()


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
        with open_regular(path) as file:
            for piece in in_pieces(file):
                total.update(piece)
    return total.hexdigest()


def ends_in(path: Path, endings: Sequence[str]) -> bool:
    """Whether a name has one of the `endings`, such as ".txt", in capitals or not."""
    return path.suffix.lower() in endings


def with_ending(path: Path, endings: Sequence[str]) -> Path:
    """The path where a file is saved: one that has none of the `endings` gets the first behind its whole name, in which
    a dot is a part: "my story v1.2" has no ending that is known here."""
    return path if ends_in(path, endings) else path.with_name(path.name + endings[0])
