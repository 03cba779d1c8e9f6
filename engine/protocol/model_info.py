"""What is told of a loaded model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Noise = Literal["absorb", "uniform", "none"]
"""What a model takes away: "none" is an autoregressive model, which writes from left to right."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a loaded model.

    `vocabulary` counts clean tokens; `mask_id` is the token id of the mask, None where the noise has none. From left
    to right it stands for what is not written yet.
    `length` is the longest sequence in tokens. `facts` holds lines from the checkpoint, such as training steps;
    `weights` is the SHA-256 of the file of weights, in hexadecimal.
    """

    name: str
    path: str
    noise: Noise
    schedule: str
    length: int
    vocabulary: int
    mask_id: int | None
    parameters: int
    device: str
    precision: str
    facts: dict[str, str] = field(default_factory=dict)
    weights: str = ""

    @property
    def domain(self) -> str:
        """The kind of sequence that it writes: a name from `engine.language.domains`."""
        return self.facts.get("domain", "text")
