"""How long something may still take, and lengths of time as people say them."""

from __future__ import annotations

import time


def seconds_left(share: float | None, began: float, before: float = 0.0) -> float | None:
    """At the pace so far, of what `began` at that time (monotonic), of which a `share` is done, and `before` was done
    already; None where that cannot be told."""
    if share is None or share <= before:
        return None
    return (1 - share) / (share - before) * (time.monotonic() - began)


def until_done(seconds: float) -> str:
    """How long something may still take: "about 42 s left"."""
    return "almost done" if seconds < 1 else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Seconds as a person says them: "0.8 s", "42 s", "3 min 5 s", "5 h 8 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
