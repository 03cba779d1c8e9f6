"""Pickles as torch writes them, read without the library's own reader, which makes objects of some classes and can be
led to take much memory, or more of the stack than there is.

Here nothing is called. A pickle is a list of steps, and each of the few that torch writes makes plain data; the places
where functions would be called make tensors of what lies in the file, or `Inert` objects.
"""

from __future__ import annotations

import pickletools
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from engine.files import open_regular
from engine.protocol import UserError, is_lack_of_memory

LARGEST_TREE = 2**20
"""Bytes of a pickle, unless said otherwise."""
MOST_RECORDS, LARGEST_TABLE = 100_000, 2**24
"""Of an archive: records, and bytes of what says where they lie."""
MOST_STEPS = 2**19
"""Of a pickle; of a large one, a step in eight bytes."""
MOST_SIZES = 16
"""Of a tensor."""
SYSTEM = ("posix", "nt", "os", "sys")
"""Modules that a pickle may not name, even where what it names is not made."""
DTYPES = {
    "torch.DoubleStorage": torch.float64,
    "torch.FloatStorage": torch.float32,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.ShortStorage": torch.int16,
    "torch.CharStorage": torch.int8,
    "torch.ByteStorage": torch.uint8,
    "torch.BoolStorage": torch.bool,
}


class Inert:
    """Stands for an object of a class that is not made: it keeps the data that belonged to it, and does nothing."""

    def __init__(self) -> None:
        self.state: object = None


class RunsCode(ValueError):
    """A pickle asks for what is not made."""


class Numbers(NamedTuple):
    """Numbers of a kind that lie in the file."""

    dtype: torch.dtype
    storage: torch.UntypedStorage


class Name(str):
    """Of a class or a function, that of its module before it."""

    __slots__ = ()


