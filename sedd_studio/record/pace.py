"""How long something may still take."""

from __future__ import annotations

import time


def seconds_left(share: float | None, began: float) -> float | None:
    """At the pace so far, of what `began` at that time (monotonic) and of which a `share` is done; None where that
    cannot be told."""
    return (1 / share - 1) * (time.monotonic() - began) if share else None
