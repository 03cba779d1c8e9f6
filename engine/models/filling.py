"""Weights leave their files for the memory, one after the other and in parts, so that they lie in it once.

A file that is mapped counts as memory of the process wherever it was looked at. What has been copied is let go, or a
model would be in memory twice while it is opened: once as it lies in the file, and once as it is used.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from engine.estimates import lines, opening, require
from engine.models.stored import Stored
from engine.protocol import UserError
from engine.stopping import look
from engine.theory.diffusion import Diffusion

PART = 2**20
"""Numbers that are copied at once."""
NOT_NEEDED = 4
"""MADV_DONTNEED of Linux: what lies in a file, and was not written to, is read again when it is looked at."""
SMALLER = "close other programs, or choose a smaller model"


def filled(
    diffusion: Diffusion, stored: Stored, folder: Path, dtype: torch.dtype, rows: Tensor | None = None
) -> Diffusion:
    """A model that takes no memory yet, in evaluation mode with the weights that are stored: on the CPU, wide matrices
    and the embedding in `dtype`. Of weights that have a row for each state those in `rows` are taken, by the order of
    the states in the model. A UserError if they do not fit into memory, or are no finite numbers."""
    network = diffusion.network.store(dtype)
    require(opening(network.parameter_count, dtype.itemsize), f"The model in {folder}", do=SMALLER)
    places = placed(diffusion, stored, rows)
    pages, weights = Pages(stored.files), {}
    pages.let_go(*stored.weights.values())
    for name, wanted in network.state_dict().items():
        weights[name] = copied(stored.weights[name], wanted.dtype, pages, places if name in network.by_state else None)
        if weights[name] is None:
            raise UserError(f"{stored.source} is damaged: {name} holds no finite numbers; put a whole copy there.")
    network.load_state_dict(weights, assign=True)
    network.requires_grad_(False).eval()
    return diffusion


def placed(diffusion: Diffusion, stored: Stored, rows: Tensor | None) -> Tensor | None:
    """The rows of the files in the order of the states; None where that is theirs, and all are taken."""
    states = stored.config.network.states
    if stored.mask == states - 1:
        return rows
    order = torch.arange(states)  # the last state is the mask, and what was last has its id
    order[[stored.mask, -1]] = order[[-1, stored.mask]]
    return order if rows is None else order[rows]


def copied(source: Tensor, dtype: torch.dtype, pages: Pages, rows: Tensor | None = None) -> Tensor | None:
    """A weight in memory of its own, of which only some rows may be taken; None if it holds no finite numbers.

    A mapped file lies in memory at odd places, and matrix kernels round by alignment.
    """
    number = not source.dim()
    source = source[None] if number else source
    count = len(source) if rows is None else len(rows)
    made = torch.empty((count, *source.shape[1:]), dtype=dtype)
    several = max(1, PART // max(1, made[:1].numel()))
    for start in range(0, count, several):
        look()
        cut = slice(start, start + several)
        part = (source[cut] if rows is None else source[rows[cut]]).to(torch.float32)
        if not torch.isfinite(part.sum()):
            return None
        made[cut] = part
        pages.let_go(source)
    return made[0] if number else made


def equal(first: Tensor, second: Tensor, source: Path) -> bool:
    """Whether two weights are the same numbers, which may lie in files in the folder of `source`."""
    if first.shape != second.shape:
        return False
    pages = Pages(source.parent.iterdir())
    several = max(1, PART // max(1, first[:1].numel()))
    for cut in (slice(start, start + several) for start in range(0, len(first), several)):
        look()
        if not torch.equal(first[cut], second[cut]):
            return False
        pages.let_go(first[cut], second[cut])
    return True


class Pages:
    """The memory that files take which are mapped into this process. Where the system is not Linux it is not known."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._places = mapped(files) if sys.platform == "linux" else []

    def let_go(self, *tensors: Tensor) -> None:
        """What lies in a file leaves the memory until it is looked at again; what lies elsewhere stays."""
        for tensor in tensors:
            self._let_go(tensor)

    def _let_go(self, tensor: Tensor) -> None:
        begin = tensor.data_ptr()
        end = begin + tensor.itemsize * (
            1 + sum((n - 1) * by for n, by in zip(tensor.shape, tensor.stride(), strict=True))
        )
        if tensor.numel() and any(first <= begin and end <= last for first, last in self._places):
            begin -= begin % mmap.PAGESIZE
            ctypes.CDLL(None).madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), NOT_NEEDED)


def mapped(files: Iterable[Path]) -> list[tuple[int, int]]:
    """Where files lie in this process, from the first byte to the one after the last."""
    found, names = [], tuple(os.path.realpath(file) for file in files)
    for line in filter(lambda line: line.endswith(names), lines(Path("/proc/self/maps"))):  # there are thousands
        place, rights, *others = line.split(maxsplit=5)
        if others[3:] and others[3] in names and rights.endswith("p"):
            first, last = (int(edge, 16) for edge in place.split("-"))
            found.append((first, last))
    return found
