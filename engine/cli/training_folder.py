"""The folder of a training run: what it holds, whether the run there is the one that is asked for, and room for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.catalogue.glance import LARGEST_CARD
from engine.cli.alone_in import alone_in
from engine.files import read_bounded, sha256, write_whole
from engine.language.documents import check_name, digest, text_files
from engine.language.tokenizer_files import FILE_NAME, files_in
from engine.models.alone import STATE
from engine.models.gguf import files_of
from engine.models.loading import checkpoint_folder, home_of, read
from engine.models.own_layout import CARD, encoded
from engine.models.stored import CONFIG, WEIGHTS, weight_files
from engine.protocol import UserError
from engine.strict_json import entries, to_json
from engine.training.settings import Plan
from engine.training.trainer import Trainer, comparable

PLAN = "training-plan.json"
LOCK = "training.lock"
LEFT = (CONFIG, WEIGHTS, CARD, FILE_NAME)
"""What a run that has ended leaves beside them."""
WRITTEN = "written"
"""The name in a plan of the hashes of the files beside it that the run wrote."""
START = ("weights", "tokenizer")
"""What a plan's description says of the model that it starts from."""
BYTES_A_PARAMETER = 20
"""Weights, their average, two moments and the model in float32."""
LARGEST_PLAN = 2**24
"""Bytes of a plan, which has a line for each text: for 200,000 of them."""


