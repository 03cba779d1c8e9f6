"""Text files: UTF-8, with or without a byte-order mark, and a line `<|endoftext|>` between documents."""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.files import read_bounded
from engine.protocol import UserError

SEPARATOR = "<|endoftext|>"
STANDARD_INPUT = "-"
LARGEST = 2**36
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_MARKS = re.compile("^\ufeff+", re.MULTILINE)


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
    """The text of a file, or of standard input for "-"; a UserError if it cannot be read or is not UTF-8."""
    try:
        return decoded(sys.stdin.buffer.read() if str(path) == STANDARD_INPUT else read_bounded(path, LARGEST), path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None


def decoded(content: bytes, path: Path) -> str:
    """The text of bytes that were read from `path`: lines end with a line feed, and marks of the byte order are gone.

    They stand within, too, where files were joined. A UserError if it is not UTF-8.
    """
    if content.startswith(_WIDE):
        raise UserError(f"{path} is UTF-16, not UTF-8 text; save it as UTF-8 and try again.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; convert it and try again.") from None
    return without_marks(io.StringIO(text, newline=None).read())


def without_marks(text: str) -> str:
    """The text without marks of the byte order, which editors and the joining of files leave at beginnings of lines."""
    return _MARKS.sub("", text)


def documents(path: Path) -> Iterator[str]:
    """The documents of a text file, of the *.txt files in a folder, or of standard input for "-".

    They are without surrounding blank space, and empty ones are left out.
    """
    for file in [path] if str(path) == STANDARD_INPUT else text_files([path]):
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
