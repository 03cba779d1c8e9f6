"""The folder of a training run: what it holds, whether the run there is the one that is asked for, and room for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cli.asked import Machine
from engine.language.documents import check_name, digest, text_files
from engine.models.loading import checkpoint_folder
from engine.models.stored import CONFIG
from engine.protocol import UserError
from engine.strict_json import entries
from engine.training.settings import Plan
from engine.training.trainer import Trainer, comparable

STATE = "training-state.pt"
PLAN = "training-plan.json"
BYTES_A_PARAMETER = 20
"""Weights, their average, two moments and the model in float32."""
LARGEST_PLAN = 2**24
"""Bytes of a plan, which has a line for each text: for 200,000 of them."""


@contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Makes a folder, with those that it lies in, for what is written; what was made and stays empty is taken away."""
    check_name(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        make_folder(folder)
        yield
    finally:
        for place in made:
            with suppress(OSError):  # something lies there
                place.rmdir()


def make_folder(folder: Path) -> None:
    """Makes the folder, and makes sure that files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-probe-{os.getpid()}"  # each of several processes looks for itself
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder} ({error.strerror}); choose another --out.") from None


def check_room(folder: Path, trainer: Trainer) -> None:
    """A UserError where there is no room for the training state and the model, told before the time is spent."""
    needed = BYTES_A_PARAMETER * sum(parameter.numel() for parameter in trainer.learner.network.parameters())
    if (free := shutil.disk_usage(folder).free) < needed:
        raise UserError(
            f"Training in {folder} needs room for {needed / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free; "
            "free some, or choose another --out."
        )


def describe(plan: Plan, files: list[Path], machine: Machine) -> dict[str, Any]:
    """What a resumed run must share with the one that it goes on with."""
    return {
        "sizes": asdict(plan.sizes),
        "recipe": asdict(plan.recipe),
        "training": {k: v for k, v in comparable(plan.training).items() if k != "precision"},
        "tokenizer": os.path.realpath(plan.tokenizer) if plan.tokenizer else None,
        "texts": [digest(path) for path in files],
        "valid": digest(plan.valid) if plan.valid else None,
        "model": str(checkpoint_folder(machine.model)) if machine.model else None,
    }


def is_done(machine: Machine, plan: Plan) -> bool:
    """Whether `plan.out` holds the model that this very plan makes; a UserError if it holds another."""
    return goes_on(plan.out, describe(plan, text_files(plan.data), machine)) and (plan.out / CONFIG).is_file()


def goes_on(folder: Path, description: dict[str, Any]) -> bool:
    """Whether the folder holds this very run already; a UserError if it holds another, or a finished model."""
    check_free(folder)
    if not (folder / STATE).is_file():
        return False
    if entries(folder / PLAN, LARGEST_PLAN) != description:
        raise UserError(f"{folder} holds a run with other settings or texts; use the same ones, or another --out.")
    return True


def check_free(folder: Path) -> None:
    """A UserError where the folder holds a model that no run there made."""
    if not (folder / STATE).is_file() and (folder / CONFIG).exists():
        raise UserError(f"{folder} holds a model already; choose another --out.")
