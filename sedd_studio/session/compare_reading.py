"""What the figures of a comparison say, in one sentence, and when they say nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sedd_studio.session.panes import Pane

ENOUGH = 4
"""Texts of a pane from which on its figures are held against others, and a line is drawn through its point."""
BEYOND = 2.0
"""Standard errors that a difference must be larger than to count as one."""
TOO_FEW = f"Fewer than {ENOUGH} texts a pane tell little: points stand alone, without a line."


def reading(panes: Sequence[Pane]) -> str:
    """Reads perplexity and entropy of the last two judged panes together; empty while there are no two."""
    judged = [pane for pane in panes if pane.verdict is not None]
    if len(judged) < 2:
        return ""
    one, two = judged[-2:]
    if min(one.judged, two.judged) < ENOUGH:
        return TOO_FEW
    assert one.verdict is not None
    assert two.verdict is not None
    ends = f"{two.title} against {one.title}:"
    if one.title.endswith(" steps") and two.title.endswith(" steps"):
        ends = f"From {one.title.removesuffix(' steps')} to {two.title}"
    ratio = two.verdict.perplexity / one.verdict.perplexity
    error = math.hypot(one.verdict.error, two.verdict.error)
    if not abs(two.verdict.perplexity - one.verdict.perplexity) > BEYOND * error:
        change = two.verdict.perplexity - one.verdict.perplexity
        return f"{ends} perplexity changes by {_signed(change, 1)} ± {error:.1f}, which is within its error."
    falls = f"{ends} perplexity {'falls' if ratio < 1 else 'rises'} by {abs(1 - ratio):.0%}"
    return f"{falls}, {_entropy(one, two, ratio < 1)}"


def _entropy(one: Pane, two: Pane, better: bool) -> str:
    assert one.verdict is not None
    assert two.verdict is not None
    change = two.verdict.entropy - one.verdict.entropy
    error = math.hypot(one.verdict.entropy_error, two.verdict.entropy_error)
    figure = f"{abs(change):.2f} ± {error:.2f} nats"
    if not abs(change) > BEYOND * error:
        return f"while entropy stays within its error ({_signed(change, 2)} ± {error:.2f} nats)."
    if (change < 0) is not better:
        return f"while entropy {'falls' if change < 0 else 'rises'} by {figure}."
    meaning = "part of the gain may be repetition" if better else "part of the loss may be variety"
    return f"entropy by {figure}: {meaning}."


def _signed(change: float, digits: int) -> str:
    return f"{change:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
