"""Names of pages and panels that are spoken of by name."""

from __future__ import annotations

STUDIO = "studio"
"""The page with the canvas."""
LEARN = "learn"
"""The page of chapters."""
USUAL = "position"
"""The panel beside the text, unless another is wanted."""
