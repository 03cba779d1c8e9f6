"""What a model is, in the words of its configuration: for a model that is examined, and for the table of families."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from torch import Tensor

from engine.files import read_bounded
from engine.models.own_layout import CARD
from engine.plain_text import plain_line
from engine.protocol import Noise
from engine.theory.diffusion import DiffusionConfig
from engine.theory.parametrisations import ParametrisationName

NOISES: dict[Noise, str] = {"absorb": "masks", "uniform": "uniform", "mixed": "masks and uniform, mixed"}
OUTPUTS: dict[ParametrisationName, str] = {
    "log_score": "log scores",
    "posterior": "posterior of a masked token",
    "leave_one_out": "law of a token given all others",
    "plug_in": "law of a token given all others",
}
LARGEST_CARD = 2**20
"""Bytes of a model card."""
LONGEST_LINE = 120
NAMED = re.compile(r"^licen[cs]e(?:_name)?:[ \t]*[\"']?([^\"'\n]+)", re.IGNORECASE | re.MULTILINE)
SAID = re.compile(r"^licen[cs]e .+$", re.IGNORECASE | re.MULTILINE)


def noise_of(config: DiffusionConfig) -> str:
    """What it takes away, and whether in blocks."""
    return NOISES[config.noise] + (", in blocks" if config.network.block_size else "")


def output_of(config: DiffusionConfig) -> str:
    """What the network's output stands for, and where it is found."""
    return OUTPUTS[config.parametrisation] + (", found one position before" if config.framing.shift else "")


def told_of(config: DiffusionConfig) -> str:
    """What the network is told beside the text."""
    time = "t" if config.noise == "mixed" else "log sigma" if config.log_sigma else "sigma"
    told = ["nothing" if config.time_free else time]
    return " and ".join(told + ["a class"] * bool(config.network.classes))


def dtypes_of(tensors: Iterable[Tensor]) -> str:
    """In which types weights are kept, that of most numbers first."""
    numbers: Counter[str] = Counter()
    for tensor in tensors:
        numbers[str(tensor.dtype).removeprefix("torch.")] += tensor.numel()
    return ", ".join(name for name, _ in numbers.most_common())


def licence_in(folder: Path) -> str:
    """The licence that the model card in a folder names, by an entry or in a line; else which file has one; "" where
    nothing tells."""
    try:
        card = read_bounded(folder / CARD, LARGEST_CARD).decode(errors="replace")
    except OSError:
        card = ""
    named = " ".join(NAMED.findall(card)[:2]) or next(iter(SAID.findall(card)), "")
    files = (file.name for file in islice(folder.glob("LICEN[CS]E*"), 1))
    return plain_line(named, LONGEST_LINE) or next((f"see {name}" for name in files), "")
