"""Batches of a writer's streams, kept while there are not enough of them: writing that was stopped goes on.

Each batch has a seed of its own, so that those that are drawn after a stop are those of an unbroken run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.cli.alone_in import alone_in
from engine.files import PARTS, read_bounded, write_whole
from engine.protocol import UserError
from engine.strict_json import entries, to_json

PLAN, LOCK, ENDING = "writing-plan.json", "writing.lock", ".tokens"
STORED = np.dtype("<i4")


@dataclass(frozen=True)
class Batches:
    """Streams (n, L) of tokens below `vocabulary`, each batch a file in `folder` of its tokens as 32-bit integers."""

    folder: Path
    seed: int
    shape: tuple[int, int]
    vocabulary: int

    @contextmanager
    def open(self, plan: dict[str, Any]) -> Iterator[None]:
        """The folder, made if there is none, is nobody else's until the block ends; its own files are deleted then,
        unless the block raises: what they held has become text.

        A UserError where something else lies there, another plan drew what does, or another process writes.
        """
        try:
            self.folder.mkdir(exist_ok=True)
        except FileExistsError:
            raise UserError(f"{self.folder} is no folder; move it away, or choose another --out.") from None
        with alone_in(self.folder, LOCK):
            self._check(plan)
            yield
            self._clear()
        with suppress(OSError):  # it is a link, or something else lies there, too
            self.folder.rmdir()

    def _check(self, plan: dict[str, Any]) -> None:
        """Writes the plan if nothing was drawn by another one; a UserError if it was."""
        written = self.folder / PLAN
        if not written.exists() and not any(self.folder.glob(f"*{ENDING}")):
            write_whole(written, (to_json(plan, indent=2) + "\n").encode())
        elif entries(written) != plan:
            raise UserError(
                f"{self.folder} holds what another model or other options wrote; use the same ones, choose another "
                "--out, or delete the folder."
            )

    def _clear(self) -> None:
        """Deletes what was written here, and nothing else."""
        drawn = [self._file(number) for number in range(self.kept)]
        for file in (*drawn, *self.folder.glob(PARTS), self.folder / PLAN):
            with suppress(OSError):
                file.unlink()

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

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}{ENDING}"

    def _read(self, file: Path) -> Tensor:
        try:
            tokens = np.frombuffer(read_bounded(file, math.prod(self.shape) * STORED.itemsize), STORED)
            streams = tokens.reshape(self.shape).astype(np.int64)
        except (OSError, ValueError):
            streams = np.full(self.shape, -1)
        if streams.min() < 0 or streams.max() >= self.vocabulary:
            raise UserError(f"{file} is damaged; delete it, and the same command draws it again.")
        return torch.from_numpy(streams)
