"""Batches of a writer's streams, kept while there are not enough of them: writing that was stopped goes on.

Each batch has a seed of its own, so that those that are drawn after a stop are those of an unbroken run.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.files import read_bounded, write_whole
from engine.protocol import UserError
from engine.strict_json import entries, to_json

PLAN = "writing-plan.json"
STORED = np.dtype("<i4")


@dataclass(frozen=True)
class Batches:
    """Streams (n, L) of tokens below `vocabulary`, each batch a file in `folder` of its tokens as 32-bit integers."""

    folder: Path
    seed: int
    shape: tuple[int, int]
    vocabulary: int

    def open(self, plan: dict[str, Any]) -> None:
        """Makes the folder, or looks whether what lies there was drawn by the same plan; a UserError if it was not."""
        self.folder.mkdir(exist_ok=True)
        written = self.folder / PLAN
        if not written.exists():
            write_whole(written, (to_json(plan, indent=2) + "\n").encode())
        elif entries(written) != plan:
            raise UserError(
                f"{self.folder} holds what another model or other options wrote; use the same ones, choose another "
                "--out, or delete the folder."
            )

    @property
    def kept(self) -> int:
        """How many batches lie there, counted from the first."""
        return next(number for number in count() if not self._file(number).exists())

    def drawn(self, draw: Callable[[], Tensor]) -> Iterator[Tensor]:
        """All batches (n, L), one after the other without end: those that lie there, then new ones by `draw`."""
        for number in count():
            if (file := self._file(number)).exists():
                yield self._read(file)
                continue
            torch.manual_seed(int(np.random.SeedSequence((self.seed, number)).generate_state(1, np.uint64)[0] >> 1))
            streams = draw().cpu()
            write_whole(file, streams.numpy().astype(STORED).tobytes())
            yield streams

    def close(self) -> None:
        """Deletes the folder: what it held has become text."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}.tokens"

    def _read(self, file: Path) -> Tensor:
        try:
            tokens = np.frombuffer(read_bounded(file, math.prod(self.shape) * STORED.itemsize), STORED)
            streams = tokens.reshape(self.shape).astype(np.int64)
        except (OSError, ValueError):
            streams = np.full(self.shape, -1)
        if streams.min() < 0 or streams.max() >= self.vocabulary:
            raise UserError(f"{file} is damaged; delete it, and the same command draws it again.")
        return torch.from_numpy(streams)
