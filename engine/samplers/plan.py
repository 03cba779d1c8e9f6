"""What is asked of a chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.samplers.grid import Spacing
from engine.theory.conditioning import Locks, Shaping

if TYPE_CHECKING:
    from engine.language.patterns import Pattern


@dataclass(frozen=True)
class Plan:
    """All that decides a chain beside the model, the sampler and the seed.

    `start` (B, L), if given, is where the chain stood before step `first` (1 at full noise): it goes on from there.
    """

    locks: Locks
    samples: int = 1
    steps: int = 64
    spacing: Spacing | Sequence[float] = "time"
    shaping: Shaping = field(default_factory=Shaping)
    pattern: Pattern | None = None
    start: np.ndarray | None = None
    first: int = 1
