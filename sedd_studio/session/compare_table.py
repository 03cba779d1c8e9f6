"""A comparison as a table for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedd_studio.record.exports import table
from sedd_studio.session.compare_rows import as_csv as rows_as_csv

if TYPE_CHECKING:
    from sedd_studio.session.comparing import Comparison

COLUMNS = (
    "title",
    "sampler",
    "steps",
    "samples",
    "calls a sample",
    "seconds a sample",
    "generative perplexity",
    "its standard error",
    "entropy in nats",
    "its standard error",
    "share of tokens like the last",
)


def as_csv(comparison: Comparison) -> str:
    """A line for each model, or each pane of which texts are through; what is not known is left empty."""
    if wanted := comparison.choice.chosen.rows:
        return rows_as_csv(comparison.models.rows, wanted == "typo")
    rows = []
    for pane in comparison.panes:
        if not pane.texts or pane.run is None:
            continue
        verdict, same = pane.verdict, comparison.agreement(pane)
        judged: tuple[object, ...] = ("",) * 4
        if verdict is not None:
            judged = (verdict.perplexity, verdict.error, verdict.entropy, verdict.entropy_error)
        made = (pane.run.started.sampler, pane.run.steps, pane.run.samples)
        rows.append([pane.title, *made, pane.calls, pane.seconds, *judged, same])
    return table(COLUMNS, rows)
