"""Sentences of the text on show."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from sedd_studio.session.view import View

END = re.compile(
    r"""[.!?\u2026\u061f\u0964]+["'\u201d\u2019\u00bb)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*|\n+"""
)
"""What a sentence ends with: signs before a space, those of scripts that write no spaces, or a line's end."""
MASKED = " \N{MIDDLE DOT}"


def sentence_at(view: View, position: int) -> tuple[int, int]:
    """The half-open run of positions of the sentence that a position belongs to."""
    ends = list(accumulate(len(view.piece(place) or MASKED) for place in range(view.canvas().length)))
    text = "".join(view.piece(place) or MASKED for place in range(view.canvas().length))
    stops = sorted({0, len(ends), *(bisect_right(ends, found.end() - 1) + 1 for found in END.finditer(text))})
    number = bisect_right(stops, position)
    return stops[number - 1], stops[number]
