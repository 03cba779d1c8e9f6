"""A training run of the published program: its configuration, and the averaged weights of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from engine.language.spare_tokens import Spare
from engine.models.layouts import family_of
from engine.models.pickles import unpickle
from engine.models.published_layout import blocks_of, published_config
from engine.models.stored import Stored, read_yaml, tensors, unwrapped
from engine.protocol import UserError

RUN_CONFIG, RUN_WEIGHTS = Path(".hydra", "config.yaml"), Path("checkpoints-meta", "checkpoint.pth")
SNAPSHOTS = "checkpoints"


def is_snapshot(path: Path) -> bool:
    """Whether this is a file that a training run keeps of one of its steps."""
    return path.is_file() and path.parent.name == SNAPSHOTS and (path.parent.parent / RUN_CONFIG).is_file()


def read_run(path: Path) -> Stored:
    """Configuration and averaged weights of the run in the folder `path`, or of a snapshot of a run.

    A run's weights are those that it would go on from, or its newest snapshot where these are not there.
    """
    folder = path.parent.parent if is_snapshot(path) else path
    values = read_yaml(folder / RUN_CONFIG)
    layout = family_of(values, folder)
    config = (layout.config if layout else published_config)(values, folder / RUN_CONFIG)
    source = path if is_snapshot(path) else folder / RUN_WEIGHTS
    if not source.is_file():
        found = [file.stem.removeprefix("checkpoint_") for file in folder.glob(f"{SNAPSHOTS}/checkpoint_*.pth")]
        numbers = [int(number) for number in found if number.isdecimal()]
        if not numbers:
            raise UserError(f"The training run has no weights; put checkpoint.pth into {source.parent}.")
        source = folder / SNAPSHOTS / f"checkpoint_{max(numbers)}.pth"
    state = unpickle(source)
    try:
        weights, averaged, step = state["model"], state["ema"]["shadow_params"], state["step"]
    except (KeyError, TypeError, IndexError) as error:
        raise UserError(
            f"{source} is not the checkpoint of a training run: model, ema or step is missing; put a whole copy there."
        ) from error
    if not isinstance(step, int) or not 0 <= step < 2**63:
        raise UserError(f"{source} says at which step it was saved by no number; put a whole copy there.")
    weights = unwrapped(tensors(weights, source), source)
    names = [name for name in weights if not name.endswith("inv_freq")]  # a buffer, which is not averaged
    if not isinstance(averaged, list) or len(averaged) != len(names):
        raise UserError(
            f"{source} does not have one averaged weight for each of {len(names)} parameters; put a whole copy there."
        )
    weights |= tensors(dict(zip(names, averaged, strict=True)), source)
    facts = {"training steps": str(step), "weights": "averaged (EMA)"}
    spare: Spare = "bases" if layout and layout.spare == "bases" else "nothing"
    if layout:  # once averages and weights are paired: what a layout adds has no average
        weights, facts = layout.weights(weights, config, source), facts | layout.facts
    return Stored(config, weights, (source,), facts | blocks_of(config), spare)