@contextmanager
def folder_for(folder: Path, speaks: bool) -> Iterator[None]:
    """Makes a folder, with those that it lies in, for what is written; what was made and stays empty is taken away.

    Of the processes of a run the one that `speaks` writes; a UserError where that of another run does.
    """
    check_name(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        make_folder(folder)
        with alone_in(folder, LOCK) if speaks else nullcontext():
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


def describe(plan: Plan, files: list[Path], model: Path | None) -> dict[str, Any]:
    """What a resumed run must share with the one that it goes on with; `model` is what it starts from."""
    source = checkpoint_folder(model) if model else None
    of = home_of(source) if source else tokenizer_home(plan.tokenizer) if plan.tokenizer else None
    tokens = files_in(of) if of else ()
    return {
        "sizes": asdict(plan.sizes),
        "recipe": asdict(plan.recipe),
        "training": {k: v for k, v in comparable(plan.training).items() if k != "precision"},
        "texts": [digest(path) for path in files],
        "valid": digest(plan.valid) if plan.valid else None,
        "weights": sha256(*weights_in(source, plan)) if source else None,
        "tokenizer": sha256(*tokens) if tokens else None,
    }


def tokenizer_home(named: Path) -> Path:
    """The folder of a tokenizer from a path to it or to a file in it, or from the name of a bundled or a fetched model;
    a UserError where none lies there."""
    with suppress(OSError):  # a name too long
        place = named.parent if named.is_file() else named
        if files_in(place):
            return place
    try:
        folder = home_of(checkpoint_folder(named))
    except UserError:
        if os.path.isdir(named):  # noqa: PTH112 - which raises for a name too long
            raise
        raise UserError(f"There is no folder {named}; name one that holds a tokenizer.") from None
    if not files_in(folder):
        raise UserError(f"{folder} holds no tokenizer; name a folder with {FILE_NAME}, or of a model.")
    return folder


def weights_in(source: Path, plan: Plan) -> tuple[Path, ...]:
    """The files of the weights that a plan starts from."""
    causal = plan.sizes.kind != "diffusion" or plan.command == "adapt"
    return files_of(source) if causal else read(source).files


def is_done(plan: Plan, model: Path | None) -> bool:
    """Whether `plan.out` holds the model that this very plan makes from `model`; a UserError if it holds another."""
    description = describe(plan, text_files(plan.data), model)
    goes_on(plan.out, description)
    return holds(plan.out, description) and is_model(plan.out)


def is_model(folder: Path) -> bool:
    """Whether a whole model lies in a folder: a configuration and its weights."""
    try:
        weight_files(folder)
    except UserError:
        return False
    return (folder / CONFIG).is_file()


def refuse_another(plan: Plan) -> None:
    """A UserError if `plan.out` holds another run than of this plan, whatever model that started from."""
    description = describe(replace(plan, tokenizer=None), text_files(plan.data), None)
    goes_on(plan.out, {name: value for name, value in description.items() if name not in START})


def plan_in(folder: Path) -> dict[str, Any]:
    """The description that a run left in a folder, and the hashes of what it wrote; nothing where there is none."""
    return entries(folder / PLAN, LARGEST_PLAN)


def holds(folder: Path, description: dict[str, Any]) -> bool:
    """Whether the plan in a folder is this one. What an older plan does not name is nothing."""
    found = plan_in(folder)
    return bool(found) and all(found.get(name) == value for name, value in description.items())


def keep_plan(folder: Path, description: dict[str, Any], written: dict[str, str]) -> None:
    """Writes the description of a run, and the hashes of what it has `written`, which tell that from what others put
    there later."""
    write_whole(folder / PLAN, (to_json(description | {WRITTEN: written}, indent=2) + "\n").encode())


def hashes_in(folder: Path, names: Iterable[str] = LEFT) -> dict[str, str]:
    """The hashes of files in a folder, of those that are there."""
    return {name: sha256(folder / name) for name in names if (folder / name).is_file()}


def written_in(folder: Path) -> dict[str, Any]:
    """The hashes of the files that the run in a folder wrote there, by their names; none in older plans."""
    written = plan_in(folder).get(WRITTEN)
    return written if isinstance(written, dict) else {}


def is_own(folder: Path, name: str) -> bool:
    """Whether the file of this name in a folder is as the run there wrote it; one that cannot be read is not."""
    with suppress(OSError):
        return (folder / name).is_file() and written_in(folder).get(name) == sha256(folder / name)
    return False


def own_in(folder: Path) -> dict[str, str]:
    """The hashes of the files in a folder that are as the run there wrote them."""
    return hashes_in(folder, [name for name in LEFT if is_own(folder, name)])


def is_free_for(card: str, folder: Path) -> bool:
    """Whether a run may write its card into its folder: none is there, or one of its own, or this very one."""
    if is_own(folder, CARD) or not os.path.lexists(folder / CARD):
        return True
    with suppress(OSError):  # it cannot be read, or is too large for a card
        return read_bounded(folder / CARD, LARGEST_CARD) == encoded(card)
    return False


def goes_on(folder: Path, description: dict[str, Any]) -> bool:
    """Whether a run in the folder can be gone on with, which is this very one; a UserError if it is another, or if what
    lies there is none. Where it cannot, there is a whole model of this run, or nothing that would be written over."""
    for name in (STATE, PLAN, *LEFT):
        if os.path.lexists(folder / name) and not (folder / name).is_file():
            raise UserError(f"{folder / name} is no file; move it away, or choose another --out.")
    if is_begun(folder):
        refuse_other_run(folder, description)
        return True
    is_this = holds(folder, description)
    if not (is_this and is_model(folder)):
        check_free(folder, is_this)
    return False


def refuse_other_run(folder: Path, description: dict[str, Any]) -> None:
    """A UserError if the run that was begun in a folder is not this one, or cannot be told, or has lost its
    tokenizer."""
    found = plan_in(folder)
    if not found:
        if (folder / PLAN).is_file() and not os.access(folder / PLAN, os.R_OK):
            raise UserError(f"{folder / PLAN} cannot be read; allow reading it, or choose another --out.")
        raise UserError(
            f"{folder / PLAN} is damaged or missing, so nothing says which run lies there; choose another --out."
        )
    if not holds(folder, description):
        raise UserError(f"{folder} holds a run with other settings or texts; use the same ones, or another --out.")
    # A model that is trained on brings its tokenizer, and one that is adapted is saved with another.
    if found.get("weights") is None and FILE_NAME in written_in(folder) and not is_own(folder, FILE_NAME):
        raise UserError(
            f"{folder / FILE_NAME} is not as the run there wrote it; put that back, or choose another --out."
        )


def is_begun(folder: Path) -> bool:
    """Whether a run was begun in the folder, and has left its state."""
    return (folder / STATE).is_file()


def check_free(folder: Path, is_this: bool = False) -> None:
    """A UserError where a folder in which no run was begun holds what one would write over, and none has left; the run
    that left its plan there may be this one."""
    if is_begun(folder):
        return
    if is_model(folder):
        raise UserError(f"{folder} holds a model already; choose another --out.")
    plan = plan_in(folder)
    left = {*own_in(folder), *([PLAN] if "training" in plan else [])}
    if is_this and WRITTEN not in plan:  # of an older version
        left = {PLAN, *LEFT}
    if held := next((name for name in (PLAN, *LEFT) if name not in left and (folder / name).exists()), None):
        raise UserError(f"{folder} holds a {held} already, and the model's would take its place; choose another --out.")
