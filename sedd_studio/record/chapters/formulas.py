r"""Parts of formulas: LaTeX with numbers in it, which a test can read out again.

`\result{0.815}` is a number that the figure shows: it stands out. Numbers have a fixed number of decimals, so that a
formula whose numbers change need not be typeset again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.protocol import Noise
from engine.protocol.lessons.levels import NOISED, level_near

HIDDEN = r"\square"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
SPECIAL = re.compile(r"([{}$%&#_^~\\])")


STRUCK: dict[Noise, str] = {"absorb": "hidden", "uniform": "noise"}
"""What noise makes of a word."""


def shown(number: float, places: int = 4) -> str:
    """A number as a formula has it."""
    if not abs(number) < 1e15:
        return r"\infty"
    return f"{number:z.{places}f}"  # without a sign before what is 0


def result(number: float, places: int = 4) -> str:
    """A number that stands out."""
    return rf"\result{{{shown(number, places)}}}"


def word(text: str) -> str:
    """A word, as it is; signs that LaTeX would take for its own are left out."""
    return rf"\mathrm{{{SPECIAL.sub('', text) or '?'}}}"


def words(text: Iterable[int], names: tuple[str, ...]) -> str:
    """A text of states: words, and boxes where they are hidden."""
    return r"\;".join(word(names[state]) if state < len(names) else HIDDEN for state in text)


def power(base: str, exponent: int) -> str:
    """A factor as often as it comes; nothing where it does not."""
    return "" if exponent == 0 else base if exponent == 1 else f"{base}^{exponent}"


def times(*factors: str) -> str:
    """A product of what is there."""
    return r" \cdot ".join(filter(None, factors)) or "1"


def spelled(text: Iterable[int], names: tuple[str, ...]) -> str:
    """A text as it is read aloud."""
    return " ".join(names[state] if state < len(names) else "hidden" for state in text)


def per_cent(share: float) -> str:
    """A share as a figure has it."""
    return f"{100 * share:z.1f} %"


def noise_says(sigma: float, noise: Noise) -> str:
    """A level of noise, one of `SIGMAS`, and what it does."""
    share = round(100 * float(NOISED[level_near(sigma)]))
    return f"{SIGMA} {sigma:.2f}, {share} % {STRUCK[noise]}"


def counted(count: int, thing: str) -> str:
    """So many of a thing."""
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"
