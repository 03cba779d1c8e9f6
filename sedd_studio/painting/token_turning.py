"""Lines on which something runs from right to left: their boxes, which were set from left to right, placed anew.

The order is that of Unicode's annex 9, where a masked block is a neutral sign. A paragraph whose first letter runs from
right to left does so, too: its lines begin at the right edge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from sedd_studio.painting.token_places import Box, Kind, Layout, Metrics, Part, Pill, Span, Turned

RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Letters and marks that make a line run from right to left, in part or throughout."""
SIGN = "\N{BLACK SQUARE}"
"""Stands for what is no text where the order is found."""


class Item(NamedTuple):
    """One thing on a line, whose place is not known yet: a box of a position, or room where `position` is -1."""

    position: int
    box: Box


def turns(text: str) -> bool:
    """Whether anything in a text runs from right to left."""
    return not text.isascii() and RIGHT_TO_LEFT.search(text) is not None


def join(parts: list[Part], words: Sequence[tuple[int, int]], metrics: Metrics) -> None:
    """Makes each part of a word that runs from right to left as wide as it is there: letters join."""
    for start, stop in words:
        text = "".join(part.text for part in parts[start:stop])
        if not turns(text):
            continue
        ends, at = metrics.shaping.ends(text), 0
        for position in range(start, stop):
            part = parts[position]
            if part.text:
                width = ends[at + len(part.text)] - ends[at]
                at += len(part.text)
                parts[position] = part._replace(width=width)


