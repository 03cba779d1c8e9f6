"""Text files: UTF-8, with or without a byte-order mark, and a line `<|endoftext|>` between documents."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.estimates import require
from engine.files import in_pieces, read_bounded, sha256
from engine.protocol import UserError
from engine.stopping import look

if TYPE_CHECKING:
    from engine.language.tokenizers import Tokenizer

SEPARATOR = "<|endoftext|>"
STANDARD_INPUT = "-"
FIELDS = ("text", "content", "story")
"""Under which a document stands in JSON lines and tables; the first that is there."""
JSON = (".json", ".jsonl", ".ndjson")
TABLES = (".csv", ".tsv")
MOST_MARKS = 1_000_000
"""Of JSON, where they are more than an eighth of all: each may begin a value, which takes some hundred bytes."""
ENCODED_AT_ONCE = 1024
"""Records: the tokenizer shares them out among the cores."""
csv.field_size_limit(2**31 - 1)  # a text in a table may be as long as any other
LARGEST, LONGEST_PIPED = 2**36, 2**27
"""Bytes of a file, and of standard input, which does not say how long it is."""
COPIES = 9
"""Bytes of memory that are taken for each of a text, at most: itself, and twice its characters."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_MARKS = re.compile("^\ufeff+", re.MULTILINE)


Tell = Callable[[str], None]
"""Is told of what cannot be used: where it stands, and what is wrong with it."""


class Record(str):
    """A text of a file that knows its `place`: the file and the line."""

    __slots__ = ("place",)
    place: str

    def __new__(cls, text: str, place: str) -> Record:
        record = super().__new__(cls, text)
        record.place = place
        return record


def refuse(problem: str) -> None:
    """Is told of what cannot be used where that ends it: a UserError."""
    raise UserError(f"{problem}; mend it, or take it out.")


class LeftOut:
    """Is told of what cannot be used where the rest will do, and counts it."""

    def __init__(self) -> None:
        self._count, self._first = 0, ""

    def __call__(self, problem: str) -> None:
        self._count += 1
        self._first = self._first or problem

    def say(self, to: Tell) -> None:
        """Says how many records were left out, and why the first, if there are any."""
        if self._count:
            were = "record was" if self._count == 1 else "records were"
            to(f"{self._count:,} {were} left out, first {self._first}.")


def text_files(paths: Sequence[Path]) -> list[Path]:
    """The files named, "-" for standard input, and the *.txt files in the folders named, in order; a UserError if there
    are none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.glob("*.txt"))
        elif str(path) == STANDARD_INPUT or path.is_file():
            files.append(path)
        else:
            raise UserError(f"There is no file or folder {path}; name text files or folders that hold *.txt files.")
    if not files:
        raise UserError("No text files were found; name text files or folders that hold *.txt files.")
    return files


def read_text(path: Path) -> str:
    """The text of a file, or of standard input for "-"; a UserError if it cannot be read or is not UTF-8."""
    if str(path) == STANDARD_INPUT:
        return decoded(_piped(sys.stdin.buffer), path)
    try:
        if (size := path.stat().st_size) > LONGEST_PIPED:
            require(COPIES * size, f"The text {path}", do="cut it into smaller files")
        return decoded(read_bounded(path, LARGEST), path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None


def digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a text file's bytes, or of those of standard input for "-"."""
    return sha256(path) if str(path) != STANDARD_INPUT else hashlib.sha256(_piped(sys.stdin.buffer)).hexdigest()


@lru_cache(maxsize=1)
def _piped(stream: BinaryIO) -> bytes:
    """All of standard input, which can be read once, and is asked for again."""
    try:
        content = b"".join(in_pieces(stream, LONGEST_PIPED + 1))
    except OSError as error:
        raise UserError(f"Standard input cannot be read: {error.strerror}.") from None
    if len(content) > LONGEST_PIPED:
        raise UserError(f"Standard input has more than {LONGEST_PIPED >> 20} MB; put the text into a file.")
    return content


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
    if "\0" in text:
        raise UserError(f"{path} holds NUL characters, as UTF-16 does and no text; save it as UTF-8 and try again.")
    return without_marks(text.replace("\r\n", "\n").replace("\r", "\n"))


