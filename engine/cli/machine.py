"""Which model runs where: the options that every command shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from engine.bundled_models import DEFAULT_MODEL
from engine.protocol import UserError

Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option("--precision", help="auto, fp32 or bf16.")]
Threads = Annotated[int | None, typer.Option("--threads", help="CPU threads. Default: one for each core.")]


@dataclass(frozen=True)
class Machine:
    """The model folder (None: the bundled one), the device, the precision and the number of CPU threads."""

    model: Annotated[Path | None, typer.Option("--model", help="Model folder. Default: the bundled model.")] = None
    device: Device = "auto"
    precision: Precision = "auto"
    threads: Threads = None

    @property
    def model_path(self) -> str:
        """The folder to load from."""
        return str(self.model or DEFAULT_MODEL)

    def set_threads(self) -> None:
        """Tells torch how many CPU threads to use, if that was asked for."""
        if self.threads is None:
            return
        if self.threads < 1:
            raise UserError("The number of threads must be at least 1; leave --threads out for one a core.")
        import torch

        torch.set_num_threads(self.threads)
