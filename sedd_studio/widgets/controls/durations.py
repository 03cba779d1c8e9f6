"""Lengths of time as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds as a person says them: "0.8 s", "42 s", "3 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
