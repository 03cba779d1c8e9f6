"""Numbers of parameters and of bytes as people say them."""

from __future__ import annotations

GIB = 2**30


def count(number: int) -> str:
    """A number of parameters: 11_800_000 is "12 M"."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.0f} {name}" if number >= 10 * unit else f"{number / unit:.1f} {name}"
    return str(number)


def stored(number: int) -> str:
    """Bytes of a file, as disks and downloads are told: 679_000_000 is "679 MB"."""
    return f"{number / 10**9:.1f} GB" if number >= 10**9 else f"{max(1, round(number / 10**6))} MB"


def memory(number: int) -> str:
    """Bytes of memory: "1.7 GiB"."""
    return f"{number / GIB:,.1f} GiB" if number >= GIB / 10 else f"{number / 2**20:,.0f} MiB"
