"""Text in words, by byte-level pairs."""

from __future__ import annotations

from engine.language.domains.domain import Domain

TEXT = Domain(
    "text",
    "Text",
    "text",
    256,
    ("Once upon a time [24] the dragon [40] The end.", "[30] and they were friends again. [30]"),
    rows=False,
)
