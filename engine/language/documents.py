"""Text files: UTF-8, with a line `<|endoftext|>` between documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.protocol import UserError

SEPARATOR = "<|endoftext|>"


def text_files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and the *.txt files in the folders named, in order; a UserError if there are none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.glob("*.txt"))
        elif path.is_file():
            files.append(path)
        else:
            raise UserError(f"There is no file or folder {path}; name text files or folders that hold *.txt files.")
    if not files:
        raise UserError("No text files were found; name text files or folders that hold *.txt files.")
    return files


def read_text(path: Path) -> str:
    """The text of a file; a UserError if it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; convert it and try again.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None


def documents(path: Path) -> Iterator[str]:
    """The documents of a text file, or of the *.txt files in a folder, without surrounding blank space.

    Empty ones are left out.
    """
    for file in text_files([path]):
        for document in read_text(file).split(SEPARATOR):
            if stripped := document.strip():
                yield stripped


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, or of the *.txt files in a folder, without surrounding blank space.

    Empty ones are left out.
    """
    for file in text_files([path]):
        for line in read_text(file).splitlines():
            if stripped := line.strip():
                yield stripped
