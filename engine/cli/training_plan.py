"""What decides a training run: the text, the sizes of a fresh network, what is minimised and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.protocol import Noise
from engine.training.learners import Recipe
from engine.training.trainer import TrainingConfig


@dataclass(frozen=True)
class Sizes:
    """What decides a fresh network.

    `kind` "gpt" is the autoregressive baseline, "causal" any autoregressive model to go on with. A model to go on with
    is deepened to `grow` blocks, if that is not 0. The parametrisation "auto" is the posterior for absorbing noise, and
    the leave-one-out posterior with locks marked for uniform noise.
    """

    domain: str = "text"
    kind: Literal["diffusion", "gpt", "causal"] = "diffusion"
    noise: Noise = "absorb"
    parametrisation: Literal["auto", "log_score", "posterior", "leave_one_out"] = "auto"
    vocabulary: int = 4096
    length: int = 256
    hidden: int = 320
    blocks: int = 8
    heads: int = 5
    dropout: float = 0.0
    grow: int = 0


@dataclass(frozen=True)
class Plan:
    """What decides a run: the text, the model's sizes, what is minimised and how.

    `tokenizer` is a folder whose tokenizer is taken; without one it is learned from the text.
    """

    data: list[Path]
    valid: Path | None
    out: Path
    sizes: Sizes
    recipe: Recipe
    training: TrainingConfig
    tokenizer: Path | None = None