class Turner:
    """Places those lines of a layout anew that need it. `slanted`, `locked` as in `token_layout.arrange`."""

    def __init__(
        self,
        layout: Layout,
        parts: list[Part],
        locked: Sequence[bool],
        slanted: Sequence[bool],
        metrics: Metrics,
        width: float,
    ) -> None:
        self.layout, self.parts, self.slanted, self.metrics, self.width = layout, parts, slanted, metrics, width
        self.boxes, self.pills, self.turned = list(layout.boxes), list[Pill](), dict[int, Turned]()
        self.excess = 0.0
        self._passages: list[int] = []
        for position, held in enumerate(locked):
            before = self._passages[-1] if position else -1
            self._passages.append((position if before < 0 else before) if held else -1)

    def turn(self) -> Layout:
        """The layout with those lines. `excess` is then how far the longest of them reaches beyond `width`."""
        for lines in self._paragraphs():
            texts = [self._text(self.layout.lines[line]) for line in lines]
            rtl = runs_leftwards("".join(texts))
            for line, text in zip(lines, texts, strict=True):
                if rtl or turns(text):
                    self._place(line, rtl)
        kept = [pill for pill in self.layout.pills if pill.line not in self.turned]
        pills = sorted(kept + self.pills, key=lambda pill: pill.line)
        return Layout(self.boxes, pills, self.layout.lines, self.layout.line_height, self.turned)

    def _paragraphs(self) -> Iterator[list[int]]:
        """The lines with something on them, up to each that ends in a break."""
        lines: list[int] = []
        for line, span in enumerate(self.layout.lines):
            if span.start < span.stop:
                lines.append(line)
            if not lines or self.boxes[span.stop - 1].kind is Kind.BREAK:
                yield lines
                lines = []
        yield lines

    def _text(self, span: Span) -> str:
        return "".join(part.text for part in self.parts[span.start : span.stop])

    # ---- what stands on a line

    def _items(self, line: int, rtl: bool) -> list[Item]:
        """Everything on a line, from left to right as one sees it."""
        signs, items = self._signs(line), list[Item]()
        text = "".join(sign for sign, _, _ in signs)
        for start, stop, turned in self.metrics.shaping.stretches(text, rtl):
            inside = list[Item]()
            for is_text, group in groupby(signs[start:stop], key=lambda sign: sign[2] is None):
                some = list(group)
                if is_text:
                    inside += self._written(line, some, turned)
                else:
                    inside += [Item(position, box._replace(rtl=turned)) for _, position, box in some if box]
            items += reversed(inside) if turned else inside
        return items

    def _signs(self, line: int) -> list[tuple[str, int, Box | None]]:
        """The characters of a line as they are read, each with its position, and the box of what is no text."""
        signs: list[tuple[str, int, Box | None]] = []
        for position in range(*self.layout.lines[line]):
            (lead, width, text), box = self.parts[position], self.layout.boxes[position]
            if lead and signs:
                signs.append((" ", -1, Box(line, 0.0, lead, "", Kind.TEXT)))
            signs += [(character, position, None) for character in text]
            if box.kind is not Kind.TEXT:
                signs.append((SIGN, position, box._replace(text="", width=box.width - (width if text else 0.0))))
            elif width and not text:
                signs.append((" ", position, box))
        return signs

    def _written(self, line: int, signs: Sequence[tuple[str, int, Box | None]], rtl: bool) -> Iterator[Item]:
        """Characters that follow each other, as one box for each position."""
        word = "".join(character for character, _, _ in signs)
        ends = self.metrics.shaping.ends(word) if rtl else []
        at = 0
        for position, group in groupby(position for _, position, _ in signs):
            stop = at + len(list(group))
            text = word[at:stop]
            if rtl:
                box = Box(line, 0.0, ends[stop] - ends[at], text, Kind.TEXT, True, word, ends[-1] - ends[stop])
            else:
                box = Box(line, 0.0, self.metrics.advance(text, self.slanted[position]), text, Kind.TEXT)
            yield Item(position, box)
            at = stop

    # ---- where it stands

    def _place(self, line: int, rtl: bool) -> None:
        x, placed, pills = 0.0, list[Item](), list[Pill]()
        for passage, group in groupby(self._with_passages(self._items(line, rtl)), key=lambda one: one[0]):
            held = [item for _, item in group]
            senses = [item.box.rtl for item in held]
            mirrored = passage >= 0 and (any(senses) if rtl else all(senses))
            before, after = (self.metrics.pad, self.metrics.tail) if passage >= 0 else (0.0, 0.0)
            if placed and placed[-1].position >= 0 and held[0].position >= 0:
                x += 0.1 * self.metrics.em  # no edge of what is locked touches what stands beside it
            left = x
            x += after if mirrored else before
            for position, box in held:
                placed.append(Item(position, box._replace(x=x)))
                x += box.width
            x += before if mirrored else after
            if passage >= 0:
                places = [item.position for item in held if item.position >= 0]
                pills.append(Pill(line, left, x, min(places), max(places) + 1, mirrored))
        shift = self._shift(rtl, pills, x)
        self.pills += [pill._replace(left=pill.left + shift, right=pill.right + shift) for pill in pills]
        self._put(line, rtl, [(at, box._replace(x=box.x + shift)) for at, box in placed if at >= 0])

    def _with_passages(self, items: list[Item]) -> Iterator[tuple[int, Item]]:
        """Each with where its locked passage begins, or -1; room is locked where what is on both its sides is."""
        own = [self._passages[item.position] if item.position >= 0 else None for item in items]
        for item, before, passage, after in zip(items, [-1, *own], own, [*own[1:], -1], strict=False):
            between = before if before is not None and before == after else -1
            yield between if passage is None else passage, item

    def _shift(self, rtl: bool, pills: Sequence[Pill], wide: float) -> float:
        """How far a line goes to the right: what is locked hangs over the edge at which the line begins."""
        if rtl:
            hangs = bool(pills) and pills[-1].rtl and pills[-1].right == wide
            over = wide - (self.metrics.pad if hangs else 0.0) - self.width
            self.excess = max(self.excess, over)
            return -over
        hangs = bool(pills) and not pills[0].rtl and pills[0].left == 0.0
        shift = -self.metrics.pad if hangs else 0.0
        self.excess = max(self.excess, wide + shift - self.width)
        return shift

    def _put(self, line: int, rtl: bool, placed: list[tuple[int, Box]]) -> None:
        """Takes the line over. The box of a position is the widest that it has, with its whole text."""
        number = 0
        for position in range(*self.layout.lines[line]):
            own = [number for number, (at, _) in enumerate(placed) if at == position]
            if own:
                number = max(own, key=lambda number: placed[number][1].width)
                kind, text = self.layout.boxes[position].kind, self.parts[position].text
                self.boxes[position] = placed[number][1]._replace(text=text, kind=kind)
            elif placed:  # it is a part of the character at a position before
                before = self.boxes[position - 1]
                edge = before.x if before.rtl else before.x + before.width
                number += 0 if before.rtl else 1
                self.boxes[position] = Box(line, edge, 0.0, "", Kind.TEXT, before.rtl)
                placed.insert(number, (position, self.boxes[position]))
        self.turned[line] = Turned(rtl, placed)


def runs_leftwards(text: str) -> bool:
    """Whether a paragraph runs from right to left, by its first letter."""
    senses = map(unicodedata.bidirectional, text)
    return next((sense for sense in senses if sense in ("L", "R", "AL")), "L") != "L"
