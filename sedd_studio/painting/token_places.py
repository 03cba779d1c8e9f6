"""Where tokens stand on a page of lines: the box of each position, the pills of what is locked, and the lines.

Coordinates are device-independent pixels from the top left of the text. Lines are all `line_height` high.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol

PART = "\0"
"""The piece of a position whose token is a part of a character, as long as its other parts are not there."""


class Kind(IntEnum):
    """How one position is drawn."""

    TEXT = 0
    BLOCK = 1
    BREAK = 2
    PART = 3


class Box(NamedTuple):
    """One position: `line` from 0, left edge `x`, `width` of what is drawn, and the text without its leading space.

    What runs from right to left (`rtl`) is a share of a `word`, of which it begins `offset` after the left edge.
    """

    line: int
    x: float
    width: float
    text: str
    kind: Kind
    rtl: bool = False
    word: str = ""
    offset: float = 0.0

    def distance(self, x: float) -> float:
        """How far from it x is, sideways."""
        return max(self.x - x, x - self.x - self.width, 0.0)


class Pill(NamedTuple):
    """One line's share of the locked passage of positions `start`..`stop`, from x = `left` to `right`.

    Its lock is at the end of its text: at the left where that runs from right to left (`rtl`).
    """

    line: int
    left: float
    right: float
    start: int
    stop: int
    rtl: bool = False


class Span(NamedTuple):
    """Positions `start`..`stop` (half-open) that stand on one line."""

    start: int
    stop: int


class Part(NamedTuple):
    """What stands at a position: the room before it, its own width, and its text."""

    lead: float
    width: float
    text: str


class Stretch(NamedTuple):
    """Characters `start`..`stop` (half-open) of a line, all of one direction."""

    start: int
    stop: int
    rtl: bool


class Shaping(Protocol):
    """What is known of texts that are more than letters of Latin, as `shaping.Shaper` says it."""

    def stretches(self, text: str, rtl: bool) -> list[Stretch]: ...

    def ends(self, text: str) -> list[float]: ...

    def height(self, text: str) -> float: ...


@dataclass(frozen=True)
class Metrics:
    """What the layout needs to know about the font. `advance(text, slanted)` is a width in pixels."""

    advance: Callable[[str, bool], float]
    em: float
    line_height: float
    shaping: Shaping
    parts: dict[tuple[str, bool, bool], Part] = field(default_factory=dict)
    """What was measured, and comes again and again: by piece, whether it is slanted, and stands after a block."""

    @property
    def pad(self) -> float:
        """Room between a pill's edge and its text."""
        return 0.34 * self.em

    @property
    def tail(self) -> float:
        """Room after locked text for the lock glyph and the pill's right edge."""
        return 1.12 * self.em

    @property
    def gap(self) -> float:
        return 0.36 * self.em


class Share(NamedTuple):
    """One line's share of some positions, from x = `left` to `right`; `edges` are those of tokens in it."""

    line: int
    left: float
    right: float
    edges: list[float]


class Turned(NamedTuple):
    """A line on which something runs from right to left; `rtl` says whether its paragraph does.

    `placed` are the positions and boxes from left to right; a position of two directions has more than one.
    """

    rtl: bool
    placed: list[tuple[int, Box]]


@dataclass(frozen=True)
class Layout:
    """The result: `boxes[i]` for position i, the pills, and for every line the positions on it.

    Boxes of a line follow each other from left to right, unless it is one of those that are `turned`.
    """

    boxes: list[Box]
    pills: list[Pill]
    lines: list[Span]
    line_height: float
    turned: dict[int, Turned] = field(default_factory=dict)

    @property
    def height(self) -> float:
        return len(self.lines) * self.line_height

    def position_at(self, x: float, y: float, reach: float) -> int | None:
        """The position under a point, None where none is within `reach` of it sideways."""
        found = self.nearest(int(y // self.line_height), x)
        return found if found is not None and self.boxes[found].distance(x) <= reach else None

    def nearest(self, line: int, x: float) -> int | None:
        """The position on `line` that is closest to `x`; None for an empty line."""
        if not 0 <= line < len(self.lines):
            return None
        if line in self.turned:
            return min(self.turned[line].placed, key=lambda one: one[1].distance(x))[0]
        return min(range(*self.lines[line]), key=lambda i: self.boxes[i].distance(x), default=None)

    def beside(self, position: int, run: tuple[int, int], by: int) -> int:
        """The position that one sees next to `run`, which holds `position`: to the left by -1, to the right by 1.

        Where something runs from right to left, spaces are passed over: one may stand at the other end of its word.
        """
        (start, stop), box = run, self.boxes[position]
        turned, span = self.turned.get(box.line), self.lines[box.line]
        if turned is None:
            found = stop if by > 0 else start - 1
        else:
            seen = [
                at
                for at, one in turned.placed
                if at == position or (one.x == self.boxes[at].x and (one.text or one.kind is not Kind.TEXT))
            ]
            place = seen.index(position)
            while 0 <= place < len(seen) and start <= seen[place] < stop:
                place += by
            if 0 <= place < len(seen):
                return seen[place]
            found = span.stop if (by < 0) == turned.rtl else span.start - 1
        return found if 0 <= found < len(self.boxes) else position

    def seen(self, first: int, last: int) -> Iterator[tuple[int, Box]]:
        """The positions on lines first .. last - 1, each with its box; one of two directions comes more than once."""
        for line in range(first, last):
            start, stop = self.lines[line]
            yield from self.turned[line].placed if line in self.turned else enumerate(self.boxes[start:stop], start)

    def between(self, top: float, bottom: float) -> Span:
        """The positions on lines of which something stands between two heights."""
        first, last = max(0, int(top // self.line_height)), max(-1, int(bottom // self.line_height))
        lines = self.lines[first : last + 1]
        return Span(lines[0].start, lines[-1].stop) if lines else Span(0, 0)

    def shares(self, run: tuple[int, int]) -> list[Share]:
        """Where positions stand, in as few shares as there are."""
        found: list[Share] = []
        held = self.boxes[run[0] : run[1]]
        for line in range(held[0].line, held[-1].line + 1) if held else ():
            turned, span = self.turned.get(line), self.lines[line]
            own = range(max(run[0], span.start), min(run[1], span.stop))
            before = False
            for position, box in turned.placed if turned else [(at, self.boxes[at]) for at in own]:
                if position in own and before:
                    last = found[-1]
                    found[-1] = Share(line, last.left, box.x + box.width, last.edges + [box.x] * bool(box.width))
                elif position in own:
                    found.append(Share(line, box.x, box.x + box.width, []))
                before = position in own
        return found
