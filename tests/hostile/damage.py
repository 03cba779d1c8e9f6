"""Ways to damage a file, drawn from a seeded generator: bytes, lengths, and whatever a tree of JSON holds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Damage = Callable[[bytes, random.Random], bytes]

NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63, 10**15, 10**30, 10**400, 0.5, -1e308, 1e-320)
TEXTS = ("", "x" * 100_000, "\0", "\ud800", "<b>bold</b>", "../../..", "=1+1", "\u202e", "\n" * 1000, "1e999")
DEEP = "[" * 900 + "]" * 900
OTHERS = ("null", "true", "[]", "{}", "[[]]", DEEP, f'{{"a": {DEEP}}}', f"[{'0,' * 100_000}0]", "Infinity", "NaN")
VALUES = (*map(json.dumps, (*NUMBERS, *TEXTS)), *OTHERS)
"""What is put in the place of another value, as JSON."""


def flip(content: bytes, draw: random.Random) -> bytes:
    """Some bits are others."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def cut(content: bytes, draw: random.Random) -> bytes:
    """A part is missing: the end, or one in the middle."""
    start = draw.randrange(len(content))
    stop = len(content) if draw.random() < 0.5 else draw.randrange(start, len(content)) + 1
    return content[:start] + content[stop:]


def repeat(content: bytes, draw: random.Random) -> bytes:
    """A part stands there twice, or very often."""
    start = draw.randrange(len(content))
    part = content[start : start + draw.choice((1, 4, 64, 1024))]
    return content[:start] + part * draw.choice((2, 2, 100, 10_000)) + content[start:]


def lengthen(content: bytes, draw: random.Random) -> bytes:
    """Bytes that may be a length say another."""
    size, order = draw.choice((1, 2, 4, 8)), draw.choice(("little", "big"))
    number = draw.choice((0, 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1, draw.randrange(2 ** (8 * size))))
    start = draw.randrange(max(1, min(len(content), draw.choice((16, 256, len(content))))))
    return content[:start] + number.to_bytes(size, "little" if order == "little" else "big") + content[start + size :]


def swap(content: bytes, draw: random.Random) -> bytes:
    """Parts change places."""
    first, second, third = sorted(draw.randrange(len(content)) for _ in range(3))
    return content[:first] + content[second:third] + content[first:second] + content[third:]


BYTES: tuple[Damage, ...] = (flip, cut, repeat, lengthen, swap)


def bytewise(content: bytes, draw: random.Random) -> bytes:
    """One or two of them all."""
    for _ in range(draw.choice((1, 1, 2))):
        content = draw.choice(BYTES)(content, draw) or b"\0"
    return content


def in_json(content: bytes, draw: random.Random) -> bytes:
    """Some values of a tree are of another type, beyond all ranges, missing, or there many times."""
    tree = json.loads(content)
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        tree = _changed(tree, draw)
    return json.dumps(tree).encode()


def _changed(tree: Any, draw: random.Random) -> Any:
    places = list(_places(tree))
    if not places or draw.random() < 0.02:
        return json.loads(draw.choice(VALUES))
    holder, key = draw.choice(places)
    match draw.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder[key:key] = [holder[key]] * draw.choice((1, 1000))
        case 2 if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] = draw.choice((-holder[key], holder[key] + 1, holder[key] * 1000, str(holder[key])))
        case _:
            holder[key] = json.loads(draw.choice(VALUES))
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Everything in a tree, as what holds it and where; not below 20 levels, nor more than the first of long lists."""
    waiting = [(tree, 0)]
    while waiting:
        holder, level = waiting.pop()
        if not isinstance(holder, dict | list) or level > 20:
            continue
        for key in list(holder)[:300] if isinstance(holder, dict) else range(min(len(holder), 300)):
            yield holder, key
            waiting.append((holder[key], level + 1))