def unpickle(source: Path, most: int = LARGEST_TREE, inert: bool = False) -> Any:
    """A pickle of tensors, which lie in the file until they are copied, and of at most `most` bytes beside them.

    Only plain data is admitted: a file that asks for code to be run is refused, and one that would unfold. With `inert`
    what is of other classes is admitted as `Inert`, but for those that reach the system, which are refused.
    """
    try:
        with open_regular(source) as file:
            records = records_of(file, most)
            pickles = [name for name in records if name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise ValueError("it holds no pickle, or several")
            for name in records:
                if name.endswith("/byteorder") and part(file, *records[name]) != b"little":
                    raise ValueError("its numbers are written the other way round")
            whole = torch.UntypedStorage.from_file(str(source), False, source.stat().st_size)
            held = {name.rpartition("/")[2]: whole[at : at + long] for name, (at, long) in records.items()}
            return Reader(held, inert).read(part(file, *records[pickles[0]]), max(MOST_STEPS, most // 8))
    except Exception as error:  # damaged zip, forbidden name, end of file, ...
        if is_lack_of_memory(error):
            raise
        if isinstance(error, PermissionError):
            raise UserError(f"{source} cannot be read: {error.strerror}; allow reading it.") from error
        reason = "asks to run code" if isinstance(error, RunsCode) else "is damaged, or of an old form,"
        raise UserError(f"{source} {reason} and was not opened; use a copy from a source you trust.") from error


def part(file: BinaryIO, begin: int, size: int) -> bytes:
    """What a file holds there."""
    file.seek(begin)
    return file.read(size)


def records_of(file: BinaryIO, most: int) -> dict[str, tuple[int, int]]:
    """Where in an archive as torch writes them each record begins, and its length; a ValueError for any other.

    Nothing is packed, and what is no tensor takes at most `most` bytes.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**16 - 100))
    for end in re.finditer(rb"PK(?:\x05\x06.{8}(.{4})|\x06\x06.{36}(.{8}))", file.read(), re.DOTALL):
        stated = int.from_bytes(end[1] or end[2], "little")
        if stated > LARGEST_TABLE and not (end[1] and stated == 2**32 - 1):
            raise ValueError("it has too many records")
    with zipfile.ZipFile(file) as archive:
        records = archive.infolist()
    found: dict[str, tuple[int, int]] = {}
    for record in records[: MOST_RECORDS + 1]:
        header = part(file, record.header_offset, 30)
        begin = record.header_offset + 30 + sum(struct.unpack("<HH", header[26:]))
        if header[:4] != b"PK\3\4" or record.compress_type != zipfile.ZIP_STORED or begin + record.file_size > size:
            raise ValueError("a record is not one that torch writes")
        found[record.filename] = begin, record.file_size
    others = sum(long for name, (_, long) in found.items() if "/data/" not in name)
    if len(found) < len(records) or sum(long for _, long in found.values()) > size or others > most:
        raise ValueError("its records are not those that torch writes")
    return found


class Reader:
    """Follows the steps of a pickle whose tensors are made of what is `held`; other classes are `inert`, or refused."""

    def __init__(self, held: Mapping[str, torch.UntypedStorage], inert: bool) -> None:
        self._held, self._inert = held, inert
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        same = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING")
        constants = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
        self._steps: dict[str, Callable[[Any], object]] = {
            **dict.fromkeys(same, self._put),
            **{name: partial(self._constant, constant) for name, constant in constants.items()},
            **{f"TUPLE{count}": partial(self._tuple, count) for count in (1, 2, 3)},
            **dict.fromkeys(("REDUCE", "NEWOBJ"), lambda _: self._put(self._made(*self._taken(2)))),
            **dict.fromkeys(("BINPUT", "LONG_BINPUT"), self._keep),
            **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda place: self._put(self._memo[place])),
            "PROTO": lambda _: None,
            "EMPTY_DICT": lambda _: self._put({}),
            "EMPTY_LIST": lambda _: self._put([]),
            "EMPTY_SET": lambda _: self._put(Inert()),
            "MARK": lambda _: self._mark(),
            "TUPLE": lambda _: self._put(tuple(self._marked())),
            "APPEND": lambda _: self._append(self._taken(1)),
            "APPENDS": lambda _: self._append(self._marked()),
            "SETITEM": lambda _: self._set(self._taken(2)),
            "SETITEMS": lambda _: self._set(self._marked()),
            "GLOBAL": self._name,
            "BUILD": lambda _: self._build(*self._taken(1)),
            "BINPERSID": lambda _: self._put(self._numbers(*self._taken(1)[0])),
        }

    def read(self, content: bytes, most: int) -> Any:
        """What a pickle of at most so many steps holds; any Exception where it is damaged."""
        for number, (step, value, _) in enumerate(pickletools.genops(content)):
            if number > most:
                raise ValueError("it has too many steps")
            if step.name == "STOP":
                return self._stack.pop()
            self._steps[step.name](value)
        raise EOFError

    def _put(self, value: object) -> None:
        self._stack.append(value)

    def _constant(self, value: object, _: object) -> None:
        self._put(value)

    def _tuple(self, count: int, _: object) -> None:
        self._put(tuple(self._taken(count)))

    def _taken(self, count: int) -> list[Any]:
        taken = self._stack[-count:]
        if len(taken) < count:
            raise ValueError("the stack is empty")
        del self._stack[-count:]
        return taken

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _marked(self) -> list[Any]:
        marked, self._stack = self._stack, self._below.pop()
        return marked

    def _keep(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _append(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], list):
            self._stack[-1].extend(items)

    def _set(self, items: list[Any]) -> None:
        """Keys of plain data are entered: whatever lies deep in a key would be compared, and that has no limit."""
        if isinstance(target := self._stack[-1], dict):
            plain = (type(None), str, int, float, bytes)
            target.update(
                (key, item)
                for key, item in zip(items[::2], items[1::2], strict=True)
                if all(isinstance(part, plain) for part in (key if isinstance(key, tuple) else (key,)))
            )

    def _name(self, told: str) -> None:
        module, _, name = told.partition(" ")
        if module in SYSTEM:
            raise RunsCode(told)
        self._put(Name(f"{module}.{name}"))

    def _made(self, name: object, given: Any) -> object:
        """What a call, which is not made, stands for."""
        match name, given:
            case "torch._utils._rebuild_tensor_v2", (Numbers(dtype, storage), offset, tuple(sizes), tuple(strides), *_):
                if len(sizes) > MOST_SIZES:
                    raise ValueError("a tensor has too many sizes")
                return torch.empty(0, dtype=dtype).set_(storage, offset, sizes, strides)
            case "torch._utils._rebuild_parameter", (Tensor() as tensor, *_):
                return tensor
            case "collections.OrderedDict", ():
                return {}
            case "_codecs.encode", _:  # bytes, of which nothing is needed
                return Inert()
            case "torch.Size", (tuple(sizes),):
                return sizes
        if self._inert or (isinstance(name, Name) and name.startswith("torch.")):  # tensors of other kinds
            return Inert()
        raise RunsCode(str(name))

    def _build(self, state: object) -> None:
        if isinstance(self._stack[-1], Inert):
            self._stack[-1].state = state

    def _numbers(self, kind: object, storage: object, key: str, *_: object) -> Numbers | Inert:
        if kind != "storage" or not isinstance(storage, Name):
            raise ValueError("it holds no numbers")
        return Numbers(DTYPES[storage], self._held[key]) if storage in DTYPES else Inert()
