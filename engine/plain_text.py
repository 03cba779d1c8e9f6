"""Text that comes from files, made plain: what a terminal or a text field would obey is seen and does nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_FACTS = 100
LONGEST_FACT = 1_000
"""Characters."""
_OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and line feed, other ends of lines, orders that turn the direction of writing, and halves
of characters."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a program for tables computes, some of them signs of full width, too."""


def plain(text: str) -> str:
    """The text with a sign in the place of each character that would be obeyed: as many characters, and all seen."""
    return _OBEYED.sub(_seen, text)


def _seen(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 32 else "\N{REPLACEMENT CHARACTER}"


def plain_line(text: str, most: int = LONGEST_FACT) -> str:
    """The text in one line of at most `most` characters, plain."""
    line = plain(" ".join(text[: 2 * most].split()))
    return line if len(line) <= most else line[: most - 3] + "..."


def plain_facts(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts that a file tells, as short plain lines; not more than can be read."""
    return {plain_line(str(name)): plain_line(str(value)) for name, value in list(facts.items())[:MOST_FACTS]}


def as_cell(text: str) -> str:
    """The text as a cell of a table, marked as text where a program for tables would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
