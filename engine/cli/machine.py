"""Which model runs where: the options that every command shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from engine.bundled_models import DEFAULT_MODEL
from engine.protocol import UserError


@dataclass(frozen=True)
class Machine:
    """The model folder (None: the bundled one), the device, the precision and the number of CPU threads."""

    model: Annotated[Path | None, "Model folder. Default: the bundled model."] = None
    device: Annotated[str, "auto, cpu, cuda or mps."] = "auto"
    precision: Annotated[str, "auto, fp32 or bf16."] = "auto"
    threads: Annotated[int | None, "CPU threads. Default: one for each core."] = None

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
