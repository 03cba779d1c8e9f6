"""A folder that one process writes into at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from engine.protocol import UserError


@contextmanager
def alone_in(folder: Path, name: str) -> Iterator[None]:
    """`folder` is nobody else's until the block ends, by a file of that name, which is deleted then; a UserError where
    another process writes there, or the file cannot be made."""
    lock = FileLock(folder / name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"Another process writes into {folder}; wait for it, or choose another --out.") from None
    except OSError as error:
        raise UserError(f"{folder / name} cannot be made ({error.strerror}); choose another --out.") from None
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held: who waits for it then makes a new one
            (folder / name).unlink()
        lock.release()
