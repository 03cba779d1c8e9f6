"""The look of the pictures in docs/."""

from __future__ import annotations

STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.dpi": 160,
    "legend.frameon": False,
    "savefig.bbox": "tight",
}
