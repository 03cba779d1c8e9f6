"""How long something may still take, and lengths of time as people say them."""

from __future__ import annotations

import time


def seconds_left(share: float | None, began: float) -> float | None:
    """At the pace so far, of what `began` at that time (monotonic) and of which a `share` is done; None where that
    cannot be told."""
    return (1 / share - 1) * (time.monotonic() - began) if share else None


def until_done(seconds: float) -> str:
    """How long something may still take: "about 42 s left"."""
    return "almost done" if seconds < 1 else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Seconds as a person says them: "0.8 s", "42 s", "3 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
