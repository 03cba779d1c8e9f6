"""What a model is, in the words of its configuration: for a model that is examined, and for the table of families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from torch import Tensor

from engine.protocol import Noise
from engine.theory.diffusion import DiffusionConfig
from engine.theory.parametrisations import ParametrisationName

NOISES: dict[Noise, str] = {"absorb": "masks", "uniform": "uniform", "mixed": "masks and uniform, mixed"}
LEVELS: dict[Noise, str] = {"absorb": "sigma", "uniform": "sigma", "mixed": "t"}
"""By what a level of noise is told to a network."""
OUTPUTS: dict[ParametrisationName, str] = {
    "log_score": "log scores",
    "posterior": "posterior of a masked token",
    "leave_one_out": "law of a token given all others",
    "plug_in": "law of a token given all others",
}


def noise_of(config: DiffusionConfig) -> str:
    """What it takes away, and whether in blocks."""
    return NOISES[config.noise] + (", in blocks" if config.network.block_size else "")


def output_of(config: DiffusionConfig) -> str:
    """What the network's output stands for, and where it is found."""
    return OUTPUTS[config.parametrisation] + (", found one position before" if config.framing.shift else "")


def told_of(config: DiffusionConfig) -> str:
    """What the network is told beside the text."""
    level = LEVELS[config.noise]
    told = ["nothing" if config.time_free else f"log {level}" if config.log_sigma else level]
    return " and ".join(told + ["a class"] * bool(config.network.classes))


def dtypes_of(tensors: Iterable[Tensor]) -> str:
    """In which types weights are kept, that of most numbers first."""
    numbers: Counter[str] = Counter()
    for tensor in tensors:
        numbers[str(tensor.dtype).removeprefix("torch.")] += tensor.numel()
    return ", ".join(name for name, _ in numbers.most_common())
