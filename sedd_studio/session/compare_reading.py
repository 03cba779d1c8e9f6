"""What the figures of a comparison say, in one sentence, and when they say nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sedd_studio.record.pace import duration
from sedd_studio.session.notices import number_of
from sedd_studio.session.panes import Pane
from sedd_studio.session.vocabulary import Say

if TYPE_CHECKING:
    from sedd_studio.session.comparing import Comparison

ENOUGH = 4
"""Texts of a pane from which on its figures are held against others, and a line is drawn through its point."""
LEVELS = (0.1, 0.2, 0.3, 0.5, 0.7)
"""Noise levels at which a typo may be mended."""
BEYOND = 2.0
"""Standard errors that a difference must be larger than to count as one."""
TOO_FEW = f"Fewer than {ENOUGH} texts a pane tell little: points stand alone, without a line."


def planned(comparison: Comparison, say: Say) -> str:
    """What would be compared, in the words of `say`; a UserError where nothing can come of it."""
    choice, models = comparison.choice, comparison.models
    if choice.chosen.rows:
        count, texts = number_of(len(models.planned()), "model"), number_of(choice.chosen.samples, "text")
        each = f"{texts} at each of {len(LEVELS)} noise levels" if choice.chosen.rows == "typo" else f"{texts} each"
        return say("{models} on the text in the studio, {each}", models=count, each=each)
    panes = choice.plan()
    calls, seconds = sum(pane.work for pane in panes), choice.expected_seconds(panes)
    about = "" if seconds is None else f", about {duration(seconds)}"
    told = "{panes} panes of {texts}: {calls:,.0f} network calls{about}"
    return say(told, panes=len(panes), texts=number_of(choice.chosen.samples, "text"), calls=calls, about=about)


def reading(panes: Sequence[Pane], say: Say) -> str:
    """Reads perplexity and entropy of the last two judged panes together, in the words of `say`; empty while there are
    no two."""
    judged = [pane for pane in panes if pane.verdict is not None]
    if len(judged) < 2:
        return ""
    one, two = judged[-2:]
    if min(one.judged, two.judged) < ENOUGH:
        return TOO_FEW
    assert one.verdict is not None
    assert two.verdict is not None
    ends = f"{two.called(say)} against {one.called(say)}:"
    if one.title.endswith(" steps") and two.title.endswith(" steps"):
        ends = f"From {one.called(say).removesuffix(' steps')} to {two.called(say)}"
    ratio = two.verdict.perplexity / one.verdict.perplexity
    error = math.hypot(one.verdict.error, two.verdict.error)
    change = two.verdict.perplexity - one.verdict.perplexity
    if not abs(change) > BEYOND * error:
        within = "{ends} perplexity changes by {change} ± {error:.1f}, which is within its error."
        return say(within, ends=ends, change=_signed(change, 1), error=error)
    falls, rises = "{ends} perplexity falls by {share:.0%}", "{ends} perplexity rises by {share:.0%}"
    first = say(falls if ratio < 1 else rises, ends=ends, share=abs(1 - ratio))
    return f"{first}, {_entropy(one, two, ratio < 1, say)}"


def _entropy(one: Pane, two: Pane, better: bool, say: Say) -> str:
    assert one.verdict is not None
    assert two.verdict is not None
    change = two.verdict.entropy - one.verdict.entropy
    error = math.hypot(one.verdict.entropy_error, two.verdict.entropy_error)
    if not abs(change) > BEYOND * error:
        within = "while entropy stays within its error ({change} ± {error:.2f} nats)."
        return say(within, change=_signed(change, 2), error=error)
    if change < 0:
        alone = "while entropy falls by {change} ± {error:.2f} nats."
        too = "entropy by {change} ± {error:.2f} nats: part of the gain may be repetition."
    else:
        alone = "while entropy rises by {change} ± {error:.2f} nats."
        too = "entropy by {change} ± {error:.2f} nats: part of the loss may be variety."
    return say(too if (change < 0) is better else alone, change=f"{abs(change):.2f}", error=error)


def _signed(change: float, digits: int) -> str:
    return f"{change:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