def check_name(path: Path) -> None:
    """A UserError where a name is not in UTF-8: what reads and writes models takes no other."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = str(path).encode("ascii", "backslashreplace").decode()
        raise UserError(f"The name {shown} is not in UTF-8; give the folder another.") from None


def without_marks(text: str) -> str:
    """The text without marks of the byte order, which editors and the joining of files leave at beginnings of lines."""
    return _MARKS.sub("", text)


def documents(path: Path, tell: Tell = refuse) -> Iterator[Record]:
    """The documents of a text file, of the *.txt files in a folder, or of standard input for "-".

    They are without surrounding blank space, and empty ones are left out. JSON lines and tables are read by `FIELDS`.
    """
    return _records(path, SEPARATOR, FIELDS, tell)


def lines(path: Path, fields: Sequence[str] = (), tell: Tell = refuse) -> Iterator[Record]:
    """The lines of a text file, or of the *.txt files in a folder, without surrounding blank space.

    Empty ones are left out. JSON lines and tables are read by `fields`, if there are any.
    """
    return _records(path, "\n", fields, tell)


def _records(path: Path, separator: str, fields: Sequence[str], tell: Tell) -> Iterator[Record]:
    for file in text_files([path]):
        text = read_text(file)
        found = _by_field(text, file, fields, tell) if fields else None
        if found is not None:
            yield from found
            continue
        line = 1
        for part in text.split(separator):
            if stripped := part.strip():
                begins = line + part[: len(part) - len(part.lstrip())].count("\n")
                yield Record(stripped, f"{file}, line {begins}")
            line += (part + separator).count("\n")


def encoded(
    records: Iterable[str], tokenizer: Tokenizer, tell: Tell, most: float = inf
) -> Iterator[tuple[str, list[int]]]:
    """Records and their tokens; of those that the tokenizer cannot write, or that are more than `most`, it is told."""
    for record, ids in _read(records, tokenizer, tell):
        look()
        if len(ids) > most:
            tell(f"{place_of(record)}: its {len(ids):,} tokens are more than the {most:,} of a sequence")
        else:
            yield record, ids


def _read(records: Iterable[str], tokenizer: Tokenizer, tell: Tell) -> Iterator[tuple[str, list[int]]]:
    for some in in_lists(records, ENCODED_AT_ONCE):
        try:
            yield from zip(some, tokenizer.encode_all(some), strict=True)
        except UserError as error:
            if isinstance(error.__cause__, TimeoutError):
                raise
            if len(some) == 1:
                tell(f"{place_of(some[0])}: {str(error).rstrip('.')}")
            else:
                yield from chain.from_iterable(_read([record], tokenizer, tell) for record in some)


def in_lists(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """The items in lists of `size`, the last of what is left over."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some


def place_of(record: str) -> str:
    """Where a record stands, or its beginning, where that is not known."""
    return record.place if isinstance(record, Record) else f'"{record[:40]}"'


def _by_field(text: str, file: Path, fields: Sequence[str], tell: Tell) -> Iterator[Record] | None:
    """The records of JSON lines or of a table, None for other text."""
    ending = file.suffix.lower()
    if ending in JSON or _is_object(text.lstrip().split("\n", 1)[0]):
        return _of_json(text, file, fields, tell)
    if ending in TABLES and ("," in text or "\t" in text or ";" in text):
        return _of_table(text, file, fields, tell)
    return None


def _of_json(text: str, file: Path, fields: Sequence[str], tell: Tell) -> Iterator[Record]:
    entries: Iterable[tuple[str, str | dict[str, Any]]]
    if sum(map(text.count, ",[{")) > max(MOST_MARKS, len(text) / 8):
        raise UserError(f"{file} is made of marks more than of text; give it as text, or as a record a line.")
    try:
        whole = json.loads(text)
        entries = [(f"entry {k}", entry) for k, entry in enumerate(whole if isinstance(whole, list) else [whole], 1)]
    except (ValueError, RecursionError):
        entries = [(f"line {k}", line) for k, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, entry in entries:
        place = f"{file}, {number}"
        try:
            values = json.loads(entry) if isinstance(entry, str) and number.startswith("line") else entry
        except (ValueError, RecursionError):
            tell(f"{place}: it is no JSON")
            continue
        named = [values.get(field) for field in fields] if isinstance(values, dict) else [values]
        found = next((value for value in named if isinstance(value, str)), None)
        if found is None:
            tell(f"{place}: it has no field {' or '.join(fields)} that is a text")
        elif stripped := found.strip():
            yield Record(stripped, place)


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _of_table(text: str, file: Path, fields: Sequence[str], tell: Tell) -> Iterator[Record]:
    header = text.lstrip().split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max("\t;,", key=header.count))
    names = {str(name).strip().lower(): name for name in rows.fieldnames or ()}
    column = next((names[field] for field in fields if field in names), None)
    if column is None:
        raise UserError(f"{file} has no column named {' or '.join(fields)}; name the column that is to be read.")
    try:
        for row in rows:
            place = f"{file}, line {rows.line_num}"
            if row[column] is None:
                tell(f"{place}: it has no {column}")
            elif stripped := row[column].strip():
                yield Record(stripped, place)
    except csv.Error as error:
        raise UserError(f"{file} is no table that can be read, {error}; save it again.") from None
